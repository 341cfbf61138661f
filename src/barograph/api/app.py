"""The application: the page and every dialect's routes on one server, behind one gate."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from barograph.api import elastic, engine, health, opensearch, v1
from barograph.api.auth import Authentication, SameOrigin
from barograph.api.gate import Gate
from barograph.api.server import Server
from barograph.web import pages


def build(server: Server) -> FastAPI:
    """The application of a server. It is ready once the jobs that were left open are open again, and closes the server."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        opening = asyncio.get_running_loop().run_in_executor(None, server.reopen)
        yield
        await opening
        await asyncio.get_running_loop().run_in_executor(None, server.close)

    app = FastAPI(
        title="Barograph",
        lifespan=life,
        version=version("barograph"),
        openapi_url=f"{v1.PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=_middleware(server),
    )
    app.state.server = server
    app.include_router(v1.router(server))
    dialects = [*engine.routes(server), *opensearch.routes(server), *elastic.routes(server)]
    app.router.routes.extend([*health.routes(server), *pages.routes(), *dialects])
    for kind in (HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _told)
    return app


def _middleware(server: Server) -> list[Middleware]:
    """What every request passes, from the outside in."""
    around = [Middleware(Gate, metrics=server.metrics, render=_render), Middleware(SameOrigin)]
    if server.config.demands_auth:
        around.append(Middleware(Authentication, keys=server.service.keys, is_open=pages.is_open))
    return [*around, Middleware(GZipMiddleware, minimum_size=2048, compresslevel=1)]


def _render(scope: Scope, error: Exception) -> Response:
    """The answer to a request that failed, in the words of the dialect that its path belongs to."""
    for prefix, render in ((v1.PREFIX, v1.render), (engine.PREFIX, engine.render)):
        if f"{scope['path']}/".startswith(f"{prefix}/"):
            return render(scope, error)
    return elastic.render(scope, error)


async def _told(request: Request, error: Exception) -> Response:
    return _render(request.scope, error)
