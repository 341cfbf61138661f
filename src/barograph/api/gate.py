"""What every request passes: its id, its log line, its metrics, and an answer to whatever goes wrong."""

import re
import time
import uuid
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from barograph.api.errors import Render, status_of
from barograph.api.metrics import Metrics

_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_ECHOED: Final = ("x-opaque-id",)


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, render: Render) -> None:
        self._app = app
        self._metrics = metrics
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and see to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, send)
        with structlog.contextvars.bound_contextvars(request_id=request.id):
            try:
                await self._app(scope, receive, request.send)
            except Exception as error:
                await self._failed(request, error, receive)
            finally:
                self._note(request)

    async def _failed(self, request: "_Request", error: Exception, receive: Receive) -> None:
        if status_of(error) >= 500:
            structlog.get_logger().error("request.failed", path=request.scope["path"], exc_info=error)
        if request.status is not None:
            raise error  # the answer has begun: all that is left is to break the connection
        await self._render(request.scope, error)(request.scope, receive, request.send)

    def _note(self, request: "_Request") -> None:
        seconds = time.perf_counter() - request.began
        scope, status = request.scope, request.status or 499  # 499: the client had gone
        route = scope["state"].get("route", "none")  # never the path itself: labels must be few
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        structlog.get_logger().info(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=round(seconds * 1000, 1),
            key=scope["state"].get("key_name"),
        )


class _Request:
    """One request on its way."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.began = time.perf_counter()
        self.status: int | None = None
        self._send = send
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        self.id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        self._echoed = {name: headers[name] for name in _ECHOED if _ID.fullmatch(headers.get(name, ""))}
        scope.setdefault("state", {})["request_id"] = self.id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.id
            headers["X-Elastic-Product"] = "Elasticsearch"  # its clients refuse whoever does not say so
            for name, value in self._echoed.items():
                headers[name] = value
        await self._send(message)
