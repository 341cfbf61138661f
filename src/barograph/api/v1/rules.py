"""Rules of alerts: kept, muted, tried on the past; and the channels over which is told."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from barograph.alerts.service import UNTIL_UNMUTED, Alerts, Mute, ToldRule, Tried
from barograph.api.server import Server
from barograph.api.v1.alert_documents import Alert, Counts, told_row
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import Expressions
from barograph.config.alert_rule import AlertRule

RuleId = Annotated[str, Path(description="the rule's id", min_length=1, max_length=64)]
_Entity = Annotated[dict[str, str], Field(max_length=20)]
_MOST: Final = 1000
"""Alerts of a rule that is tried that are listed; how many more there are is told."""


class MuteAsked(BaseModel, extra="forbid"):
    """What to tell nobody of: the rule, or one entity of it; until a time (epoch ms), or until it is unmuted."""

    until: int | None = None
    entity: _Entity = {}


class UnmuteAsked(BaseModel, extra="forbid"):
    """What to tell of again."""

    entity: _Entity = {}


class TestAsked(BaseModel, extra="forbid"):
    """A rule to try, kept or not, and when: up to the newest result, and 30 days before that, unless given (epoch ms)."""

    rule: dict[str, Any]
    from_: int | None = Field(default=None, alias="from")
    to: int | None = None


class Muted(BaseModel):
    """An entity that nobody is told of; -1: until it is unmuted."""

    entity: dict[str, str]
    until: int


class KeptAlertRule(BaseModel):
    """A rule with what has come of it."""

    rule_id: str
    description: str | None
    enabled: bool
    jobs: list[str]
    on: str
    min_score: float
    min_grade: float | None
    interim: bool
    lookback: str | None
    only_new: bool
    resolve_after: int
    group_by: str | None
    quiet_hours: list[dict[str, Any]]
    calendars: list[str]
    channels: list[str]
    budget: float | None
    muted_until: int | None
    mutes: list[Muted]
    job_ids: list[str]
    counts: Counts
    week: int
    over_budget: str | None
    modified_time: int


class AlertRules(BaseModel):
    """Rules by id."""

    total: int
    rules: list[KeptAlertRule]


class Step(BaseModel):
    """How many alerts a severity would have given."""

    min_score: float
    alerts: int


class TriedRule(BaseModel):
    """What a rule would have given; `told`: alerts that nothing would have held back."""

    from_: int = Field(alias="from")
    to: int
    total: int
    told: int
    per_week: float
    budget: float | None
    over_budget: str | None
    sentence: str
    by_score: list[Step]
    suggested: float | None
    jobs: int
    jobs_left_out: int
    alerts: list[Alert]
    left_out: int


class AlertChannel(BaseModel):
    """A channel, without its secrets."""

    channel_id: str
    kind: str
    to: str


class Channels(BaseModel):
    """The channels that the server's settings name, and its log."""

    channels: list[AlertChannel]


class TriedChannel(BaseModel):
    """Whether a sample got through, and what the receiver said, or why not."""

    ok: bool
    detail: str


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=ServedRoute, tags=["alerts"])
    _rule_routes(routes, server)
    _channel_routes(routes, server.alerts)
    return routes


def _rule_routes(routes: APIRouter, server: Server) -> None:
    alerts = server.alerts

    def one(request: Request, rule_id: str, status: int = 200) -> Response:
        response = answer(request, _told(alerts.told_rules([alerts.rules.get(rule_id)])[0]))
        response.status_code = status
        return response

    @routes.get("/rules", response_model=AlertRules)
    def list_rules(request: Request, job: Expressions = None) -> Response:
        """List the rules, all or those that are for a job."""
        told = alerts.told_rules()
        if job is not None:
            wanted = {summary.job.job_id for summary in server.service.jobs(job)}
            told = [rule for rule in told if wanted.intersection(rule.job_ids)]
        return answer(request, {"total": len(told), "rules": [_told(rule) for rule in told]})

    @routes.post("/rules", response_model=KeptAlertRule, status_code=201)
    def make_rule(request: Request, asked: dict[str, Any]) -> Response:
        """Make a rule; it judges what comes from now on."""
        rule = alerts.check(AlertRule.model_validate(asked))
        alerts.rules.create(rule)
        return one(request, rule.rule_id, 201)

    @routes.get("/rules/{rule_id}", response_model=KeptAlertRule)
    def get_rule(request: Request, rule_id: RuleId) -> Response:
        """Tell a rule."""
        return one(request, rule_id)

    @routes.put("/rules/{rule_id}", response_model=KeptAlertRule)
    def change_rule(request: Request, rule_id: RuleId, asked: dict[str, Any]) -> Response:
        """Change a rule."""
        alerts.rules.change(alerts.check(AlertRule.model_validate({**asked, "rule_id": rule_id})))
        return one(request, rule_id)

    @routes.delete("/rules/{rule_id}", status_code=204, response_model=None)
    def delete_rule(rule_id: RuleId) -> Response:
        """Remove a rule; nobody follows its alerts any more."""
        alerts.rules.delete(rule_id)
        return Response(status_code=204)

    @routes.post("/rules/{rule_id}/mute", response_model=KeptAlertRule)
    def mute_rule(request: Request, rule_id: RuleId, asked: MuteAsked) -> Response:
        """Tell nobody of a rule's alerts, or of those of one entity."""
        alerts.rules.mute(rule_id, Mute(asked.entity, UNTIL_UNMUTED if asked.until is None else asked.until))
        return one(request, rule_id)

    @routes.post("/rules/{rule_id}/unmute", response_model=KeptAlertRule)
    def unmute_rule(request: Request, rule_id: RuleId, asked: UnmuteAsked) -> Response:
        """Tell of them again."""
        alerts.rules.unmute(rule_id, asked.entity)
        return one(request, rule_id)

    @routes.post("/rules/test", response_model=TriedRule, tags=["reads"])
    async def try_rule(request: Request, asked: TestAsked) -> Response:
        """Tell which alerts a rule would have given; nothing is kept or sent."""
        rule = AlertRule.model_validate(asked.rule)
        tried = await run_in_threadpool(alerts.test, rule, (asked.from_, asked.to))
        return answer(request, _tried(server, tried))


def _channel_routes(routes: APIRouter, alerts: Alerts) -> None:
    @routes.get("/channels", response_model=Channels)
    def list_channels(request: Request) -> Response:
        """List the channels."""
        return answer(request, {"channels": alerts.told_channels()})

    @routes.post("/channels/{channel_id}/try", response_model=TriedChannel)
    async def try_channel(request: Request, channel_id: Annotated[str, Path(max_length=64)]) -> Response:
        """Send a sample over a channel."""
        ok, detail = await run_in_threadpool(alerts.try_channel, channel_id)
        return answer(request, {"ok": ok, "detail": detail})


def _told(told: ToldRule) -> dict[str, Any]:
    kept = told.kept
    whole = [mute.until for mute in kept.mutes if not mute.entity]
    return {
        **kept.rule.model_dump(mode="json"),
        "muted_until": whole[0] if whole else None,
        "mutes": [{"entity": mute.entity, "until": mute.until} for mute in kept.mutes if mute.entity],
        "job_ids": list(told.job_ids),
        "counts": told.counts,
        "week": told.week,
        "over_budget": told.over_budget,
        "modified_time": kept.modified_ms,
    }


def _tried(server: Server, tried: Tried) -> dict[str, Any]:
    return {
        "from": tried.start_ms,
        "to": tried.end_ms,
        "total": len(tried.alerts),
        "told": tried.told,
        "per_week": tried.per_week,
        "budget": tried.budget,
        "over_budget": tried.sentence if tried.is_over_budget else None,
        "sentence": tried.sentence,
        "by_score": [{"min_score": score, "alerts": number} for score, number in tried.by_score.items()],
        "suggested": tried.suggested,
        "jobs": tried.jobs,
        "jobs_left_out": tried.left_out,
        "alerts": [told_row(server.alerts.shown(row)) for row in tried.alerts[:_MOST]],
        "left_out": max(0, len(tried.alerts) - _MOST),
    }
