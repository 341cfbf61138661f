"""Answers: JSON as fast as it can be made, which a client need not fetch again while it is the same."""

import hashlib
import time
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
import polars as pl
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from barograph.api.auth import require
from barograph.api.body import body_of
from barograph.jobs.keys import Role


class BoundedRoute(APIRoute):
    """A route whose document is read as every other body is: bounded, also unpacked, and given up when it does not go on."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with that before it; a body that no parameter takes is the handler's own to read."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def handle(request: Request) -> Response:
            async with body_of(request, request.app.state.server) as body:
                return await handler(_with_body(request, body))

        return handle


def _with_body(request: Request, body: bytes) -> Request:
    """A request whose body has been read."""
    pieces = [body]

    async def receive() -> Message:
        return {"type": "http.request", "body": pieces.pop(), "more_body": False} if pieces else await request.receive()

    return Request(request.scope, receive)


class ServedRoute(BoundedRoute):
    """A route that notes its path for the metrics, asks for the role that it needs, and says how long it took."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with that around it."""
        handler = super().get_route_handler()
        role: Role = "read" if (self.methods or set()) <= {"GET", "HEAD"} or "reads" in self.tags else "write"

        async def handle(request: Request) -> Response:
            request.state.route, began = self.path, time.perf_counter()
            require(request.scope, role)
            response = await handler(request)
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                response.headers["Server-Timing"] = f"app;dur={(time.perf_counter() - began) * 1000:.1f}"
            return response

        return handle


def answer(request: Request, document: Any) -> Response:
    """A document; only its ETag where the client has it already."""
    body = orjson.dumps(document)
    tag = f'W/"{hashlib.sha1(body, usedforsecurity=False).hexdigest()[:20]}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, headers={"ETag": tag, "Cache-Control": "no-cache"}, media_type="application/json")


def rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """A table as objects."""
    return frame.to_dicts()
