"""Jobs: created, listed, changed, removed."""

import itertools
from typing import Any, Final

from barograph.api.engine.answers import ACK, Answer, page, single
from barograph.api.engine.counts import counts, size_stats
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.job_documents import check_id, configuration, job_of, made_id
from barograph.api.engine.parameters import paging
from barograph.api.engine.scheduler_config import ScheduledJob, check_scheduler, datafeed_of, kept_scheduler, told_scheduler
from barograph.api.engine.state import Extras
from barograph.api.engine.stored import forget_stored
from barograph.api.engine.times import text_of
from barograph.config.datafeed import Datafeed
from barograph.config.errors import shortened
from barograph.jobs.service import JobState, JobSummary, NoSuchJob

_STATUS: Final = {
    JobState.OPENED: "RUNNING",
    JobState.OPENING: "RUNNING",
    JobState.CLOSING: "CLOSING",
    JobState.CLOSED: "CLOSED",
    JobState.FAILED: "FAILED",
}
_LINKS: Final = {
    "data": "/data/{}",
    "buckets": "/results/{}/buckets",
    "categoryDefinitions": "/results/{}/categorydefinitions",
    "records": "/results/{}/records",
    "modelSnapshots": "/modelsnapshots/{}",
    "alertsLongPoll": "/alerts_longpoll/{}",
    "logs": "/logs/{}",
}


def get_jobs(call: Call) -> Answer:
    """List the jobs, whoever has made them, a page at a time."""
    skip, take = paging(call)
    summaries = call.server.service.jobs()
    return page(call, len(summaries), (skip, take), [document(call, one) for one in summaries[skip : skip + take]])


def get_job(call: Call) -> Answer:
    """Tell of one job: its configuration, status, counts and size."""
    try:
        return single("job", document(call, call.server.service.summary(call.job_id)))
    except NoSuchJob:
        return single("job", None)


def document(call: Call, summary: JobSummary) -> dict[str, Any]:
    """A job as clients get it."""
    job_id, extras = summary.job.job_id, call.state.extras(summary.job.job_id)
    told = {
        "status": status(summary, extras),
        "createTime": text_of(summary.create_time),
        "location": f"{call.base}/jobs/{job_id}",
        "endpoints": {name: f"{call.base}{path.format(job_id)}" for name, path in _LINKS.items()},
        "counts": counts(summary.counts, extras),
        "modelSizeStats": size_stats(call.server.service, summary),
    }
    if summary.state in (JobState.CLOSED, JobState.FAILED) and summary.state_time is not None:
        told["finishedTime"] = text_of(summary.state_time)
    if "scheduler" in extras:
        told["schedulerConfig"] = told_scheduler(extras)
        told["schedulerStatus"] = "STARTED" if call.state.is_started(job_id) else "STOPPED"
    if "last_data" in extras:
        told["lastDataTime"] = text_of(extras["last_data"])
    return {**configuration(summary.job, extras), **told}


def status(summary: JobSummary, extras: Extras) -> str:
    """Where a job is in its life, in the Engine API's words."""
    is_paused = extras.get("is_paused") and summary.state is JobState.CLOSED
    return "PAUSED" if is_paused else _STATUS[summary.state]


def create_job(call: Call) -> Answer:
    """Create a job; its id is made if it is sent without one."""
    given = ScheduledJob.read(call.body, Code.CONFIG_PARSE, Code.CONFIG_UNKNOWN_FIELD)
    known = call.server.service.ids()
    taken = {*known, *(group for groups in known.values() for group in groups)}
    job_id = given.id or next(one for one in _made_ids(call) if one not in taken)
    check_id(job_id)
    job, extras = job_of(given, job_id)
    datafeed = _scheduled(call, given, job_id, extras)
    if job_id in taken or not call.server.service.put(job):
        raise EngineError(Code.JOB_ID_TAKEN, f"The job cannot be created with the Id '{job_id}'. The Id is already used.")
    call.state.change(job_id, extras)
    if datafeed is not None and not call.server.datafeeds.create(datafeed):
        call.server.service.delete(job_id)
        raise EngineError(Code.JOB_ID_TAKEN, f"The job cannot be created with the Id '{job_id}': a datafeed has it already.")
    call.server.service.tell(job_id, "info", "Job created")
    return Answer({"id": job_id}, 201)


def _scheduled(call: Call, given: ScheduledJob, job_id: str, extras: Extras) -> Datafeed | None:
    """The datafeed of a job that is to read its rows itself, which `extras` then say, too; None of all others.

    Raises:
        EngineError: it cannot be.
        HttpProblem: the caller may not have the server read what it names.
    """
    if given.scheduler_config is None:
        return None
    call.require("admin")
    check_scheduler(given.scheduler_config, given, extras["data"]["format"])
    extras["scheduler"] = kept_scheduler(given.scheduler_config, call.state.vault)
    return datafeed_of(given.scheduler_config, job_id)


def _made_ids(call: Call) -> Any:
    now_ms = call.server.service.now_ms()
    return (made_id(now_ms, number) for number in itertools.count(1))


def delete_job(call: Call) -> Answer:
    """Remove a job with all that it has read, learned and found, also while it runs."""
    service, job_id = call.server.service, call.job_id
    service.job(job_id)
    with call.state.alone(job_id):
        datafeed = call.server.datafeeds.of_job(job_id)
        if datafeed is not None:
            call.server.datafeeds.delete(datafeed.datafeed_id, force=True)
        call.state.in_worker(job_id, lambda: _delete(call))
    return ACK


def _delete(call: Call) -> None:
    service, job_id = call.server.service, call.job_id
    if job_id in service.opened():
        service.close_job(job_id)
    service.delete(job_id)
    forget_stored(call.server.documents, job_id)
    call.state.forget(job_id)


def refuse_unknown(call: Call, job_id: str) -> None:
    """Refuse a job that there is not.

    Raises:
        EngineError: there is none (20101).
    """
    if job_id not in call.server.service.ids():
        raise EngineError(Code.MISSING_JOB, f"No known job with id '{shortened(job_id)}'")


ENDPOINTS = (
    Endpoint("GET", "/jobs", get_jobs),
    Endpoint("GET", "/jobs/{job_id}", get_job),
    Endpoint("POST", "/jobs", create_job, role="write", parse_code=Code.CONFIG_PARSE),
    Endpoint("DELETE", "/jobs/{job_id}", delete_job, role="write"),
)
