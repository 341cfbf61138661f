"""What the forests of a forest detector have found, and how far they are."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.parameters import Cursor, Entity, From, JobId, Size, To, cursor_after, entity_of, offset_of
from barograph.api.v1.results import Direction, Page, Sort, Whole
from barograph.jobs.service import Query as Asked
from barograph.jobs.service import TopQuery

_LAST_MS = 2**62


class Forests(BaseModel):
    """The features, in the order of all lists of results, and the forests, by entity in the order of appearance.

    `entity` has the values of the category fields by field, `needed` is how many more points it takes to the first score, and
    `progress` how far that is, 0 to 1.
    """

    features: list[dict[str, Any]]
    forests: list[dict[str, Any]]


MinGrade = Annotated[float, Query(alias="min", ge=0, le=1, description="lowest grade")]
Anomalies = Annotated[bool, Query(description="only anomalies: grades above 0")]
Fields = Annotated[list[str] | None, Query(alias="by", max_length=2, description="category fields; all without one")]
TopSize = Annotated[int, Query(ge=1, le=1_000, description="entities at most")]
OrderBy = Annotated[Literal["severity", "occurrence"], Query(description="the highest grade, or how many anomalies")]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["forests"]), server.service

    @routes.get("/jobs/{job_id}/forests", response_model=Forests)
    def get_forests(request: Request, job_id: JobId) -> Response:
        """Tell of the forests of a forest detector."""
        models = service.forest_models(job_id)
        settings = service.job(job_id).forest_config
        told = [
            {
                "entity": dict(one.entity),
                "model_id": one.model_id,
                "points": one.points,
                "needed": one.needed,
                "progress": one.progress,
                "bytes": one.bytes,
            }
            for one in models
        ]
        features = [] if settings is None else [feature.model_dump() for feature in settings.features]
        return answer(request, {"features": features, "forests": told})

    @routes.get("/jobs/{job_id}/forests/results", response_model=Page)
    def get_forest_results(
        request: Request,
        job_id: JobId,
        from_: From = None,
        to: To = None,
        min_: MinGrade = 0.0,
        anomalies: Anomalies = False,
        entity: Entity = None,
        sort: Sort = None,
        direction: Direction = None,
        size: Size = 100,
        cursor: Cursor = None,
    ) -> Response:
        """Tell what forests have found of each entity and bucket, a page at a time, also of buckets that are still open."""
        offset, down = offset_of(cursor), None if direction is None else direction == "desc"
        asked = Asked(from_, to, min_, sort, down, offset, size, exclude_interim=False, entity=entity_of(entity))
        page = service.forest_results(job_id, asked, anomalies_only=anomalies)
        following = cursor_after(offset, page.rows.height, page.total)
        return answer(request, {"total": page.total, "next": following, "rows": rows(page.rows)})

    @routes.get("/jobs/{job_id}/forests/top", response_model=Whole)
    def get_top_entities(
        request: Request,
        job_id: JobId,
        from_: From = None,
        to: To = None,
        by: Fields = None,
        order: OrderBy = "severity",
        size: TopSize = 10,
    ) -> Response:
        """Tell which entities have the worst anomalies, or the most."""
        start, end = -_LAST_MS if from_ is None else from_, _LAST_MS if to is None else to
        top = service.forest_top(job_id, TopQuery(start, end, tuple(by or ()), order, size))
        return answer(request, {"total": top.height, "rows": rows(top)})

    return routes
