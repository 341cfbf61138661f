"""The life of jobs: opened, closed, reset, deleted."""

from typing import Any, Final

from barograph.api.elastic.arguments import allow_no_match, check_timeout, flag
from barograph.api.elastic.cluster_state import refuse_in_upgrade_mode, refuse_unassignable
from barograph.api.elastic.deleted_results import forget_deleted
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import conflict
from barograph.api.elastic.ids import jobs_of
from barograph.api.elastic.version import NODE_ID
from barograph.api.elastic.written import forget_written
from barograph.api.elastic.written_snapshots import forget_active
from barograph.config.job import Job
from barograph.jobs.room import waits_for_room
from barograph.jobs.service import JobState, JobSummary

_BUSY: Final = (JobState.OPENED, JobState.OPENING, JobState.CLOSING)


def open_job(call: Call) -> dict[str, Any]:
    """Open a job for rows."""
    service, job_id = call.server.service, call.path["job_id"]
    check_timeout(call)
    job = service.job(job_id)
    refuse_in_upgrade_mode(call.server, "cluster:admin/xpack/ml/job/open")
    refuse_unassignable(call.server)
    if job_id in service.opened():
        raise conflict(f"Cannot open job [{job_id}] because it has already been opened")
    if waits_for_room(job):
        service.defer(job_id)
        service.tell(job_id, "info", "Job waits to be opened: the machine has less memory than its model_memory_limit")
        return {"opened": True, "node": ""}
    service.open_job(job_id, lambda note: service.tell(job_id, "info", note))
    service.tell(job_id, "info", f"Opening job on node [{NODE_ID}]")
    return {"opened": True, "node": NODE_ID}


def close_jobs(call: Call) -> dict[str, Any]:
    """Close jobs; one that is closed stays so. Their datafeeds are stopped before: what they have given is in the jobs."""
    check_timeout(call)
    force = flag(call, "force", False)
    summaries = jobs_of(call, allow_no_match(call))
    job_ids = {summary.job.job_id for summary in summaries}
    for datafeed in call.server.datafeeds.all():
        if datafeed.job_id in job_ids:
            call.server.datafeeds.stop(datafeed.datafeed_id)
    closing = [
        call.server.workers.submit(summary.job.job_id, lambda summary=summary: _close(call, summary, force))  # type: ignore[misc]
        for summary in summaries
    ]
    for future in closing:
        future.result()
    return {"closed": True}


def _close(call: Call, summary: JobSummary, force: bool) -> None:
    service, job_id = call.server.service, summary.job.job_id
    if job_id in service.opened():
        service.close_job(job_id)
        service.tell(job_id, "info", "Job is closed")
        return
    state = service.summary(job_id).state
    if state is JobState.FAILED and not force:
        raise conflict(f"cannot close job [{job_id}] because it failed, use force close")
    if state is not JobState.CLOSED:
        service.settle(job_id)


def reset_job(call: Call) -> dict[str, Any]:
    """Forget what a job has read, learned and found."""
    service, job_id = call.server.service, call.path["job_id"]
    _check_flags(call)
    refuse_in_upgrade_mode(call.server, "cluster:admin/xpack/ml/job/reset")
    if service.summary(job_id).state in _BUSY:
        raise conflict("Can only reset a job when it is closed.")
    service.reset(job_id)
    _forget_written(call, service.job(job_id))
    service.tell(job_id, "info", "Job has been reset")
    return _done(call)


def delete_job(call: Call) -> dict[str, Any]:
    """Remove a job, with its results and the datafeed that feeds it."""
    job_id = call.path["job_id"]
    _check_flags(call)
    refuse_in_upgrade_mode(call.server, "cluster:admin/xpack/ml/job/delete")
    _refuse_busy(call, job_id)
    datafeed = call.server.datafeeds.of_job(job_id)
    if datafeed is not None:  # before the job's worker is asked, for which a datafeed that ends may have to wait
        call.server.datafeeds.delete(datafeed.datafeed_id, force=True)
    call.server.workers.submit(job_id, lambda: _delete(call, job_id)).result()
    return _done(call)


def _check_flags(call: Call) -> None:
    """Refuse flags that are neither true nor false before anything is lost by them."""
    for name in ("force", "wait_for_completion", "delete_user_annotations"):
        flag(call, name, False)


def _refuse_busy(call: Call, job_id: str) -> None:
    state = call.server.service.summary(job_id).state
    if state in _BUSY and not flag(call, "force", False):
        raise conflict(f"Cannot delete job [{job_id}] because the job is {state.value}")


def _delete(call: Call, job_id: str) -> None:
    service = call.server.service
    _refuse_busy(call, job_id)  # it may have been opened while this waited
    if job_id in service.opened():
        service.close_job(job_id)
    job = service.job(job_id)
    service.delete(job_id)
    _forget_written(call, job)


def _forget_written(call: Call, job: Job) -> None:
    """What clients have written of a job goes with it."""
    forget_written(call.server, job)
    forget_active(call.server, job.job_id)
    forget_deleted(call.server, job.job_id)


def _done(call: Call) -> dict[str, Any]:
    if flag(call, "wait_for_completion", True):
        return {"acknowledged": True}
    return {"task": f"{NODE_ID}:{call.server.service.now_ms()}"}


_JOB: Final = "/_ml/anomaly_detectors/{job_id}"
ENDPOINTS = (
    Endpoint("POST", f"{_JOB}/_open", open_job, query="timeout", fields="timeout job_id", role="write", in_worker=True),
    Endpoint(
        "POST",
        f"{_JOB}/_close",
        close_jobs,
        query="allow_no_match allow_no_jobs force timeout",
        fields="allow_no_match allow_no_jobs force timeout job_id",
        role="write",
    ),
    Endpoint(
        "POST", f"{_JOB}/_reset", reset_job, query="wait_for_completion delete_user_annotations", role="write", in_worker=True
    ),
    Endpoint("DELETE", _JOB, delete_job, query="force wait_for_completion delete_user_annotations", role="write"),
)
