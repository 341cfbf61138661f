"""The score stage: odd leaves of a stretch of time to records, influencers and buckets. In time order, once."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.results import schema
from barograph.results.results import Results
from barograph.results.snapshot import Arrays
from barograph.scoring.aggregate import Leaves, bucket_ln_p
from barograph.scoring.blame import Scored, blame, field_ln_p, influencer_ln_p, nested
from barograph.scoring.episodes import Episodes
from barograph.scoring.leaves import Measure, Stretch
from barograph.scoring.severity import RECORD_SCORE, Floats, normalised_score, raw_score


class ScoreStage:
    """Scores the buckets of one job. Its only memory is the running episode."""

    def __init__(self, measures: tuple[Measure, ...], bucket_span_ms: int, episodes: Episodes) -> None:
        self._measures = measures
        self._span_ms = bucket_span_ms
        self._episodes = episodes

    @classmethod
    def build(cls, measures: tuple[Measure, ...], bucket_span_ms: int, state: Arrays | None = None) -> "ScoreStage":
        """Start afresh, or resume from `snapshot`.

        Args:
            measures: what the leaves measure; `Leaf.measure` is a position in it.
            bucket_span_ms: length of a bucket in ms.
            state: what `snapshot` returned.
        """
        return cls(measures, bucket_span_ms, Episodes.build(state))

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        return self._episodes.snapshot()

    def score(self, stretch: Stretch) -> Results:
        """Score a stretch of finished buckets that follows the last one.

        Returns:
            The buckets, records, influencers and bucket influencers; bucket values and shares are not its business.
        """
        leaves = stretch.leaves
        is_record = np.flatnonzero(normalised_score(leaves["ln_evidence"], self._span_ms) >= RECORD_SCORE)
        blamed = blame(stretch, self._measures, is_record)
        records = self._records(stretch, is_record, blamed)
        odd, ln_p = bucket_ln_p(_leaves(leaves, self._measures), len({one.detector_index for one in self._measures}))
        entities = influencer_ln_p(stretch, blamed)
        return Results(
            records=records,
            influencers=self._scored(entities, schema.INFLUENCERS, "influencer_score"),
            bucket_influencers=self._scored(
                _with_bucket_time(field_ln_p(stretch, entities), odd, ln_p), schema.BUCKET_INFLUENCERS
            ),
            buckets=self._buckets(stretch, odd, ln_p, records),
        )

    def _records(self, stretch: Stretch, positions: NDArray[np.int64], blamed: pl.DataFrame) -> pl.DataFrame:
        found = stretch.leaves[positions]
        order = np.lexsort((found["series"], found["measure"], found["ln_evidence"], found["bucket"]))
        positions, found = positions[order], found[order]
        labels = [self._measures[one] for one in found["measure"]]
        label_names = (
            "detector_index",
            "function",
            "function_description",
            "field_name",
            "partition_field_name",
            "by_field_name",
        )
        score = normalised_score(found["ln_evidence"], self._span_ms)
        frame = stretch.names[positions].with_columns(
            *self._common(found["bucket"], found["ln_evidence"], found["ln_p"]),
            *(pl.Series(name, [getattr(one, name) for one in labels], dtype=_RECORD_TYPES[name]) for name in label_names),
            *(pl.Series(name, found[name]) for name in ("actual", "typical")),
            pl.Series("lower_bound", found["lower"]),
            pl.Series("upper_bound", found["upper"]),
            pl.Series("multi_bucket_impact", found["impact"]),
            pl.Series("record_score", score),
            pl.Series("initial_record_score", score),
            pl.Series("leaf", positions, dtype=pl.Int64),
        )
        frame = frame.with_columns(seq=pl.int_range(pl.len()).over("timestamp"))
        nobody = pl.lit([], dtype=pl.List(schema.INFLUENCE))
        joined = frame.join(nested(blamed), on="leaf", how="left", maintain_order="left")
        return _typed(joined.with_columns(pl.col("influencers").fill_null(nobody)), schema.RECORDS)

    def _buckets(self, stretch: Stretch, odd: NDArray[np.int64], odd_ln_p: Floats, records: pl.DataFrame) -> pl.DataFrame:
        n = len(stretch.event_count)
        bucket = stretch.first_bucket + np.arange(n)
        ln_p = np.zeros(n)
        ln_p[odd - stretch.first_bucket] = odd_ln_p
        score = normalised_score(ln_p, self._span_ms)
        marks = self._episodes.mark(odd, odd_ln_p, score[odd - stretch.first_bucket])
        episode, is_news = np.full(n, -1), np.zeros(n, dtype=bool)
        episode[odd - stretch.first_bucket] = marks.start
        is_news[odd - stretch.first_bucket] = marks.is_news
        best = records.group_by("timestamp").agg(
            pl.max("record_score").alias("max_record_score"), pl.len().alias("record_count")
        )
        frame = pl.DataFrame(self._common(bucket, ln_p, ln_p)).with_columns(
            pl.Series("anomaly_score", score),
            pl.Series("initial_anomaly_score", score),
            pl.Series("event_count", stretch.event_count),
            pl.Series("episode_start", np.where(episode < 0, -1, episode * self._span_ms)).replace(-1, None),
            pl.Series("is_news", is_news),
        )
        joined = frame.join(best, on="timestamp", how="left", maintain_order="left")
        return _typed(joined.with_columns(pl.col("max_record_score", "record_count").fill_null(0)), schema.BUCKETS)

    def _scored(self, scored: Scored, table: tuple[schema.Column, ...], score_name: str = "anomaly_score") -> pl.DataFrame:
        score = normalised_score(scored.ln_p, self._span_ms)
        frame = scored.keys.with_columns(
            *self._common(scored.keys["bucket"].to_numpy(), scored.ln_p, scored.ln_p),
            pl.Series(score_name, score),
            pl.Series(f"initial_{score_name}", score),
        )
        return _typed(frame, table)

    def _common(self, bucket: NDArray[np.int64], ln_evidence: Floats, ln_p: Floats) -> list[pl.Series]:
        """The columns that every result has: its bucket, its probability, its raw score."""
        return [
            pl.Series("timestamp", bucket * self._span_ms, dtype=pl.Int64),
            pl.Series("bucket_span", np.full(len(bucket), self._span_ms // 1000), dtype=pl.Int64),
            pl.Series("probability", np.maximum(np.exp(ln_p), np.finfo(float).tiny)),
            pl.Series("log_probability", ln_p),
            pl.Series("raw_anomaly_score", raw_score(ln_evidence)),
            pl.Series("is_interim", np.zeros(len(bucket), dtype=bool)),
        ]


_RECORD_TYPES = schema.polars_schema(schema.RECORDS)


def _leaves(leaves: NDArray[np.void], measures: tuple[Measure, ...]) -> Leaves:
    detector = np.array([one.detector_index for one in measures], dtype=np.int64)
    own = detector[leaves["measure"]]
    return Leaves(
        bucket=leaves["bucket"].astype(np.int64),
        detector=own,
        measure=leaves["measure"].astype(np.int64),
        measures=np.bincount(detector)[own].astype(float),
        partition=leaves["partition"].astype(np.int64),
        ln_p=np.ascontiguousarray(leaves["ln_evidence"]),
        series=np.ascontiguousarray(leaves["siblings"]),
        partitions=np.ascontiguousarray(leaves["partitions"]),
    )


def _with_bucket_time(fields: Scored, bucket: NDArray[np.int64], ln_p: Floats) -> Scored:
    """The influencer fields, and the bucket itself under the name `bucket_time`."""
    own: dict[str, Any] = {"bucket": bucket, "influencer_field_name": ["bucket_time"] * len(bucket)}
    keys = pl.concat([fields.keys, pl.DataFrame(own, schema=fields.keys.schema)]).with_row_index("row")
    order = keys.sort("bucket", "influencer_field_name")["row"].to_numpy()
    return Scored(keys.drop("row")[order], np.concatenate([fields.ln_p, ln_p])[order])


def _typed(frame: pl.DataFrame, table: tuple[schema.Column, ...]) -> pl.DataFrame:
    return frame.select(pl.col(column.name).cast(column.dtype) for column in table)
