"""Swim lanes, and what they can be of."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import By, Expressions, Filter, From, Interim, MinScore, SelectedFrom, SelectedTo, To, selected
from barograph.config.errors import BadRequest
from barograph.jobs.service import Asked, LanesQuery, Service
from barograph.jobs.views.scope import OVERALL


class Lane(BaseModel):
    """One lane."""

    value: str
    max: float


class SwimLanes(BaseModel):
    """Lanes; a cell is `[lane, column, score, flags]`: 1 is interim, 2 several buckets together, 4 news, 8 planned.

    `kind` says what the scores are of: `overall`, `bucket`, `influencer` or `record`.
    """

    start: int
    end: int
    step: int
    by: str
    kind: str
    total: int
    lanes: list[Lane]
    cells: list[list[int | float]]


class Field(BaseModel):
    """A field, and whether its values can be blamed."""

    name: str
    influencer: bool


class Fields(BaseModel):
    """What jobs can be looked at by; `default` shows most at first."""

    default: str
    fields: list[Field]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["results"]), server.service

    @routes.get("/lanes", response_model=SwimLanes)
    def get_lanes(
        request: Request,
        job: Expressions = None,
        from_: From = None,
        to: To = None,
        width: Annotated[int, Query(ge=1, le=2000, description="columns at most")] = 100,
        by: By = OVERALL,
        page: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        rows: Annotated[int, Query(ge=1, le=1000, description="lanes on a page")] = 20,
        q: Filter = "",
        name: Annotated[str, Query(max_length=500, description="text in the names of lanes")] = "",
        min_: MinScore = 0.0,
        interim: Interim = True,
        sel_from: SelectedFrom = None,
        sel_to: SelectedTo = None,
    ) -> Response:
        """Tell how odd several things were over time, in columns; first comes what was oddest in all of it, or in `sel_*`."""
        expressions = job or ["_all"]
        start, end = _range(service, expressions, from_, to)
        asked = Asked(expressions, q, by)
        lanes = service.lanes(
            LanesQuery(asked, start, end, width, page * rows, rows, name, min_, not interim, selected(sel_from, sel_to))
        )
        return answer(
            request,
            {
                "start": lanes.start_ms,
                "end": lanes.end_ms,
                "step": lanes.step_ms,
                "by": by,
                "kind": lanes.kind,
                "total": lanes.total,
                "lanes": [{"value": value, "max": score} for value, score in lanes.lanes],
                "cells": lanes.cells,
            },
        )

    @routes.get("/fields", response_model=Fields)
    def get_fields(request: Request, job: Expressions = None) -> Response:
        """Tell what jobs can be looked at by, and filtered by."""
        found = service.fields(job or ["_all"])
        named = [{"name": name, "influencer": influencer} for name, influencer in found.names.items()]
        return answer(request, {"default": found.default, "fields": named})

    return routes


def _range(service: Service, expressions: list[str], start: int | None, end: int | None) -> tuple[int, int]:
    """The time that was asked for; where it was not, that of the jobs' rows."""
    if start is not None and end is not None:
        return start, end
    counts = [summary.counts for summary in service.jobs(expressions) if summary.counts is not None]
    firsts = [one.earliest_record_timestamp for one in counts if one.earliest_record_timestamp is not None]
    lasts = [one.latest_record_timestamp + 1 for one in counts if one.latest_record_timestamp is not None]
    if not firsts or not lasts:
        raise BadRequest("from, to: wanted both, as no job that is meant has rows yet")
    return min(firsts) if start is None else start, max(lasts) if end is None else end
