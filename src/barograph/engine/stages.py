"""The stages behind the buckets: finished buckets through the models and the score stage."""

import os
from collections.abc import Iterator
from typing import Final

from barograph.buckets import FinishedBuckets
from barograph.config.job import Job
from barograph.engine.measure import MeasureStage, measures_of
from barograph.engine.stretch import finish
from barograph.results.arrays import Floats
from barograph.results.results import Results
from barograph.results.snapshot import Arrays, prefixed, under
from barograph.scoring.stage import ScoreStage

CELLS_AT_ONCE: Final = 1_000_000
"""Bucket values that are judged in one go; bounds memory (about 100 bytes each), changes no result."""

PREFIXES: Final = ("model", "scores.")
"""Under these names lies what the stages remember; all else in a snapshot is about rows."""


class Stages:
    """The models and the score stage of one job. Live rows and the history go through here, and nowhere else."""

    def __init__(self, job: Job, measures: list[MeasureStage], scores: ScoreStage, threads: int) -> None:
        self._job = job
        self._threads = threads
        self._measures = measures
        self._scores = scores

    @classmethod
    def build(cls, job: Job, state: Arrays | None, threads: int) -> "Stages":
        """Stages that have learned nothing, or as `snapshot` left them; `threads` 0 is one a core."""

        def part(name: str) -> Arrays | None:
            return None if state is None else under(name, state)

        kinds = measures_of(job)
        measures = [
            MeasureStage.build(job, position, measure, side, threads or os.cpu_count() or 1, part(f"model{position}"))
            for position, (measure, side) in enumerate(kinds)
        ]
        scores = ScoreStage.build(tuple(measure for measure, _ in kinds), job.influencers, job.bucket_span_ms, part("scores"))
        return cls(job, measures, scores, threads)

    @property
    def measures(self) -> tuple[MeasureStage, ...]:
        """The models of each measure."""
        return tuple(self._measures)

    def copy(self) -> "Stages":
        """The same, to learn what these are not to."""
        return Stages.build(self._job, self.snapshot(), self._threads)

    def finish(self, buckets: FinishedBuckets, completeness: Floats | None = None) -> Iterator[Results]:
        """Judge, learn and score finished buckets, which follow the last ones that were; their results, piece by piece.

        They are learned as far as the pieces are taken. The pieces have no counts.

        Args:
            buckets: the buckets.
            completeness: [T] how full each of them is, in [0, 1]; None when they are finished.
        """
        widest = max(1, CELLS_AT_ONCE // len(self._measures))
        for piece in buckets.slices(widest):
            inside = slice(piece.first_bucket - buckets.first_bucket, piece.end_bucket - buckets.first_bucket)
            share = None if completeness is None else completeness[inside]
            yield finish(self._job, self._measures, self._scores, piece, share)

    def snapshot(self) -> Arrays:
        """What they remember."""
        arrays = prefixed("scores", self._scores.snapshot())
        for position, measure in enumerate(self._measures):
            arrays |= prefixed(f"model{position}", measure.snapshot())
        return arrays
