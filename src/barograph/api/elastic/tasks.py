"""What is running: open jobs and started datafeeds, as tasks; and how much of it there is."""

from fnmatch import fnmatchcase
from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.cluster_state import upgrade_mode
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError, not_found
from barograph.api.elastic.node import inside
from barograph.api.elastic.stats import job_stats
from barograph.api.elastic.tables import QUERY, cat
from barograph.api.elastic.version import NODE_ID

_JOB: Final = "xpack/ml/job[c]"
_DATAFEED: Final = "xpack/ml/datafeed[c]"
COLUMNS: Final = {
    **{"action": "ac", "task_id": "ti", "parent_task_id": "pti", "type": "ty", "start_time": "start", "timestamp": "ts"},
    **{"running_time": "time", "ip": "i", "node": "n", "description": "desc"},
}
_DEFAULT: Final = ("action", "task_id", "parent_task_id", "type", "start_time", "running_time", "ip", "node")


def _tasks(call: Call) -> list[dict[str, Any]]:
    """What runs, by kind and name; nothing does while upgrade mode is on."""
    if upgrade_mode(call.server):
        return []
    service, datafeeds = call.server.service, call.server.datafeeds
    jobs = [(_JOB, f"job-{job_id}", service.summary(job_id).state_time) for job_id in service.opened()]
    started = [one.datafeed_id for one in datafeeds.all() if datafeeds.stats(one.datafeed_id).is_started]
    feeds = [(_DATAFEED, f"datafeed-{datafeed_id}", None) for datafeed_id in started]
    return [_task(call, number, *one) for number, one in enumerate([*jobs, *feeds], 1)]


def _task(call: Call, number: int, action: str, name: str, since_ms: int | None) -> dict[str, Any]:
    now_ms = call.server.service.now_ms()
    began = now_ms if since_ms is None else since_ms
    return {
        "node": NODE_ID,
        "id": number,
        "type": "persistent",
        "action": action,
        "description": name,
        "start_time_in_millis": began,
        "running_time_in_nanos": (now_ms - began) * 1_000_000,
        "cancellable": True,
        "cancelled": False,
        "headers": {},
    }


def _wanted(call: Call) -> list[dict[str, Any]]:
    patterns = [part.strip() for part in call.query.get("actions", "*").split(",") if part.strip()]
    return [task for task in _tasks(call) if any(_matches(task["action"], pattern) for pattern in patterns)]


def _matches(action: str, pattern: str) -> bool:
    """A bracket of a pattern is a bracket."""
    return fnmatchcase(action, pattern.replace("[", "[[]"))


def get_tasks(call: Call) -> dict[str, Any]:
    """Open jobs and started datafeeds."""
    tasks = {f"{NODE_ID}:{task['id']}": task for task in _wanted(call)}
    if call.query.get("group_by") in ("parents", "none"):
        return {"tasks": tasks if call.query["group_by"] == "parents" else list(tasks.values())}
    return {"nodes": {NODE_ID: {**inside(call.server), "tasks": tasks}} if tasks else {}}


def get_task(call: Call) -> dict[str, Any]:
    """One of these."""
    asked = call.path["task_id"]
    for task in _tasks(call):
        if asked == f"{NODE_ID}:{task['id']}":
            return {"completed": False, "task": task}
    raise not_found(f"task [{asked[:100]}] is not running, and nothing is kept of those that have ended")


def cat_tasks(call: Call) -> Answer:
    """Open jobs and started datafeeds, a line each."""
    host = call.server.config.host
    rows = [
        {
            "action": task["action"],
            "task_id": f"{NODE_ID}:{task['id']}",
            "parent_task_id": "cluster:1",
            "type": task["type"],
            "start_time": task["start_time_in_millis"],
            "timestamp": task["start_time_in_millis"] // 1000,
            "running_time": f"{task['running_time_in_nanos'] // 1_000_000}ms",
            "ip": host,
            "node": NODE_ID,
            "description": task["description"],
        }
        for task in _wanted(call)
    ]
    return cat(call, rows, COLUMNS, (*_DEFAULT, "description") if "detailed" in call.query else _DEFAULT)


def usage(call: Call) -> dict[str, Any]:
    """How much of what there is is used: of machine learning, which is all there is."""
    datafeeds = call.server.datafeeds
    started = sum(datafeeds.stats(one.datafeed_id).is_started for one in datafeeds.all())
    count = len(datafeeds.all())
    feeds = {"_all": {"count": count}, "started": {"count": started}, "stopped": {"count": count - started}}
    return {
        "ml": {
            "available": True,
            "enabled": True,
            "jobs": _job_usage(call),
            "datafeeds": {name: one for name, one in feeds.items() if name == "_all" or one["count"]},
            "node_count": 1,
        }
    }


def _job_usage(call: Call) -> dict[str, Any]:
    """Jobs by their states; nothing when a client has closed the index of their results."""
    summaries = call.server.service.jobs()
    try:
        stats = [job_stats(call.server, summary) for summary in summaries]
    except ElasticError:
        return {}
    groups: dict[str, list[int]] = {"_all": list(range(len(stats)))}
    for at, one in enumerate(stats):
        groups.setdefault(one["state"], []).append(at)
    return {
        name: {
            "count": len(members),
            "detectors": _spread([len(summaries[at].job.detectors) for at in members]),
            "model_size": _spread([stats[at]["model_size_stats"]["model_bytes"] for at in members]),
        }
        for name, members in groups.items()
    }


def _spread(values: list[int]) -> dict[str, float]:
    if not values:
        return {"total": 0.0, "min": 0.0, "max": 0.0, "avg": 0.0}
    total = float(sum(values))
    return {"total": total, "min": float(min(values)), "max": float(max(values)), "avg": total / len(values)}


_LISTED: Final = "actions detailed nodes parent_task_id parent_task group_by timeout wait_for_completion node_id"
ENDPOINTS = (
    Endpoint("GET", "/_tasks", get_tasks, query=_LISTED),
    Endpoint("GET", "/_tasks/{task_id}", get_task, query="timeout wait_for_completion"),
    Endpoint("GET", "/_cat/tasks", cat_tasks, query=f"{QUERY} {_LISTED}"),
    Endpoint("GET", "/_xpack/usage", usage, query="master_timeout timeout"),
)
