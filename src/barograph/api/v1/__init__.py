"""`/api/v1`: what the page uses, and whoever wants results without a dialect: half-open times, exact totals, cursors."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from barograph.api.server import Server
from barograph.api.v1 import (
    alerts,
    blamed,
    calendars,
    categories,
    changes,
    datafeeds,
    events,
    features,
    feeding,
    filters,
    forecasts,
    forests,
    jobs,
    lanes,
    life,
    models,
    notes,
    overview,
    planned,
    records,
    results,
    rules,
    scales,
    scatter,
    series,
    series_choices,
    session,
    settings,
    snapshots,
    uploads,
)
from barograph.api.v1.answers import ServedRoute
from barograph.api.v1.errors import REFUSED, render

__all__ = ["PREFIX", "render", "router"]

PREFIX = "/api/v1"


def router(server: Server) -> APIRouter:
    """All of its routes."""
    whole = APIRouter(prefix=PREFIX, route_class=ServedRoute, responses=REFUSED)
    for part in (
        jobs,
        life,
        feeding,
        uploads,
        snapshots,
        datafeeds,
        calendars,
        planned,
        filters,
        overview,
        alerts,
        rules,
        lanes,
        records,
        blamed,
        results,
        categories,
        forests,
        scatter,
        features,
        series_choices,
        series,
        forecasts,
        models,
        notes,
        changes,
        events,
        session,
    ):
        whole.include_router(part.router(server))
    whole.include_router(settings.router())
    whole.include_router(scales.router())
    for route in whole.routes:
        if isinstance(route, APIRoute):
            route.operation_id = route.name
    return whole
