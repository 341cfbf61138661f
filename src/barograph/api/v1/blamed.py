"""Who is to blame over several jobs, and what was noted meanwhile."""

from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import (
    By,
    Expressions,
    Filter,
    From,
    Interim,
    LaneNames,
    MinScore,
    SelectedFrom,
    SelectedTo,
    To,
    selected,
)
from barograph.config.splits import SPLITS
from barograph.jobs.knowledge.notes import Note
from barograph.jobs.service import Asked, BlamedAsked, Service
from barograph.jobs.service import Query as Page
from barograph.jobs.views.scope import OVERALL


class Blamed(BaseModel):
    """An entity: the highest of its scores and their sum, in what is selected and in the rest of the range."""

    value: str
    max: float
    sum: float
    rest_max: float
    rest_sum: float


class BlamedField(BaseModel):
    """A field, and those of its `total` values with the highest scores."""

    field: str
    total: int
    values: list[Blamed]


class AllBlamed(BaseModel):
    """Fields, those with the highest scores first."""

    total: int
    fields: list[BlamedField]


class Noted(BaseModel):
    """Something noted of a job or of one of its series: a note of somebody's, or what changed and is the new normal."""

    job_id: str
    start: int
    end: int
    kind: str
    text: str
    entity: dict[str, str]
    note_id: str | None


class AllNoted(BaseModel):
    """What was noted, by start; of more than `size`, the first."""

    total: int
    annotations: list[Noted]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["results"]), server.service

    @routes.get("/influencers", response_model=AllBlamed)
    def get_influencers(
        request: Request,
        job: Expressions = None,
        from_: From = None,
        to: To = None,
        sel_from: SelectedFrom = None,
        sel_to: SelectedTo = None,
        q: Filter = "",
        by: By = OVERALL,
        lane: LaneNames = None,
        min_: MinScore = 0.0,
        interim: Interim = True,
        size: Annotated[int, Query(ge=1, le=1000, description="values of a field at most")] = 10,
        sort: Annotated[Literal["max", "sum"], Query(description="which values of a field come first")] = "max",
    ) -> Response:
        """Tell which entities were to blame in what is selected, and how they were in the rest of the range."""
        asked = Asked(job or ["_all"], q, by, tuple(lane or ()))
        found = service.blamed(BlamedAsked(asked, from_, to, selected(sel_from, sel_to), not interim, min_))
        fields = found.group_by("field").agg(pl.col("max").max()).sort("max", "field", descending=[True, False])["field"]
        ranked = found.sort(sort, descending=True, maintain_order=True)
        told = [_field(name, ranked.filter(pl.col("field") == name), size) for name in fields]
        return answer(request, {"total": found.height, "fields": told})

    @routes.get("/annotations", response_model=AllNoted)
    def get_annotations(
        request: Request,
        job: Expressions = None,
        from_: From = None,
        to: To = None,
        size: Annotated[int, Query(ge=0, le=10_000, description="at most")] = 1000,
    ) -> Response:
        """Tell what was noted of several jobs: by people, and of what is the new normal."""
        job_ids = [summary.job.job_id for summary in service.jobs(job or ["_all"])]
        noted = [one for job_id in job_ids for one in _noted(service, job_id, from_, to)]
        noted.sort(key=lambda one: (one["start"], one["job_id"], one["text"]))
        return answer(request, {"total": len(noted), "annotations": noted[:size]})

    return routes


def _field(name: str, found: pl.DataFrame, size: int) -> dict[str, Any]:
    return {"field": name, "total": found.height, "values": found.head(size).drop("field").to_dicts()}


def _noted(service: Service, job_id: str, start: int | None, end: int | None) -> list[dict[str, Any]]:
    """What was noted of a job."""
    changes = service.annotations(job_id, Page(start_ms=start, end_ms=end)).rows
    notes = [_of_note(note) for note in service.notes.of(job_id, start, end)]
    return notes + [_of_change(job_id, row) for row in changes.iter_rows(named=True)]


def _of_note(note: Note) -> dict[str, Any]:
    return {
        "job_id": note.job_id,
        "start": note.start_ms,
        "end": note.end_ms,
        "kind": "note",
        "text": note.text,
        "entity": note.entity,
        "note_id": note.note_id,
    }


def _of_change(job_id: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "start": row["timestamp"],
        "end": row["timestamp"] + row["bucket_span"] * 1000,
        "kind": row["kind"],
        "text": row["text"],
        "entity": {row[name]: row[value] for name, value in SPLITS if row[name] is not None and row[value] is not None},
        "note_id": None,
    }
