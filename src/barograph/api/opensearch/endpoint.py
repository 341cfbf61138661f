"""The paths of the API: each with the older base beside the newer one, and with a slash at its end or without."""

from collections.abc import Iterable, Iterator
from functools import wraps
from typing import Any, Final

from barograph.api.elastic.cluster_state import setting
from barograph.api.elastic.endpoint import ANY, Call, Endpoint, Handler
from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.opensearch.errors import impossible
from barograph.jobs.keys import Role

BASE: Final = "/_plugins/_anomaly_detection"
LEGACY: Final = "/_opendistro/_anomaly_detection"
DASHBOARDS: Final = "OpenSearch Dashboards"
"""What the client that may see `ui_metadata` says in its User-Agent."""
_DETECTORS: Final = "/detectors"
_ENABLED: Final = "plugins.anomaly_detection.enabled"
_REFRESH: Final = ("", "true", "false", "wait_for")


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
    bases = (BASE, LEGACY) if is_old else (BASE,)
    role: Role = "write" if writes else "read"
    return with_slash(bases, methods, path, _unless_disabled(handler), query=query, role=role)


def with_slash(
    bases: Iterable[str], methods: str, path: str, handler: Handler, *, query: str = "", role: Role = "read"
) -> Iterator[Endpoint]:
    """The endpoints of a path behind each of some bases, with a slash at its end or without."""
    for base in bases:
        for end in ("", "/"):
            yield Endpoint(methods, base + path + end, _refreshing(handler), query=query, fields=ANY, role=role)


def _refreshing(handler: Handler) -> Handler:
    """A handler that refuses what `refresh` cannot be. What is written is found at once, whatever it says."""

    @wraps(handler)
    def asked(call: Call) -> Any:
        given = call.query.get("refresh", "true")
        if given not in _REFRESH:
            raise bad(f"Unknown value for refresh: [{given[:100]}].")
        return handler(call)

    return asked


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


def switch(call: Call, name: str) -> bool:
    """A parameter that is true or false: as it is written so, and false where it is left out.

    Raises:
        ElasticError: it is neither.
    """
    given = call.query.get(name, "false")
    if given not in ("", "true", "false"):
        raise bad(f"Failed to parse value [{given[:200]}] as only [true] or [false] are allowed.")
    return given != "false"


def body_of(call: Call) -> dict[str, Any]:
    """The document of a call.

    Raises:
        ElasticError: there is none.
    """
    if call.body is None:
        raise ElasticError(400, "parse_exception", "request body is required")
    body: dict[str, Any] = call.body
    return body
