"""What a job has read, as a document."""

from typing import Any, Final

from barograph.results.counts import DataCounts

_COUNTS: Final = (
    *("processed_record_count", "processed_field_count", "input_bytes", "input_field_count", "invalid_date_count"),
    *("missing_field_count", "out_of_order_timestamp_count", "empty_bucket_count", "sparse_bucket_count", "bucket_count"),
)
_TIMES: Final = (
    *("earliest_record_timestamp", "latest_record_timestamp", "latest_bucket_timestamp", "latest_empty_bucket_timestamp"),
    "latest_sparse_bucket_timestamp",
)


def data_counts(job_id: str, counts: DataCounts, data_ms: int | None = None) -> dict[str, Any]:
    """The counts of a job, and when rows last came for it; times that there are not yet are absent.

    What is not an object has no count there; a value that is no number is counted as missing.
    """
    told: dict[str, Any] = {"job_id": job_id, **{name: getattr(counts, name) for name in _COUNTS}}
    told |= {name: value for name in _TIMES if (value := getattr(counts, name)) is not None}
    came = counts.processed_record_count + counts.invalid_date_count + counts.out_of_order_timestamp_count
    told |= {} if data_ms is None else {"last_data_time": data_ms, "log_time": data_ms}
    return {**told, "input_record_count": came}
