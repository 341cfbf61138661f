"""What jobs have done and cost, as documents."""

from collections.abc import Sequence
from typing import Any, Final

from barograph.api.elastic.arguments import allow_no_match
from barograph.api.elastic.cluster_state import UPGRADING, upgrade_mode
from barograph.api.elastic.counts import data_counts
from barograph.api.elastic.deleted_results import is_deleted
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.ids import jobs_of
from barograph.api.elastic.node import node
from barograph.api.elastic.written import refuse_closed_results, written_counts, written_size
from barograph.api.server import Server
from barograph.config.job import Job
from barograph.jobs.service import JobState, JobSummary, SavedForecast, SavedSnapshot
from barograph.jobs.views.memory import status_of
from barograph.results.category import CategorizerStats
from barograph.results.counts import DataCounts
from barograph.results.sizes import Sizes

_CATEGORY_COUNTS: Final = tuple(name for name in CategorizerStats.__annotations__ if name.endswith("_count"))
_WAITING = "persistent task is awaiting node assignment."


def get_stats(call: Call) -> dict[str, Any]:
    """Jobs, as they are doing."""
    told = [job_stats(call.server, summary) for summary in jobs_of(call, allow_no_match(call))]
    return {"count": len(told), "jobs": told}


def job_stats(server: Server, summary: JobSummary) -> dict[str, Any]:
    """One job, as it is doing."""
    service, job_id = server.service, summary.job.job_id
    refuse_closed_results(server, summary.job)
    stats: dict[str, Any] = {
        "job_id": job_id,
        "data_counts": _counts(server, summary),
        "model_size_stats": _size(server, summary.job),
        "forecasts_stats": _forecasts(service.forecasts(job_id)),
        "state": summary.state.value,
        "timing_stats": _timing(server, summary.job),
    }
    stats["health"] = _health(summary)
    if summary.state in (JobState.OPENED, JobState.OPENING):
        upgrading, is_placed = upgrade_mode(server), job_id in service.opened()
        if is_placed and not upgrading:
            stats["node"] = node(server)
        stats["assignment_explanation"] = UPGRADING if upgrading else "" if is_placed else _WAITING
        stats["open_time"] = f"{(service.now_ms() - (summary.state_time or service.now_ms())) // 1000}s"
    return stats


def _counts(server: Server, summary: JobSummary) -> dict[str, Any]:
    """What a job has read; what a client has written of that, if it has read nothing itself."""
    job_id = summary.job.job_id
    if is_deleted(server, job_id):
        return data_counts(job_id, DataCounts())
    own = data_counts(job_id, summary.counts or DataCounts(), summary.data_time)
    written = written_counts(server, job_id) if summary.counts is None else None
    return own if written is None else {**own, **written, "job_id": job_id}


def _size(server: Server, job: Job) -> dict[str, Any]:
    """What a job's models take; what a client has written of that, if it has none."""
    service, job_id = server.service, job.job_id
    snapshots = service.snapshots(job_id)
    own = size_stats(job, snapshots[-1] if snapshots else None, service.split_counts(job_id), service.now_ms())
    own |= categorizer_stats(service.categories(job_id).stats)
    written = written_size(server, job_id) if not snapshots else None
    return own if written is None else {**own, **written, "job_id": job_id}


def _health(summary: JobSummary) -> dict[str, Any]:
    """Whether a job is well; one that has failed says why."""
    if summary.state is not JobState.FAILED:
        return {"status": "green"}
    return {"status": "red", "issues": [{"type": "job_failed", "issue": "The job has failed", "details": summary.failure}]}


def size_stats(job: Job, snapshot: SavedSnapshot | None, splits: dict[str, int], now_ms: int) -> dict[str, Any]:
    """What a job's models took as of a snapshot, and how that keeps to the job's limit."""
    sizes = Sizes.of_text(snapshot.sizes if snapshot is not None else None)
    limit = job.analysis_limits.model_memory_bytes
    stats: dict[str, Any] = {
        "job_id": job.job_id,
        "result_type": "model_size_stats",
        "model_bytes": sizes.total,
        "peak_model_bytes": sizes.peak,
        "model_bytes_exceeded": max(sizes.total - limit, 0),
        "model_bytes_memory_limit": limit,
        "total_by_field_count": splits["by"],
        "total_over_field_count": splits["over"],
        "total_partition_field_count": splits["partition"],
        "bucket_allocation_failures_count": sizes.refused_buckets,
        "sleeping_series_count": sizes.asleep,
        "memory_status": status_of(sizes, limit),
        **categorizer_stats(()),
        "log_time": now_ms,
    }
    if snapshot is not None and snapshot.latest_bucket_timestamp is not None:
        stats["timestamp"] = snapshot.latest_bucket_timestamp
    return stats


def categorizer_stats(stats: Sequence[CategorizerStats]) -> dict[str, Any]:
    """How well the categories of all partitions fit their messages; it warns if those of any do not."""
    status = "warn" if any(one.categorization_status == "warn" for one in stats) else "ok"
    return {name: sum(getattr(one, name) for one in stats) for name in _CATEGORY_COUNTS} | {"categorization_status": status}


def _timing(server: Server, job: Job) -> dict[str, Any]:
    timing = server.service.timing(job.job_id)
    stats: dict[str, Any] = {
        "job_id": job.job_id,
        "bucket_count": timing.buckets,
        "total_bucket_processing_time_ms": float(timing.total),
        "exponential_average_bucket_processing_time_per_hour_ms": 0.0,
    }
    if timing.running is None or timing.shortest is None or timing.longest is None:
        return stats
    return {
        **stats,
        "minimum_bucket_processing_time_ms": float(timing.shortest),
        "maximum_bucket_processing_time_ms": float(timing.longest),
        "average_bucket_processing_time_ms": timing.average,
        "exponential_average_bucket_processing_time_ms": timing.running,
        "exponential_average_bucket_processing_time_per_hour_ms": timing.running * 3_600_000 / job.bucket_span_ms,
    }


def _forecasts(kept: list[SavedForecast]) -> dict[str, Any]:
    if not kept:
        return {"total": 0, "forecasted_jobs": 0}
    return {
        "total": len(kept),
        "forecasted_jobs": 1,
        "memory_bytes": _spread([forecast.bytes or 0 for forecast in kept]),
        "records": _spread([forecast.rows for forecast in kept]),
        "status": {"finished": len(kept)},
    }


def _spread(values: list[int]) -> dict[str, float]:
    total = float(sum(values))
    return {"total": total, "min": float(min(values)), "max": float(max(values)), "avg": total / len(values)}


_JOBS = "/_ml/anomaly_detectors"
_QUERY = "allow_no_match allow_no_jobs"
ENDPOINTS = (
    Endpoint("GET", f"{_JOBS}/_stats", get_stats, query=_QUERY),
    Endpoint("GET", f"{_JOBS}/{{job_id}}/_stats", get_stats, query=_QUERY),
)
