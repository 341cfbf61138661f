"""The channels of the server under OpenSearch's names, so that a client of monitors finds what its actions can name."""

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from barograph.api.elastic.arguments import whole
from barograph.api.elastic.endpoint import Call
from barograph.api.opensearch.endpoint import with_slash
from barograph.api.opensearch.errors import refused

_BASES: Final = ("/_plugins/_notifications",)
_EMAIL: Final = "email"
_OTHERS: Final = "webhook"
"""What every channel is called that sends no mails: OpenSearch has no word for a log."""

Told = Mapping[str, Any]


def channels(call: Call) -> Told:
    """The channels of the server."""
    listed = [{"config_id": name, **_head(name, kind, to)} for name, kind, to in _every(call)]
    return {**_page(len(listed)), "channel_list": listed}


def configs(call: Call) -> Told:
    """The channels of the server by name, with where they lead, without their secrets."""
    ids = {call.query.get("config_id"), *call.query.get("config_id_list", "").split(",")} - {None, ""}
    kinds = {*call.query.get("config_type", "").split(",")} - {""}
    every = (one for one in _every(call) if (not ids or one[0] in ids) and (not kinds or _type(one[1]) in kinds))
    listed = [_config(*one) for one in sorted(every, reverse=call.query.get("sort_order") == "desc")]
    first = whole(call, "from_index", 0, call.query.get("from_index", 0))
    most = whole(call, "max_items", 0, call.query.get("max_items", 1000))
    return {**_page(len(listed)), "start_index": first, "config_list": listed[first : first + most]}


def config(call: Call) -> Told:
    """A channel of the server."""
    return {**_page(1), "config_list": [_config(*_named(call))]}


def features(_call: Call) -> Told:
    """Which kinds of channels there are."""
    return {"allowed_config_type_list": [_OTHERS, _EMAIL], "plugin_features": {"tooltip_support": "true"}}


def test(call: Call) -> Told:
    """Send a sample over a channel."""
    name, kind, _ = _named(call)
    is_sent, detail = call.server.alerts.try_channel(name)
    status = {"status_code": "200" if is_sent else "500", "status_text": detail}
    head = {"config_id": name, "config_type": _type(kind), "config_name": name, "email_recipient_status": []}
    source = {"title": "Test Message", "reference_id": name, "severity": "info", "tags": []}
    return {"event_source": source, "status_list": [{**head, "delivery_status": status}]}


def change(_call: Call) -> NoReturn:
    """Refused: channels are in a file of the server."""
    raise refused("Channels are made and changed in the settings of the server, [channels.NAME] in barograph.toml")


def _every(call: Call) -> list[tuple[str, str, str]]:
    return [(one["channel_id"], one["kind"], one["to"]) for one in call.server.alerts.told_channels()]


def _named(call: Call) -> tuple[str, str, str]:
    config_id = call.path["config_id"]
    for one in _every(call):
        if one[0] == config_id:
            return one
    raise refused(f"NotificationConfig {config_id} not found", 404)


def _type(kind: str) -> str:
    return _EMAIL if kind == _EMAIL else _OTHERS


def _head(name: str, kind: str, to: str) -> dict[str, Any]:
    return {"name": name, "description": f"{kind}: {to}", "config_type": _type(kind), "is_enabled": True}


def _config(name: str, kind: str, to: str) -> Told:
    if kind == _EMAIL:
        recipients = [{"recipient": one} for one in to.split(", ")]
        own: Told = {_EMAIL: {"email_account_id": name, "recipient_list": recipients, "email_group_id_list": []}}
    else:
        own = {_OTHERS: {"url": to}}
    return {"config_id": name, "last_updated_time_ms": 0, "created_time_ms": 0, "config": {**_head(name, kind, to), **own}}


def _page(count: int) -> dict[str, Any]:
    return {"start_index": 0, "total_hits": count, "total_hit_relation": "eq"}


_PAGE: Final = "from_index max_items sort_field sort_order config_type config_id config_id_list"
_ONE: Final = "/configs/{config_id}"
ENDPOINTS = (
    *with_slash(_BASES, "GET", "/channels", channels),
    *with_slash(_BASES, "GET", "/configs", configs, query=_PAGE),
    *with_slash(_BASES, "GET", _ONE, config),
    *with_slash(_BASES, "GET", "/features", features),
    *with_slash(_BASES, "POST GET", "/feature/test/{config_id}", test, writes=True),
    *with_slash(_BASES, "POST", "/configs", change, writes=True),
    *with_slash(_BASES, "PUT DELETE", _ONE, change, writes=True),
)
