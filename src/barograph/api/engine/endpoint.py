"""How a call of the Engine API becomes a function call: path, parameters and body in, an answer out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from barograph.api.auth import require
from barograph.api.body import body_of
from barograph.api.engine.answers import Answer, respond
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.state import State
from barograph.api.server import Server
from barograph.jobs.keys import Role

PREFIX: Final = "/engine/v2"
"""Where the API begins."""


@dataclass
class Call:
    """One call.

    Attributes:
        state: what the dialect keeps.
        path: the variable parts of the path, by name.
        query: the parameters of the URL.
        url: the URL, without parameters.
        base: the URL of the API.
        role: what the caller's key allows.
        body: the document of the body, or its bytes; None when there is none.
    """

    state: State
    path: Mapping[str, str]
    query: QueryParams
    url: str
    base: str
    require: Callable[[Role], None]
    body: Any = None

    @property
    def server(self) -> Server:
        """Who answers."""
        return self.state.server

    @property
    def job_id(self) -> str:
        """The job of the path."""
        return self.path["job_id"]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.

    Attributes:
        method: the HTTP method.
        path: below the API's own, with variable parts in braces.
        handler: answers it, in a thread; it gets the document of a body.
        streamed: answers it instead, on the event loop; it reads the body itself, as it comes.
        role: what a key must be allowed.
        in_worker: it changes the job of the path, so it takes its turn in the job's worker.
        parse_code: the error of a body that is no JSON object; None: no body is wanted.
    """

    method: str
    path: str
    handler: Callable[[Call], Answer] | None = None
    streamed: Callable[[Call, Request], Awaitable[Answer]] | None = None
    role: Role = "read"
    in_worker: bool = False
    parse_code: Code | None = None

    @property
    def order(self) -> tuple[tuple[bool, ...], str]:
        """Sorts paths with fixed parts before those that have a variable one in the same place."""
        return tuple(part.startswith("{") for part in self.path.split("/")), self.path

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return " ".join(((self.handler or self.streamed).__doc__ or "").split())


def route(endpoint: Endpoint, state: State) -> BaseRoute:
    """The route of an endpoint."""
    path = f"{PREFIX}{endpoint.path}"

    async def answer(request: Request) -> Response:
        request.state.route = path
        call = _call(request, state)
        call.require(endpoint.role)
        if endpoint.streamed is not None:
            return respond(await endpoint.streamed(call, request))
        if endpoint.parse_code is None:
            return respond(await _handled(endpoint, call))
        async with body_of(request, state.server, any_encoding=True) as body:
            call.body = _document(body, endpoint.parse_code)
            return respond(await _handled(endpoint, call))

    return Route(path, answer, methods=[endpoint.method])


def _call(request: Request, state: State) -> Call:
    base = f"{str(request.base_url).rstrip('/')}{PREFIX}"
    url = str(request.url.replace(query=None, fragment=None))
    return Call(state, request.path_params, request.query_params, url, base, lambda role: require(request.scope, role))


async def _handled(endpoint: Endpoint, call: Call) -> Answer:
    handler = endpoint.handler
    assert handler is not None, "an endpoint has one of the two"
    if endpoint.in_worker:
        return await call.server.in_worker(call.job_id, lambda: handler(call))
    return await run_in_threadpool(handler, call)


def _document(body: bytes, code: Code) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise EngineError(code, f"body, line {error.lineno}, column {error.colno}: wanted JSON ({error.msg})") from None
