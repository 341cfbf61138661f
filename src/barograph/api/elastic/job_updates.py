"""Changes of a job: what may be changed, and what that leads to."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.errors import ElasticError, bad, conflict
from barograph.api.elastic.job_documents import check_groups, config_error, refuse_own_name
from barograph.config.errors import ConfigError
from barograph.config.job import Job
from barograph.jobs.service import JobState, JobSummary

_PLAIN: Final = (
    *("allow_lazy_open", "background_persist_interval", "custom_settings", "description", "groups"),
    *("daily_model_snapshot_retention_after_days", "model_snapshot_retention_days", "renormalization_window_days"),
    *("results_retention_days", "system_annotations_retention_days", "model_plot_config", "history_retention_days"),
)
_OF_ANALYSIS: Final = ("model_prune_window", "categorization_filters", "per_partition_categorization")
FIELDS: Final = (*_PLAIN, *_OF_ANALYSIS, "analysis_limits", "detectors", "job_id")
"""The fields of a change."""

_OF_DETECTOR: Final = frozenset({"detector_index", "description", "detector_description", "custom_rules"})


def changed(summary: JobSummary, change: Mapping[str, Any], stored: Job | None = None) -> Job:
    """A job with a change.

    Args:
        summary: the job as it is.
        change: the document of the change.
        stored: the job's settings, where they may be newer than the summary's.

    Raises:
        ElasticError: the change cannot be.
    """
    job = stored or summary.job
    document = job.model_dump(mode="json", exclude_unset=True)
    if "analysis_limits" in change:
        if summary.state is not JobState.CLOSED:
            raise conflict(
                f"Cannot update [analysis_limits] of job [{job.job_id}] while it is {summary.state.value}: close it first"
            )
        document["analysis_limits"] = {**document.get("analysis_limits", {}), **_object("analysis_limits", change)}
    check_groups(change.get("groups"))
    refuse_own_name(job.job_id, change.get("groups"))
    document |= {name: change[name] for name in _PLAIN if name in change}
    document["analysis_config"] |= {name: change[name] for name in _OF_ANALYSIS if name in change}
    for detector in _detectors(change):
        _change_detector(document["analysis_config"]["detectors"], detector)
    try:
        return Job.model_validate(document)
    except ConfigError as error:
        raise config_error(error, "job_update") from None


def _object(name: str, change: Mapping[str, Any]) -> dict[str, Any]:
    value = change[name]
    if not isinstance(value, dict):
        raise ElasticError(400, "x_content_parse_exception", f"[job_update] failed to parse field [{name}]")
    return value


def _detectors(change: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = [] if change.get("detectors") is None else change["detectors"]
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ElasticError(400, "x_content_parse_exception", "[job_update] failed to parse field [detectors]")
    return given


def _change_detector(detectors: list[dict[str, Any]], change: Mapping[str, Any]) -> None:
    unknown = sorted(set(change) - _OF_DETECTOR)
    if unknown:
        raise ElasticError(400, "x_content_parse_exception", f"[detector_update] unknown field [{unknown[0]}]")
    index = change.get("detector_index")
    if index is None:
        raise ElasticError(
            400, "x_content_parse_exception", "[detector_update] detector_index is missing: wanted a whole number"
        )
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(detectors):
        raise bad(f"Supplied detector_index [{index}] is >= the number of detectors [{len(detectors)}]")
    description = change.get("description", change.get("detector_description"))
    if description is not None:
        detectors[index]["detector_description"] = description
    if "custom_rules" in change:
        detectors[index]["custom_rules"] = change["custom_rules"] or None
