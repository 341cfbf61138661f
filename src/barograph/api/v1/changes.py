"""What changes a job's models or results, or asks what another setting would have led to."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.parameters import JobId, entity_of
from barograph.engine.exclusions import Exclusion
from barograph.jobs.service import AlertSettings, Replayed

_Entity = Annotated[list[str], Field(max_length=20, description="FIELD=VALUE")]
_Time = Annotated[int, Field(ge=-62_135_596_800_000, le=253_402_300_799_999, description="epoch ms")]


class SettingsAsked(BaseModel):
    """What would be worth an alert."""

    min_score: float = Field(default=50.0, ge=0, le=100)
    min_change: float = Field(default=0.0, ge=0, le=1e9)
    days: float = Field(default=30.0, gt=0, le=36_500)
    entity: _Entity = []


class Alerts(BaseModel):
    """The alerts that there would have been; `by_score` says how many there would be from other scores on."""

    start: int
    end: int
    alerts: list[dict[str, Any]]
    by_score: list[list[float]]


class SpanAsked(BaseModel):
    """A span `[start, end)` of a job, or of those of its series with these values."""

    start: _Time
    end: _Time
    entity: _Entity = []


class Made(BaseModel):
    """A replay that is over."""

    buckets: int
    values: int
    records: int
    records_before: int
    seconds: float


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["changes"]), server.service

    @routes.post("/jobs/{job_id}/what-if", response_model=Alerts, tags=["reads"])
    def ask_what_if(request: Request, job_id: JobId, asked: SettingsAsked) -> Response:
        """Tell which alerts there would have been under other settings."""
        settings = AlertSettings(asked.min_score, asked.min_change, entity_of(asked.entity), asked.days)
        found = service.what_if(job_id, settings)
        return answer(
            request,
            {
                "start": found.start_ms,
                "end": found.end_ms,
                "alerts": rows(found.alerts),
                "by_score": list(found.steps.items()),
            },
        )

    @routes.post("/jobs/{job_id}/replay", response_model=Made)
    async def replay(request: Request, job_id: JobId) -> Response:
        """Make models and results anew from the kept bucket values; the job must be closed."""
        return answer(request, _made(await server.in_worker(job_id, lambda: service.replay(job_id))))

    @routes.post("/jobs/{job_id}/forget", response_model=Made)
    async def forget(request: Request, job_id: JobId, asked: SpanAsked) -> Response:
        """Give a job the models that never saw a span; it must be closed."""
        span = Exclusion(asked.start, asked.end, entity_of(asked.entity))
        return answer(request, _made(await server.in_worker(job_id, lambda: service.forget(job_id, span))))

    @routes.post("/jobs/{job_id}/remember", response_model=Made)
    async def remember(request: Request, job_id: JobId, asked: SpanAsked) -> Response:
        """Undo `forget`."""
        span = Exclusion(asked.start, asked.end, entity_of(asked.entity))
        return answer(request, _made(await server.in_worker(job_id, lambda: service.remember(job_id, span))))

    return routes


def _made(replayed: Replayed) -> dict[str, Any]:
    return {name: getattr(replayed, name) for name in Made.model_fields}
