"""Jobs as documents: those that clients send become jobs of the engine and what only this dialect knows, and back."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic.alias_generators import to_camel

from barograph.api.engine.config import DataDescription, EngineJob, Transform
from barograph.api.engine.detectors import (
    CATEGORY,
    check_analysis,
    check_field_name,
    originals,
    own_detectors,
    own_name,
    told_detector,
    told_name,
)
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.readers import RAW
from barograph.api.engine.state import Extras
from barograph.api.engine.transform_config import Step, steps_of
from barograph.config.detector import MLCATEGORY
from barograph.config.errors import ConfigError, shortened
from barograph.config.job import Job

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9_\-]*[a-z0-9])?", re.ASCII)
_LONGEST_ID: Final = 64
FORMATS: Final = ("DELIMITED", "JSON", "SINGLE_LINE", "ELASTICSEARCH")
_SPELLINGS: Final = {"DELINEATED": "DELIMITED"}
_DEFAULTS: Final = {"format": "DELIMITED", "timeField": "time", "timeFormat": "epoch", "fieldDelimiter": "\t"}
_OWN_ANALYSIS: Final = ("batchSpan", "period", "overlappingBuckets", "resultFinalizationWindow")
"""Fields of `analysisConfig` that only this dialect has."""

_ANALYSIS_DEFAULTS: Final = {"resultFinalizationWindow": 2}
PLAIN: Final = {
    "description": "description",
    "renormalizationWindowDays": "renormalization_window_days",
    "modelSnapshotRetentionDays": "model_snapshot_retention_days",
    "resultsRetentionDays": "results_retention_days",
    "customSettings": "custom_settings",
}
"""Fields that only have another name."""


def made_id(now_ms: int, number: int) -> str:
    """The id of a job that was sent without one."""
    return f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y%m%d%H%M%S}-{number:05d}"


def check_id(job_id: str) -> None:
    """Refuse what is no id of a job.

    Raises:
        EngineError: it is too long (10112), or has other signs (10111).
    """
    if len(job_id) > _LONGEST_ID:
        raise EngineError(Code.JOB_ID_TOO_LONG, f"id={shortened(job_id)}: wanted at most {_LONGEST_ID} characters")
    if not _ID.fullmatch(job_id):
        wanted = "lowercase letters, digits, hyphens and underscores, with a letter or a digit at both ends"
        raise EngineError(Code.PROHIBITED_CHARACTER_IN_JOB_ID, f"id={shortened(job_id)}: wanted {wanted}")


def described(given: DataDescription) -> dict[str, Any]:
    """How rows look, with all defaults, as a document.

    Raises:
        EngineError: it cannot be (10104).
    """
    told = {**_DEFAULTS, **{name: value for name, value in given.told().items() if value}}
    form = told["format"].upper()
    told["format"] = _SPELLINGS.get(form, form)
    if told["format"] not in FORMATS:
        raise EngineError(Code.INVALID_VALUE, f"dataDescription.format={shortened(form)}: wanted one of {', '.join(FORMATS)}")
    check_field_name("dataDescription.timeField", told["timeField"])
    if told["format"] != "DELIMITED":
        return {name: value for name, value in told.items() if name not in ("fieldDelimiter", "quoteCharacter")}
    told.setdefault("quoteCharacter", '"')
    for name in ("fieldDelimiter", "quoteCharacter"):
        sign = told[name]
        if (
            len(sign) != 1
            or not sign.isascii()
            or sign in "\0\r\n"
            or (name == "fieldDelimiter" and sign in ('"', told["quoteCharacter"]))
        ):
            wanted = "one character of ASCII that is no line end, the delimiter another than the quote"
            raise EngineError(Code.INVALID_VALUE, f"dataDescription.{name}={shortened(sign)}: wanted {wanted}")
    return told


def job_of(given: EngineJob, job_id: str) -> tuple[Job, Extras]:
    """The job of the engine that a client means, and what only this dialect knows of it.

    Raises:
        EngineError: it cannot be.
    """
    if given.analysis_config is None:
        raise EngineError(Code.INCOMPLETE_CONFIGURATION, "analysisConfig: wanted one with detectors: No detectors configured")
    check_analysis(given.analysis_config)
    description = described(given.data_description)
    document = {"job_id": job_id, **_analysis(given), **_settings(given)}
    document["data_description"] = {"time_field": description["timeField"], "time_format": description["timeFormat"]}
    analysis = given.analysis_config.told()
    job = own_job(document)
    _check_transforms(job, given, description)
    extras: Extras = {
        "analysis": {name: analysis[name] for name in _OWN_ANALYSIS if name in analysis},
        "data": description,
        "transforms": [one.told() for one in given.transforms],
        "timeout": 600 if given.timeout is None else given.timeout,
    }
    if given.ignore_downtime is not None:
        extras["ignore_downtime"] = given.ignore_downtime
    if given.model_debug_config is not None and given.model_debug_config.write_to is not None:
        extras["write_to"] = given.model_debug_config.write_to
    return job, extras


def _check_transforms(job: Job, given: EngineJob, description: Mapping[str, Any]) -> None:
    if description["format"] == "SINGLE_LINE" and not given.transforms:
        wanted = f"transforms that make fields of the lines, which are the field {RAW!r}"
        raise EngineError(Code.SINGLE_LINE_NEEDS_TRANSFORMS, f"transforms: wanted {wanted}")
    steps_of(given.transforms, used_fields(job))


def used_fields(job: Job) -> tuple[str, ...]:
    """The fields that the analysis needs, the time first."""
    return (job.time_field, *(name for name in job.fields if name != job.time_field))


def transforms(job: Job, extras: Extras) -> tuple[Step, ...]:
    """The transforms of a job, in order."""
    return steps_of((Transform.model_validate(one) for one in extras.get("transforms", ())), used_fields(job))


def own_job(document: Mapping[str, Any]) -> Job:
    """The job of a document in the engine's words.

    Raises:
        EngineError: it cannot be.
    """
    try:
        return Job.model_validate(dict(document))
    except ConfigError as error:
        raise _config_error(error) from None


def _analysis(given: EngineJob) -> dict[str, Any]:
    analysis = given.analysis_config
    assert analysis is not None, "it was checked"
    made: dict[str, Any] = {
        "bucket_span": f"{analysis.bucket_span or 300}s",
        "detectors": own_detectors(analysis.detectors, overlapping=bool(analysis.overlapping_buckets)),
        "influencers": [own_name(name) for name in analysis.influencers],
    }
    if analysis.latency:
        made["latency"] = f"{analysis.latency}s"
    for name in ("summary_count_field_name", "categorization_field_name", "multivariate_by_fields"):
        if getattr(analysis, name):
            made[name] = getattr(analysis, name)
    return {"analysis_config": made}


def _settings(given: EngineJob) -> dict[str, Any]:
    told = given.told()
    made: dict[str, Any] = {own: told[name] for name, own in PLAIN.items() if name in told}
    if made.get("model_snapshot_retention_days") == 0:
        made["daily_model_snapshot_retention_after_days"] = 0
    if given.analysis_limits is not None:
        made["analysis_limits"] = limits(given.analysis_limits.told())
    if given.background_persist_interval:
        made["background_persist_interval"] = f"{given.background_persist_interval}s"
    if given.model_debug_config is not None:
        made["model_plot_config"] = plotted(given.model_debug_config.told())
    return made


def limits(told: Mapping[str, Any]) -> dict[str, Any]:
    """`analysisLimits` in the engine's words."""
    made: dict[str, Any] = {}
    if "modelMemoryLimit" in told:
        made["model_memory_limit"] = f"{told['modelMemoryLimit']}mb"
    if "categorizationExamplesLimit" in told:
        made["categorization_examples_limit"] = told["categorizationExamplesLimit"]
    return made


def plotted(told: Mapping[str, Any]) -> dict[str, Any]:
    """`modelDebugConfig` in the engine's words."""
    names = {"boundsPercentile": "bounds_percentile", "terms": "terms"}
    return {"enabled": True, **{own: told[name] for name, own in names.items() if name in told}}


_FIELDS: Final = ("field_name", "by_field_name", "over_field_name", "partition_field_name", "influencers")


def _config_error(error: ConfigError) -> EngineError:
    """What is wrong with a job beyond what has been checked before."""
    problem = error.problems[0]
    name = problem.path.rsplit(".", 1)[-1].split("[")[0]
    if name == "time_format":
        return EngineError(
            Code.INVALID_DATE_FORMAT, f"dataDescription.timeFormat={shortened(problem.value)}: wanted {problem.wanted}"
        )
    code = Code.INVALID_FIELD_SELECTION if name in _FIELDS else Code.INVALID_VALUE
    code = Code.INVALID_EXCLUDE_FREQUENT if name == "exclude_frequent" else code
    words = re.sub(r"[a-z]+(?:_[a-z]+)+", lambda found: to_camel(found[0]), str(error).replace(MLCATEGORY, CATEGORY))
    return EngineError(code, words)


def configuration(job: Job, extras: Extras) -> dict[str, Any]:
    """The configuration of a job as clients get it, whoever has made the job."""
    plot = job.model_plot_config
    told: dict[str, Any] = {
        "id": job.job_id,
        "analysisConfig": _told_analysis(job, extras),
        "analysisLimits": {
            "modelMemoryLimit": job.analysis_limits.model_memory_bytes >> 20,
            "categorizationExamplesLimit": job.analysis_limits.categorization_examples_limit,
        },
        "dataDescription": data_description(job, extras),
        "timeout": extras.get("timeout", 600),
        "ignoreDowntime": extras.get("ignore_downtime"),
    }
    told |= {name: getattr(job, own) for name, own in PLAIN.items()}
    if extras.get("transforms"):
        told["transforms"] = extras["transforms"]
    if job.background_persist_interval is not None:
        told["backgroundPersistInterval"] = job.background_persist_interval.ms // 1000
    if plot.enabled:
        debug = {"writeTo": extras.get("write_to"), "boundsPercentile": plot.bounds_percentile, "terms": plot.terms}
        told["modelDebugConfig"] = {name: value for name, value in debug.items() if value is not None}
    return {name: value for name, value in told.items() if value is not None}


def _told_analysis(job: Job, extras: Extras) -> dict[str, Any]:
    analysis = job.analysis_config
    told: dict[str, Any] = {
        "bucketSpan": job.bucket_span_ms // 1000,
        "detectors": [told_detector(job.detectors[at]) for at in sorted(set(originals(job.detectors)))],
        "influencers": [told_name(name) for name in job.influencers],
        "latency": job.latency_ms // 1000,
        "summaryCountFieldName": analysis.summary_count_field_name,
        "categorizationFieldName": analysis.categorization_field_name,
        "multivariateByFields": analysis.multivariate_by_fields or None,
        **_ANALYSIS_DEFAULTS,
        **extras.get("analysis", {}),
    }
    return {name: value for name, value in told.items() if value is not None}


def data_description(job: Job, extras: Extras) -> dict[str, Any]:
    """How the rows of a job look; those of a job that another dialect has made are JSON."""
    own = {"timeField": job.data_description.time_field, "timeFormat": job.data_description.time_format}
    return {**extras.get("data", {"format": "JSON"}), **own}
