"""Elasticsearch's machine-learning API, as its clients speak it."""

from typing import Final

from starlette.routing import BaseRoute

from barograph.api.elastic import (
    calendars,
    cat,
    checks,
    cluster,
    data,
    datafeed_preview,
    datafeed_stats,
    datafeeds,
    events,
    filters,
    forecasts,
    index,
    info,
    jobs,
    life,
    nodes,
    results,
    snapshots,
    stats,
    tasks,
)
from barograph.api.elastic.endpoint import Endpoint, route
from barograph.api.elastic.errors import render
from barograph.api.elastic.index.results import Results
from barograph.api.server import Server

__all__ = ["ENDPOINTS", "render", "routes"]

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *cluster.ENDPOINTS,
    *jobs.ENDPOINTS,
    *life.ENDPOINTS,
    *data.ENDPOINTS,
    *results.ENDPOINTS,
    *stats.ENDPOINTS,
    *snapshots.ENDPOINTS,
    *forecasts.ENDPOINTS,
    *calendars.ENDPOINTS,
    *events.ENDPOINTS,
    *filters.ENDPOINTS,
    *checks.ENDPOINTS,
    *info.ENDPOINTS,
    *cat.ENDPOINTS,
    *tasks.ENDPOINTS,
    *nodes.ENDPOINTS,
    *index.ENDPOINTS,
    *datafeeds.ENDPOINTS,
    *datafeed_stats.ENDPOINTS,
    *datafeed_preview.ENDPOINTS,
)


def routes(server: Server) -> list[BaseRoute]:
    """The routes of all endpoints; where two match a path, the one with more fixed parts is asked first."""
    server.bring_results_up_to_date = Results(server.service, server.documents).bring_up_to_date
    ordered = sorted(ENDPOINTS, key=lambda endpoint: endpoint.order)
    return [route(endpoint, server) for endpoint in ordered]
