"""Jobs as documents: those that clients send, and those that they get."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from barograph.api.elastic.analyzers import standard, without
from barograph.api.elastic.errors import ElasticError, bad, inconsistent
from barograph.api.elastic.ids import check_id
from barograph.api.elastic.version import VERSION
from barograph.config.duration import DAY_MS, Duration
from barograph.config.errors import ConfigError
from barograph.config.job import Job
from barograph.index.catalog import Catalog
from barograph.jobs.service import JobState, JobSummary

FIELDS: Final = (
    *("allow_lazy_open", "analysis_config", "analysis_limits", "background_persist_interval", "custom_settings"),
    *("daily_model_snapshot_retention_after_days", "data_description", "datafeed_config", "description", "groups", "job_id"),
    *("job_type", "model_plot_config", "model_snapshot_retention_days", "renormalization_window_days", "results_index_name"),
    *("results_retention_days", "system_annotations_retention_days", "job_version", "create_time", "finished_time"),
    *("model_snapshot_id", "deleting", "time_zone", "seed", "history_retention_days", "forest_config"),
)
_GENERATED: Final = (
    "job_type",
    "job_version",
    "create_time",
    "finished_time",
    "model_snapshot_id",
    "model_snapshot_min_version",
)
_OWN: Final = ("time_zone", "seed", "history_retention_days", "forest_config")
_NEVER_GIVEN: Final = ("job_version", "create_time", "finished_time", "deleting")
_SHARED: Final = "shared"
_FORMAT: Final = "xcontent"


def job_of(job_id: str, body: Mapping[str, Any]) -> Job:
    """The job of a document that a client sends.

    Raises:
        ElasticError: it is none.
    """
    given = {name: value for name, value in body.items() if name not in (*_NEVER_GIVEN, "datafeed_config")}
    if given.get("job_id", job_id) != job_id:
        raise inconsistent("job_id", given["job_id"], job_id)
    check_id("job_id", job_id)
    if given.get("model_snapshot_id") is not None:
        raise bad("The field [model_snapshot_id] is not allowed when a job is created")
    check_groups(given.get("groups"))
    if "analysis_config" not in given:
        raise bad("An analysis_config must be set")
    if "data_description" not in given:
        raise bad("A data_description must be set")
    given["job_id"] = job_id
    given["analysis_config"] = _analyzed(given["analysis_config"])
    refuse_own_name(job_id, given.get("groups"))
    given["data_description"] = _described(given["data_description"])
    given["results_index_name"] = _index_name(given.get("results_index_name"))
    try:
        return _pruning(Job.model_validate(given))
    except ConfigError as error:
        raise config_error(error) from None


def _pruning(job: Job) -> Job:
    """The job, with the window after which clients expect series to be forgotten, where they have not said otherwise."""
    if job.analysis_config.model_prune_window is not None:
        return job
    window = Duration.parse(_prune_window(job.analysis_config.bucket_span))
    return job.model_copy(update={"analysis_config": job.analysis_config.model_copy(update={"model_prune_window": window})})


def check_groups(groups: Any) -> None:
    """Refuse groups that are none.

    Raises:
        ElasticError: it is no list of ids.
    """
    if groups is not None and not isinstance(groups, list):
        raise ElasticError(400, "x_content_parse_exception", "failed to parse field [groups]")
    for group in groups or ():
        check_id("group", group)


def refuse_own_name(job_id: str, groups: Any) -> None:
    """Refuse a job that is in a group of its own name.

    Raises:
        ElasticError: it is.
    """
    if isinstance(groups, list) and job_id in groups:
        raise _taken(f"job and group names must be unique but job [{job_id}] and group [{job_id}] have the same name")


def _described(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    form = given.get("format", _FORMAT)
    if not isinstance(form, str) or form.lower() != _FORMAT:  # of rows that come by this API; files have others
        why = {"type": "illegal_argument_exception", "reason": f"data_description.format={form!r}: wanted {_FORMAT!r}"}
        raise ElasticError(400, "x_content_parse_exception", "[data_description] failed to parse field [format]", caused_by=why)
    given = {**given, "format": _FORMAT}
    return {"time_field": "time", "time_format": "epoch", **given}


def _analyzed(given: Any) -> Any:
    """Filters of messages become the analyzer that they stand for, as clients see it ever after."""
    if not isinstance(given, dict) or not given.get("categorization_filters") or given.get("categorization_analyzer"):
        return given
    filters = given["categorization_filters"]
    if not isinstance(filters, list) or "categorization_field_name" not in given:
        return given
    rest = {name: value for name, value in given.items() if name != "categorization_filters"}
    return {**rest, "categorization_analyzer": without(filters)}


def _index_name(given: Any) -> Any:
    if given in (None, "", _SHARED):
        return _SHARED
    name = given if str(given).startswith("custom-") else f"custom-{given}"
    Catalog().check_new(f".ml-anomalies-{name}")
    return name


def refuse_taken(job: Job, known: Mapping[str, Iterable[str]]) -> None:
    """Refuse a job whose names are taken.

    Args:
        job: the new job, or one that is changed.
        known: the groups of the other jobs, by their ids.

    Raises:
        ElasticError: its id is another's or a group's, or one of its groups is a job's id.
    """
    if job.job_id in known:
        raise _taken(f"The job cannot be created with the Id '{job.job_id}'. The Id is already used.")
    groups = {group for others in known.values() for group in others}
    if job.job_id in groups:
        raise _taken(f"job and group names must be unique but job [{job.job_id}] and group [{job.job_id}] have the same name")
    for group in job.groups:
        if group in known:
            raise _taken(f"job and group names must be unique but job [{group}] and group [{group}] have the same name")


def _taken(reason: str) -> ElasticError:
    return ElasticError(400, "resource_already_exists_exception", reason)


_PARSED: Final = ("bucket_span", "latency", "model_prune_window", "format", "background_persist_interval")


def config_error(error: ConfigError, object_name: str | None = None) -> ElasticError:
    """What is wrong with a configuration, in the type that tells a parser's objection from any other.

    Args:
        error: what is wrong.
        object_name: what the document is called; None is that of the part of a job which has the field.
    """
    problem = error.problems[0]
    *above, field = problem.path.split(".")
    where = object_name or (above[-1].split("[")[0] if above else "job_details")
    if problem.wanted.startswith("a known field"):
        return ElasticError(400, "x_content_parse_exception", f"[{where}] unknown field [{field}]: {_all(error)}")
    if field in _PARSED or problem.wanted in _TYPES:
        return ElasticError(
            400,
            "x_content_parse_exception",
            f"[{where}] failed to parse field [{field}]",
            caused_by={"type": "illegal_argument_exception", "reason": _all(error)},
        )
    return bad(_all(error))


_TYPES: Final = frozenset(
    {"text", "true or false", "a whole number", "a number", "a finite number", "a list", "an object", "text that is not empty"}
)


def _all(error: ConfigError) -> str:
    return "; ".join(map(str, error.problems))


def document(summary: JobSummary, snapshot_id: str | None, *, datafeed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A job as clients get it.

    Args:
        summary: the job and its state.
        snapshot_id: the snapshot that it goes on from.
        datafeed: the datafeed that feeds it.
    """
    told: dict[str, Any] = {
        "job_id": summary.job.job_id,
        "job_type": "anomaly_detector",
        "job_version": VERSION,
        "create_time": summary.create_time,
    }
    if summary.state in (JobState.CLOSED, JobState.FAILED) and summary.state_time is not None:
        told["finished_time"] = summary.state_time
    if snapshot_id is not None:
        told |= {"model_snapshot_id": snapshot_id, "model_snapshot_min_version": VERSION}
    told |= settings(summary.job)
    if datafeed is not None:
        told["datafeed_config"] = dict(datafeed)
    return told


def without_generated(told: Mapping[str, Any]) -> dict[str, Any]:
    """A job without what the server has added: ready to be sent again."""
    return {name: value for name, value in told.items() if name not in (*_GENERATED, "datafeed_config", "deleting")}


def _prune_window(span: Duration) -> str:
    """The default: 30 days, or 20 buckets where that is longer; whole buckets."""
    if 20 * span.ms <= 30 * DAY_MS and 30 * DAY_MS % span.ms == 0:
        return "30d"
    buckets = max(20, -(-30 * DAY_MS // span.ms))
    return f"{buckets * span.ms // DAY_MS}d" if buckets * span.ms % DAY_MS == 0 else f"{buckets * span.ms}ms"


def settings(job: Job) -> dict[str, Any]:
    """What a job was configured to, with the defaults that clients expect to see."""
    given = job.model_dump(mode="json", exclude_none=True, exclude={"datafeed_config", *_GENERATED, "deleting", "blocked"})
    for name in _OWN:
        if given.get(name) == Job.model_fields[name].default:
            given.pop(name, None)
    if not given.get("groups"):
        given.pop("groups", None)
    if given["model_plot_config"].get("bounds_percentile") == 95.0:
        del given["model_plot_config"]["bounds_percentile"]
    analysis = given["analysis_config"]
    by_partition = analysis.get("per_partition_categorization", {})
    if "categorization_field_name" not in analysis:
        analysis.pop("per_partition_categorization", None)
    elif not by_partition.get("enabled"):
        by_partition.pop("stop_on_warn", None)
    if "categorization_field_name" in analysis:
        analysis.setdefault("categorization_analyzer", standard())
    if not analysis.get("multivariate_by_fields"):
        analysis.pop("multivariate_by_fields", None)
    for detector in analysis["detectors"]:
        if not detector.get("use_null"):
            detector.pop("use_null", None)
    return given
