"""The life of jobs: flushed, closed, paused, resumed. They are opened by the rows that are sent to them."""

from barograph.api.engine.answers import ACK, Answer
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.intake import refuse_scheduled
from barograph.api.engine.jobs import status
from barograph.api.engine.parameters import flag, span, time
from barograph.api.flush_limit import latest_flush
from barograph.config.job import Job
from barograph.jobs.service import JobState


def flush(call: Call) -> Answer:
    """Take all that was sent into account; judge the open buckets, or finish those before a time. A closed job stays so."""
    service, job_id = call.server.service, call.job_id
    job = service.job(job_id)
    interim = flag(call, "calcInterim")
    start, end = span(call)
    advance = time(call, "advanceTime")
    refuse_scheduled(job_id, call.state.extras(job_id))
    if (start is not None or end is not None) and not interim:
        raise EngineError(
            Code.FLUSH_PARAMETERS, "start, end: wanted calcInterim=true beside them, as they are of interim results"
        )
    if end is not None and start is None:
        raise EngineError(Code.FLUSH_PARAMETERS, f"end={call.query['end']!r}: wanted start beside it")
    with call.state.alone(job_id):
        if job_id not in service.opened():
            return ACK
        service.commit(job_id)
        if advance is not None:
            _refuse_too_far(call, job, advance)
            service.flush(job_id, advance)
        if interim:
            service.judge_open(job_id)
    return ACK


def _refuse_too_far(call: Call, job: Job, advance_ms: int) -> None:
    """Refuse to make buckets without end: a time in another unit would keep the job busy for ever."""
    latest, wanted = latest_flush(call.server.service.summary(job.job_id).counts, job.bucket_span_ms)
    if not 0 <= advance_ms <= latest:
        raise EngineError(Code.FLUSH_PARAMETERS, f"advanceTime={call.query['advanceTime'][:100]!r}: wanted {wanted}")


def close(call: Call) -> Answer:
    """Close a job: what was sent is taken into account, and it takes no more memory. One that does not run stays so."""
    service, job_id = call.server.service, call.job_id
    state = service.summary(job_id).state
    refuse_scheduled(job_id, call.state.extras(job_id))
    with call.state.alone(job_id):
        if job_id in service.opened():
            service.close_job(job_id)
            service.tell(job_id, "info", "Job is closed")
        elif state is not JobState.CLOSED:
            service.settle(job_id)
    return Answer(ACK.body, 202)


def pause(call: Call) -> Answer:
    """Pause a job: it is closed, and rows that are sent to it are passed over until it is resumed."""
    service, job_id = call.server.service, call.job_id
    summary = service.summary(job_id)
    refuse_scheduled(job_id, call.state.extras(job_id))
    if summary.state is JobState.FAILED or status(summary, call.state.extras(job_id)) == "PAUSED":
        raise EngineError(
            Code.PAUSE, f"Cannot pause job '{job_id}': wanted one that is RUNNING or CLOSED, it is {_status(call)}"
        )
    with call.state.alone(job_id):
        if job_id in service.opened():
            service.close_job(job_id)
    call.state.change(job_id, {"is_paused": True})
    service.tell(job_id, "info", "Job is paused")
    return ACK


def resume(call: Call) -> Answer:
    """Resume a job that is paused; the time that it has missed is no anomaly."""
    if _status(call) != "PAUSED":
        raise EngineError(Code.RESUME, f"Cannot resume job '{call.job_id}': wanted one that is PAUSED, it is {_status(call)}")
    extras = call.state.extras(call.job_id)
    ignore = extras.get("ignore_downtime")
    call.state.change(call.job_id, {"is_paused": False, "ignore_downtime": ignore if ignore == "ALWAYS" else "ONCE"})
    call.server.service.tell(call.job_id, "info", "Job is resumed")
    return ACK


def _status(call: Call) -> str:
    return status(call.server.service.summary(call.job_id), call.state.extras(call.job_id))


ENDPOINTS = (
    Endpoint("POST", "/data/{job_id}/flush", flush, role="write", in_worker=True),
    Endpoint("POST", "/data/{job_id}/close", close, role="write", in_worker=True),
    Endpoint("POST", "/jobs/{job_id}/pause", pause, role="write", in_worker=True),
    Endpoint("POST", "/jobs/{job_id}/resume", resume, role="write", in_worker=True),
)
