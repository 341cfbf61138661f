"""Forgetting a span of time, and undoing that: a replay that has not seen it."""

import time
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.moment import iso_text
from barograph.engine.exclusions import Exclusion
from barograph.engine.replay import known_series
from barograph.jobs.commit_timer import Clock
from barograph.jobs.replay import OnProgress, Replayed, replay_without
from barograph.results.snapshot import Snapshot
from barograph.store.job_rows import ResumePoint
from barograph.store.store import Store


def forget(
    store: Store,
    job_id: str,
    span: Exclusion,
    on_progress: OnProgress | None = None,
    *,
    threads: int = 0,
    now: Clock = time.time,
) -> Replayed:
    """Give a job the models that never saw a span, besides what it has forgotten already. Raises as `replay`, and:

    Where a snapshot from before all forgotten spans is kept, the replay goes on from it, to the same result.

    Raises:
        BadRequest: no series of the job can be what is to be forgotten, it has not all come yet, or it has expired.
    """

    def change(known: Sequence[Exclusion], job: Job, saved: ResumePoint, end_ms: int) -> Sequence[Exclusion]:
        span.check(job)
        _check_span(span, job, _begins(span, job, saved.snapshot), end_ms)
        _check_history(span, job, store.history_from(job_id))
        return [*(other for other in known if other != span), span]

    return replay_without(store, job_id, change, on_progress, threads, now=now)


def _begins(span: Exclusion, job: Job, snapshot: Snapshot) -> int:
    """When the first of the series begins that are to be forgotten, epoch ms.

    Raises:
        BadRequest: there are none.
    """
    detectors = known_series(job, snapshot)
    begun = [series.first_bucket[span.series(job, index, series, len(series))] for index, series in enumerate(detectors)]
    if not any(map(len, begun)):
        named = ", ".join(f"{field}={value}" for field, value in span.entity)
        raise BadRequest(f"entity={named!r}: wanted one that the job has seen")
    return min(int(buckets.min()) for buckets in begun if len(buckets)) * job.bucket_span_ms


def _check_span(span: Exclusion, job: Job, first_ms: int, end_ms: int) -> None:
    zone = ZoneInfo(job.time_zone)
    if span.end_ms <= first_ms:
        raise BadRequest(f"span={span.told(job)}: wanted an end after {iso_text(first_ms, zone)}, where the data begins")
    if span.end_ms > end_ms:
        raise BadRequest(
            f"span={span.told(job)}: wanted an end at or before {iso_text(end_ms, zone)}, where the newest finished "
            "bucket ends; what has not come yet cannot be forgotten"
        )


def _check_history(span: Exclusion, job: Job, begins_ms: int | None) -> None:
    if begins_ms is not None and span.start_ms < begins_ms:
        raise BadRequest(
            f"span={span.told(job)}: wanted a start at or after {iso_text(begins_ms, ZoneInfo(job.time_zone))}; bucket values "
            "before it have expired, and the models cannot be made anew without what they learned from them"
        )


def remember(
    store: Store,
    job_id: str,
    span: Exclusion,
    on_progress: OnProgress | None = None,
    *,
    threads: int = 0,
    now: Clock = time.time,
) -> Replayed:
    """Undo `forget`: let the models see a span again, and make its results anew. Raises as `replay`, and:

    Raises:
        BadRequest: the span is not one that was forgotten.
    """

    def change(known: Sequence[Exclusion], job: Job, _saved: ResumePoint, _end_ms: int) -> Sequence[Exclusion]:
        if span not in known:
            raise BadRequest(f"span={span.told(job)}: wanted one that was forgotten, with the same entity")
        return [other for other in known if other != span]

    return replay_without(store, job_id, change, on_progress, threads, now=now)
