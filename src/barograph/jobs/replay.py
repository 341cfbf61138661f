"""Replaying a job: the history read in stretches, learned, and put in the place of what was."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import polars as pl

from barograph.config.errors import BadRequest, OtherVersion
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge
from barograph.engine.exclusions import Exclusion
from barograph.engine.replay import NOTHING_BEFORE, KeptBuckets, Replay, columns_of
from barograph.jobs.commit_timer import Clock
from barograph.jobs.knowledge.knowledge import knowledge_of
from barograph.jobs.newest import resume_point
from barograph.results import schema
from barograph.results.arrays import Disk
from barograph.results.results import Results
from barograph.store.history import Span
from barograph.store.job_rows import ResumePoint
from barograph.store.query import Query
from barograph.store.rewrite import Rewrite
from barograph.store.snapshots import SavedSnapshot
from barograph.store.store import Store

OnProgress = Callable[[int, int], None]
"""(buckets done, buckets in all)"""

ROWS_AT_ONCE: Final = 1_000_000
"""Rows of the history that are read in one go, as far as its files allow; about 100 bytes each, and more are no faster."""

Change = Callable[[Sequence[Exclusion], Job, ResumePoint, int], Sequence[Exclusion]]
"""(forgotten so far, the job, what it is now, where its newest finished bucket ends) -> what is to be forgotten."""


@dataclass(frozen=True)
class Replayed:
    """A replay that is over.

    Attributes:
        job_id: the job.
        buckets: how many were replayed.
        values: bucket values that were read.
        records: records that there are now.
        records_before: records that there were.
        forgotten: all that the models have not seen.
        seconds: how long it took.
    """

    job_id: str
    buckets: int
    values: int
    records: int
    records_before: int
    forgotten: tuple[Exclusion, ...]
    seconds: float


def replay(
    store: Store,
    job_id: str,
    on_progress: OnProgress | None = None,
    *,
    threads: int = 0,
    clock: Clock = time.monotonic,
    now: Clock = time.time,
) -> Replayed:
    """Make a job's models, results and snapshots anew from its kept bucket values, all of it visible at once at the end.

    A job that nothing has changed has the same models and results as before, to the last bit. What is forgotten stays so.
    Results of forgotten spans stay as they are; results that have expired do not come back. Initial scores are then those of
    the replay.

    Args:
        store: where the job lives.
        job_id: the job.
        on_progress: called with the buckets that are done and those that there are.
        threads: how many threads share the series; 0 is one a core.
        clock: seconds on a clock that only goes forward.
        now: epoch seconds, wall clock.

    Raises:
        NoSuchJob: there is none of this id.
        JobBusy: it is being run.
        BadRequest: it has not finished a bucket yet.
        ConfigError: this version cannot run the job.
    """
    return replay_without(store, job_id, None, on_progress, threads, clock, now)


def replay_without(
    store: Store,
    job_id: str,
    change: Change | None,
    on_progress: OnProgress | None,
    threads: int = 0,
    clock: Clock = time.monotonic,
    now: Clock = time.time,
) -> Replayed:
    """Replay a job without what `change` wants forgotten; None: without what is forgotten already. Raises as `replay`."""
    with store.lock(job_id):
        return replay_held(store, job_id, change, on_progress, threads, clock, now)


def replay_held(
    store: Store,
    job_id: str,
    change: Change | None = None,
    on_progress: OnProgress | None = None,
    threads: int = 0,
    clock: Clock = time.monotonic,
    now: Clock = time.time,
) -> Replayed:
    """The same for who holds the job's lock already."""
    started = clock()
    job, known = store.job(job_id), store.forgotten(job_id)
    saved = resume_point(store, job)
    if saved is None or saved.counts.latest_bucket_timestamp is None:
        raise BadRequest(f"job {job_id!r}: wanted a job that has finished a bucket; there is nothing to replay yet")
    end_ms = saved.counts.latest_bucket_timestamp + job.bucket_span_ms
    forgotten = tuple(change(known, job, saved, end_ms)) if change else known
    start = Start(store, job, saved, knowledge_of(store, job), forgotten, threads)
    under_way = start.after(_unchanged_until(job, known, forgotten)) if change else start.whole()
    records_before = store.records(job_id, Query(size=0)).total
    with store.rewriting(job_id) as rewrite:
        under_way.run(rewrite, on_progress)
        rewrite.commit(int(now() * 1000), forgotten)
    records = store.records(job_id, Query(size=0)).total
    buckets = under_way.end - under_way.start
    return Replayed(job_id, buckets, under_way.values, records, records_before, forgotten, clock() - started)


def _unchanged_until(job: Job, known: Sequence[Exclusion], forgotten: Sequence[Exclusion]) -> int:
    """The first bucket that was or is to be forgotten: what a snapshot had learned before it stays true."""
    return min([span.buckets(job.bucket_span_ms)[0] for span in (*known, *forgotten)], default=NOTHING_BEFORE)


@dataclass(frozen=True)
class Start:
    """Where a replay can begin. The caller holds the job's lock."""

    store: Store
    job: Job
    saved: ResumePoint
    knowledge: Knowledge
    forgotten: Sequence[Exclusion]
    threads: int

    @property
    def disk(self) -> Disk:
        """Where series may sleep."""
        return self.store.scratch(self.job.job_id)

    def whole(self) -> "ReplayUnderWay":
        """With the first bucket of the history; where older values have expired, what came before stays as it is."""
        replay = Replay.build(self.job, self.saved.snapshot, self.forgotten, self.threads, self.knowledge, self.disk)
        begins_ms = self.store.history_from(self.job.job_id)
        since = None if begins_ms is None else -(-begins_ms // self.job.bucket_span_ms)
        return ReplayUnderWay(self.store, self.job, self.saved, self.forgotten, replay, since)

    def after(self, bucket: int) -> "ReplayUnderWay":
        """With the newest snapshot from before a bucket, if there is one that this version can go on from."""
        job_id, span_ms = self.job.job_id, self.job.bucket_span_ms
        for point in reversed(self.store.snapshots(job_id)):
            newest = point.latest_bucket_timestamp
            if newest is None or newest // span_ms >= bucket:
                continue
            old, start = self.store.snapshot(job_id, point.snapshot_id), newest // span_ms + 1
            try:
                replay = Replay.since(
                    self.job, old, start, self.saved.snapshot, self.forgotten, self.threads, self.knowledge, self.disk
                )
            except OtherVersion:  # the history has all that led to it
                break
            return ReplayUnderWay(self.store, self.job, self.saved, self.forgotten, replay, start)
        return self.whole()


class ReplayUnderWay:
    """One replay under way. The caller holds the job's lock.

    Attributes:
        start: the first bucket to be replayed.
        end: the one behind the last.
        values: bucket values read so far.
    """

    def __init__(
        self,
        store: Store,
        job: Job,
        saved: ResumePoint,
        forgotten: Sequence[Exclusion],
        replay: Replay,
        since: int | None = None,
    ) -> None:
        self._store = store
        self._job_id = job_id = job.job_id
        self._span_ms = job.bucket_span_ms
        early = {job.early_ms(at) for at in range(len(job.detectors))}
        self._forgotten = [span.buckets(self._span_ms, early_ms) for span in forgotten for early_ms in early]
        self._replay = replay
        self._since = since
        self._points = store.snapshots(job_id)
        self._files = sorted(store.history_files(job_id), key=lambda file: file.last_timestamp)
        assert saved.counts.latest_bucket_timestamp is not None
        self.end = saved.counts.latest_bucket_timestamp // self._span_ms + 1
        # Results that have expired do not come back; the models learn what led to them all the same.
        oldest_kept = store.buckets(job_id, Query(size=1)).rows["timestamp"].to_list()
        self._oldest = min([self.end, *(time_ms // self._span_ms for time_ms in oldest_kept)])
        first = min([self._oldest, *(file.first_timestamp // self._span_ms for file in self._files)])
        self._columns = columns_of(job)
        self._holding = schema.empty(schema.QUANTILES)
        self.start = first if since is None else since
        self.values = 0

    def run(self, rewrite: Rewrite, on_progress: OnProgress | None) -> None:
        """Replay all buckets, and each snapshot when its time has come."""
        if self._since is None:
            points = list(self._points)
            self._snapshots(points, self.start, rewrite)
        else:
            points = [point for point in self._points if self._after(point) > self._since]
            rewrite.since(self._since * self._span_ms)
        for start, end in self._ranges():
            history = self._history(start, end)
            self.values += history.values.height
            self._put(rewrite, start, end, self._replay.add(start, end, history))
            self._snapshots(points, end, rewrite)
            if on_progress is not None:
                on_progress(end - self.start, self.end - self.start)
        rewrite.add_quantiles(self._holding)

    def _ranges(self) -> Iterator[tuple[int, int]]:
        """Stretches of buckets, cut where files end, where snapshots lie, and where what is forgotten begins and ends."""
        cuts = {self.start, self.end, self._oldest, *self._file_ends(), *map(self._after, self._points)}
        cuts |= {edge for span in self._forgotten for edge in span}
        return pairwise(sorted(cut for cut in cuts if self.start <= cut <= self.end))

    def _file_ends(self) -> Iterable[int]:
        rows = 0
        for file in self._files:
            rows += file.rows
            if rows >= ROWS_AT_ONCE:
                yield file.last_timestamp // self._span_ms + 1
                rows = 0

    def _after(self, point: SavedSnapshot) -> int:
        """The first bucket that a snapshot had not finished."""
        newest = point.latest_bucket_timestamp
        return self.start if newest is None else newest // self._span_ms + 1

    def _snapshots(self, points: list[SavedSnapshot], end: int, rewrite: Rewrite) -> None:
        while points and self._after(points[0]) <= end:
            point = points.pop(0)
            rewrite.snapshot(point, self._replay.snapshot(self._store.snapshot(self._job_id, point.snapshot_id)))

    def _history(self, start: int, end: int) -> KeptBuckets:
        start_ms, end_ms = start * self._span_ms, end * self._span_ms
        span = Span(start_ms, end_ms)
        buckets = self._store.buckets(self._job_id, Query(start_ms=start_ms, end_ms=end_ms)).rows
        filled = buckets.filter(pl.col("event_count") > 0)
        return KeptBuckets(
            self._store.bucket_values(self._job_id, span, self._columns),
            self._store.influencer_shares(self._job_id, span),
            filled["timestamp"].to_numpy(),
            filled["event_count"].to_numpy(),
        )

    def _put(self, rewrite: Rewrite, start: int, end: int, pieces: Iterable[Results]) -> None:
        forgotten = any(first < end and start < last for first, last in self._forgotten)
        if not forgotten and end > self._oldest:
            rewrite.clear(start * self._span_ms, end * self._span_ms)
        for piece in pieces:
            if not forgotten:
                rewrite.keep(piece.coded_values)
            if end <= self._oldest:
                # Of these, the last are what the oldest results that are kept were scored by.
                self._holding = pl.concat([self._holding, piece.quantiles]).filter(pl.col("timestamp") == pl.max("timestamp"))
            elif forgotten:
                rewrite.add_quantiles(piece.quantiles)
            else:
                rewrite.add(piece)
        if forgotten:
            rewrite.keep(self._store.bucket_values(self._job_id, Span(start * self._span_ms, end * self._span_ms)))
