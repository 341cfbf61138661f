"""How a call of Elasticsearch's API becomes a function call: path, query and body in, a document out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from barograph.api.auth import require
from barograph.api.body import body_of
from barograph.api.elastic.answers import Answer, accepted, respond, warning
from barograph.api.elastic.parameters import COMMON, check_query, check_type, parsed_body
from barograph.api.elastic.result_names import plain
from barograph.api.server import Server
from barograph.jobs.keys import Role

ANY: Final = None
"""Of `Endpoint.fields`: any object, whose fields the endpoint checks itself."""


@dataclass
class Call:
    """One call.

    Attributes:
        server: who answers.
        path: the variable parts of the path, by name.
        query: the parameters of the URL.
        body: the document, None when there is none; raw bytes where the endpoint takes those.
        warnings: what the caller is to be warned of; sent with errors too.
        agent: what the caller calls itself (`User-Agent`).
        accept: the media type that the caller would like best, without parameters.
    """

    server: Server
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    warnings: list[str] = field(default_factory=list)
    agent: str = ""
    accept: str = ""

    def warn(self, text: str) -> None:
        """Warn the caller, once."""
        if warning(text) not in self.warnings:
            self.warnings.append(warning(text))


Handler = Callable[[Call], "Answer | Mapping[str, Any] | list[Any]"]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.

    Attributes:
        methods: HTTP methods, separated by blanks.
        path: with variable parts in braces.
        handler: answers it, in a thread.
        query: its parameters, separated by blanks.
        fields: fields of its body, separated by blanks; `ANY` leaves that to the handler.
        object_name: what Elasticsearch calls its body in messages.
        role: what a key must be allowed.
        in_worker: it changes the job of the path, so it takes its turn in the job's worker.
        raw: the handler takes the bytes of the body.
        body_needed: a call without a body is refused.
        warning: what every caller is warned of, also one that is refused.
    """

    methods: str
    path: str
    handler: Handler
    query: str = ""
    fields: str | None = ""
    object_name: str = "request"
    role: Role = "read"
    in_worker: bool = False
    raw: bool = False
    body_needed: bool = False
    warning: str | None = None

    @property
    def order(self) -> tuple[tuple[bool, ...], str]:
        """Sorts paths with fixed parts before those that have a variable one in the same place."""
        return tuple(part.startswith("{") for part in self.path.split("/")), self.path


def route(endpoint: Endpoint, server: Server) -> BaseRoute:
    """The route of an endpoint."""
    allowed = frozenset({*endpoint.query.split(), *COMMON})

    async def answer(request: Request) -> Response:
        request.state.route, request.state.warnings = endpoint.path, []
        path = {name: plain(value) if name == "index" else value for name, value in request.path_params.items()}
        agent, accept = request.headers.get("user-agent", ""), accepted(request)
        call = Call(server, path, request.query_params, warnings=request.state.warnings, agent=agent, accept=accept)
        require(request.scope, endpoint.role)
        if endpoint.warning is not None:
            call.warn(endpoint.warning)
        check_query(request, allowed)
        async with body_of(request, server) as body:
            if endpoint.raw and body and "content-type" in request.headers:
                check_type(request)
            call.body = body if endpoint.raw else parsed_body(request, body, endpoint)
            del body
            if endpoint.in_worker:
                return await server.in_worker(call.path["job_id"], lambda: answered(request, call))
            return await run_in_threadpool(answered, request, call)

    def answered(request: Request, call: Call) -> Response:
        """The response of the endpoint, also written in a thread: a large one would hold up all others."""
        return respond(request, endpoint.handler(call), call.warnings)

    return _Route(endpoint.path, answer, methods=endpoint.methods.split())


class _Route(Route):
    """A route whose path may end with slashes, too."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """How a request matches. A slash that is part of an id comes encoded."""
        raw = scope.get("raw_path", b"")
        slashes = len(raw) - len(raw.rstrip(b"/"))
        if slashes:
            scope = {**scope, "path": scope["path"][:-slashes] or "/"}
        return super().matches(scope)
