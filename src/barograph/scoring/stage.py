"""The score stage: a stretch of time to records, influencers and buckets. In time order, once."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from barograph.results.arrays import Floats, Ints
from barograph.results.results import Results
from barograph.results.snapshot import Arrays, prefixed, under
from barograph.scoring import quantiles
from barograph.scoring.aggregate import Levels
from barograph.scoring.blame import blame
from barograph.scoring.entities import Entities, Scored
from barograph.scoring.episodes import Episodes
from barograph.scoring.leaves import LnPOf, Measure, Stretch
from barograph.scoring.quantiles import Normalisers
from barograph.scoring.records import in_order, records_frame
from barograph.scoring.severity import RECORD_SCORE, normalised_score
from barograph.scoring.tables import LEAST_TOLD, BucketScores, Records, buckets_frame, entities_frame, fields_frame


class ScoreStage:
    """Scores the buckets of one job. It remembers the running episode, how odd the past was and how far it went together."""

    def __init__(
        self,
        measures: tuple[Measure, ...],
        ln_p_of: Sequence[LnPOf],
        bucket_span_ms: int,
        episodes: Episodes,
        normalisers: Normalisers,
        levels: Levels,
        entities: Entities,
    ) -> None:
        self._measures = measures
        self._ln_p_of = ln_p_of
        self._detectors = len({measure.detector_index for measure in measures})
        self._span_ms = bucket_span_ms
        self._episodes = episodes
        self._normalisers = normalisers
        self._levels = levels
        self._entities = entities

    @classmethod
    def build(
        cls,
        measures: tuple[Measure, ...],
        ln_p_of: Sequence[LnPOf],
        fields: Sequence[str],
        bucket_span_ms: int,
        state: Arrays | None = None,
    ) -> "ScoreStage":
        """Start afresh, or resume from `snapshot`.

        Args:
            measures: what the leaves measure; `measure` of a leaf is a position in it.
            ln_p_of: one a measure: how its kind of model judges other values of leaves, by their payload alone.
            fields: the influencer fields of the job.
            bucket_span_ms: length of a bucket in ms.
            state: what `snapshot` returned.
        """
        detectors = len({measure.detector_index for measure in measures})
        normalisers = Normalisers.build(len(measures), detectors, fields, bucket_span_ms, state)
        levels = Levels.build(detectors, bucket_span_ms, None if state is None else under("levels", state))
        entities = Entities.build(fields, bucket_span_ms, None if state is None else under("entities", state))
        return cls(measures, ln_p_of, bucket_span_ms, Episodes.build(bucket_span_ms, state), normalisers, levels, entities)

    @staticmethod
    def readable(fields: Sequence[str], state: Arrays) -> bool:
        """Whether a snapshot is of this version: has what its groups remember, and what influencer fields need."""
        return Levels.readable(under("levels", state)) and Entities.readable(fields, under("entities", state))

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        parts = prefixed("levels", self._levels.snapshot()) | prefixed("entities", self._entities.snapshot())
        return self._episodes.snapshot() | self._normalisers.snapshot() | parts

    def score_and_learn(self, stretch: Stretch) -> Results:
        """Score a stretch of finished buckets that follows the last one, and learn how odd it was.

        Returns:
            The buckets, records, influencers, bucket influencers and quantiles; bucket values and shares are not its business.
        """
        records = self._records_and_learn(stretch)
        blamed = blame(stretch, self._measures, self._ln_p_of, records.leaf)
        buckets = self._buckets_and_learn(stretch, records)
        both = {field: stretch.present(field) for field in self._normalisers.fields}
        present = {field: entities for field, (entities, _) in both.items()}
        entities = self._entities.entities_and_learn(stretch, blamed, {field: leaves for field, (_, leaves) in both.items()})
        entity_scores = self._field_scores_and_learn(stretch.first_bucket, present, entities, quantiles.influencer)
        fields = self._entities.fields_and_learn(stretch, entities, present)
        any_present = {field: np.minimum(cells, 1.0) for field, cells in present.items()}
        field_scores = self._field_scores_and_learn(stretch.first_bucket, any_present, fields, quantiles.bucket_influencer)
        span_ms = self._span_ms
        results = Results(
            buckets=partial(buckets_frame, stretch.event_count, buckets, records, span_ms),
            quantiles=self._normalisers.take_ended_days(),
        )
        if len(records.leaf):
            results = results.but(records=partial(records_frame, stretch, self._measures, records, blamed, span_ms))
        if len(entities.ln_p):
            results = results.but(influencers=partial(entities_frame, entities, entity_scores, span_ms))
        if len(fields.ln_p) or (buckets.score >= LEAST_TOLD).any():
            results = results.but(bucket_influencers=partial(fields_frame, fields, field_scores, buckets, span_ms))
        return results

    def _score(self, ln_p: Floats) -> Floats:
        return normalised_score(ln_p, self._span_ms)

    def _records_and_learn(self, stretch: Stretch) -> Records:
        """The leaves that are records, the least likely of each bucket first."""
        leaves, score = stretch.leaves, np.empty(len(stretch.leaves))
        order = np.lexsort((leaves["bucket"], leaves["measure"]))
        bucket, ln_p, series = (leaves[name][order] for name in ("bucket", "ln_evidence", "series"))
        ends = np.cumsum(np.bincount(leaves["measure"], minlength=len(stretch.evidence))).tolist()
        for position, (evidence, start, end) in enumerate(zip(stretch.evidence, [0, *ends], ends, strict=False)):
            own = slice(start, end)
            raised = self._normalisers.raise_and_learn(
                quantiles.record(position), stretch.first_bucket, evidence.series, bucket[own], ln_p[own], series[own]
            )
            score[order[own]] = self._score(raised)
        chosen = in_order(leaves, np.flatnonzero(score >= RECORD_SCORE))
        return Records(chosen, leaves["bucket"][chosen], score[chosen])

    def _buckets_and_learn(self, stretch: Stretch, records: Records) -> BucketScores:
        bucket = np.arange(stretch.first_bucket, stretch.first_bucket + stretch.buckets)
        ln_p = self._bucket_ln_p_and_learn(stretch, bucket)
        raised, seen = ln_p, (quantiles.BUCKET, stretch.first_bucket, np.ones(stretch.buckets), bucket, ln_p)
        if self._detectors == 1:
            raised = self._normalisers.raise_and_learn(*seen)
        else:  # each was quieted by its own past: to quiet their bucket once more would count the same days twice
            self._normalisers.learn(*seen)
        score = self._score(raised)
        since = bucket.copy()
        told, worst = np.unique(records.bucket, return_index=True)  # the least likely record of a bucket is its first
        since[told - stretch.first_bucket] = stretch.leaves["since"][records.leaf[worst]]
        return BucketScores(bucket, ln_p, score, self._episodes.mark_and_learn(bucket, score, since))

    def _bucket_ln_p_and_learn(self, stretch: Stretch, bucket: Ints) -> Floats:
        """Of the whole bucket. Where there are several detectors, each speaks as loud as its own past lets it."""
        detectors = sorted({evidence.detector for evidence in stretch.evidence})
        parts = []
        for detector in detectors:
            measures = [evidence for evidence in stretch.evidence if evidence.detector == detector]
            ln_p = self._levels.detector_and_learn(detector, measures)
            known = ~np.isnan(ln_p)
            seen = (quantiles.detector(detector), stretch.first_bucket, known.astype(float), bucket[known], ln_p[known])
            if self._detectors == 1:
                self._normalisers.learn(*seen)
            else:
                ln_p = np.array(ln_p)
                ln_p[known] = self._normalisers.raise_and_learn(*seen)
            parts.append(ln_p)
        return self._levels.bucket_and_learn(parts)

    def _field_scores_and_learn(
        self, first_bucket: int, present: Mapping[str, Floats], scored: Scored, kind: Callable[[str], str]
    ) -> Floats:
        """Scores of entities, or of what each influencer field adds to a bucket where that is what was combined.

        Args:
            first_bucket: number of the first bucket of the stretch.
            present: [T] by field, how many of what was combined each bucket has.
            scored: what was combined.
            kind: what its normalisers are called, by field.
        """
        score = np.empty(len(scored.ln_p))
        if not present:
            return score
        bucket, field = (scored.keys[name].to_numpy() for name in ("bucket", "influencer_field_name"))
        entity = np.zeros(len(score), np.int64)
        if "influencer_field_value" in scored.keys.columns:
            entity = quantiles.entity_ids(scored.keys["influencer_field_value"])
        for name, cells in present.items():
            own = np.flatnonzero(field == name)
            raised = self._normalisers.raise_and_learn(
                kind(name), first_bucket, cells, bucket[own], scored.ln_p[own], entity[own]
            )
            score[own] = self._score(raised)
        return score
