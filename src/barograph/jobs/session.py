"""A job that is open for rows: fed, flushed and committed. It knows no files and no signals: whoever has rows may hold one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

import polars as pl

from barograph.config.job import Job
from barograph.config.knowledge import Knowledge
from barograph.jobs.commit_timer import Clock, CommitTimer
from barograph.jobs.input_counts import InputCounts
from barograph.jobs.inputs import Inputs, NewRows
from barograph.jobs.limits_met import LimitsMet
from barograph.jobs.summary import Progress, RunSummary, dropped
from barograph.results.arrays import Disk
from barograph.results.category import CategorizerStats
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.results.sizes import Sizes
from barograph.results.snapshot import Snapshot
from barograph.sources.chunk import Chunk
from barograph.store.documents import Message
from barograph.store.job_rows import ResumePoint
from barograph.store.store import Store


class RunningEngine(Protocol):
    """What a session needs of `barograph.engine.Engine`."""

    @property
    def counts(self) -> DataCounts:
        """What it has read."""

    def add(self, frame: pl.DataFrame) -> Results:
        """Take rows; returns what they finished."""

    def flush(self, until: int | None = None, *, calc_interim: bool = False) -> Results:
        """Finish what only the latency keeps open, and all until a time, or judge what is open; returns that."""

    def know(self, knowledge: Knowledge) -> None:
        """From the next bucket on, this is what the user knows."""

    def skip(self, until: int) -> Results:
        """Leave out the buckets before a time; returns what that finished."""

    def empty(self, start: int, end: int) -> None:
        """Take the rows of open buckets out again."""

    @property
    def categorizer_stats(self) -> Sequence[CategorizerStats]:
        """How well categories fit the messages they are of, by partition."""

    def snapshot(self) -> Snapshot:
        """All that it remembers."""


Build = Callable[[Job, Snapshot | None, Knowledge, Disk], RunningEngine]

_TABLES: Final = (
    "buckets",
    "records",
    "influencers",
    "bucket_influencers",
    "annotations",
    "forest_results",
    "coded_values",
    "influencer_shares",
)


class Session:
    """An open job. Its rows are safe once a commit holds them; it commits every few seconds while it is fed.

    One thread at a time may call it, and whoever does holds the job's lock.
    """

    def __init__(
        self,
        store: Store,
        job: Job,
        engine: RunningEngine,
        knowledge: Knowledge,
        saved: ResumePoint | None,
        clock: Clock,
        now: Clock,
    ) -> None:
        self.job = job
        self._knowledge = knowledge
        self._store = store
        self._engine = engine
        self._resumed = saved is not None
        self._inputs = Inputs(saved.progress if saved else {})
        self._read = self._inputs.progress()
        self._input_counts = InputCounts(saved.counts if saved else DataCounts(), engine.counts)
        self._before = self._input_counts.total(engine.counts)
        self._clock, self._now = clock, now
        self._started = clock()
        self._spent = 0.0  # seconds in the engine since it last finished a bucket
        self._commit_timer = CommitTimer(clock)
        self._waiting: list[Results] = []
        self._waiting_rows = 0
        self._changed = False
        self._data_ms: int | None = None  # when the newest of the rows that no commit holds came
        self._source = ""
        self._rows = self._rows_committed = self._bytes = self._commits = 0
        self._buckets = self._values = self._records = 0
        self._first_ms: int | None = None
        self._last_ms: int | None = None
        self._interim: tuple[int, ...] = ()
        self._live = False
        self._refused_rows = 0  # as of the last commit
        held = Sizes.of_text(store.snapshots(job.job_id)[-1].sizes) if saved else Sizes()
        self._limits_met = LimitsMet(job, held, engine.categorizer_stats)
        self._on_records: Callable[[pl.DataFrame], None] = lambda _: None

    def feed(self, chunk: Chunk) -> None:
        """Take the rows of a chunk that the job has not read yet, and commit if it is time to.

        Raises:
            UnreadableInput: the chunk does not follow what was read of its source, or has not what the job needs; nothing of it
                was taken.
            StorageFailure: a commit failed; the session must not be used any more.
        """
        self._source = chunk.source
        with self._inputs.reading(chunk) as new:
            if new is None:
                return
            self._take_rows(new)
        self._read = self._inputs.progress()
        self._commit_if_due()

    def take(self, chunk: Chunk) -> None:
        """Take the rows of a chunk, all of them new, without a commit: it is all of them or none. Raises as `feed`."""
        self._source = chunk.source
        self._take_rows(NewRows.of_chunk(chunk))

    def is_fresh(self, chunk: Chunk) -> bool:
        """Whether nothing of a chunk's source has been read before."""
        return self._inputs.is_fresh(chunk)

    @property
    def newest_ms(self) -> int | None:
        """The newest time that the job has read, epoch ms; None before the first."""
        return self._engine.counts.latest_record_timestamp

    def feed_frame(self, frame: pl.DataFrame) -> None:
        """Take rows that come from no file, all of them new, and commit if it is time to. Raises as `feed`."""
        self._source = ""
        self._take_rows(NewRows.of_frame(frame))
        self._commit_if_due()

    def flush(self, until_ms: int | None = None) -> None:
        """Finish the buckets that only the latency keeps open, or all that end by a time; their later rows are out of order."""
        self._take(self._engine.flush(until_ms))

    def know(self, knowledge: Knowledge) -> None:
        """From now on this is what the user knows. What came before is committed: going on from there gives the same again."""
        if knowledge == self._knowledge:
            return
        self.commit()
        self._engine.know(knowledge)
        self._knowledge = knowledge

    def skip(self, until_ms: int) -> None:
        """Leave out what is open and all buckets that start before a time, as far as `Engine.skip` can, and commit that."""
        self._take(self._engine.skip(until_ms))
        self._changed = True
        self.commit()

    def empty(self, start_ms: int, end_ms: int) -> None:
        """Take the rows of the open buckets of a time out again, and commit that."""
        self._engine.empty(start_ms, end_ms)
        self._changed = True
        self.commit()

    def judge_open(self) -> None:
        """Judge the buckets that are still open; kept until their results, or newer interim ones, take their place.

        They are committed at once, behind all that is finished, and counted apart: these buckets are still to come.
        """
        interim = self._engine.flush(calc_interim=True)
        self._interim = tuple(interim.buckets["timestamp"].to_list())
        self._waiting.append(interim)
        self._waiting_rows += len(interim.buckets)
        self.commit()

    def commit(self) -> None:
        """Make all that was fed and found durable; nothing is written when there is nothing new.

        Raises:
            StorageFailure: the database or the disk failed; the session must not be used any more.
        """
        if self._rows == self._rows_committed and not self._waiting_rows and not self._changed:
            return
        started = self._clock()
        counts = self._input_counts.total(self._engine.counts)
        results = Results.concat([*self._waiting, Results(counts=counts)])
        snapshot = self._engine.snapshot()
        met = self._limits_met.tell(snapshot.sizes, self._engine.categorizer_stats)
        told = [Message(int(self._now() * 1000), "warning", text) for text in met]
        self._store.commit(self.job.job_id, results, snapshot, self._read, told, self._data_ms)
        self._refused_rows = 0 if snapshot.sizes is None else snapshot.sizes.refused_rows
        self._waiting.clear()
        self._waiting_rows, self._changed, self._data_ms = 0, False, None
        self._rows_committed = self._rows
        self._commits += 1
        self._commit_timer.committed(started)

    def use_idle_time(self) -> None:
        """Commit, if it is time to, while no rows come: from now on the rows are taken to come as they happen."""
        self._live = True
        self._commit_if_due()

    def watch(self, on_records: Callable[[pl.DataFrame], None]) -> None:
        """Hand on new records, columns as `schema.RECORDS`, as soon as they are found, once rows come as they happen."""
        self._on_records = on_records

    def _commit_if_due(self) -> None:
        if self._commit_timer.due(self._waiting_rows, self._live):
            self.commit()

    def _take_rows(self, new: NewRows) -> None:
        if new.frame.height:  # a chunk of malformed rows alone has no columns
            started = self._clock()
            results = self._engine.add(new.frame)
            self._spent += self._clock() - started
            self._take(self._timed(results))
        self._input_counts.add(new, self._engine.counts)
        self._data_ms = int(self._now() * 1000)
        self._rows += new.rows
        self._bytes += new.bytes

    def _timed(self, results: Results) -> Results:
        """The results, with the time since the last bucket was finished shared out among those finished now."""
        if results.buckets.is_empty():
            return results
        each, self._spent = round(1000.0 * self._spent / len(results.buckets)), 0.0
        return replace(results, buckets=results.buckets.with_columns(processing_time_ms=pl.lit(each, pl.Int64)))

    def _take(self, results: Results) -> None:
        self._waiting.append(results)
        self._waiting_rows += sum(len(getattr(results, name)) for name in _TABLES)
        self._buckets += len(results.buckets)
        self._values += len(results.coded_values)
        self._records += len(results.records)
        if self._live and len(results.records):
            self._on_records(results.records)
        times = results.buckets["timestamp"]
        if len(times):
            self._first_ms = times[0] if self._first_ms is None else self._first_ms
            self._last_ms = times[-1]

    def progress(self) -> Progress:
        """How far it is."""
        return Progress(
            source=self._source,
            rows=self._rows,
            rows_committed=self._rows_committed,
            bytes=self._bytes,
            buckets=self._buckets,
            records=self._records,
            latest_ms=self._last_ms,
            seconds=self._clock() - self._started,
        )

    def summary(self, interrupted: str | None = None) -> RunSummary:
        """What it did; `interrupted` is the signal that ended it early."""
        counts = self._input_counts.total(self._engine.counts)
        return RunSummary(
            job_id=self.job.job_id,
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
            refused_rows=self._refused_rows,
        )
