"""The score stage: a stretch of time to records, influencers and buckets. In time order, once."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.results import schema
from barograph.results.results import Results
from barograph.results.snapshot import Arrays
from barograph.scoring import kinds
from barograph.scoring.aggregate import bucket_ln_p, detector_ln_p
from barograph.scoring.blame import Scored, blame, field_ln_p, influencer_ln_p
from barograph.scoring.episodes import Episodes
from barograph.scoring.kinds import Kinds
from barograph.scoring.leaves import Measure, Stretch
from barograph.scoring.records import in_order, records_frame, typed
from barograph.scoring.severity import RECORD_SCORE, Floats, normalised_score, raw_score


class ScoreStage:
    """Scores the buckets of one job. It remembers the running episode and how odd the past has been."""

    def __init__(self, measures: tuple[Measure, ...], bucket_span_ms: int, episodes: Episodes, quantiles: Kinds) -> None:
        self._measures = measures
        self._span_ms = bucket_span_ms
        self._episodes = episodes
        self._kinds = quantiles

    @classmethod
    def build(
        cls, measures: tuple[Measure, ...], fields: Sequence[str], bucket_span_ms: int, state: Arrays | None = None
    ) -> "ScoreStage":
        """Start afresh, or resume from `snapshot`.

        Args:
            measures: what the leaves measure; `Leaf.measure` is a position in it.
            fields: the influencer fields of the job.
            bucket_span_ms: length of a bucket in ms.
            state: what `snapshot` returned.
        """
        detectors = len({one.detector_index for one in measures})
        quantiles = Kinds.build(len(measures), detectors, fields, bucket_span_ms, state)
        return cls(measures, bucket_span_ms, Episodes.build(state), quantiles)

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        return self._episodes.snapshot() | self._kinds.snapshot()

    def score(self, stretch: Stretch) -> Results:
        """Score a stretch of finished buckets that follows the last one.

        Returns:
            The buckets, records, influencers, bucket influencers and quantiles; bucket values and shares are not its business.
        """
        records, blamed = self._records(stretch)
        ln_p = self._bucket_ln_p(stretch)
        everywhere = np.arange(stretch.first_bucket, stretch.first_bucket + stretch.buckets)
        score = self._score(self._kinds.raised(kinds.BUCKET, stretch.first_bucket, np.ones(stretch.buckets), everywhere, ln_p))
        entities = influencer_ln_p(stretch, blamed)
        fields = field_ln_p(stretch, entities)
        return Results(
            records=records,
            influencers=self._scored(
                entities,
                self._by_field(stretch, entities, kinds.influencer),
                schema.INFLUENCERS,
                "influencer_score",
            ),
            bucket_influencers=self._bucket_influencers(stretch, fields, ln_p, score),
            buckets=self._buckets(stretch, ln_p, score, records),
            quantiles=self._kinds.take(),
        )

    def _score(self, ln_p: Floats) -> Floats:
        return normalised_score(ln_p, self._span_ms)

    def _records(self, stretch: Stretch) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The records, and who is to blame for them."""
        leaves, score = stretch.leaves, np.empty(len(stretch.leaves))
        for position, measure in enumerate(stretch.evidence):
            mine = np.flatnonzero(leaves["measure"] == position)
            mine = mine[np.argsort(leaves["bucket"][mine], kind="stable")]
            cells = np.count_nonzero(~np.isnan(measure.ln_p), axis=0).astype(float)
            ln_p = np.ascontiguousarray(leaves["ln_evidence"][mine])
            bucket = np.ascontiguousarray(leaves["bucket"][mine])
            series = leaves["series"][mine].astype(np.int64)
            raised = self._kinds.raised(kinds.record(position), stretch.first_bucket, cells, bucket, ln_p, series)
            score[mine] = self._score(raised)
        chosen = in_order(leaves, np.flatnonzero(score >= RECORD_SCORE))
        blamed = blame(stretch, self._measures, chosen)
        common = self._common(leaves["bucket"][chosen], leaves["ln_evidence"][chosen], leaves["ln_p"][chosen])
        return records_frame(stretch, self._measures, chosen, score[chosen], common, blamed), blamed

    def _bucket_ln_p(self, stretch: Stretch) -> Floats:
        """Of the whole bucket. Where there are several detectors, each speaks as loud as its own past lets it."""
        detectors = sorted({one.detector for one in stretch.evidence})
        everywhere = np.arange(stretch.first_bucket, stretch.first_bucket + stretch.buckets)
        found = []
        for detector in detectors:
            ln_p = detector_ln_p([one for one in stretch.evidence if one.detector == detector])
            known = ~np.isnan(ln_p)
            kind, cells = kinds.detector(detector), known.astype(float)
            raised = self._kinds.raised(kind, stretch.first_bucket, cells, everywhere[known], ln_p[known])
            if len(detectors) > 1:
                ln_p[known] = raised
            found.append(ln_p)
        return bucket_ln_p(found)

    def _buckets(self, stretch: Stretch, ln_p: Floats, score: Floats, records: pl.DataFrame) -> pl.DataFrame:
        bucket = stretch.first_bucket + np.arange(stretch.buckets)
        marks = self._episodes.mark(bucket, ln_p, score)
        best = records.group_by("timestamp").agg(
            pl.max("record_score").alias("max_record_score"), pl.len().alias("record_count")
        )
        frame = pl.DataFrame(self._common(bucket, ln_p, ln_p)).with_columns(
            pl.Series("anomaly_score", score),
            pl.Series("initial_anomaly_score", score),
            pl.Series("event_count", stretch.event_count),
            pl.lit(0).alias("processing_time_ms"),
            pl.Series("episode_start", np.where(marks.start < 0, -1, marks.start * self._span_ms)).replace(-1, None),
            pl.Series("is_news", marks.is_news),
        )
        joined = frame.join(best, on="timestamp", how="left", maintain_order="left")
        return typed(joined.with_columns(pl.col("max_record_score", "record_count").fill_null(0)), schema.BUCKETS)

    def _by_field(self, stretch: Stretch, scored: Scored, kind: Callable[[str], str]) -> Floats:
        """Scores of entities, or of what each influencer field adds to a bucket where that is what was combined."""
        bucket, field = (scored.keys[name].to_numpy() for name in ("bucket", "influencer_field_name"))
        out = np.empty(len(bucket))
        for name in self._kinds.fields:
            mine = np.flatnonzero(field == name)
            cells, entity = stretch.present(name), None
            if "influencer_field_value" in scored.keys.columns:
                entity = kinds.entity_ids(scored.keys["influencer_field_value"][mine])
            else:
                cells = np.minimum(cells, 1.0)
            raised = self._kinds.raised(kind(name), stretch.first_bucket, cells, bucket[mine], scored.ln_p[mine], entity)
            out[mine] = self._score(raised)
        return out

    def _bucket_influencers(self, stretch: Stretch, fields: Scored, ln_p: Floats, score: Floats) -> pl.DataFrame:
        """The influencer fields, and the bucket itself under the name `bucket_time` where there is anything to tell."""
        told = np.flatnonzero(score >= 1.0)
        own = {"bucket": stretch.first_bucket + told, "influencer_field_name": ["bucket_time"] * len(told)}
        keys = pl.concat([fields.keys, pl.DataFrame(own, schema=fields.keys.schema)])
        both = Scored(keys, np.concatenate([fields.ln_p, ln_p[told]]))
        scores = np.concatenate([self._by_field(stretch, fields, kinds.bucket_influencer), score[told]])
        frame = self._scored(both, scores, schema.BUCKET_INFLUENCERS, "anomaly_score")
        return frame.sort("timestamp", "influencer_field_name")

    def _scored(self, scored: Scored, score: Floats, table: tuple[schema.Column, ...], score_name: str) -> pl.DataFrame:
        frame = scored.keys.with_columns(
            *self._common(scored.keys["bucket"].to_numpy(), scored.ln_p, scored.ln_p),
            pl.Series(score_name, score),
            pl.Series(f"initial_{score_name}", score),
        )
        return typed(frame, table)

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
