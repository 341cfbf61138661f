"""What the server as a whole can, has and is set to."""

import os
import platform
import resource
from typing import Any, Final

from barograph.api.elastic import cluster_state
from barograph.api.elastic.analyzers import standard
from barograph.api.elastic.arguments import check_timeout, flag, number
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError, not_found
from barograph.api.elastic.ids import jobs_of
from barograph.api.elastic.node import attributes, inside
from barograph.api.elastic.nodes import ROLES, is_named
from barograph.api.elastic.version import BAROGRAPH, BUILD_HASH, NODE_ID
from barograph.jobs.room import memory_bytes
from barograph.jobs.service import JobState

_DEFAULT_LIMIT: Final = "1gb"


def info(call: Call) -> dict[str, Any]:
    """Defaults and limits."""
    most, total = cluster_state.most_model_memory(call.server), memory_bytes() >> 20
    allowed = 0 if most is None else cluster_state.size_bytes("", most)
    capped = 0 < allowed < 1 << 30
    effective = min(total, allowed >> 20) if allowed else total
    limits: dict[str, Any] = {"effective_max_model_memory_limit": f"{effective}mb", "total_ml_memory": f"{total}mb"}
    limits |= dict.fromkeys(("max_single_ml_node_processors", "total_ml_processors"), os.cpu_count() or 1)
    if most is not None:
        limits["max_model_memory_limit"] = most
    return {
        "defaults": {
            "anomaly_detectors": {
                "categorization_analyzer": standard(),
                "model_memory_limit": most if capped else _DEFAULT_LIMIT,
                "categorization_examples_limit": 4,
                "model_snapshot_retention_days": 10,
                "daily_model_snapshot_retention_after_days": 1,
            },
            "datafeeds": {"scroll_size": 1000},
            "model_platform_variant": "linux-x86_64" if platform.machine() == "x86_64" else "platform_agnostic",
        },
        "upgrade_mode": cluster_state.upgrade_mode(call.server),
        "native_code": {"version": BAROGRAPH, "build_hash": BUILD_HASH},
        "limits": limits,
    }


def memory_stats(call: Call) -> dict[str, Any]:
    """What the jobs take of the machine's memory."""
    check_timeout(call)
    wanted = call.path.get("node_id", "_all")
    if not is_named(wanted):
        raise not_found(f"no such node: [{wanted}]")
    service, total = call.server.service, memory_bytes()
    opened = service.opened()
    sizes = [service.memory(job_id).total for job_id in opened]
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    node = {
        **inside(call.server),
        "attributes": attributes(),
        "roles": list(ROLES),
        "mem": {
            "total_in_bytes": total,
            "adjusted_total_in_bytes": total,
            "ml": {
                "max_in_bytes": total,
                "native_code_overhead_in_bytes": 0,
                "anomaly_detectors_in_bytes": sum(sizes),
                "data_frame_analytics_in_bytes": 0,
                "native_inference_in_bytes": 0,
            },
        },
        "jvm": {"heap_max_in_bytes": used, "java_inference_max_in_bytes": used, "java_inference_in_bytes": 0},
    }
    return {
        "_nodes": {"total": 1, "successful": 1, "failed": 0},
        "cluster_name": call.server.config.cluster_name,
        "nodes": {NODE_ID: node},
    }


def set_upgrade_mode(call: Call) -> dict[str, Any]:
    """Turn upgrade mode on or off: while it is on, no job is opened, created or changed."""
    check_timeout(call)
    cluster_state.set_upgrade_mode(call.server, flag(call, "enabled", False))
    return {"acknowledged": True}


def delete_expired_data(call: Call) -> dict[str, Any]:
    """Remove what jobs no longer want kept. A job that is open does so by itself, with each commit."""
    check_timeout(call)
    rate = number(call, "requests_per_second", -1.0)
    if rate != -1.0 and rate <= 0:
        reason = "Validation Failed: 1: [requests_per_second] must be -1 or greater than 0;"
        raise ElasticError(400, "action_request_validation_exception", reason)
    service = call.server.service
    for summary in jobs_of(call, allow_no_match=True):
        job_id = summary.job.job_id
        if summary.state in (JobState.CLOSED, JobState.FAILED):
            call.server.workers.submit(job_id, lambda job_id=job_id: service.expire(job_id)).result()  # type: ignore[misc]
    return {"deleted": True}


_EXPIRED: Final = "requests_per_second timeout"
ENDPOINTS = (
    Endpoint("GET", "/_ml/info", info),
    Endpoint("GET", "/_ml/memory/_stats", memory_stats, query="master_timeout timeout"),
    Endpoint("GET", "/_ml/memory/{node_id}/_stats", memory_stats, query="master_timeout timeout"),
    Endpoint("POST", "/_ml/set_upgrade_mode", set_upgrade_mode, query="enabled timeout", role="admin"),
    Endpoint("DELETE", "/_ml/_delete_expired_data", delete_expired_data, query=_EXPIRED, fields=_EXPIRED, role="admin"),
    Endpoint(
        "DELETE", "/_ml/_delete_expired_data/{job_id}", delete_expired_data, query=_EXPIRED, fields=_EXPIRED, role="admin"
    ),
)
