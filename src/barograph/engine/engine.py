"""The engine: rows in, finished results out. No files, no clock, no network."""

import json
from dataclasses import replace

import numpy as np

from barograph.buckets import Buckets
from barograph.config.duration import Duration
from barograph.config.job import Job
from barograph.config.support import refuse_unsupported
from barograph.engine.completeness import Arrivals
from barograph.engine.stages import Stages
from barograph.intake import Intake
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.results.snapshot import Arrays, Snapshot, prefixed, under


class Engine:
    """One job's pipeline. The only way in is `build`, the only way out `snapshot`.

    What comes out does not depend on how the rows are cut into frames, on the number of threads, or on snapshots in between.
    """

    def __init__(self, job: Job, intake: Intake, buckets: Buckets, stages: Stages, arrivals: Arrivals) -> None:
        self.job = job
        self._intake = intake
        self._buckets = buckets
        self._stages = stages
        self._arrivals = arrivals

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

        def part(name: str) -> Arrays | None:
            return None if state is None else under(name, arrays)

        stages = Stages.build(job, None if state is None else arrays, threads)
        intake, buckets = Intake.build(job, part("intake")), Buckets.build(job, part("buckets"))
        return cls(job, intake, buckets, stages, Arrivals.build(job, part("arrivals")))

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
        self._buckets.add(rows.time_ms, rows.columns, rows.number)
        return self._finish()

    def flush(self, until: int | None = None, calc_interim: bool = False) -> Results:
        """Close buckets without waiting for more rows, or judge those that are open, or both.

        Rows that come later for a closed bucket are out of order.

        Args:
            until: epoch ms; every bucket that ends at or before it is closed, also empty ones. None closes the buckets before
                the newest row's, which only a latency had kept open; with `calc_interim` it closes none.
            calc_interim: also judge the buckets up to the newest row's that stay open, by what they are likely to become.
                These results are marked `is_interim`. They change nothing: closing a bucket later gives its results all over.
        """
        if until is None and calc_interim:
            return replace(self._interim(), counts=self.counts)
        self._buckets.flush(until)
        found = self._finish()
        return Results.concat([found, replace(self._interim(), counts=self.counts)]) if calc_interim else found

    def snapshot(self) -> Snapshot:
        """All that must be kept to go on as if nothing had happened. Equal histories give equal bytes."""
        arrays: Arrays = {"analysis": np.frombuffer(_analysis(self.job), dtype=np.uint8)}
        arrays |= prefixed("intake", self._intake.snapshot()) | prefixed("buckets", self._buckets.snapshot())
        arrays |= prefixed("arrivals", self._arrivals.snapshot())
        return Snapshot(arrays | self._stages.snapshot())

    def _finish(self) -> Results:
        closed = self._buckets.take()
        if closed is None:
            return Results(counts=self.counts)
        self._arrivals.learn(closed)
        return replace(Results.concat(self._stages.finish(closed)), counts=self.counts)

    def _interim(self) -> Results:
        """What the open buckets would give if they were over, their growing values estimated; by copies."""
        still_open = self._buckets.still_open()
        if still_open is None:
            return Results()
        completeness = self._arrivals.completeness(still_open)
        return Results.concat(self._stages.copy().finish(still_open, completeness)).as_interim()


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
