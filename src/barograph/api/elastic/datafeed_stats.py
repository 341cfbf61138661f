"""How datafeeds do, as documents and as a table."""

from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.cluster_state import UPGRADING, upgrade_mode
from barograph.api.elastic.datafeeds import named
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.node import node
from barograph.api.elastic.tables import QUERY, cat
from barograph.config.datafeed import Datafeed
from barograph.jobs.datafeeds import FeedStats

_HOUR_MS: Final = 3_600_000
COLUMNS: Final = {
    "id": "i",
    "state": "s",
    "assignment_explanation": "ae",
    "buckets.count": "bc",
    "search.count": "sc",
    "search.time": "st",
    "search.bucket_avg": "sba",
    "search.exp_avg_hour": "seah",
    "node.id": "ni",
    "node.name": "nn",
    "node.ephemeral_id": "ne",
    "node.address": "na",
}
"""Every column and its short name."""


def datafeed_stats(call: Call, datafeed: Datafeed) -> dict[str, Any]:
    """How one datafeed does."""
    stats = call.server.datafeeds.stats(datafeed.datafeed_id)
    told: dict[str, Any] = {"datafeed_id": datafeed.datafeed_id, "state": "started" if stats.is_started else "stopped"}
    if stats.is_started:
        upgrading = upgrade_mode(call.server)
        told["assignment_explanation"] = UPGRADING if upgrading else ""
        if not upgrading:
            told["node"] = node(call.server)
        told["running_state"] = _running_state(stats)
    return told | {"timing_stats": _timing(call, stats), "health": {"status": "green"}}


def _running_state(stats: FeedStats) -> dict[str, Any]:
    told: dict[str, Any] = {"real_time_configured": not stats.has_end, "real_time_running": stats.is_live}
    if stats.searches.interval is not None:
        told["search_interval"] = dict(zip(("start_ms", "end_ms"), stats.searches.interval, strict=True))
    return told


def _timing(call: Call, stats: FeedStats) -> dict[str, Any]:
    searches, job_id = stats.searches, stats.datafeed.job_id
    summary = call.server.service.summary(job_id)
    buckets = summary.counts.bucket_count if summary.counts is not None else 0
    told = {"job_id": job_id, "search_count": searches.count, "bucket_count": buckets, "total_search_time_ms": searches.ms}
    if buckets:
        told["average_search_time_per_bucket_ms"] = searches.ms / buckets
    per_hour = searches.mean_ms * _HOUR_MS / stats.datafeed.every_ms(summary.job)
    context = {"incremental_metric_value_ms": searches.mean_ms}
    return told | {
        "exponential_average_search_time_per_hour_ms": per_hour,
        "exponential_average_calculation_context": context,
    }


def get_stats(call: Call) -> dict[str, Any]:
    """How datafeeds do."""
    told = [datafeed_stats(call, datafeed) for datafeed in named(call)]
    return {"count": len(told), "datafeeds": told}


def cat_datafeeds(call: Call) -> Answer:
    """Datafeeds, a line each."""
    rows = [_row(datafeed_stats(call, datafeed)) for datafeed in named(call)]
    return cat(call, rows, COLUMNS, ("id", "state", "buckets.count", "search.count"))


def _row(stats: dict[str, Any]) -> dict[str, Any]:
    timing, where = stats["timing_stats"], stats.get("node", {})
    return {
        "id": stats["datafeed_id"],
        "state": stats["state"],
        "assignment_explanation": stats.get("assignment_explanation"),
        "buckets.count": timing["bucket_count"],
        "search.count": timing["search_count"],
        "search.time": round(timing["total_search_time_ms"], 3),
        "search.bucket_avg": round(timing.get("average_search_time_per_bucket_ms", 0.0), 3),
        "search.exp_avg_hour": round(timing["exponential_average_search_time_per_hour_ms"], 3),
        "node.id": where.get("id"),
        "node.name": where.get("name"),
        "node.ephemeral_id": where.get("ephemeral_id"),
        "node.address": where.get("transport_address"),
    }


ENDPOINTS = (
    Endpoint("GET", "/_ml/datafeeds/_stats", get_stats, query="allow_no_match allow_no_datafeeds"),
    Endpoint("GET", "/_ml/datafeeds/{datafeed_id}/_stats", get_stats, query="allow_no_match allow_no_datafeeds"),
    Endpoint("GET", "/_cat/ml/datafeeds", cat_datafeeds, query=f"{QUERY} allow_no_match allow_no_datafeeds"),
    Endpoint("GET", "/_cat/ml/datafeeds/{datafeed_id}", cat_datafeeds, query=f"{QUERY} allow_no_match allow_no_datafeeds"),
)
