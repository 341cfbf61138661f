"""What a trigger has sent when its condition is true: texts over channels of the server."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson

from barograph.alerts.senders import SendFailed, sender
from barograph.api.elastic.errors import bad
from barograph.api.opensearch.alerting.templates import check_template, rendered
from barograph.api.opensearch.features import new_id
from barograph.api.opensearch.fields import flag, text, whole
from barograph.api.server import Server

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


def execute(server: Server, given: Mapping[str, Any], context: Mapping[str, Any], *, is_dry: bool) -> dict[str, Any]:
    """Render an action, and, unless that is dry, send it; what it said, and what went wrong.

    Args:
        server: whose channels there are.
        given: the action.
        context: what templates see as `ctx`.
        is_dry: send nothing.
    """
    values = {"ctx": context}
    message = rendered(given["message_template"]["source"], values)
    title = given.get("subject_template")
    subject = message.partition("\n")[0] if title is None else rendered(title["source"], values)
    result = {"id": given["id"], "name": given["name"], "output": {"subject": subject, "message": message}}
    error = None if is_dry else _sent(server, given, context, subject, message)
    return {**result, "throttled": False, "error": error}


def _sent(server: Server, given: Mapping[str, Any], context: Mapping[str, Any], subject: str, message: str) -> str | None:
    """Send a message; why it did not get there, or None."""
    channel = server.alerts.channels.get(given["destination_id"])
    if channel is None:
        return f"destination_id={given['destination_id']!r}: wanted a channel of this server"
    alert = context["alert"]
    body = {
        "id": f"{alert['id']}/raised:{context['periodEnd']}/{given['id']}",  # it may be told again, which is another message
        "what": "raised",
        "title": subject,
        "text": message,
        "link": f"{server.config.page}/",
        "alert": {"alert_id": alert["id"], "rule_id": context["monitor"]["name"], "job_id": context["trigger"]["name"]},
    }
    try:
        sender(channel)(body, orjson.dumps(body))
    except SendFailed as error:
        return str(error)
    return None
