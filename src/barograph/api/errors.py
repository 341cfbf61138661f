"""Which HTTP status an error is, and which dialect tells it. The shape of an error is the dialect's own."""

from collections.abc import Callable
from typing import Final

from starlette.responses import Response
from starlette.types import Scope

from barograph.config.errors import (
    BadRequest,
    BarographError,
    Conflict,
    NotFound,
    OtherVersion,
    StorageFailure,
    UnreadableInput,
)
from barograph.jobs.drafts.uploads import TooLarge
from barograph.jobs.workers import Overloaded

Render = Callable[[Scope, Exception], Response]
"""The answer to a request that failed."""


class HttpProblem(Exception):
    """What is wrong with a request as HTTP, whatever it asks for: its body, its media type, its key."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = headers or {}
        super().__init__(message)


_STATUS: Final[tuple[tuple[type[BarographError], int], ...]] = (
    (NotFound, 404),
    (Overloaded, 429),
    (Conflict, 409),
    (TooLarge, 413),
    (BadRequest, 400),
    (UnreadableInput, 400),
    (OtherVersion, 409),
    (StorageFailure, 500),
)


def status_of(error: Exception) -> int:
    """The status that tells a client what to do next."""
    if isinstance(error, HttpProblem):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
