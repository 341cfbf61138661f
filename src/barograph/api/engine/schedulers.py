"""Schedulers: jobs that read their rows themselves are started, and stopped."""

from barograph.api.engine.answers import ACK, Answer
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.intake import open_for_rows
from barograph.api.engine.parameters import span
from barograph.api.engine.scheduler_feed import own_feed
from barograph.api.engine.state import Extras
from barograph.config.errors import BarographError
from barograph.config.job import Job
from barograph.sources.feed import RowClock


def start(call: Call) -> Answer:
    """Have a job read its rows from a time on, or from where it was, up to another time, or for good."""
    service, job_id = call.server.service, call.job_id
    extras, job = _scheduled(call), service.job(job_id)
    start_ms, end_ms = span(call)
    if call.state.is_started(job_id):
        raise EngineError(Code.SCHEDULER_START, f"Cannot start the scheduler of job '{job_id}': wanted one that is STOPPED")
    was_opened = False
    try:
        if extras["scheduler"]["dataSource"] == "FILE" and not extras["scheduler"].get("tailFile"):
            end_ms = _end_of_file(call, job, end_ms)
        was_opened = call.state.in_worker(job_id, lambda: open_for_rows(call.state, job))
        call.server.datafeeds.start(job_id, start_ms or 0, end_ms)
    except BarographError as error:
        if was_opened:
            call.state.in_worker(job_id, lambda: service.close_job(job_id))
        raise EngineError(Code.SCHEDULER_START, f"Cannot start the scheduler of job '{job_id}': {error}") from error
    return ACK


def _end_of_file(call: Call, job: Job, end_ms: int | None) -> int:
    """Where to end: at a time, or behind the last row, whatever comes first."""
    feed = own_feed(call.state, call.server.datafeeds.get(job.job_id), job)
    until_ms = feed.rows_until() if isinstance(feed, RowClock) else 0
    return until_ms if end_ms is None else min(until_ms, end_ms)


def stop(call: Call) -> Answer:
    """Have a job read no more rows; answered when it has stopped, and is closed."""
    service, job_id = call.server.service, call.job_id
    _scheduled(call)
    if not call.state.is_started(job_id):
        raise EngineError(Code.SCHEDULER_STOP, f"Cannot stop the scheduler of job '{job_id}': wanted one that is STARTED")
    call.server.datafeeds.stop(job_id)
    call.state.in_worker(job_id, lambda: service.close_job(job_id) if job_id in service.opened() else None)
    return ACK


def _scheduled(call: Call) -> Extras:
    """What is known of a scheduled job.

    Raises:
        EngineError: there is no such job, or it is none (60116).
    """
    extras = call.state.extras(call.job_id)
    if "scheduler" not in extras:
        raise EngineError(
            Code.NO_SUCH_SCHEDULED_JOB, f"No scheduled job with id '{call.job_id}': wanted one with a schedulerConfig"
        )
    return extras


ENDPOINTS = (
    Endpoint("POST", "/schedulers/{job_id}/start", start, role="write"),
    Endpoint("POST", "/schedulers/{job_id}/stop", stop, role="write"),
)
