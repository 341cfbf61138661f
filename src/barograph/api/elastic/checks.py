"""Jobs that are only talked about: validated, and what their models would take."""

import math
from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.endpoint import ANY, Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.elastic.job_documents import FIELDS, config_error, job_of
from barograph.config.errors import ConfigError
from barograph.config.job import AnalysisConfig, Job

_BASE_MB: Final = 10
_SERIES_BYTES: Final = 48 << 10
_FURTHER_SERIES_BYTES: Final = 32 << 10
_ENTITY_BYTES: Final = 768
_INFLUENCER_BYTES: Final = 10 << 10
_SHARED: Final = 0.4947
"""Of the values of a field, a partition has fewer the more partitions there are: by this power of their number."""


def validate(call: Call) -> dict[str, Any]:
    """Say whether a job could be created."""
    if "model_snapshot_id" in call.body:
        raise ElasticError(400, "x_content_parse_exception", "[job_details] unknown field [model_snapshot_id]")
    given = {"model_plot_config" if name == "model_plot" else name: value for name, value in call.body.items()}
    job_of(str(given.get("job_id", "validated")), given)
    return {"acknowledged": True}


def validate_detector(call: Call) -> dict[str, Any]:
    """Say whether a detector could be one of a job."""
    categories = "mlcategory" in (call.body.get("by_field_name"), call.body.get("over_field_name"))
    config: dict[str, Any] = {"detectors": [call.body]}
    if categories:
        config["categorization_field_name"] = "message"
    try:
        Job.model_validate({"job_id": "validated", "analysis_config": config})
    except ConfigError as error:
        raise config_error(error) from None
    return {"acknowledged": True}


def estimate_memory(call: Call) -> dict[str, Any]:
    """What the models of a job would take elsewhere; clients size `model_memory_limit` by it."""
    given = call.body.get("analysis_config")
    if given is None:
        raise ElasticError(400, "action_request_validation_exception", "Validation Failed: 1: [analysis_config] is required;")
    job = job_of("estimated", {"analysis_config": given, "data_description": {}})
    overall = _cardinalities(call, "overall_cardinality")
    in_bucket = _cardinalities(call, "max_bucket_cardinality")
    config = job.analysis_config
    total = sum(_detector_bytes(detector.splits, overall) for detector in config.detectors)
    total += _influencer_bytes(config, in_bucket)
    megabytes = _BASE_MB + math.ceil(total / (1 << 20))
    return {"model_memory_estimate": f"{megabytes}mb"}


def _cardinalities(call: Call, name: str) -> dict[str, int]:
    given = call.body.get(name, {})
    if not isinstance(given, dict):
        raise ElasticError(400, "x_content_parse_exception", f"[estimate_model_memory] failed to parse field [{name}]")
    for field, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
            raise bad(f"[{name}] field [{field}] wanted a whole number of at least 0, found [{str(value)[:100]}]")
    return given


def _detector_bytes(splits: Mapping[str, str], overall: Mapping[str, int]) -> int:
    values = {role: _cardinality(overall, field) for role, field in splits.items() if field != "mlcategory"}
    partitions = max(1, values.get("partition", 1))
    each = _SERIES_BYTES
    if "by" in values:
        each += _FURTHER_SERIES_BYTES * max(0, _in_one(values["by"], partitions) - 1)
    if "over" in values:
        each += _ENTITY_BYTES * _in_one(values["over"], partitions)
    return each * partitions


def _in_one(values: int, partitions: int) -> int:
    """How many of a field's values one partition has."""
    return math.ceil(values / math.pow(partitions, _SHARED))


def _cardinality(overall: Mapping[str, int], field: str) -> int:
    if field not in overall:
        raise bad(f"Overall cardinality estimates are required for the by, over and partition fields: [{field}] is missing")
    return overall[field]


def _influencer_bytes(config: AnalysisConfig, in_bucket: Mapping[str, int]) -> int:
    split = {field for detector in config.detectors for field in detector.splits.values()}
    total = 0
    for field in config.influencers:
        if field in split:
            continue
        if field not in in_bucket:
            raise bad(f"Max bucket cardinality estimates are required for influencer fields: [{field}] is missing")
        total += _INFLUENCER_BYTES * in_bucket[field]
    return total


_JOBS: Final = "/_ml/anomaly_detectors"
_ESTIMATED: Final = "analysis_config max_bucket_cardinality overall_cardinality"
ENDPOINTS = (
    Endpoint(
        "POST",
        f"{_JOBS}/_validate",
        validate,
        fields=" ".join((*FIELDS, "model_plot")),
        object_name="job_details",
        body_needed=True,
    ),
    Endpoint("POST", f"{_JOBS}/_validate/detector", validate_detector, fields=ANY, object_name="detector", body_needed=True),
    Endpoint("POST", f"{_JOBS}/_estimate_model_memory", estimate_memory, fields=_ESTIMATED, body_needed=True),
)
