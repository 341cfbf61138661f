"""The parameters of a call: which there may be, and the document of the body."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.requests import Request

from barograph.api.elastic.errors import ElasticError, bad
from barograph.config.base import did_you_mean

if TYPE_CHECKING:
    from barograph.api.elastic.endpoint import Endpoint

COMMON: Final = frozenset({"pretty", "human", "error_trace", "filter_path", "format"})
"""Parameters that every call may have."""

_JSON: Final = re.compile(
    r"application/(vnd\.elasticsearch\+)?(x-nd)?json\s*(;.*)?|application/vnd\.elasticsearch\+x-ndjson\s*(;.*)?", re.IGNORECASE
)


def check_query(request: Request, allowed: Collection[str]) -> None:
    """Refuse parameters that the call does not have.

    Raises:
        ElasticError: there is one.
    """
    unknown = [name for name in request.query_params if name not in allowed]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        named = ", ".join(f"[{name}]{_hint(name, allowed)}" for name in sorted(unknown))
        raise bad(f"request [{request.url.path}] contains unrecognized parameter{plural}: {named}")


def _hint(name: str, allowed: Collection[str]) -> str:
    near = did_you_mean(name, sorted(allowed))
    return "" if not near else f" -> did you mean [{near.split(chr(39))[1]}]?"


def check_type(request: Request) -> None:
    """Refuse a body that does not say that it is JSON.

    Raises:
        ElasticError: it says something else, or nothing.
    """
    given = request.headers.get("content-type", "")
    if not _JSON.fullmatch(given.strip()):
        reason = f"Content-Type header [{given}] is not supported" if given else "Content-Type header is missing"
        raise ElasticError(406, "media_type_header_exception", reason)


def parsed_body(request: Request, body: bytes, endpoint: "Endpoint") -> Any:
    """The document of a body; None without one.

    Raises:
        ElasticError: it is not JSON, or has a field that the call does not have.
    """
    if not body.strip():
        if endpoint.body_needed:
            raise ElasticError(400, "parse_exception", "request body is required")
        return None
    check_type(request)
    document = unparsed(body)
    if not isinstance(document, dict):
        raise ElasticError(400, "x_content_parse_exception", f"[1:1] [{endpoint.object_name}] wanted an object")
    if endpoint.fields is None:
        return document
    allowed = endpoint.fields.split()
    for name in document:
        if name not in allowed:
            raise unknown_field(body, endpoint.object_name, name, allowed)
    return document


def unparsed(text: bytes | str) -> Any:
    """What JSON says.

    Raises:
        ElasticError: it is none.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        place = f"[{error.lineno}:{error.colno}]"
        raise ElasticError(400, "x_content_parse_exception", f"{place} body: wanted JSON ({error.msg})") from None


def unknown_field(body: bytes, object_name: str, name: str, allowed: Collection[str] = ()) -> ElasticError:
    """A field that a document does not have, with its place."""
    place = _place(body, name)
    return ElasticError(
        400,
        "x_content_parse_exception",
        f"[{place}] [{object_name}] unknown field [{name}]{did_you_mean(name, sorted(allowed))}",
    )


def _place(body: bytes, name: str) -> str:
    """Line and column of a field's name, from 1."""
    at = max(0, body.find(orjson.dumps(name)))
    line, column = body.count(b"\n", 0, at) + 1, at - body.rfind(b"\n", 0, at)
    return f"{line}:{column}"
