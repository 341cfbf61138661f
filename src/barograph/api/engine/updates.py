"""Changes of a job: what may be changed while it is there."""

from typing import Any

from barograph.api.engine.answers import ACK, Answer
from barograph.api.engine.config import Days, EngineJob, Limits, ModelDebug, Part, Seconds
from barograph.api.engine.detectors import early_description, told_index
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.job_documents import PLAIN, limits, own_job, plotted
from barograph.api.engine.scheduler_config import Scheduler, check_scheduler, datafeed_of, kept_scheduler
from barograph.config.job import Job
from barograph.jobs.service import JobState


class DetectorUpdate(Part):
    """Another description of a detector."""

    index: int
    description: str


class Update(Part):
    """What is to be changed of a job."""

    description: str | None = None
    custom_settings: dict[str, Any] | None = None
    detectors: tuple[DetectorUpdate, ...] = ()
    analysis_limits: Limits | None = None
    model_debug_config: ModelDebug | None = None
    renormalization_window_days: Days | None = None
    background_persist_interval: Seconds | None = None
    model_snapshot_retention_days: Days | None = None
    results_retention_days: Days | None = None
    ignore_downtime: str | None = None
    timeout: Seconds | None = None
    scheduler_config: Scheduler | None = None


def update_job(call: Call) -> Answer:
    """Change descriptions, limits, retention, and where a scheduler that is stopped reads."""
    service, job_id = call.server.service, call.job_id
    summary = service.summary(job_id)
    given = Update.read(call.body, Code.INVALID_VALUE, Code.INVALID_UPDATE_KEY)
    if given.analysis_limits is not None and summary.state not in (JobState.CLOSED, JobState.FAILED):
        raise EngineError(Code.JOB_NOT_CLOSED, f"analysisLimits: wanted job '{job_id}' to be closed before they are changed")
    extras = _extras(given)
    if given.scheduler_config is not None:
        extras["scheduler"] = _rescheduled(call, given.scheduler_config)
    service.update(job_id, lambda job: _changed(job, given))
    if extras:
        call.state.change(job_id, extras)
        call.state.used(job_id)
    service.tell(job_id, "info", f"Job updated: {', '.join(sorted(call.body))}")
    return ACK


def _changed(job: Job, given: Update) -> Job:
    """The job with the change.

    Raises:
        EngineError: it cannot be (10104).
    """
    document, told, named = job.model_dump(mode="json", exclude_unset=True), given.told(), given.model_fields_set
    document |= {own: told.get(name) for name, own in PLAIN.items() if own in named}
    if document.get("model_snapshot_retention_days") is None:
        document.pop("model_snapshot_retention_days", None)
    if given.analysis_limits is not None:
        document["analysis_limits"] = document.get("analysis_limits", {}) | limits(told["analysisLimits"])
    if "model_debug_config" in named:
        debug = given.model_debug_config
        document["model_plot_config"] = {"enabled": False} if debug is None else plotted(debug.told())
    if "background_persist_interval" in named:
        seconds = given.background_persist_interval
        document["background_persist_interval"] = f"{seconds}s" if seconds else None
    detectors = document["analysis_config"]["detectors"]
    indices = told_index(job.detectors)
    for one in given.detectors:
        if one.index not in indices:
            raise EngineError(Code.INVALID_VALUE, f"detectors.index={one.index}: wanted 0 to {max(indices)}")
        for at in (at for at, index in enumerate(indices) if index == one.index):
            early = job.detectors[at].overlapping
            detectors[at]["detector_description"] = early_description(one.description) if early else one.description
    return own_job(document)


def _extras(given: Update) -> dict[str, Any]:
    """What only this dialect knows of it."""
    changes: dict[str, Any] = {}
    if given.timeout is not None:
        changes["timeout"] = given.timeout
    if given.ignore_downtime is not None:
        checked = EngineJob.read({"ignoreDowntime": given.ignore_downtime}, Code.INVALID_VALUE, Code.INVALID_UPDATE_KEY)
        changes["ignore_downtime"] = checked.ignore_downtime
    if given.model_debug_config is not None and given.model_debug_config.write_to is not None:
        changes["write_to"] = given.model_debug_config.write_to
    return changes


def _rescheduled(call: Call, given: Scheduler) -> dict[str, Any]:
    """Have a scheduler that is stopped read elsewhere.

    Raises:
        EngineError: it runs, or the job has none (60126), or it cannot be.
    """
    call.require("admin")
    extras, job_id = call.state.extras(call.job_id), call.job_id
    if "scheduler" not in extras or call.state.is_started(job_id):
        raise EngineError(
            Code.SCHEDULER_UPDATE, f"schedulerConfig: wanted job '{job_id}' to be scheduled, and its scheduler STOPPED"
        )
    job = EngineJob.model_validate({"analysisConfig": _told_analysis(call)})
    check_scheduler(given, job, extras["data"]["format"])
    kept = kept_scheduler(given, call.state.vault)
    call.server.datafeeds.update(job_id, lambda _: datafeed_of(given, job_id))
    return kept


def _told_analysis(call: Call) -> dict[str, Any]:
    job = call.server.service.job(call.job_id)
    return {
        "bucketSpan": job.bucket_span_ms // 1000,
        "latency": job.latency_ms // 1000,
        "summaryCountFieldName": job.analysis_config.summary_count_field_name,
    }


ENDPOINTS = (
    Endpoint("PUT", "/jobs/{job_id}/update", update_job, role="write", in_worker=True, parse_code=Code.INVALID_UPDATE_KEY),
)
