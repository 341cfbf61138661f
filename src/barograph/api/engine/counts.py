"""What a job has read, and what its models take."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.engine.state import Extras
from barograph.api.engine.times import text_of
from barograph.jobs.service import JobSummary, Service
from barograph.results.counts import DataCounts

_COUNTS: Final = {
    "bucketCount": "bucket_count",
    "processedRecordCount": "processed_record_count",
    "processedFieldCount": "processed_field_count",
    "inputBytes": "input_bytes",
    "inputRecordCount": "input_record_count",
    "inputFieldCount": "input_field_count",
    "invalidDateCount": "invalid_date_count",
    "missingFieldCount": "missing_field_count",
    "outOfOrderTimeStampCount": "out_of_order_timestamp_count",
}
OWN: Final = ("failedTransformCount", "excludedRecordCount")
"""Counts that only this dialect has: it is the one with transforms."""


def counts(read: DataCounts | None, extras: Extras) -> dict[str, Any]:
    """All that a job has read. Rows that transforms leave out count as input, too."""
    return _told(read or DataCounts(), DataCounts(), extras.get("counts", {}))


def upload_summary(before: DataCounts, after: DataCounts, own: Mapping[str, int]) -> dict[str, Any]:
    """What one upload has brought.

    Args:
        before: the job's counts before it.
        after: those behind it.
        own: those of `OWN`, of this upload.
    """
    return _told(after, before, own)


def _told(after: DataCounts, before: DataCounts, own: Mapping[str, int]) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(after, field) - getattr(before, field) for name, field in _COUNTS.items()}
    told |= {name: own.get(name, 0) for name in OWN}
    told["inputRecordCount"] += told["excludedRecordCount"]
    if after.latest_record_timestamp is not None:
        told["latestRecordTimeStamp"] = text_of(after.latest_record_timestamp)
    return told


_STATUS: Final = {"ok": "OK", "soft_limit": "SOFT_LIMIT", "hard_limit": "HARD_LIMIT"}


def size_stats(service: Service, summary: JobSummary) -> dict[str, Any]:
    """What a job's models take, as of its last commit."""
    job_id = summary.job.job_id
    memory, splits, snapshots = service.memory(job_id), service.split_counts(job_id), service.snapshots(job_id)
    told: dict[str, Any] = {
        "modelBytes": memory.total,
        "totalByFieldCount": splits["by"],
        "totalOverFieldCount": splits["over"],
        "totalPartitionFieldCount": splits["partition"],
        "bucketAllocationFailuresCount": 0,
        "memoryStatus": _STATUS[memory.status],
    }
    newest = snapshots[-1].latest_bucket_timestamp if snapshots else None
    if newest is not None:
        told["timestamp"] = text_of(newest)
    return told | {"logTime": text_of(service.now_ms())}
