"""Elasticsearch's machine-learning API, as its clients speak it."""

from starlette.routing import BaseRoute

from barograph.api.elastic import cluster, data, jobs, life, results
from barograph.api.elastic.endpoint import Endpoint, route
from barograph.api.elastic.errors import render
from barograph.api.server import Server

__all__ = ["render", "routes"]

_ENDPOINTS: tuple[Endpoint, ...] = (*cluster.ENDPOINTS, *jobs.ENDPOINTS, *life.ENDPOINTS, *data.ENDPOINTS, *results.ENDPOINTS)


def routes(server: Server) -> list[BaseRoute]:
    """The routes of all endpoints; where two match a path, the one with more fixed parts is asked first."""
    ordered = sorted(_ENDPOINTS, key=lambda endpoint: endpoint.order)
    return [route(endpoint, server) for endpoint in ordered]
