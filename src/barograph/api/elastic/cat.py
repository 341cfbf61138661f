"""`_cat/ml/anomaly_detectors`: jobs as a table of text."""

from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.arguments import allow_no_match
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.human import bytes_text
from barograph.api.elastic.ids import jobs_of
from barograph.api.elastic.stats import job_stats
from barograph.api.elastic.tables import QUERY, cat

_SPREADS: Final = {"memory": "m", "records": "r", "time": "t"}
_PARTS: Final = ("min", "max", "avg", "total")
_IN_STATS: Final = {"memory": "memory_bytes", "records": "records", "time": "processing_time_ms"}
_CATEGORIES: Final = (
    *("categorized_doc_count", "total_category_count", "frequent_category_count", "rare_category_count"),
    *("dead_category_count", "failed_category_count"),
)
COLUMNS: Final = {
    "id": "i",
    "state": "s",
    "opened_time": "ot",
    "assignment_explanation": "ae",
    "data.processed_records": "dpr",
    "data.processed_fields": "dpf",
    "data.input_bytes": "dib",
    "data.input_records": "dir",
    "data.input_fields": "dif",
    "data.invalid_dates": "did",
    "data.missing_fields": "dmf",
    "data.out_of_order_timestamps": "doot",
    "data.empty_buckets": "deb",
    "data.sparse_buckets": "dsb",
    "data.buckets": "db",
    "data.earliest_record": "der",
    "data.latest_record": "dlr",
    "data.last": "dl",
    "data.last_empty_bucket": "dleb",
    "data.last_sparse_bucket": "dlsb",
    "model.bytes": "mb",
    "model.memory_status": "mms",
    "model.bytes_exceeded": "mbe",
    "model.memory_limit": "mml",
    "model.by_fields": "mbf",
    "model.over_fields": "mof",
    "model.partition_fields": "mpf",
    "model.bucket_allocation_failures": "mbaf",
    "model.categorization_status": "mcs",
    "model.categorized_doc_count": "mcdc",
    "model.total_category_count": "mtcc",
    "model.frequent_category_count": "mfcc",
    "model.rare_category_count": "mrcc",
    "model.dead_category_count": "mdcc",
    "model.failed_category_count": "mfcc2",
    "model.log_time": "mlt",
    "model.timestamp": "mt",
    "forecasts.total": "ft",
    **{f"forecasts.{what}.{part}": f"f{short}{part}" for what, short in _SPREADS.items() for part in _PARTS},
    "node.id": "ni",
    "node.name": "nn",
    "node.ephemeral_id": "ne",
    "node.address": "na",
    "buckets.count": "bc",
    "buckets.time.total": "btt",
    "buckets.time.min": "btmin",
    "buckets.time.max": "btmax",
    "buckets.time.exp_avg": "btea",
    "buckets.time.exp_avg_hour": "bteah",
}
"""Every column and its short name."""

_DEFAULT: Final = (
    *("id", "state", "data.processed_records", "model.bytes", "model.memory_status", "forecasts.total", "buckets.count"),
)


def cat_jobs(call: Call) -> Answer:
    """Jobs, a line each."""
    rows = [_row(call, job_stats(call.server, summary)) for summary in jobs_of(call, allow_no_match(call))]
    return cat(call, rows, COLUMNS, _DEFAULT)


def _row(call: Call, stats: dict[str, Any]) -> dict[str, Any]:
    data, model, timing, node = (stats.get(name, {}) for name in ("data_counts", "model_size_stats", "timing_stats", "node"))
    unit = call.query.get("bytes")
    return {
        "id": stats["job_id"],
        "state": stats["state"],
        "opened_time": stats.get("open_time"),
        "assignment_explanation": stats.get("assignment_explanation"),
        "data.processed_records": data["processed_record_count"],
        "data.processed_fields": data["processed_field_count"],
        "data.input_bytes": bytes_text(data["input_bytes"], unit),
        "data.input_records": data["input_record_count"],
        "data.input_fields": data["input_field_count"],
        "data.invalid_dates": data["invalid_date_count"],
        "data.missing_fields": data["missing_field_count"],
        "data.out_of_order_timestamps": data["out_of_order_timestamp_count"],
        "data.empty_buckets": data["empty_bucket_count"],
        "data.sparse_buckets": data["sparse_bucket_count"],
        "data.buckets": data["bucket_count"],
        "data.earliest_record": data.get("earliest_record_timestamp"),
        "data.latest_record": data.get("latest_record_timestamp"),
        "data.last": data.get("last_data_time"),
        "data.last_empty_bucket": data.get("latest_empty_bucket_timestamp"),
        "data.last_sparse_bucket": data.get("latest_sparse_bucket_timestamp"),
        "model.bytes": bytes_text(model["model_bytes"], unit),
        "model.memory_status": model["memory_status"],
        "model.bytes_exceeded": bytes_text(model["model_bytes_exceeded"], unit),
        "model.memory_limit": bytes_text(model["model_bytes_memory_limit"], unit),
        "model.by_fields": model["total_by_field_count"],
        "model.over_fields": model["total_over_field_count"],
        "model.partition_fields": model["total_partition_field_count"],
        "model.bucket_allocation_failures": model["bucket_allocation_failures_count"],
        "model.categorization_status": model["categorization_status"],
        **{f"model.{name}": model[name] for name in _CATEGORIES},
        "model.log_time": model["log_time"],
        "model.timestamp": model.get("timestamp"),
        "forecasts.total": stats["forecasts_stats"]["total"],
        **_spreads(stats["forecasts_stats"], unit),
        "node.id": node.get("id"),
        "node.name": node.get("name"),
        "node.ephemeral_id": node.get("ephemeral_id"),
        "node.address": node.get("transport_address"),
        "buckets.count": timing["bucket_count"],
        "buckets.time.total": timing["total_bucket_processing_time_ms"],
        "buckets.time.min": timing.get("minimum_bucket_processing_time_ms"),
        "buckets.time.max": timing.get("maximum_bucket_processing_time_ms"),
        "buckets.time.exp_avg": timing.get("exponential_average_bucket_processing_time_ms"),
        "buckets.time.exp_avg_hour": timing.get("exponential_average_bucket_processing_time_per_hour_ms"),
    }


def _spreads(forecasts: dict[str, Any], unit: str | None) -> dict[str, Any]:
    """What forecasts took and gave; nothing of what there is not."""
    told: dict[str, Any] = {}
    for what, name in _IN_STATS.items():
        for part, value in forecasts.get(name, {}).items():
            told[f"forecasts.{what}.{part}"] = bytes_text(int(value), unit) if what == "memory" else value
    return told


_PATH: Final = "/_cat/ml/anomaly_detectors"
_QUERY: Final = f"{QUERY} allow_no_match allow_no_jobs"
ENDPOINTS = (
    Endpoint("GET", _PATH, cat_jobs, query=_QUERY),
    Endpoint("GET", f"{_PATH}/{{job_id}}", cat_jobs, query=_QUERY),
)
