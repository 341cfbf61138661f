"""Running a job: rows in, commits out, and the same results however often it is interrupted."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

import polars as pl

from barograph.config.errors import InputError
from barograph.config.job import Job
from barograph.engine import Engine
from barograph.jobs.commit_timer import Clock, CommitTimer
from barograph.jobs.input_counts import InputCounts
from barograph.jobs.inputs import Inputs, NewRows
from barograph.jobs.interrupts import Interrupts
from barograph.jobs.summary import Progress, RunSummary, dropped
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from barograph.sources.chunk import Chunk
from barograph.store.job_rows import Saved
from barograph.store.store import Store


class RunningEngine(Protocol):
    """What a run needs of `barograph.engine.Engine`."""

    @property
    def counts(self) -> DataCounts:
        """What it has read."""

    def add(self, frame: pl.DataFrame) -> Results:
        """Take rows; returns what they finished."""

    def flush(self, *, calc_interim: bool = False) -> Results:
        """Finish what only the latency keeps open, or judge what is open; returns that."""

    def snapshot(self) -> Snapshot:
        """All that it remembers."""


Build = Callable[[Job, Snapshot | None], RunningEngine]

_TABLES: Final = (
    "buckets",
    "records",
    "influencers",
    "bucket_influencers",
    "annotations",
    "coded_values",
    "influencer_shares",
)


def run_job(
    store: Store,
    job: Job,
    chunks: Iterable[Chunk],
    on_progress: Callable[[Progress], None] | None = None,
    *,
    flush: bool = False,
    interim: bool = False,
    build: Build = Engine.build,
    clock: Clock = time.monotonic,
) -> RunSummary:
    """Create a job or go on with it, and feed it all rows of `chunks` that it has not read yet.

    Commits every few seconds and at the end, also when Ctrl-C, SIGTERM or a broken input ends the run early: rows count as read
    only when a commit holds them. Killed at any instant and run again on the same inputs, a job has the results, history and
    snapshot of an undisturbed run. The last bucket stays open: more rows may come.

    Args:
        store: where the job lives.
        job: its configuration; a job of this id that exists must have the same analysis settings.
        chunks: rows of one or more sources; each source from its beginning, in its order.
        on_progress: called after each chunk, and after the last commit when a broken input ends the run.
        flush: at the end of the input, finish the buckets that only the latency keeps open; their later rows are out of order.
        interim: at the end of the input, judge the buckets that are still open, and keep that until their results, or newer
            interim ones, take its place.
        build: makes the engine, or brings it back from a snapshot.
        clock: seconds on a clock that only goes forward.

    Raises:
        JobBusy: another process is running the job.
        JobChanged: the job exists with other analysis settings.
        ConfigError: the engine cannot run this job.
        OtherVersion: another version has learned the job's models.
        UnreadableInput: an input cannot be read (on), or is not what the job needs; what was read before is committed.
    """
    with store.lock(job.job_id):
        engine = build(job, None)  # before the job is created: what cannot run should not be listed
        store.create_job(job, now_ms=time.time_ns() // 1_000_000)
        job = store.job(job.job_id)
        with Interrupts() as interrupts:
            saved = store.resume(job.job_id)
            if saved is not None:
                engine = build(job, saved.snapshot)
            run = Run(store, job, engine, saved, clock)
            try:
                ending = Ending(flush=flush, interim=interim)
                failure = run.feed_all(iter(chunks), interrupts, on_progress, ending)
            finally:
                close = getattr(chunks, "close", None)  # generators hold files open
                if close is not None:
                    close()
        if failure is not None:
            raise failure
        return run.summary(interrupts.received)


@dataclass(frozen=True)
class Ending:
    """What is done when the input has ended: `flush` and `interim` of `run_job`."""

    flush: bool
    interim: bool


class Run:
    """One run of a job under way. The caller holds the job's lock."""

    def __init__(self, store: Store, job: Job, engine: RunningEngine, saved: Saved | None, clock: Clock) -> None:
        self._store = store
        self._job_id = job.job_id
        self._engine = engine
        self._resumed = saved is not None
        self._inputs = Inputs(saved.progress if saved else {})
        self._read = self._inputs.progress()
        self._input_counts = InputCounts(saved.counts if saved else DataCounts(), engine.counts)
        self._before = self._input_counts.total(engine.counts)
        self._clock = clock
        self._started = clock()
        self._spent = 0.0  # seconds in the engine since it last finished a bucket
        self._commit_timer = CommitTimer(clock)
        self._waiting: list[Results] = []
        self._waiting_rows = 0
        self._rows = self._rows_committed = self._bytes = self._commits = 0
        self._buckets = self._values = self._records = 0
        self._first_ms: int | None = None
        self._last_ms: int | None = None
        self._interim: tuple[int, ...] = ()

    def feed_all(
        self, chunks: Iterator[Chunk], interrupts: Interrupts, on_progress: Callable[[Progress], None] | None, ending: Ending
    ) -> Exception | None:
        """Feed and commit until the input ends, breaks or a signal comes; returns what broke the input."""
        failure: Exception | None = None
        source, ended = "", False
        while interrupts.received is None:
            try:
                with interrupts.waiting():
                    chunk = next(chunks, None)
                if chunk is None:
                    ended = True
                    break
                source = chunk.source
                new = self._inputs.new_rows(chunk)
            except KeyboardInterrupt:
                interrupts.note()
                break
            except Exception as error:  # whatever broke the input: the rows before it are sound
                failure = error
                break
            if new is not None:
                try:
                    self._feed(new)
                except InputError as error:  # the engine has refused the chunk before it took any of it
                    failure = error
                    break
                self._read = self._inputs.progress()
                if self._commit_timer.due(self._waiting_rows):
                    self._commit()
            if on_progress is not None:
                on_progress(self._progress(source))
        if ending.flush and ended:
            self._take(self._engine.flush())
        if ending.interim and ended:
            self._judge_open()
        if self._rows > self._rows_committed or self._waiting_rows:
            self._commit()
        if failure is not None and on_progress is not None:
            on_progress(self._progress(source))
        return failure

    def _feed(self, new: NewRows) -> None:
        if new.frame.height:  # a chunk of malformed rows alone has no columns
            started = self._clock()
            found = self._engine.add(new.frame)
            self._spent += self._clock() - started
            self._take(self._timed(found))
        self._input_counts.add(new, self._engine.counts)
        self._rows += new.rows
        self._bytes += new.bytes

    def _timed(self, found: Results) -> Results:
        """The results, with the time since the last bucket was finished shared out among those finished now."""
        if found.buckets.is_empty():
            return found
        each, self._spent = round(1000.0 * self._spent / len(found.buckets)), 0.0
        return replace(found, buckets=found.buckets.with_columns(processing_time_ms=pl.lit(each, pl.Int64)))

    def _take(self, found: Results) -> None:
        self._waiting.append(found)
        self._waiting_rows += sum(len(getattr(found, name)) for name in _TABLES)
        self._buckets += len(found.buckets)
        self._values += len(found.coded_values)
        self._records += len(found.records)
        times = found.buckets["timestamp"]
        if len(times):
            self._first_ms = times[0] if self._first_ms is None else self._first_ms
            self._last_ms = times[-1]

    def _judge_open(self) -> None:
        """In the last commit, behind all that is finished. It is counted apart: these buckets are still to come."""
        found = self._engine.flush(calc_interim=True)
        self._interim = tuple(found.buckets["timestamp"].to_list())
        self._waiting.append(found)
        self._waiting_rows += len(found.buckets)

    def _commit(self) -> None:
        started = self._clock()
        counts = self._input_counts.total(self._engine.counts)
        found = Results.concat([*self._waiting, Results(counts=counts)])
        self._store.commit(self._job_id, found, self._engine.snapshot(), self._read)
        self._waiting.clear()
        self._waiting_rows = 0
        self._rows_committed = self._rows
        self._commits += 1
        self._commit_timer.committed(started)

    def _progress(self, source: str) -> Progress:
        return Progress(
            source=source,
            rows=self._rows,
            rows_committed=self._rows_committed,
            bytes=self._bytes,
            buckets=self._buckets,
            records=self._records,
            latest_ms=self._last_ms,
            seconds=self._clock() - self._started,
        )

    def summary(self, interrupted: str | None) -> RunSummary:
        """What the run did."""
        counts = self._input_counts.total(self._engine.counts)
        return RunSummary(
            job_id=self._job_id,
            rows=self._rows,
            dropped=dropped(self._before, counts),
            buckets=self._buckets,
            values=self._values,
            records=self._records,
            first_ms=self._first_ms,
            last_ms=self._last_ms,
            interim=self._interim,
            seconds=self._clock() - self._started,
            commits=self._commits,
            resumed=self._resumed,
            skipped=self._inputs.skipped(),
            interrupted=interrupted,
            counts=counts,
        )
