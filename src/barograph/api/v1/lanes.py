"""Swim lanes, and the entities that are to blame."""

from typing import Annotated

import polars as pl
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import Expressions, From, JobId, MinScore, To
from barograph.config.errors import BadRequest
from barograph.jobs.service import LanesQuery, Service
from barograph.jobs.service import Query as Asked


class Lane(BaseModel):
    """One lane."""

    value: str
    max: float


class SwimLanes(BaseModel):
    """Lanes; a cell is `[lane, column, score, flags]`, of which 1 is interim, 2 several buckets together, 4 an alert."""

    start: int
    end: int
    step: int
    by: str
    kind: str
    total: int
    lanes: list[Lane]
    cells: list[list[int | float]]


class Blamed(BaseModel):
    """An entity, with the highest of its scores and their sum."""

    influencer_field_name: str
    influencer_field_value: str
    max: float
    sum: float


class AllBlamed(BaseModel):
    """Entities, those with the highest scores first."""

    total: int
    influencers: list[Blamed]


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
        by: Annotated[
            str, Query(max_length=500, description="overall, job, or a field whose values are the lanes")
        ] = "overall",
        page: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        rows: Annotated[int, Query(ge=1, le=1000, description="lanes on a page")] = 20,
        q: Annotated[str, Query(max_length=500, description="text in the names of lanes")] = "",
        min_: MinScore = 0.0,
    ) -> Response:
        """Tell how odd several things were over time, in columns."""
        expressions = job or ["_all"]
        start, end = _range(service, expressions, from_, to)
        lanes = service.lanes(LanesQuery(expressions, start, end, width, by, page * rows, rows, q, min_))
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

    @routes.get("/jobs/{job_id}/influencers", response_model=AllBlamed)
    def get_influencers(
        request: Request,
        job_id: JobId,
        from_: From = None,
        to: To = None,
        min_: MinScore = 0.0,
        size: Annotated[int, Query(ge=0, le=1000, description="entities at most")] = 100,
    ) -> Response:
        """Tell which entities were to blame."""
        asked = Asked(start_ms=from_, end_ms=to, min_score=min_, exclude_interim=False)
        found = service.influencers(job_id, asked).rows
        names = ["influencer_field_name", "influencer_field_value"]
        score = pl.col("influencer_score")
        ranked = found.group_by(names).agg(max=score.max(), sum=score.sum())
        ranked = ranked.sort("max", "sum", *names, descending=[True, True, False, False])
        return answer(request, {"total": ranked.height, "influencers": ranked.head(size).to_dicts()})

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
