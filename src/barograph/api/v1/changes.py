"""What changes a job's models or results, or asks what another setting would have led to."""

from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.parameters import JobId, entity_of
from barograph.config.rule_text import parse_rule
from barograph.engine.exclusions import Exclusion
from barograph.jobs.service import AlertSettings, Replayed

_Entity = Annotated[list[str], Field(max_length=20, description="FIELD=VALUE")]
_RuleText = Annotated[str, Field(max_length=2000, description="a rule as of docs/replay.md, such as `change < 20 %`")]
_MOST_RULES: Final = 50
_Time = Annotated[int, Field(ge=-62_135_596_800_000, le=253_402_300_799_999, description="epoch ms")]


class SettingsAsked(BaseModel):
    """What would be worth an alert: records that one of the `rules` matches are not."""

    min_score: float = Field(default=50.0, ge=0, le=100)
    min_change: float = Field(default=0.0, ge=0, le=1e9)
    days: float = Field(default=30.0, gt=0, le=36_500)
    entity: _Entity = []
    rules: list[_RuleText] = Field(default=[], max_length=_MOST_RULES)


class Silenced(BaseModel):
    """What one rule would have silenced by itself."""

    rule: str
    records: int
    alerts: int
    highest: float | None


class Alerts(BaseModel):
    """The alerts that there would have been; `by_score` says how many there would be from other scores on.

    `without_rules` is how many there are when no rule holds, and `silenced` what each rule takes away; `unseen` are the values
    that rules and entity name and no series has.
    """

    start: int
    end: int
    alerts: list[dict[str, Any]]
    by_score: list[list[float]]
    without_rules: int
    silenced: list[Silenced]
    unseen: list[str]


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
        zone = ZoneInfo(service.job(job_id).time_zone)
        rules = tuple(parse_rule(text, zone) for text in asked.rules)
        settings = AlertSettings(asked.min_score, asked.min_change, entity_of(asked.entity), asked.days, rules)
        found = service.what_if(job_id, settings)
        return answer(
            request,
            {
                "start": found.start_ms,
                "end": found.end_ms,
                "alerts": rows(found.alerts),
                "by_score": list(found.steps.items()),
                "without_rules": found.without_rules,
                "silenced": [
                    {
                        "rule": str(one.rule),
                        "records": one.records.height,
                        "alerts": one.alerts,
                        "highest": one.records["record_score"].max(),
                    }
                    for one in found.silenced
                ],
                "unseen": list(found.unseen),
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
