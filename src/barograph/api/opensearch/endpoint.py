"""The paths of the API: each with the older base beside the newer one, and with a slash at its end or without."""

from collections.abc import Iterator
from functools import wraps
from typing import Any, Final

from barograph.api.elastic.cluster_state import setting
from barograph.api.elastic.endpoint import ANY, Call, Endpoint, Handler
from barograph.api.elastic.errors import ElasticError
from barograph.api.opensearch.errors import impossible

BASE: Final = "/_plugins/_anomaly_detection"
LEGACY: Final = "/_opendistro/_anomaly_detection"
DASHBOARDS: Final = "OpenSearch Dashboards"
"""What the client that may see `ui_metadata` says in its User-Agent."""
_DETECTORS: Final = "/detectors"
_ENABLED: Final = "plugins.anomaly_detection.enabled"


def endpoints(
    methods: str, path: str, handler: Handler, *, query: str = "", is_old: bool = True, writes: bool = False
) -> Iterator[Endpoint]:
    """The endpoints of a path.

    Args:
        methods: HTTP methods, separated by blanks.
        path: behind the base.
        handler: answers it.
        query: its parameters.
        is_old: the older base has it, too.
        writes: a key must be allowed to write.
    """
    asked = _unless_disabled(handler)
    for base in (BASE, LEGACY) if is_old else (BASE,):
        for end in ("", "/"):
            yield Endpoint(methods, base + path + end, asked, query=query, fields=ANY, role="write" if writes else "read")


def _unless_disabled(handler: Handler) -> Handler:
    @wraps(handler)
    def asked(call: Call) -> Any:
        if setting(call.server, _ENABLED) in (False, "false"):
            raise impossible(f"AD functionality is disabled. To enable update {_ENABLED} to true")
        return handler(call)

    return asked


def of_detectors(methods: str, path: str, handler: Handler, **more: Any) -> Iterator[Endpoint]:
    """As `endpoints`, below `detectors`."""
    return endpoints(methods, _DETECTORS + path, handler, **more)


def body_of(call: Call) -> dict[str, Any]:
    """The document of a call.

    Raises:
        ElasticError: there is none.
    """
    if call.body is None:
        raise ElasticError(400, "parse_exception", "request body is required")
    body: dict[str, Any] = call.body
    return body
