"""The engine: rows in, finished results out. No files, no clock, no network."""

import json
import os
from dataclasses import replace
from typing import Final

import numpy as np

from barograph.buckets import Buckets
from barograph.config.duration import Duration
from barograph.config.job import Job
from barograph.config.support import refuse_unsupported
from barograph.engine.measure import MeasureStage, measures_of
from barograph.engine.stretch import finish
from barograph.intake import Intake
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.results.snapshot import Arrays, Snapshot, prefixed, under
from barograph.scoring.stage import ScoreStage

CELLS_AT_ONCE: Final = 1_000_000
"""Bucket values that are judged in one go; bounds memory (about 100 bytes each), changes no result."""


class Engine:
    """One job's pipeline. The only way in is `build`, the only way out `snapshot`.

    What comes out does not depend on how the rows are cut into frames, on the number of threads, or on snapshots in between.
    """

    def __init__(self, job: Job, intake: Intake, buckets: Buckets, measures: list[MeasureStage], scores: ScoreStage) -> None:
        self.job = job
        self._intake = intake
        self._buckets = buckets
        self._measures = measures
        self._scores = scores

    @classmethod
    def build(cls, job: Job, state: Snapshot | None = None, threads: int = 0) -> "Engine":
        """An engine for a job, fresh or resumed.

        Args:
            job: the job; `config.load.load_job` makes one of a file or a dictionary.
            state: what `snapshot` returned, of the same analysis.
            threads: how many threads share the series; 0 is one a core.

        Raises:
            ConfigError: the job needs what this version cannot do yet.
            ValueError: the snapshot is of another analysis.
        """
        refuse_unsupported(job)
        arrays = {} if state is None else state.arrays
        if state is not None and bytes(arrays["analysis"].tobytes()) != _analysis(job):
            raise ValueError(f"job {job.job_id!r}: this snapshot is of another analysis")
        kinds = measures_of(job)

        def part(name: str) -> Arrays | None:
            return None if state is None else under(name, arrays)

        measures = [
            MeasureStage.build(job, position, measure, side, threads or os.cpu_count() or 1, part(f"model{position}"))
            for position, (measure, side) in enumerate(kinds)
        ]
        scores = ScoreStage.build(tuple(measure for measure, _ in kinds), job.bucket_span_ms, part("scores"))
        return cls(job, Intake.build(job, part("intake")), Buckets.build(job, part("buckets")), measures, scores)

    @property
    def counts(self) -> DataCounts:
        """What was read and dropped since the job began."""
        return self._buckets.counted(self._intake.counts)

    def add(self, frame: object) -> Results:
        """Take rows, and return the results of the buckets that they finished.

        Args:
            frame: a DataFrame of any library that speaks Arrow; rows in about the order of their times.

        Raises:
            InputError: it is not a table, or has no column with the time.
        """
        rows = self._intake.parse(frame)
        self._buckets.add(rows.time_ms, rows.columns)
        return self._finish()

    def flush(self, until: int | None = None) -> Results:
        """Close buckets without waiting for more rows. Rows that come for them later are out of order.

        Args:
            until: epoch ms; every bucket that ends at or before it is closed, also empty ones. None closes the buckets before
                the newest row's, which only a latency had kept open.
        """
        self._buckets.flush(until)
        return self._finish()

    def snapshot(self) -> Snapshot:
        """All that must be kept to go on as if nothing had happened. Equal histories give equal bytes."""
        arrays: Arrays = {"analysis": np.frombuffer(_analysis(self.job), dtype=np.uint8)}
        arrays |= prefixed("intake", self._intake.snapshot()) | prefixed("buckets", self._buckets.snapshot())
        for position, measure in enumerate(self._measures):
            arrays |= prefixed(f"model{position}", measure.snapshot())
        return Snapshot(arrays | prefixed("scores", self._scores.snapshot()))

    def _finish(self) -> Results:
        closed = self._buckets.take()
        if closed is None:
            return Results(counts=self.counts)
        widest = max(1, CELLS_AT_ONCE // len(self._measures))
        parts = [finish(self.job, self._measures, self._scores, piece) for piece in closed.slices(widest)]
        return replace(Results.concat(parts), counts=self.counts)


def _analysis(job: Job) -> bytes:
    """What a snapshot is tied to: the settings that decide what the state means, whatever words they are written in."""
    config = job.analysis_config.model_dump(mode="json", exclude={"detectors": {"__all__": {"detector_description"}}})
    spans = {name: span.ms for name, span in job.analysis_config if isinstance(span, Duration)}
    return json.dumps([config | spans, job.time_zone, job.seed], sort_keys=True).encode()


def run(job: Job, frame: object) -> Results:
    """Analyse a whole frame at once.

    The bucket of the newest row is left open, as more rows may belong to it; `Engine.flush` closes it.

    Args:
        job: the job.
        frame: a DataFrame of any library that speaks Arrow.

    Raises:
        ConfigError: the job needs what this version cannot do yet.
        InputError: the frame is not a table, or has no column with the time.
    """
    engine = Engine.build(job)
    return Results.concat([engine.add(frame), engine.flush()])
