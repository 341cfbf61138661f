"""Replaying a job: models and results made anew from its kept bucket values."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.moment import iso_text
from barograph.engine.forgotten import Forgotten
from barograph.engine.replay import NOTHING_BEFORE, known_series
from barograph.jobs.commit_timer import Clock
from barograph.jobs.replaying import OnProgress, Sources
from barograph.store.job_rows import Saved
from barograph.store.query import Query
from barograph.store.store import Store

_Change = Callable[[Sequence[Forgotten], Job, Saved, int], Sequence[Forgotten]]
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
    forgotten: tuple[Forgotten, ...]
    seconds: float


def replay(
    store: Store,
    job_id: str,
    on_progress: OnProgress | None = None,
    *,
    threads: int = 0,
    clock: Clock = time.monotonic,
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

    Raises:
        NoSuchJob: there is none of this id.
        JobBusy: it is being run.
        BadRequest: it has not finished a bucket yet.
        ConfigError: this version cannot run the job.
    """
    return _replay(store, job_id, None, on_progress, threads, clock)


def forget(store: Store, job_id: str, span: Forgotten, on_progress: OnProgress | None = None, *, threads: int = 0) -> Replayed:
    """Give a job the models that never saw a span, besides what it has forgotten already. Raises as `replay`, and:

    Where a snapshot from before all forgotten spans is kept, the replay goes on from it, to the same result.

    Raises:
        BadRequest: no series of the job can be what is to be forgotten, it has not all come yet, or it has expired.
    """

    def change(known: Sequence[Forgotten], job: Job, saved: Saved, end_ms: int) -> Sequence[Forgotten]:
        span.check(job)
        zone = ZoneInfo(job.time_zone)
        series = known_series(job, saved.snapshot)
        begun = [one.first_bucket[span.series(job, at, one, len(one))] for at, one in enumerate(series)]
        if not any(map(len, begun)):
            named = ", ".join(f"{field}={value}" for field, value in span.entity)
            raise BadRequest(f"entity={named!r}: wanted one that the job has seen")
        first_ms = min(int(one.min()) for one in begun if len(one)) * job.bucket_span_ms
        if span.end_ms <= first_ms:
            raise BadRequest(f"span={span.told(job)}: wanted an end after {iso_text(first_ms, zone)}, where the data begins")
        if span.end_ms > end_ms:
            raise BadRequest(
                f"span={span.told(job)}: wanted an end at or before {iso_text(end_ms, zone)}, where the newest finished "
                "bucket ends; what has not come yet cannot be forgotten"
            )
        begins_ms = store.history_from(job_id)
        if begins_ms is not None and span.start_ms < begins_ms:
            raise BadRequest(
                f"span={span.told(job)}: wanted a start at or after {iso_text(begins_ms, zone)}; bucket values before it "
                "have expired, and the models cannot be made anew without what they learned from them"
            )
        return [*(one for one in known if one != span), span]

    return _replay(store, job_id, change, on_progress, threads, time.monotonic)


def remember(
    store: Store, job_id: str, span: Forgotten, on_progress: OnProgress | None = None, *, threads: int = 0
) -> Replayed:
    """Undo `forget`: let the models see a span again, and make its results anew. Raises as `replay`, and:

    Raises:
        BadRequest: the span is not one that was forgotten.
    """

    def change(known: Sequence[Forgotten], job: Job, _saved: Saved, _end_ms: int) -> Sequence[Forgotten]:
        if span not in known:
            raise BadRequest(f"span={span.told(job)}: wanted one that was forgotten, with the same entity")
        return [one for one in known if one != span]

    return _replay(store, job_id, change, on_progress, threads, time.monotonic)


def _replay(
    store: Store, job_id: str, change: _Change | None, on_progress: OnProgress | None, threads: int, clock: Clock
) -> Replayed:
    started = clock()
    with store.lock(job_id):
        saved, job, known = store.resume(job_id), store.job(job_id), store.forgotten(job_id)
        if saved is None or saved.counts.latest_bucket_timestamp is None:
            raise BadRequest(f"job {job_id!r}: wanted a job that has finished a bucket; there is nothing to replay yet")
        end_ms = saved.counts.latest_bucket_timestamp + job.bucket_span_ms
        forgotten = tuple(change(known, job, saved, end_ms)) if change else known
        sources = Sources(store, job, saved, forgotten, threads)
        work = sources.after(_unchanged_until(job, known, forgotten)) if change else sources.whole()
        before = store.records(job_id, Query(size=0)).total
        with store.rewriting(job_id) as rewrite:
            work.run(rewrite, on_progress)
            rewrite.commit(time.time_ns() // 1_000_000, forgotten)
        after = store.records(job_id, Query(size=0)).total
    return Replayed(job_id, work.end - work.start, work.values, after, before, forgotten, clock() - started)


def _unchanged_until(job: Job, known: Sequence[Forgotten], forgotten: Sequence[Forgotten]) -> int:
    """The first bucket that was or is to be forgotten: what a snapshot had learned before it stays true."""
    return min([one.buckets(job.bucket_span_ms)[0] for one in (*known, *forgotten)], default=NOTHING_BEFORE)
