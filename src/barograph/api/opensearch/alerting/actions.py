"""What a trigger has sent when its condition is true: texts over channels of the server."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson

from barograph.alerts.service import OutMessage
from barograph.api.elastic.errors import bad
from barograph.api.opensearch.alerting.templates import check_template, rendered
from barograph.api.opensearch.features import new_id
from barograph.api.opensearch.fields import flag, text, whole

_MINUTE_MS: Final = 60_000
_TEMPLATES: Final = ("message_template", "subject_template")

Executed = dict[str, Any]


def action(where: str, given: Mapping[str, Any], channels: Collection[str]) -> dict[str, Any]:
    """An action as it is stored and told.

    Args:
        where: its place in the monitor.
        given: what the client has sent.
        channels: over which it can tell.

    Raises:
        ElasticError: a part of it cannot be; the message names the part.
    """
    channel = text(f"{where}.destination_id", given.get("destination_id"))
    if channel not in channels:
        raise bad(f"[{where}.destination_id]={channel[:100]!r}: wanted a channel of this server: {', '.join(channels)}")
    made: dict[str, Any] = {
        "id": text(f"{where}.id", given.get("id") or new_id()),
        "name": text(f"{where}.name", given.get("name")),
        "destination_id": channel,
    }
    for part in _TEMPLATES:
        template = given.get(part)
        if template is not None:
            source = template.get("source") if isinstance(template, Mapping) else None
            if not isinstance(source, str):
                raise bad(f"[{where}.{part}]={str(template)[:200]}: wanted an object with source")
            check_template(f"{where}.{part}", source)
            made[part] = {"source": source, "lang": "mustache"}
    if "message_template" not in made:
        raise bad(f"[{where}.message_template] is missing: wanted an object with source")
    return made | _throttle(where, given)


def _throttle(where: str, given: Mapping[str, Any]) -> dict[str, Any]:
    is_on, throttle = flag(f"{where}.throttle_enabled", given.get("throttle_enabled", False)), given.get("throttle")
    if throttle is None:
        return {"throttle_enabled": is_on}
    minutes = whole(f"{where}.throttle.value", throttle.get("value") if isinstance(throttle, Mapping) else None)
    if minutes < 1:
        raise bad(f"[{where}.throttle.value]={minutes}: wanted at least 1 (minutes)")
    return {"throttle_enabled": is_on, "throttle": {"value": minutes, "unit": "MINUTES"}}


def is_throttled(given: Mapping[str, Any], executed: Mapping[str, Executed], now_ms: int) -> bool:
    """Whether an action was executed so lately that it is not again. `executed` is by the ids of actions."""
    before = executed.get(given["id"])
    if before is None or not given["throttle_enabled"] or "throttle" not in given:
        return False
    return bool(now_ms - before["last_execution_time"] < given["throttle"]["value"] * _MINUTE_MS)


def execute(given: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Render an action: what it says. `context` is what templates see as `ctx`."""
    values = {"ctx": context}
    message = rendered(given["message_template"]["source"], values)
    title = given.get("subject_template")
    subject = message.partition("\n")[0] if title is None else rendered(title["source"], values)
    output = {"subject": subject, "message": message}
    return {"id": given["id"], "name": given["name"], "output": output, "throttled": False, "error": None}


def message_of(
    given: Mapping[str, Any], context: Mapping[str, Any], output: Mapping[str, str], before_ms: int | None, page: str
) -> OutMessage:
    """The message of an action. Its id stays the same until it is noted that the action was executed.

    Args:
        given: the action.
        context: what its templates have seen.
        output: what it says.
        before_ms: when it was executed last; None: never.
        page: address of the page.
    """
    alert, now_ms = context["alert"], context["periodEnd"]
    message_id = f"{alert['id']}/raised:{before_ms or 'first'}/{given['id']}"
    body = {
        "id": message_id,
        "what": "raised",
        "title": output["subject"],
        "text": output["message"],
        "link": f"{page}/",
        "alert": {"alert_id": alert["id"], "rule_id": context["monitor"]["name"], "job_id": context["trigger"]["name"]},
    }
    return OutMessage(message_id, alert["id"], given["destination_id"], orjson.dumps(body).decode(), now_ms, now_ms)
