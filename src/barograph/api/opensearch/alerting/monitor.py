"""The document of a monitor: a search of results that is made again and again, and what follows from what it finds."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson

from barograph.api.elastic.errors import bad
from barograph.api.opensearch.alerting.actions import action
from barograph.api.opensearch.alerting.conditions import condition
from barograph.api.opensearch.alerting.templates import check_template, rendered
from barograph.api.opensearch.features import new_id
from barograph.api.opensearch.fields import flag, objects, text, whole
from barograph.api.opensearch.shelves import CUSTOM_PREFIX, RESULTS
from barograph.index.check import check_aggregations, check_query

Monitor = dict[str, Any]

_TYPE: Final = "query_level_monitor"
_TRIGGER: Final = "query_level_trigger"
_UNITS: Final = {"MINUTES": 60_000, "HOURS": 3_600_000, "DAYS": 86_400_000}


def parsed(body: Mapping[str, Any], now_ms: int, channels: Collection[str], before: Mapping[str, Any] | None = None) -> Monitor:
    """A monitor as it is stored and told.

    Args:
        body: what the client has sent.
        now_ms: the time of the change.
        channels: over which actions can tell.
        before: what it was.

    Raises:
        ElasticError: a part of it cannot be, or is not run here; the message names the part.
    """
    name = text("name", body.get("name"))
    if not name.strip():
        raise bad("Monitor name is null")
    if body.get("type", "monitor") != "monitor":
        raise bad(f"[type]={str(body['type'])[:100]!r}: wanted monitor")
    if body.get("monitor_type", _TYPE) != _TYPE:
        raise bad(f"[monitor_type]={str(body['monitor_type'])[:100]!r}: wanted {_TYPE}")
    enabled = flag("enabled", body.get("enabled", True))
    was_on = before is not None and before["enabled"]
    enabled_time = (before or {}).get("enabled_time") if was_on else now_ms
    return {
        "type": "monitor",
        "schema_version": 0,
        "name": name,
        "monitor_type": _TYPE,
        "enabled": enabled,
        "enabled_time": enabled_time if enabled else None,
        "schedule": {"period": _period(body)},
        "inputs": [_input(at, one) for at, one in enumerate(_some("inputs", body))],
        "triggers": [_trigger(at, one, channels) for at, one in enumerate(objects("triggers", body.get("triggers")))],
        "last_update_time": now_ms,
        **({"ui_metadata": body["ui_metadata"]} if body.get("ui_metadata") else {}),
    }


def _some(field: str, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = objects(field, body.get(field))
    if not listed:
        raise bad(f"[{field}]: wanted at least one")
    return listed


def _period(body: Mapping[str, Any]) -> dict[str, Any]:
    schedule = body.get("schedule")
    period = schedule.get("period") if isinstance(schedule, Mapping) else None
    if not isinstance(period, Mapping):
        raise bad(f"[schedule]={str(schedule)[:200]}: wanted an object with period; cron expressions are not run")
    interval, unit = whole("schedule.period.interval", period.get("interval")), text("unit", period.get("unit")).upper()
    if interval < 1 or unit not in _UNITS:
        wanted = f"wanted an interval of at least 1 and a unit of {', '.join(_UNITS)}"
        raise bad(f"[schedule.period]={str(dict(period))[:200]}: {wanted}")
    return {"interval": interval, "unit": unit}


def period_ms(monitor: Mapping[str, Any]) -> int:
    """How often a monitor searches."""
    period = monitor["schedule"]["period"]
    return int(period["interval"]) * _UNITS[period["unit"]]


def _input(at: int, given: Mapping[str, Any]) -> dict[str, Any]:
    where, search = f"inputs[{at}].search", given.get("search")
    if not isinstance(search, Mapping) or len(given) != 1:
        raise bad(f"[inputs[{at}]]={str(dict(given))[:200]}: wanted an object with search")
    indices = search.get("indices")
    listed = indices if isinstance(indices, list) else []
    if not listed or not all(str(one).startswith((RESULTS, CUSTOM_PREFIX)) for one in listed):
        raise bad(f"[{where}.indices]={indices}: wanted indices of results: {RESULTS}*, or that begin with {CUSTOM_PREFIX}")
    query = search.get("query")
    if not isinstance(query, Mapping):
        raise bad(f"[{where}.query]={str(query)[:200]}: wanted the body of a search")
    check_template(f"{where}.query", orjson.dumps(query).decode())
    body = body_of({"search": {"query": query}}, 0, 0)
    check_query(body.get("query") or {"match_all": {}})
    check_aggregations(body.get("aggs", body.get("aggregations")) or {})
    return {"search": {"indices": [str(one) for one in listed], "query": query}}


def body_of(given: Mapping[str, Any], start_ms: int, end_ms: int) -> dict[str, Any]:
    """The search of an input over a period."""
    source = orjson.dumps(given["search"]["query"]).decode()
    body: dict[str, Any] = orjson.loads(rendered(source, {"period_start": start_ms, "period_end": end_ms}))
    return body


def _trigger(at: int, given: Mapping[str, Any], channels: Collection[str]) -> dict[str, Any]:
    where, inner = f"triggers[{at}]", given.get(_TRIGGER, given)
    if not isinstance(inner, Mapping):
        raise bad(f"[{where}]={str(given)[:200]}: wanted an object with {_TRIGGER}")
    within = inner.get("condition")
    script: Any = within.get("script") if isinstance(within, Mapping) else None
    condition(f"{where}.condition.script", script)
    severity = text(f"{where}.severity", inner.get("severity", "1"))
    if severity not in ("1", "2", "3", "4", "5"):
        raise bad(f"[{where}.severity]={severity[:100]!r}: wanted 1 to 5")
    actions = objects(f"{where}.actions", inner.get("actions"))
    return {
        _TRIGGER: {
            "id": text(f"{where}.id", inner.get("id") or new_id()),
            "name": text(f"{where}.name", inner.get("name")),
            "severity": severity,
            "condition": {"script": {"source": script["source"], "lang": "painless"}},
            "actions": [action(f"{where}.actions[{place}]", one, channels) for place, one in enumerate(actions)],
        }
    }


def triggers_of(monitor: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The triggers of a monitor, without what says of which kind they are."""
    return [one[_TRIGGER] for one in monitor["triggers"]]
