"""Alerts: listed, counted over time, acknowledged, and said to have been expected."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from barograph.alerts.service import STATUSES, AlertsQuery, OfRule
from barograph.api.auth import credentials, given_by
from barograph.api.server import Server
from barograph.api.v1.alert_documents import Alert, Counts, told
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import Cursor, Expressions, From, Size, To, cursor_after, offset_of

AlertId = Annotated[str, Path(description="the alert's id", min_length=1, max_length=400)]
_Rules = Annotated[list[str] | None, Query(alias="rule", max_length=100, description="ids of rules; all without one")]
_Status = Annotated[
    list[Literal["active", "recovered", "untracked"]] | None, Query(alias="status", description="any without one")
]


class Happened(BaseModel):
    """Something that happened to an alert; `by`: who did it, null where its rule did."""

    time: int
    what: str
    text: str
    by: str | None


class WholeAlert(Alert):
    """An alert with its history, oldest first."""

    history: list[Happened]


class FoundAlerts(BaseModel):
    """Alerts: those that go on first, then the newest; `next` is the cursor of the page behind it."""

    total: int
    counts: Counts
    next: str | None
    alerts: list[Alert]


class Acknowledgement(BaseModel):
    """That somebody knows."""

    note: str = Field(default="", max_length=1000)


class Expected(BaseModel):
    """That an alert was expected: the job forgets its time, or a calendar has it planned, one of the job's own unless named."""

    how: Literal["forget", "event"]
    calendar_id: str | None = Field(default=None, min_length=1, max_length=64)
    description: str = Field(default="", max_length=1000)


class AlertsOfRule(BaseModel):
    """The alerts of a rule in a time, and of its last one when it was raised, when it ended, and how long it was."""

    rule_id: str
    active: int
    recovered: int
    untracked: int
    total: int
    last_time: int
    last_end: int | None
    last_duration: int


class AlertHistogram(BaseModel):
    """Alerts over time: `[column, active, recovered, untracked]`, and the same of each job, its id first."""

    from_: int = Field(alias="from")
    to: int
    step: int
    counts: Counts
    columns: list[tuple[int, int, int, int]]
    cells: list[tuple[str, int, int, int, int]]
    rules: list[AlertsOfRule]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=ServedRoute, tags=["alerts"])
    _finding(routes, server)
    _answering(routes, server)
    return routes


def _finding(routes: APIRouter, server: Server) -> None:
    alerts = server.alerts

    def asked(job: list[str] | None, rule: list[str] | None, from_: int | None, to: int | None) -> AlertsQuery:
        ids = None if job is None else tuple(summary.job.job_id for summary in server.service.jobs(job))
        return AlertsQuery(ids, tuple(rule or ()), (), from_, to)

    @routes.get("/alerts", response_model=FoundAlerts)
    def list_alerts(
        request: Request,
        job: Expressions = None,
        rule: _Rules = None,
        status: _Status = None,
        from_: From = None,
        to: To = None,
        q: Annotated[str, Query(max_length=500, description="text in the title")] = "",
        size: Size = 50,
        cursor: Cursor = None,
    ) -> Response:
        """List alerts; those of a time are those whose bucket starts in it."""
        offset, base = offset_of(cursor), asked(job, rule, from_, to)
        query = AlertsQuery(base.job_ids, base.rule_ids, tuple(status or ()), from_, to, q, offset, size)
        counts, page = alerts.find(query)
        total = sum(counts[name] for name in status or STATUSES)
        following = cursor_after(offset, len(page), total)
        return answer(request, {"total": total, "counts": counts, "next": following, "alerts": [told(row) for row in page]})

    @routes.get("/alerts/histogram", response_model=AlertHistogram)
    def count_alerts(
        request: Request,
        step: Annotated[int, Query(ge=1, description="length of a column, ms")],
        job: Expressions = None,
        rule: _Rules = None,
        from_: From = None,
        to: To = None,
    ) -> Response:
        """Count alerts in columns of time: in all, by job, by rule."""
        found = alerts.histogram(asked(job, rule, from_, to), step)
        columns: dict[int, list[int]] = {}
        for _, column, *numbers in found.cells:
            columns[column] = [sum(pair) for pair in zip(columns.get(column, (0, 0, 0)), numbers, strict=True)]
        document = {
            "from": found.start_ms,
            "to": found.end_ms,
            "step": found.step_ms,
            "counts": {name: sum(rule.counts[name] for rule in found.rules) for name in STATUSES},
            "columns": [(column, *numbers) for column, numbers in sorted(columns.items())],
            "cells": found.cells,
            "rules": _of_rules(found.rules),
        }
        return answer(request, document)


def _answering(routes: APIRouter, server: Server) -> None:
    alerts = server.alerts

    def one(request: Request, alert_id: str) -> Response:
        alert, history = alerts.get(alert_id)
        happened = [{"time": event.time_ms, "what": event.what, "text": event.text, "by": event.by} for event in history]
        return answer(request, {**told(alert), "history": happened})

    @routes.get("/alerts/{alert_id}", response_model=WholeAlert)
    def get_alert(request: Request, alert_id: AlertId) -> Response:
        """Tell an alert, and what happened to it."""
        return one(request, alert_id)

    @routes.post("/alerts/{alert_id}/acknowledge", response_model=WholeAlert)
    def acknowledge_alert(request: Request, alert_id: AlertId, given: Acknowledgement) -> Response:
        """Say that somebody knows: nothing more is said of it."""
        alerts.acknowledge(alert_id, _who(server, request), given.note)
        return one(request, alert_id)

    @routes.post("/alerts/{alert_id}/unacknowledge", response_model=WholeAlert)
    def unacknowledge_alert(request: Request, alert_id: AlertId) -> Response:
        """Take that back."""
        alerts.unacknowledge(alert_id, _who(server, request))
        return one(request, alert_id)

    @routes.post("/alerts/{alert_id}/expected", response_model=WholeAlert)
    async def expect_alert(request: Request, alert_id: AlertId, given: Expected) -> Response:
        """Say that an alert was expected, and teach that to its job."""
        who = _who(server, request)
        if given.how == "event":
            await run_in_threadpool(alerts.plan, alert_id, given.calendar_id, given.description, who)
        else:
            alert, _ = await run_in_threadpool(alerts.get, alert_id)
            await server.in_worker(alert.row.job_id, lambda: alerts.forget(alert_id, who))
        return await run_in_threadpool(one, request, alert_id)


def _who(server: Server, request: Request) -> str | None:
    """The name of the key that a request came with; None without one."""
    pair = credentials(given_by(request.scope))
    key = None if pair is None else server.service.keys.find(*pair)
    return None if key is None else key.name


def _of_rules(rules: Iterable[OfRule]) -> list[dict[str, Any]]:
    """Rules by their alerts: those with most that go on first, then with most, then those whose last one was longest."""
    told = [
        {
            **{"rule_id": rule.rule_id, **rule.counts, "total": sum(rule.counts.values())},
            **{"last_time": rule.last_time, "last_end": rule.last_end, "last_duration": rule.last_duration},
        }
        for rule in rules
    ]
    return sorted(told, key=lambda rule: (-rule["active"], -rule["total"], -rule["last_duration"], rule["rule_id"]))
