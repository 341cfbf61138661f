"""The nodes of the cluster, of which there is one, as clients ask for them that look for others to speak to."""

import os
import resource
import shutil
from collections.abc import Callable, Mapping
from typing import Any, Final

from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import bad
from barograph.api.elastic.node import address, attributes, inside
from barograph.api.elastic.version import BUILD_HASH, NODE_ID, OPENSEARCH_VERSION, VERSION
from barograph.jobs.room import memory_bytes

ROLES: Final = ("data", "ingest", "master", "ml")
_NAMES: Final = {"_all", "*", "_local", "_master", NODE_ID, *(f"{role}:true" for role in ROLES)}
"""What the one node is called in paths."""
Part = Callable[[Call], Mapping[str, Any]]


def is_named(names: str) -> bool:
    """Whether any of some names of nodes is one of the node's."""
    return any(name.strip() in _NAMES or name.strip() == "" for name in names.split(","))


def nodes_info(call: Call) -> dict[str, Any]:
    """Who the node is, and where it is to be reached."""
    return _answer(call, _INFO)


def nodes_stats(call: Call) -> dict[str, Any]:
    """How the node is."""
    return _answer(call, _STATS, {"timestamp": call.server.service.now_ms()})


def _answer(call: Call, parts: Mapping[str, Part], more: Mapping[str, Any] = {}) -> dict[str, Any]:
    """The node, with the parts of it that are asked for."""
    names, wanted = _asked(call, parts)
    if not is_named(names):
        return {**_head(call, 0), "nodes": {}}
    host = _host(call)
    node = {**more, **inside(call.server), "host": host, "ip": host, "roles": list(ROLES), "attributes": attributes()}
    if parts is _INFO:
        build = {"version": _version(call), "build_flavor": "default", "build_type": "pip", "build_hash": BUILD_HASH}
        node |= build
    return {**_head(call, 1), "nodes": {NODE_ID: node | {name: dict(parts[name](call)) for name in wanted}}}


def _asked(call: Call, parts: Mapping[str, Part]) -> tuple[str, list[str]]:
    """The names of nodes, and the parts of them: a path with one word may have either."""
    names, metric = call.path.get("node_id", "_all"), call.path.get("metric", "_all")
    if "metric" not in call.path and parts is _INFO and set(names.split(",")) <= {*parts, "_none"}:
        names, metric = "_all", names
    chosen = [part.strip() for part in metric.split(",")]
    if set(chosen) & {"_all", "_none"}:
        return names, [] if "_none" in chosen else list(parts)
    unknown = [part for part in chosen if part not in {*parts, *_OTHERS}]
    if unknown:
        raise bad(f"request [/_nodes] contains unrecognized metric: [{unknown[0][:100]}]")
    return names, [part for part in parts if part in chosen]


def _head(call: Call, count: int) -> dict[str, Any]:
    return {"_nodes": {"total": count, "successful": count, "failed": 0}, "cluster_name": call.server.config.cluster_name}


def _version(call: Call) -> str:
    return OPENSEARCH_VERSION if "opensearch" in call.agent.lower() else VERSION


def _host(call: Call) -> str:
    return address(call.server).rpartition(":")[0].strip("[]")


def _reached(call: Call) -> dict[str, Any]:
    where = address(call.server)
    return {"bound_address": [where], "publish_address": where}


def _process(_call: Call) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "max_file_descriptors": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "cpu": {"total_in_millis": round(1000 * (used.ru_utime + used.ru_stime))},
        "mem": {"resident_in_bytes": used.ru_maxrss << 10},
    }


def _os(_call: Call) -> dict[str, Any]:
    one, five, fifteen = os.getloadavg()
    average = {"1m": round(one, 2), "5m": round(five, 2), "15m": round(fifteen, 2)}
    return {"cpu": {"load_average": average}, "mem": {"total_in_bytes": memory_bytes()}}


def _fs(call: Call) -> dict[str, Any]:
    disk = shutil.disk_usage(call.server.config.data_dir)
    sizes = {"total_in_bytes": disk.total, "free_in_bytes": disk.free, "available_in_bytes": disk.free}
    return {"timestamp": call.server.service.now_ms(), "total": sizes}


def _indices(call: Call) -> dict[str, Any]:
    return {"docs": {"count": sum(call.server.documents.totals().values()), "deleted": 0}}


_INFO: Final[Mapping[str, Part]] = {
    "settings": lambda call: {"cluster": {"name": call.server.config.cluster_name}, "node": {"name": NODE_ID}},
    "os": lambda _call: {"name": os.uname().sysname, "arch": os.uname().machine, "allocated_processors": os.cpu_count() or 1},
    "process": lambda _call: {"id": os.getpid(), "mlockall": False},
    "transport": _reached,
    "http": lambda call: {**_reached(call), "max_content_length_in_bytes": call.server.config.max_body_bytes},
}
_STATS: Final[Mapping[str, Part]] = {"indices": _indices, "os": _os, "process": _process, "fs": _fs}
_OTHERS: Final = frozenset(
    {
        *("jvm", "thread_pool", "plugins", "ingest", "aggregations", "transport", "http", "breaker", "script", "discovery"),
        *("adaptive_selection", "script_cache", "indexing_pressure", "repositories", "indices", "fs", "remote_cluster_server"),
    }
)
"""Parts of nodes elsewhere, which this one has not."""
_ASKED: Final = "flat_settings timeout master_timeout"
_STATS_ASKED: Final = f"{_ASKED} completion_fields fielddata_fields fields groups include_segment_file_sizes level types"
_STATS_PATHS: Final = ("/_nodes/stats", "/_nodes/stats/{metric}", "/_nodes/stats/{metric}/{index_metric}")
_STATS_PATHS_OF_ONE: Final = ("/_nodes/{node_id}/stats", "/_nodes/{node_id}/stats/{metric}")
ENDPOINTS = (
    *(
        Endpoint("GET", path, nodes_info, query=_ASKED)
        for path in ("/_nodes", "/_nodes/{node_id}", "/_nodes/{node_id}/{metric}")
    ),
    *(Endpoint("GET", path, nodes_stats, query=_STATS_ASKED) for path in (*_STATS_PATHS, *_STATS_PATHS_OF_ONE)),
)
