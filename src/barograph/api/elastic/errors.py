"""Errors in Elasticsearch's envelope."""

from typing import Any, Final

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from barograph.api.errors import HttpProblem, status_of
from barograph.config.errors import BarographError, ConfigError
from barograph.jobs.service import NoSuchJob

_TYPES: Final = {
    400: "illegal_argument_exception",
    401: "security_exception",
    403: "security_exception",
    404: "resource_not_found_exception",
    406: "media_type_header_exception",
    409: "status_exception",
    413: "content_too_long_exception",
    415: "media_type_header_exception",
    429: "circuit_breaking_exception",
}
_OF_OPENSEARCH: Final = ("/_plugins/", "/_opendistro/")


class ElasticError(HttpProblem):
    """An error as clients of Elasticsearch know it.

    Attributes:
        status: the HTTP status.
        kind: Elasticsearch's name of the error, such as `resource_not_found_exception`.
        more: other fields of the error, such as `index`.
    """

    def __init__(self, status: int, kind: str, reason: str, **more: Any) -> None:
        super().__init__(status, reason)
        self.kind = kind
        self.more = more


def bad(reason: str) -> ElasticError:
    """An argument that cannot be."""
    return ElasticError(400, "illegal_argument_exception", reason)


def inconsistent(name: str, inside: object, given: str) -> ElasticError:
    """An id in the body that is another than that of the URL."""
    shown = str(inside)[:100]
    return bad(f"Inconsistent {name}; '{shown}' specified in the body differs from '{given}' specified as a URL argument")


def not_found(reason: str) -> ElasticError:
    """What was named is not there."""
    return ElasticError(404, "resource_not_found_exception", reason)


def no_job(job_id: str) -> ElasticError:
    """There is no such job."""
    return not_found(f"No known job with id '{job_id}'")


def conflict(reason: str) -> ElasticError:
    """What cannot be done in the state that things are in."""
    return ElasticError(409, "status_exception", reason)


def envelope(error: ElasticError) -> dict[str, Any]:
    """The body that tells an error."""
    told = {"type": error.kind, "reason": str(error), **error.more}
    return {"error": {"root_cause": [told], **told}, "status": error.status}


def as_elastic(error: Exception) -> ElasticError:
    """Any error as one that clients of Elasticsearch know."""
    if isinstance(error, ElasticError):
        return error
    status = status_of(error)
    if isinstance(error, NoSuchJob):
        return no_job(error.job_id)
    if isinstance(error, ConfigError):
        return ElasticError(400, "x_content_parse_exception", str(error))
    if isinstance(error, BarographError | HttpProblem):
        return ElasticError(status, _TYPES.get(status, "exception"), str(error))
    return ElasticError(500, "exception", "the server failed; its log says why, under the request's id (X-Request-Id)")


def plain_type(path: str) -> str:
    """The media type of JSON, with its encoding where OpenSearch tells it."""
    return "application/json; charset=UTF-8" if path.startswith(_OF_OPENSEARCH) else "application/json"


def render(scope: Scope, error: Exception) -> Response:
    """The answer to a request that failed."""
    if isinstance(error, HTTPException):  # of the router: no such path, or not with this method
        status, body = 400 if error.status_code == 404 else error.status_code, _no_handler(scope, error.status_code)
    else:
        told = as_elastic(error)
        status, body = told.status, envelope(told)
    headers = getattr(error, "headers", None)
    response = Response(b"" if scope["method"] == "HEAD" else orjson.dumps(body), status, headers, plain_type(scope["path"]))
    for warning in scope.get("state", {}).get("warnings", ()):
        response.headers.append("Warning", warning)
    return response


def _no_handler(scope: Scope, status: int) -> dict[str, Any]:
    """There is nothing at a path, or not with this method."""
    where = f"for uri [{scope['path']}] and method [{scope['method']}]"
    if status != 405:
        return {"error": f"no handler found {where}"}
    routes = [route for route in scope["app"].routes if isinstance(route, Route) and route.matches(scope)[0] is Match.PARTIAL]
    methods = {method for route in routes for method in route.methods or () if method != "HEAD"}
    return {"error": f"Incorrect HTTP method {where}, allowed: [{', '.join(sorted(methods))}]", "status": status}
