"""What the score stage found, as the rows of result tables."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.kernels.elementary import e_to
from barograph.results import schema
from barograph.results.arrays import Floats, Ints
from barograph.scoring.entities import Scored
from barograph.scoring.episodes import Marks
from barograph.scoring.severity import raw_score

LEAST_TOLD: Final = 1.0
"""A bucket that scores less is not told among the influencers of buckets."""


@dataclass(frozen=True)
class Records:
    """The leaves that became records.

    Attributes:
        leaf: [r] their positions, by bucket, the least likely first.
        bucket: [r] bucket index.
        score: [r] 0 to 100.
    """

    leaf: Ints
    bucket: Ints
    score: Floats


@dataclass(frozen=True)
class BucketScores:
    """The buckets of a stretch.

    Attributes:
        bucket: [T] bucket index.
        ln_p: [T] ln of the bucket's probability.
        score: [T] 0 to 100.
        marks: their episodes.
    """

    bucket: Ints
    ln_p: Floats
    score: Floats
    marks: Marks


def buckets_frame(event_count: Floats, buckets: BucketScores, records: Records, span_ms: int) -> pl.DataFrame:
    """The rows of `schema.BUCKETS`."""
    place = records.bucket - buckets.bucket[0]
    highest = np.zeros(len(buckets.bucket))
    np.maximum.at(highest, place, records.score)
    start = buckets.marks.start
    columns = [
        *common(buckets.bucket, buckets.ln_p, span_ms),
        *score_and_initial("anomaly_score", buckets.score),
        pl.Series("max_record_score", highest),
        pl.Series("record_count", np.bincount(place, minlength=len(highest))),
        pl.Series("event_count", event_count),
        pl.Series("processing_time_ms", np.zeros(len(highest), np.int64)),
        pl.Series("episode_start", start * span_ms).set(pl.Series(start < 0), None),
        pl.Series("is_news", buckets.marks.is_news),
    ]
    return typed(pl.DataFrame(columns), schema.BUCKETS)


def entities_frame(entities: Scored, score: Floats, span_ms: int) -> pl.DataFrame:
    """The rows of `schema.INFLUENCERS`."""
    return _scored(entities, score, schema.INFLUENCERS, "influencer_score", span_ms)


def fields_frame(fields: Scored, score: Floats, buckets: BucketScores, span_ms: int) -> pl.DataFrame:
    """The rows of `schema.BUCKET_INFLUENCERS`: the influencer fields; as `bucket_time` each bucket that tells something."""
    telling = np.flatnonzero(buckets.score >= LEAST_TOLD)
    named = pl.repeat("bucket_time", len(telling), eager=True)
    whole_buckets = pl.DataFrame({"bucket": buckets.bucket[telling], "influencer_field_name": named})
    keys = pl.concat([fields.keys, whole_buckets])
    both = Scored(keys, np.concatenate([fields.ln_p, buckets.ln_p[telling]]))
    scores = np.concatenate([score, buckets.score[telling]])
    frame = _scored(both, scores, schema.BUCKET_INFLUENCERS, "anomaly_score", span_ms)
    return frame.sort("timestamp", "influencer_field_name")


def _scored(scored: Scored, score: Floats, table: tuple[schema.Column, ...], name: str, span_ms: int) -> pl.DataFrame:
    columns = [*common(scored.keys["bucket"].to_numpy(), scored.ln_p, span_ms), *score_and_initial(name, score)]
    return typed(scored.keys.hstack(columns), table)


def common(bucket: Ints, ln_p: Floats, span_ms: int) -> list[pl.Series]:
    """The columns that every result has: its bucket, its probability, its raw score."""
    return [
        pl.Series("timestamp", bucket * span_ms, dtype=pl.Int64),
        pl.Series("bucket_span", np.full(len(bucket), span_ms // 1000), dtype=pl.Int64),
        pl.Series("probability", np.maximum(e_to(ln_p), np.finfo(float).tiny)),
        pl.Series("log_probability", ln_p),
        pl.Series("raw_anomaly_score", raw_score(ln_p)),
        pl.Series("is_interim", np.zeros(len(bucket), dtype=bool)),
    ]


def score_and_initial(name: str, score: Floats) -> list[pl.Series]:
    """The columns of a score that nothing has changed yet."""
    first = pl.Series(f"initial_{name}", score)
    return [first.alias(name), first]


def typed(frame: pl.DataFrame, table: tuple[schema.Column, ...]) -> pl.DataFrame:
    """The columns of a result table, in its order and types."""
    return pl.DataFrame([frame[column.name].cast(column.dtype) for column in table])  # a query takes longer than most tables
