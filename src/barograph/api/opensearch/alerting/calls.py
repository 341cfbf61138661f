"""The calls of monitors and of their alerts."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.arguments import whole
from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import bad
from barograph.api.opensearch.alerting.monitor import Monitor, parsed, period_ms, triggers_of
from barograph.api.opensearch.alerting.monitoring import Monitoring, Outcome
from barograph.api.opensearch.endpoint import DASHBOARDS, body_of, switch, with_slash
from barograph.api.opensearch.errors import refused
from barograph.api.opensearch.features import new_id
from barograph.api.opensearch.fields import texts
from barograph.api.opensearch.searches import PARAMETERS, answered, search_in
from barograph.api.opensearch.shelves import ALERTS, MONITORS, deleted, every, find, is_there, write
from barograph.index.documents import Documents, Stored
from barograph.index.errors import VersionConflict
from barograph.index.search import Page
from barograph.index.write import Operation

BASES: Final = ("/_plugins/_alerting", "/_opendistro/_alerting")
_SORTS: Final = ("start_time", "end_time", "monitor_name", "trigger_name", "severity", "state", "last_notification_time")


def monitoring_of(call: Call) -> Monitoring:
    """The monitors of the server of a call."""
    return next(one for one in call.server.beside if isinstance(one, Monitoring))


def create(call: Call) -> Answer:
    """Make a monitor."""
    monitor, monitor_id = _parsed(call, body_of(call)), new_id()
    return Answer(_kept(call, monitor_id, monitor), 201)


def update(call: Call) -> Mapping[str, Any]:
    """Change a monitor."""
    stored, before = _read(call.server.documents, call.path["monitor_id"])
    monitor = _parsed(call, body_of(call), before)
    given = call.query.get("if_seq_no")
    try:
        return _kept(call, stored.id, monitor, None if given is None else whole(call, "if_seq_no", 0, given))
    except VersionConflict as error:
        raise refused(str(error), 409) from None


def _parsed(call: Call, body: Mapping[str, Any], before: Monitor | None = None) -> Monitor:
    return parsed(body, call.server.service.now_ms(), call.server.alerts.channels, before)


def _kept(call: Call, monitor_id: str, monitor: Monitor, if_seq: int | None = None) -> dict[str, Any]:
    outcome = write(call.server.documents, MONITORS, monitor_id, {"monitor": monitor}, if_seq)
    monitoring_of(call).plan(monitor_id, monitor)
    head = {"_id": monitor_id, "_version": outcome.version, "_seq_no": outcome.seq, "_primary_term": 1}
    return {**head, "monitor": monitor}


def _read(documents: Documents, monitor_id: str) -> tuple[Stored, Monitor]:
    stored = find(documents, MONITORS, monitor_id) if is_there(documents, MONITORS) else None
    if stored is None:
        raise refused("Monitor not found.", 404)
    return stored, orjson.loads(stored.source)["monitor"]


def get(call: Call) -> Answer:
    """A monitor."""
    stored, monitor = _read(call.server.documents, call.path["monitor_id"])
    head = {"_id": stored.id, "_version": stored.version, "_seq_no": stored.seq, "_primary_term": 1}
    return Answer({**head, "monitor": monitor})


def delete(call: Call) -> Mapping[str, Any]:
    """Remove a monitor; its alerts are over."""
    stored, _ = _read(call.server.documents, call.path["monitor_id"])
    outcome = call.server.documents.write(Operation("delete", MONITORS, stored.id, b""))
    monitoring_of(call).forget(stored.id)
    return deleted(MONITORS, outcome)


def search_monitors(call: Call) -> Mapping[str, Any]:
    """Search monitors. What is searched has them under `monitor`, a hit has one itself."""
    if not is_there(call.server.documents, MONITORS):
        return answered({}, Page([], 0, None, None), 0)
    answer = search_in(call, MONITORS)
    hidden = () if DASHBOARDS in call.agent else ("ui_metadata",)
    for hit in answer["hits"]["hits"]:
        if "monitor" in hit.get("_source", ()):
            hit["_source"] = {name: value for name, value in hit["_source"]["monitor"].items() if name not in hidden}
    return answer


def execute(call: Call) -> Mapping[str, Any]:
    """Run a monitor now: one that is kept, or that of the body, of which nothing is kept."""
    now = call.server.service.now_ms()
    monitor_id = call.path.get("monitor_id")
    if monitor_id is None:
        given = body_of(call).get("monitor")
        if not isinstance(given, Mapping):
            raise bad("[monitor] is missing: wanted the document of one, or the id of one in the path")
        monitor = _parsed(call, given)
    else:
        _, monitor = _read(call.server.documents, monitor_id)
    is_dry = monitor_id is None or switch(call, "dryrun")
    period = (now - period_ms(monitor), now)
    outcome = monitoring_of(call).run(monitor_id or "", monitor, period, is_dry=is_dry)
    return _executed(monitor, period, outcome)


def _executed(monitor: Monitor, period: tuple[int, int], outcome: Outcome) -> Mapping[str, Any]:
    triggers = {
        one["id"]: {
            "name": one["name"],
            "triggered": outcome.triggered[one["id"]],
            "error": None,
            "action_results": outcome.actions[one["id"]],
        }
        for one in triggers_of(monitor)
    }
    return {
        "monitor_name": monitor["name"],
        "period_start": period[0],
        "period_end": period[1],
        "error": outcome.error,
        "input_results": {"results": outcome.results, "error": outcome.error},
        "trigger_results": triggers,
    }


def get_alerts(call: Call) -> Mapping[str, Any]:
    """Alerts of monitors, those that are chosen, a page at a time."""
    wanted = {"monitor_id": "monitorId", "state": "alertState", "severity": "severityLevel"}
    filters = [
        {"term": {field: call.query[name]}} for field, name in wanted.items() if call.query.get(name) not in (None, "", "ALL")
    ]
    found = every(call.server.documents, ALERTS, *filters)
    text = call.query.get("searchString", "").lower()
    listed = [{"id": key, **one} for key, one in found.items() if text in _names(one)]
    sort = call.query.get("sortString", "start_time").removesuffix(".keyword")
    if sort not in _SORTS:
        raise bad(f"[sortString]={sort[:100]!r}: wanted one of {', '.join(_SORTS)}")
    descending = call.query.get("sortOrder", "asc") == "desc"
    listed.sort(key=lambda one: (one[sort] is not None, one[sort]), reverse=descending)
    first = whole(call, "startIndex", 0, call.query.get("startIndex", 0))
    size = whole(call, "size", 0, call.query.get("size", 20))
    return {"alerts": listed[first : first + size], "totalAlerts": len(listed)}


def _names(alert: Mapping[str, Any]) -> str:
    return f"{alert['monitor_name']} {alert['trigger_name']}".lower()


def acknowledge(call: Call) -> Mapping[str, Any]:
    """Acknowledge alerts of a monitor."""
    _read(call.server.documents, call.path["monitor_id"])
    listed = texts("alerts", body_of(call).get("alerts") or [])
    done, failed = monitoring_of(call).acknowledge(call.path["monitor_id"], listed)
    return {"success": done, "failed": failed}


_ONE: Final = "/monitors/{monitor_id}"
_ALERTS: Final = "size startIndex sortString sortOrder searchString severityLevel alertState monitorId missing"
ENDPOINTS = (
    *with_slash(BASES, "POST", "/monitors", create, query="refresh", role="write"),
    *with_slash(BASES, "PUT", _ONE, update, query="refresh if_seq_no if_primary_term", role="write"),
    *with_slash(BASES, "GET HEAD", _ONE, get, query="version"),
    *with_slash(BASES, "DELETE", _ONE, delete, query="refresh", role="write"),
    *with_slash(BASES, "GET POST", "/monitors/_search", search_monitors, query=PARAMETERS),
    *with_slash(BASES, "POST", f"{_ONE}/_execute", execute, query="dryrun", role="write"),
    *with_slash(BASES, "POST", "/monitors/_execute", execute, query="dryrun"),
    *with_slash(BASES, "GET", "/monitors/alerts", get_alerts, query=_ALERTS),
    *with_slash(BASES, "POST", f"{_ONE}/_acknowledge/alerts", acknowledge, query="refresh", role="write"),
)
