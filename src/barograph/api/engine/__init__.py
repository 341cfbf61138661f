"""The Prelert Engine API, version 2, as its clients speak it."""

from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from barograph.api.engine import alerts, data, info, jobs, life, logs, preview, results, schedulers, snapshots, support, updates
from barograph.api.engine.endpoint import PREFIX, Endpoint, route
from barograph.api.engine.errors import render
from barograph.api.engine.idle import IdleJobs
from barograph.api.engine.scheduler_config import with_sealed_password
from barograph.api.engine.scheduler_feed import own_feed
from barograph.api.engine.state import State
from barograph.api.server import Server

__all__ = ["ENDPOINTS", "PREFIX", "render", "routes"]

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *info.ENDPOINTS,
    *jobs.ENDPOINTS,
    *data.ENDPOINTS,
    *life.ENDPOINTS,
    *results.ENDPOINTS,
    *alerts.ENDPOINTS,
    *preview.ENDPOINTS,
    *schedulers.ENDPOINTS,
    *updates.ENDPOINTS,
    *snapshots.ENDPOINTS,
    *logs.ENDPOINTS,
    *support.ENDPOINTS,
)
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def routes(server: Server) -> list[BaseRoute]:
    """The routes of all endpoints, and one for all other paths below the API's own, so that no other dialect answers them."""
    state = State(server)
    state.rewrite(partial(with_sealed_password, state.vault))
    idle = IdleJobs(state)
    state.used = idle.used
    server.beside.append(idle)
    server.own_feed = partial(own_feed, state)
    ordered = sorted(ENDPOINTS, key=lambda endpoint: endpoint.order)
    rest = [Route(path, _nothing, methods=list(_METHODS)) for path in (PREFIX, f"{PREFIX}/{{rest:path}}")]
    return [*(route(endpoint, state) for endpoint in ordered), *rest]


async def _nothing(request: Request) -> Response:
    request.state.route = f"{PREFIX}/{{rest}}"
    raise HTTPException(404)
