"""What models believe of their series."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.parameters import Entity, JobId, entity_of


class Described(BaseModel):
    """What models believe, a row a series; `cut`: there are more, `readable`: this version has learned them."""

    cut: bool
    readable: bool
    known: dict[str, Any]
    rows: list[dict[str, Any]]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["models"]), server.service

    @routes.get("/jobs/{job_id}/models", response_model=Described)
    def get_models(
        request: Request, job_id: JobId, entity: Entity = None, size: Annotated[int, Query(ge=1, le=10_000)] = 20
    ) -> Response:
        """Tell what models believe of series; of many, of those that were the most anomalous lately."""
        found = service.describe(job_id, entity_of(entity), size)
        known = asdict(found.known)
        return answer(request, {"cut": found.cut, "readable": found.readable, "known": known, "rows": rows(found.rows)})

    return routes
