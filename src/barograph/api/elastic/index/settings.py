"""Settings of the cluster."""

from typing import Any, Final

from barograph.api.elastic.cluster_state import change_settings, nested, settings_of
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import bad

_KINDS: Final = ("persistent", "transient")


def get_settings(call: Call) -> dict[str, Any]:
    """What is set."""
    flat = call.query.get("flat_settings") in ("", "true")
    return {kind: _shown(settings_of(call.server, kind), flat) for kind in _KINDS}


def put_settings(call: Call) -> dict[str, Any]:
    """Set, change or, with null, remove settings. What was set is told."""
    body = call.body or {}
    for kind in _KINDS:
        if not isinstance(body.get(kind) or {}, dict):
            raise bad(f"[{kind}] wanted an object")
    flat = call.query.get("flat_settings") in ("", "true")
    changed = {kind: change_settings(call.server, kind, body.get(kind) or {}) for kind in _KINDS}
    return {"acknowledged": True} | {kind: _shown(changed[kind], flat) for kind in _KINDS}


def _shown(settings: dict[str, Any], flat: bool) -> dict[str, Any]:
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in settings.items()}
    return texts if flat else nested(texts)


_QUERY: Final = "flat_settings include_defaults timeout master_timeout"
ENDPOINTS = (
    Endpoint("GET", "/_cluster/settings", get_settings, query=_QUERY),
    Endpoint(
        "PUT", "/_cluster/settings", put_settings, query=_QUERY, fields="persistent transient", role="admin", body_needed=True
    ),
)
