"""Alerts as documents."""

from typing import Any

from pydantic import BaseModel

from barograph.alerts.service import ToldAlert


class Counts(BaseModel):
    """How many alerts are in each state: they go on, are over, or nobody follows them any more."""

    active: int
    recovered: int
    untracked: int


class Worst(BaseModel):
    """The worst record when an alert was raised; `what` and `how` are words."""

    detector_index: int
    what: str
    how: str
    series: str
    actual: float | None
    typical: float | None
    probability: float
    chance: str
    peak_time: int


class Blamed(BaseModel):
    """Somebody to blame, and for how much of it."""

    field_name: str
    field_value: str
    influence: float


class Acknowledged(BaseModel):
    """That somebody knows."""

    time: int
    by: str | None
    note: str


class Delivered(BaseModel):
    """How many messages of an alert are out, wait, or were given up."""

    sent: int
    waiting: int
    failed: int


class Alert(BaseModel):
    """An alert; `time` is the start of the bucket that raised it, `triggered` and `ended` are on the wall clock."""

    alert_id: str
    rule_id: str
    job_id: str
    on: str
    status: str
    key: str
    entity: dict[str, str]
    time: int
    start: int
    end: int
    duration: int
    recovered: int | None
    triggered: int
    ended: int | None
    score: float
    max_score: float
    severity: str
    interim: bool
    series: int
    records: int
    title: str
    text: str
    worst: Worst | None
    blamed: list[Blamed]
    link: str
    acknowledged: Acknowledged | None
    expected: str | None
    held: str | None
    delivery: Delivered


def told_row(shown: dict[str, Any]) -> dict[str, Any]:
    """An alert that nobody was told of."""
    return {**shown, "delivery": {"sent": 0, "waiting": 0, "failed": 0}}


def told(one: ToldAlert) -> dict[str, Any]:
    """An alert."""
    return {**one.shown, "delivery": {"sent": one.sent, "waiting": one.waiting, "failed": one.failed}}
