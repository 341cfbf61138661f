"""Indices as tables of text, and how the cluster is."""

from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import bad
from barograph.api.elastic.index.aliases import matching_aliases
from barograph.api.elastic.index.names import OPTIONS, expression, in_words, options, reached
from barograph.api.elastic.tables import QUERY, cat

INDEX_COLUMNS: Final = {
    **{"health": "h", "status": "s", "index": "i", "uuid": "id", "pri": "p", "rep": "r"},
    **{"docs.count": "dc", "docs.deleted": "dd", "creation.date": "cd"},
}
_INDEX_DEFAULT: Final = ("health", "status", "index", "uuid", "pri", "rep", "docs.count", "docs.deleted")


def cat_indices(call: Call) -> Answer:
    """Indices, a line each."""
    catalog, totals = reached(call).catalog, reached(call).totals()
    with in_words():
        names = catalog.names(expression(call), options(call))
    rows = [
        {
            "health": "green",
            "status": "open" if index.is_open else "close",
            "index": index.name,
            "uuid": index.uuid,
            "pri": 1,
            "rep": 0,
            "docs.count": totals.get(index.name),
            "docs.deleted": 0,
            "creation.date": index.created_ms,
        }
        for index in (catalog.indices[name] for name in names)
    ]
    return cat(call, rows, INDEX_COLUMNS, _INDEX_DEFAULT)


def cat_aliases(call: Call) -> Answer:
    """Aliases, or those that the path names, a line each."""
    aliases = reached(call).catalog.aliases
    rows = [
        {"alias": alias, "index": name, "filter": "*" if "filter" in definition else "-", "is_write_index": "-"}
        for alias in matching_aliases(call)
        for name, definition in sorted(aliases[alias].items())
    ]
    columns = {"alias": "a", "index": "i", "filter": "f", "is_write_index": "w"}
    return cat(call, rows, columns, tuple(columns))


def cat_count(call: Call) -> Answer:
    """How many documents there are."""
    with in_words():
        total = reached(call).count(expression(call), {}, options(call))
    now = call.server.service.now_ms()
    rows = [{"epoch": now // 1000, "timestamp": "", "count": total}]
    return cat(call, rows, {"epoch": "t", "timestamp": "ts", "count": "dc"}, ("epoch", "count"))


def health(call: Call) -> dict[str, Any]:
    """How the cluster is: one node, on which everything is."""
    status = call.query.get("wait_for_status", "green").lower()
    if status not in ("green", "yellow", "red"):
        raise bad(f"unknown cluster health status [{status[:100]}]")
    with in_words():
        names = reached(call).catalog.names(expression(call), options(call))
    return {
        "cluster_name": call.server.config.cluster_name,
        "status": "green",
        "timed_out": False,
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
        "active_primary_shards": len(names),
        "active_shards": len(names),
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
        "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": 0,
        "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": 100.0,
    }


def cat_health(call: Call) -> Answer:
    """How the cluster is, in a line."""
    told = health(call)
    rows = [{"cluster": told["cluster_name"], "status": "green", "node.total": 1, "shards": told["active_shards"]}]
    columns = {"cluster": "cl", "status": "st", "node.total": "nt", "shards": "t"}
    return cat(call, rows, columns, tuple(columns))


_HEALTH: Final = (
    f"{OPTIONS} level local timeout master_timeout wait_for_status wait_for_nodes wait_for_events wait_for_active_shards "
    "wait_for_no_relocating_shards wait_for_no_initializing_shards"
)
_CAT: Final = f"{QUERY} {OPTIONS} health pri include_unloaded_segments"
ENDPOINTS = (
    Endpoint("GET", "/_cat/indices", cat_indices, query=_CAT),
    Endpoint("GET", "/_cat/indices/{index}", cat_indices, query=_CAT),
    Endpoint("GET", "/_cat/aliases", cat_aliases, query=_CAT),
    Endpoint("GET", "/_cat/aliases/{alias}", cat_aliases, query=_CAT),
    Endpoint("GET POST", "/_cat/count", cat_count, query=_CAT),
    Endpoint("GET POST", "/_cat/count/{index}", cat_count, query=_CAT),
    Endpoint("GET", "/_cat/health", cat_health, query=_CAT),
    Endpoint("GET", "/_cluster/health", health, query=_HEALTH),
    Endpoint("GET", "/_cluster/health/{index}", health, query=_HEALTH),
)
