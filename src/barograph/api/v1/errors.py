"""One shape for every error."""

from typing import Any, Final

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from barograph.api.errors import status_of
from barograph.config.errors import MISSING, ConfigError
from barograph.config.errors import Problem as Wrong

_CODES: Final = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_encoding",
    422: "bad_request",
    429: "busy",
}
_HINTS: Final = {
    401: "send a key: 'barograph keys create' makes one",
    403: "use a key with that role",
    404: "ask for the list of what there is",
    409: "look again, and ask the same",
    413: "send it in parts",
    429: "send it again, later",
    500: "the server's log says why, under the request's id",
}


_MOST_PROBLEMS: Final = 100


class Problem(BaseModel):
    """One thing wrong in a job's settings: where, what is there (null: nothing), and what was wanted instead."""

    path: str
    value: Any
    wanted: str


class Refusal(BaseModel):
    """Why a request was refused; `problems` where it was a job's settings, so that each can be shown beside its field."""

    code: str
    message: str
    hint: str
    request_id: str
    problems: list[Problem] | None = None


REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Refusal, "description": code.replace("_", " ")} for status, code in _CODES.items()
}
"""What every call may answer beside what it is asked for."""

REFUSED[400]["content"] = {"text/plain": {"schema": {"type": "string"}}}  # what is no HTTP, as a URL beyond 64 kB


def render(scope: Scope, error: Exception) -> Response:
    """The answer to a request that failed."""
    status, message = _told(scope, error)
    body: dict[str, Any] = {
        "code": _CODES.get(status, "failed"),
        "message": _written(message),
        "hint": _HINTS.get(status, "the message says what was wanted"),
        "request_id": scope.get("state", {}).get("request_id", ""),
    }
    if isinstance(error, ConfigError):
        body["problems"] = problems(error)
    return Response(orjson.dumps(body), status, getattr(error, "headers", None), "application/json")


def problems(error: ConfigError) -> list[dict[str, Any]]:
    """What is wrong with a job's settings, each with its path."""
    return [_problem(one) for one in error.problems[:_MOST_PROBLEMS]]


def _problem(one: Wrong) -> dict[str, Any]:
    value = None if one.value is MISSING else _in_json(one.value)
    return {"path": _written(one.path), "value": value, "wanted": _written(one.wanted)}


def _in_json(value: object) -> object:
    """A value as JSON in UTF-8 can have it: there are integers, and halves of characters, that it cannot."""
    if isinstance(value, str):
        return _written(value)
    is_told = isinstance(value, float | bool) or (isinstance(value, int) and -(1 << 63) <= value < 1 << 64)
    return value if is_told else _written(repr(value)[:200])


def _written(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _told(scope: Scope, error: Exception) -> tuple[int, str]:
    if isinstance(error, RequestValidationError):
        parts = (f"{'.'.join(str(step) for step in one['loc'][1:]) or 'body'}: {one['msg']}" for one in error.errors())
        return 422, "; ".join(parts)
    if isinstance(error, HTTPException):
        return error.status_code, f"{scope['method']} {scope['path']}: {error.detail}"
    status = status_of(error)
    return status, str(error) if status < 500 else "the server failed"
