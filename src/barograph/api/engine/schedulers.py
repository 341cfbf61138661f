"""Schedulers: jobs that read their rows themselves are started, and stopped."""

from barograph.api.engine.answers import ACK, Answer
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.intake import open_for_rows
from barograph.api.engine.parameters import span
from barograph.api.engine.state import Extras
from barograph.config.errors import BarographError


def start(call: Call) -> Answer:
    """Have a job read its rows from a time on, or from where it was, up to another time, or for good."""
    service, job_id = call.server.service, call.job_id
    extras, job = _scheduled(call), service.job(job_id)
    start_ms, end_ms = span(call)
    if call.state.is_started(job_id):
        raise EngineError(Code.SCHEDULER_START, f"Cannot start the scheduler of job '{job_id}': wanted one that is STOPPED")
    if extras["scheduler"]["dataSource"] == "FILE" and not extras["scheduler"].get("tailFile") and end_ms is None:
        end_ms = service.now_ms() - call.server.datafeeds.get(job_id).delay_ms  # all that is in the file, once
    was_opened = call.state.in_worker(job_id, lambda: open_for_rows(call.state, job))
    try:
        call.server.datafeeds.start(job_id, start_ms or 0, end_ms)
    except BarographError as error:
        if was_opened:
            call.state.in_worker(job_id, lambda: service.close_job(job_id))
        raise EngineError(Code.SCHEDULER_START, f"Cannot start the scheduler of job '{job_id}': {error}") from error
    return ACK


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
