"""The channels of the server under OpenSearch's names, which actions of monitors name: of its settings, and made by clients."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.arguments import whole
from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import bad
from barograph.api.opensearch.alerting.configs import Config, Configs, no_config, shown
from barograph.api.opensearch.endpoint import body_of, with_slash
from barograph.api.opensearch.fields import text

_BASES: Final = ("/_plugins/_notifications",)
_EMAIL: Final = "email"
_SLACK: Final = "slack"
_OTHERS: Final = "webhook"
"""What every channel is called that sends no mails: OpenSearch has no word for a log."""

Told = Mapping[str, Any]


def configs_of(call: Call) -> Configs:
    """Those of the server of a call that clients have made."""
    return next(one for one in call.server.beside if isinstance(one, Configs))


def channels(call: Call) -> Told:
    """The channels of the server."""
    names = ("name", "description", "config_type", "is_enabled")
    listed = [{"config_id": one["config_id"], **{name: one["config"][name] for name in names}} for one in _every(call)]
    return {**_page(len(listed)), "channel_list": listed}


def configs(call: Call) -> Told:
    """The channels of the server by name, with where they lead, without their secrets."""
    ids = _asked(call)
    kinds = {*call.query.get("config_type", "").split(",")} - {""}
    every = [one for one in _every(call) if not ids or one["config_id"] in ids]
    chosen = [one for one in every if not kinds or one["config"]["config_type"] in kinds]
    is_last_first = call.query.get("sort_order") == "desc"
    listed = sorted(chosen, key=lambda one: str(one["config_id"]), reverse=is_last_first)
    first = whole(call, "from_index", 0, call.query.get("from_index", 0))
    most = whole(call, "max_items", 0, call.query.get("max_items", 1000))
    return {**_page(len(listed)), "start_index": first, "config_list": listed[first : first + most]}


def config(call: Call) -> Told:
    """A channel of the server."""
    return {**_page(1), "config_list": [_named(call)]}


def create(call: Call) -> Told:
    """Make a channel: a webhook, or one of Slack."""
    body = body_of(call)
    config_id = None if body.get("config_id") is None else text("config_id", body["config_id"])
    return {"config_id": configs_of(call).create(config_id, body.get("config"))}


def update(call: Call) -> Told:
    """Change a channel that was made so."""
    configs_of(call).update(call.path["config_id"], body_of(call).get("config"))
    return {"config_id": call.path["config_id"]}


def delete(call: Call) -> Told:
    """Remove channels that were made so."""
    ids = {call.path["config_id"]} if "config_id" in call.path else _asked(call)
    if not ids:
        raise bad("[config_id_list] is missing: wanted ids of channels")
    configs_of(call).delete(ids)
    return {"delete_response_list": dict.fromkeys(sorted(ids), "OK")}


def _asked(call: Call) -> set[str]:
    """The ids that the parameters of a call name."""
    return {call.query.get("config_id", ""), *call.query.get("config_id_list", "").split(",")} - {""}


def features(_call: Call) -> Told:
    """Which kinds of channels there are."""
    return {"allowed_config_type_list": [_OTHERS, _SLACK, _EMAIL], "plugin_features": {"tooltip_support": "true"}}


def test(call: Call) -> Told:
    """Send a sample over a channel."""
    named = _named(call)
    config_id, about = named["config_id"], named["config"]
    is_sent, detail = call.server.alerts.try_channel(config_id)
    status = {"status_code": "200" if is_sent else "500", "status_text": detail}
    told = {"config_type": about["config_type"], "config_name": about["name"], "email_recipient_status": []}
    head = {"config_id": config_id, **told}
    source = {"title": "Test Message", "reference_id": config_id, "severity": "info", "tags": []}
    return {"event_source": source, "status_list": [{**head, "delivery_status": status}]}


def _every(call: Call) -> list[Config]:
    made = configs_of(call).every()
    return [
        _made(one["channel_id"], made[one["channel_id"]]) if one["channel_id"] in made else _config(**one)
        for one in call.server.alerts.told_channels()
    ]


def _made(config_id: str, kept: Config) -> Config:
    return {"config_id": config_id, **kept, "config": shown(kept["config"])}


def _named(call: Call) -> Config:
    config_id = call.path["config_id"]
    for one in _every(call):
        if one["config_id"] == config_id:
            return one
    raise no_config(config_id)


def _config(channel_id: str, kind: str, to: str) -> Config:
    """A channel of the server's settings."""
    if kind == _EMAIL:
        recipients = [{"recipient": one} for one in to.split(", ")]
        own: Told = {_EMAIL: {"email_account_id": channel_id, "recipient_list": recipients, "email_group_id_list": []}}
    else:
        own = {_OTHERS: {"url": to}}
    word = _EMAIL if kind == _EMAIL else _OTHERS
    head = {"name": channel_id, "description": f"{kind}: {to}", "config_type": word, "is_enabled": True}
    return {"config_id": channel_id, "last_updated_time_ms": 0, "created_time_ms": 0, "config": {**head, **own}}


def _page(count: int) -> dict[str, Any]:
    return {"start_index": 0, "total_hits": count, "total_hit_relation": "eq"}


_PAGE: Final = "from_index max_items sort_field sort_order config_type config_id config_id_list"
_ONE: Final = "/configs/{config_id}"
ENDPOINTS = (
    *with_slash(_BASES, "GET", "/channels", channels),
    *with_slash(_BASES, "GET", "/configs", configs, query=_PAGE),
    *with_slash(_BASES, "GET", _ONE, config),
    *with_slash(_BASES, "GET", "/features", features),
    *with_slash(_BASES, "POST GET", "/feature/test/{config_id}", test, role="write"),
    *with_slash(_BASES, "POST", "/configs", create, role="admin"),
    *with_slash(_BASES, "DELETE", "/configs", delete, query="config_id config_id_list", role="admin"),
    *with_slash(_BASES, "PUT", _ONE, update, role="admin"),
    *with_slash(_BASES, "DELETE", _ONE, delete, role="admin"),
)
