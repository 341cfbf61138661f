"""Jobs: created, listed, changed."""

from typing import Any

from barograph.api.elastic.arguments import allow_no_match, flag
from barograph.api.elastic.cluster_state import refuse_in_upgrade_mode, refuse_too_much_memory, within_memory
from barograph.api.elastic.datafeed_documents import document as datafeed_document
from barograph.api.elastic.datafeeds import created, new_datafeed
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError
from barograph.api.elastic.ids import jobs_of
from barograph.api.elastic.job_documents import FIELDS, document, job_of, refuse_taken, without_generated
from barograph.api.elastic.job_updates import FIELDS as UPDATE_FIELDS
from barograph.api.elastic.job_updates import changed
from barograph.api.elastic.notices import tell_of
from barograph.api.elastic.written_snapshots import active_snapshot
from barograph.jobs.service import JobSummary


def put_job(call: Call) -> dict[str, Any]:
    """Create a job."""
    service = call.server.service
    job = within_memory(call.server, job_of(call.path["job_id"], call.body))
    refuse_in_upgrade_mode(call.server, "cluster:admin/xpack/ml/job/put")
    refuse_too_much_memory(call.server, job.analysis_limits.model_memory_limit)
    refuse_taken(job, service.ids())
    datafeed = new_datafeed(call, job, call.body.get("datafeed_config"))
    if not service.put(job):
        raise ElasticError(
            400,
            "resource_already_exists_exception",
            f"The job cannot be created with the Id '{job.job_id}'. The Id is already used.",
        )
    tell_of(call, job)
    service.tell(job.job_id, "info", "Job created")
    if datafeed is not None:
        created(call, datafeed)
    return _told(call, service.summary(job.job_id))


def get_jobs(call: Call) -> dict[str, Any]:
    """Jobs, as they are configured."""
    told = [_told(call, summary) for summary in jobs_of(call, allow_no_match(call))]
    if flag(call, "exclude_generated", False):
        told = [without_generated(job) for job in told]
    return {"count": len(told), "jobs": told}


def update_job(call: Call) -> dict[str, Any]:
    """Change what may be changed of a job."""
    service, job_id = call.server.service, call.path["job_id"]
    if job_id in ("_all", "*"):
        raise ElasticError(
            400, "action_request_validation_exception", f"Validation Failed: 1: [{job_id}] wanted the id of one job;"
        )
    summary = service.summary(job_id)
    refuse_in_upgrade_mode(call.server, "cluster:admin/xpack/ml/job/update")
    known = {other: groups for other, groups in service.ids().items() if other != job_id}
    job = changed(summary, call.body)
    refuse_too_much_memory(call.server, job.analysis_limits.model_memory_limit)
    refuse_taken(job, known)
    service.update(job_id, lambda stored: changed(summary, call.body, stored))
    service.tell(job_id, "info", f"Job updated: {', '.join(sorted(call.body))}")
    return _told(call, service.summary(job_id))


def _told(call: Call, summary: JobSummary) -> dict[str, Any]:
    datafeed = call.server.datafeeds.of_job(summary.job.job_id)
    told = None if datafeed is None else datafeed_document(datafeed)
    return document(summary, active_snapshot(call.server, summary.job.job_id), datafeed=told)


_JOBS = "/_ml/anomaly_detectors"
_MISSING_INDICES = "allow_no_indices expand_wildcards ignore_throttled ignore_unavailable"
_LISTED = "allow_no_match allow_no_jobs exclude_generated"
ENDPOINTS = (
    Endpoint(
        "PUT",
        f"{_JOBS}/{{job_id}}",
        put_job,
        query=_MISSING_INDICES,
        fields=" ".join(FIELDS),
        object_name="job_details",
        role="write",
        in_worker=True,
        body_needed=True,
    ),
    Endpoint("GET", _JOBS, get_jobs, query=_LISTED),
    Endpoint("GET", f"{_JOBS}/{{job_id}}", get_jobs, query=_LISTED),
    Endpoint(
        "POST",
        f"{_JOBS}/{{job_id}}/_update",
        update_job,
        fields=" ".join(UPDATE_FIELDS),
        object_name="job_update",
        role="write",
        in_worker=True,
        body_needed=True,
    ),
)
