"""Finished buckets through the models and the score stage. Live rows and the history go through here, and nowhere else."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from barograph.buckets import FinishedBuckets
from barograph.config.errors import OtherModels
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge
from barograph.config.splits import SPLIT_VALUES
from barograph.engine.estimate import most_entities
from barograph.engine.forest_rows import forest_rows
from barograph.engine.forest_stage import ForestStage
from barograph.engine.history_rows import change_rows, share_rows, value_rows
from barograph.engine.series_stage import JudgedMeasure, Means, SeriesStage, measures_of, model_of
from barograph.engine.silence import Silence, with_values
from barograph.engine.silenced import SilencedCounts
from barograph.engine.sizes import FORESTS, REST, SCORES, Meter, added
from barograph.models import Bed, Sleeper
from barograph.results import schema
from barograph.results.arrays import Disk, Floats
from barograph.results.results import Results
from barograph.results.snapshot import Arrays, prefixed, under
from barograph.scoring.leaves import NO_PRESENCE, PRESENCE, Stretch
from barograph.scoring.stage import ScoreStage

CELLS_AT_ONCE: Final = 1_000_000
"""Bucket values that are judged in one go; bounds memory (about 100 bytes each), changes no result."""

_UNMEASURED: Final = 0.75
"""Of a job's limit, for its models as long as nobody knows what else it holds."""

PREFIXES: Final = ("model", "forest.", "scores.", "silence.", "silenced.")
"""Under these names lies what the stages remember; all else in a snapshot is about rows."""

_FOREST_CELLS: Final = 20
"""So many times as much memory, about 2 kB, is needed for each bucket value of a forest detector."""

_NO_SHARE_ROWS: Final = schema.empty(schema.INFLUENCER_SHARES)
_NO_NAMES: Final = pl.DataFrame(schema=dict.fromkeys((*SPLIT_VALUES, "correlated_by_field_value"), pl.String))


class Pipeline:
    """The models of each measure and the score stage of one job."""

    def __init__(
        self,
        job: Job,
        series_stages: list[SeriesStage],
        forest_stage: ForestStage | None,
        score_stage: ScoreStage,
        silence: Silence,
        silenced: SilencedCounts,
        threads: int,
        knowledge: Knowledge,
        disk: Disk | None,
    ) -> None:
        self._job = job
        self._threads = threads
        self._series_stages = series_stages
        self._forest_stage = forest_stage
        self._score_stage = score_stage
        self._silence = silence
        self._silenced = silenced
        self._knowledge = knowledge
        self._disk = disk

    @classmethod
    def build(cls, job: Job, state: Arrays | None, threads: int, knowledge: Knowledge, disk: Disk | None = None) -> "Pipeline":
        """A pipeline that has learned nothing, or as `snapshot` left it; `threads` 0 is one a core, `disk` None: nobody sleeps.

        Raises:
            OtherModels: another version left it.
        """

        def part(name: str) -> Arrays | None:
            return None if state is None else under(name, state)

        measures = measures_of(job)
        # Forests look at what is expected of features without data, too, so that none of these can sleep.
        awake = int(_UNMEASURED * job.analysis_limits.model_memory_bytes) // max(len(measures), 1)
        bed = None if disk is None or job.forest_config is not None else Bed(disk, awake)
        means = Means(threads or os.cpu_count() or 1, bed, knowledge, most_entities(job))
        series_stages = [
            SeriesStage.build(job, position, measure, side, part(f"model{position}"), means)
            for position, (measure, side) in enumerate(measures)
        ]
        settings = job.forest_config
        forest_stage = (
            None if settings is None else ForestStage.build(job, settings, part("forest"), threads or os.cpu_count() or 1)
        )
        silence = Silence.build(job.bucket_span_ms, part("silence"))
        silenced = SilencedCounts.build(job.bucket_span_ms, part("silenced"))
        scores = score_stage_of(job, part("scores"))
        return cls(job, series_stages, forest_stage, scores, silence, silenced, threads, knowledge, disk)

    @property
    def series_stages(self) -> tuple[SeriesStage, ...]:
        """One a measure, to be looked at."""
        return tuple(self._series_stages)

    @property
    def knowledge(self) -> Knowledge:
        """What the user knows."""
        return self._knowledge

    @property
    def n_series(self) -> int:
        """How many series all models have."""
        return sum(stage.model.n_series for stage in self._series_stages)

    @property
    def asleep(self) -> int:
        """How many of them sleep."""
        return sum(model.asleep for model in self._sleepers())

    @property
    def left_out(self) -> int:
        """How often what an entity usually does was forgotten, as there is no room for more."""
        return sum(stage.left_out for stage in self._series_stages)

    def sizes(self, meter: Meter) -> dict[str, int]:
        """What it holds in memory, in bytes."""
        own = {SCORES: meter.bytes(self._score_stage), FORESTS: meter.bytes(self._forest_stage)}
        own[REST] = meter.bytes(self._silence, self._silenced)
        return added(own, *(stage.sizes(meter) for stage in self._series_stages))

    def make_room(self, others_bytes: int) -> None:
        """Have series sleep that the job's limit has no room for beside what others than its models hold."""
        sleepers = self._sleepers()
        room = max(self._job.analysis_limits.model_memory_bytes - others_bytes, 0)
        of_all = sum(model.n_series + 1 for model in sleepers)
        for model in sleepers:
            model.keep_awake(room * (model.n_series + 1) // of_all)

    def awake_bytes(self) -> int:
        """What models hold that could sleep."""
        return sum(model.awake_bytes for model in self._sleepers())

    def _sleepers(self) -> list[Sleeper]:
        return [stage.model for stage in self._series_stages if isinstance(stage.model, Sleeper)]

    def know(self, knowledge: Knowledge) -> None:
        """From the next bucket on, this is what the user knows."""
        self._knowledge = knowledge
        for stage in self._series_stages:
            stage.know(self._job, knowledge)

    def copy(self) -> "Pipeline":
        """The same, to learn what this one is not to."""
        return Pipeline.build(self._job, self.snapshot(), self._threads, self._knowledge, self._disk)

    def finish(self, buckets: FinishedBuckets, completeness: Floats | None = None) -> Iterator[Results]:
        """Judge, learn and score finished buckets, which follow the last ones that were; their results, piece by piece.

        They are learned as far as the pieces are taken. The pieces have no counts. Buckets in which the job sleeps
        (`engine.silence`) are in none of them.

        Args:
            buckets: the buckets.
            completeness: [T] how full each of them is, in [0, 1]; None when they are finished.
        """
        cells = CELLS_AT_ONCE if self._forest_stage is None else CELLS_AT_ONCE // _FOREST_CELLS
        widest, whole = max(1, cells // len(self._series_stages)), (buckets.first_bucket, buckets.end_bucket)
        for first, end in self._silence.awake_and_learn(*whole, with_values(buckets)):
            for piece in replace(buckets, first_bucket=first, end_bucket=end).slices(widest):
                span = slice(piece.first_bucket - buckets.first_bucket, piece.end_bucket - buckets.first_bucket)
                results = self._finish_piece(piece, None if completeness is None else completeness[span])
                # Of many pieces, the frames take less memory than the arrays that they are made of.
                yield results if (piece.first_bucket, piece.end_bucket) == whole else results.made()

    def _finish_piece(self, buckets: FinishedBuckets, completeness: Floats | None) -> Results:
        sights, forests = [stage.judge_and_learn(buckets, completeness) for stage in self._series_stages], None
        if self._forest_stage is not None:
            sights, forests = self._forest_stage.judge_and_learn(sights)
        measures = [stage.tell_and_learn(sight) for stage, sight in zip(self._series_stages, sights, strict=True)]
        for measure in measures:
            index = measure.measure.detector_index
            self._silenced.add(index, measure.judged.skipped, self._knowledge, self._job.early_ms(index))
        influenced = bool(self._job.influencers)
        shares = share_rows(measures) if influenced else _NO_SHARE_ROWS
        stretch = Stretch(
            first_bucket=buckets.first_bucket,
            event_count=buckets.event_count(buckets.first_bucket, buckets.end_bucket).astype(float),
            evidence=[measure.evidence for measure in measures],
            leaves=np.concatenate([measure.judged.leaves for measure in measures]),
            payloads=[measure.judged.payload for measure in measures],
            names=_names(measures),
            shares=_leaf_shares(measures),
            presence=_presence(shares, self._job.bucket_span_ms) if influenced else NO_PRESENCE,
            filled=np.sum([measure.filled for measure in measures], axis=0),
        )
        scored = self._score_stage.score_and_learn(stretch)
        if forests is not None:
            scored = scored.but(forest_results=partial(forest_rows, self._job, forests))
        return scored.but(
            annotations=change_rows(self._job, measures, self._silence.slept_within(buckets.first_bucket, buckets.end_bucket)),
            coded_values=partial(value_rows, self._job, measures),
            influencer_shares=shares,
            job=self._job,
        )

    def snapshot(self) -> Arrays:
        """What it remembers."""
        arrays = prefixed("scores", self._score_stage.snapshot()) | prefixed("silence", self._silence.snapshot())
        arrays |= prefixed("silenced", self._silenced.snapshot())
        if self._forest_stage is not None:
            arrays |= prefixed("forest", self._forest_stage.snapshot())
        for position, stage in enumerate(self._series_stages):
            arrays |= prefixed(f"model{position}", stage.snapshot())
        return arrays


def score_stage_of(job: Job, state: Arrays | None = None) -> ScoreStage:
    """The score stage of a job, fresh or as its `snapshot` left it. It needs no model, so it can run where there are none.

    Raises:
        OtherModels: another version left it.
    """
    if state is not None and not ScoreStage.readable(job.influencers, state):
        raise OtherModels(job.job_id)
    measures = tuple(measure for measure, _ in measures_of(job))
    judges = [model_of(job, measure).ln_p_of for measure in measures]
    return ScoreStage.build(measures, judges, job.influencers, job.bucket_span_ms, state)


def _names(measures: Sequence[JudgedMeasure]) -> pl.DataFrame:
    """The split values of the leaves of all measures."""
    parts = [measure.names() for measure in measures if len(measure.judged.leaves)]
    return pl.concat(parts) if parts else _NO_NAMES


def _leaf_shares(measures: Sequence[JudgedMeasure]) -> pl.DataFrame:
    """The entities' shares of the leaves of all measures."""
    parts, first = [], 0
    for measure in measures:
        parts.append(measure.shares.with_columns(pl.col("leaf") + first) if first else measure.shares)
        first += len(measure.judged.leaves)
    return pl.concat(parts)


def _presence(shares: pl.DataFrame, span_ms: int) -> pl.DataFrame:
    """In how many leaves of each bucket each entity has rows."""
    keys = list(PRESENCE)[:-1]
    return (
        shares.lazy()
        .with_columns(bucket=pl.col("timestamp") // span_ms)
        .group_by(keys)
        .agg(pl.len().alias("leaves"))
        .sort(keys)
        .cast(PRESENCE)
        .collect()
    )
