"""Which series there are to choose from: detectors, and the values of the fields that split them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.parameters import (
    ByValue,
    Cursor,
    DetectorIndex,
    From,
    JobId,
    OverValue,
    PartitionValue,
    To,
    cursor_after,
    offset_of,
)
from barograph.config.splits import SERIES_ROLES
from barograph.jobs.service import EntitiesQuery
from barograph.jobs.views.one_series import functions, refusal
from barograph.jobs.views.scatter import kind_of
from barograph.jobs.views.series import check_span
from barograph.results.words import measure


class Charted(BaseModel):
    """A detector: what it measures, by name and in words; the fields whose values tell its series apart, by role; why they
    cannot be charted as lines; and of what `/points` tells of it, if it does."""

    detector_index: int
    description: str
    functions: list[str]
    measures: list[str]
    fields: dict[str, str]
    refused: str | None
    points: Literal["population", "rare", "times", "places"] | None


class AllCharted(BaseModel):
    """The detectors of a job."""

    total: int
    detectors: list[Charted]


class EntityValue(BaseModel):
    """A value of a split field, and its highest record score; null: it has no record."""

    value: str
    score: float | None


class Entities(BaseModel):
    """Values of a split field; `next` is the cursor of the page behind."""

    total: int
    next: str | None
    values: list[EntityValue]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["series"]), server.service

    @routes.get("/jobs/{job_id}/detectors", response_model=AllCharted)
    def list_detectors(request: Request, job_id: JobId) -> Response:
        """Tell what a job measures, and of which of its detectors a series can be charted."""
        told = [
            {
                "detector_index": at,
                "description": detector.detector_description,
                "functions": functions(detector),
                "measures": [measure(name, detector.field_name) for name in functions(detector)],
                "fields": {role: detector.splits[role] for role in SERIES_ROLES if role in detector.splits},
                "refused": refusal(detector),
                "points": kind_of(detector),
            }
            for at, detector in enumerate(service.job(job_id).detectors)
        ]
        return answer(request, {"total": len(told), "detectors": told})

    @routes.get("/jobs/{job_id}/entities", response_model=Entities)
    def list_entities(
        request: Request,
        job_id: JobId,
        role: Literal["partition", "by", "over"],
        detector: DetectorIndex = 0,
        partition: PartitionValue = None,
        by: ByValue = None,
        over: OverValue = None,
        from_: From = None,
        to: To = None,
        q: Annotated[str, Query(max_length=1000, description="only values that contain this")] = "",
        sort: Literal["score", "name"] = "score",
        anomalous: Annotated[bool, Query(description="only values with a record")] = False,
        size: Annotated[int, Query(ge=0, le=10_000, description="values at most")] = 100,
        cursor: Cursor = None,
    ) -> Response:
        """List the values of a field that splits a detector, with the highest record score of each."""
        check_span(from_, to)
        offset, values = offset_of(cursor), {"partition": partition, "by": by, "over": over}
        others = tuple((name, value) for name, value in values.items() if value is not None and name != role)
        asked = EntitiesQuery(detector, role, others, from_, to, q, sort, anomalous, offset, size)
        found, total = service.entities(job_id, asked)
        following = cursor_after(offset, found.height, total)
        return answer(request, {"total": total, "next": following, "values": rows(found)})

    return routes
