"""Alerts, what happens to them, and how far jobs have been judged, as rows; and which of them somebody asks for."""

from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

import sqlalchemy as sa

from barograph.store import tables

Status = Literal["active", "recovered", "untracked"]
STATUSES: Final[tuple[Status, ...]] = ("active", "recovered", "untracked")

FIRST_MS: Final = -62_135_596_800_000
"""Before the first bucket of any job: the year 1."""

_ALERT: Final = tables.ALERT


@dataclass(frozen=True)
class AlertRow:
    """An alert; see `tables.ALERT` for what the columns mean. Times are epoch ms."""

    alert_id: str
    rule_id: str
    job_id: str
    kind: str
    key: str
    entity: dict[str, str]
    anchor: list[Any]
    status: Status
    time: int
    start_ms: int
    end_ms: int
    recovered_ms: int | None
    triggered_ms: int
    ended_ms: int | None
    score: float
    max_score: float
    interim: bool
    series: int
    records: int
    title: str
    text: str
    about: dict[str, Any]
    held: str | None
    told: bool
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    expected: str | None = None


@dataclass(frozen=True)
class AlertEvent:
    """Something that happened to an alert; `by`: who did it, None where the rule did."""

    alert_id: str
    time_ms: int
    what: str
    text: str
    by: str | None = None


@dataclass(frozen=True)
class OutMessage:
    """A message to be sent, or sent again; its id and its body never change."""

    message_id: str
    alert_id: str
    channel: str
    body: str
    created_ms: int
    next_ms: int
    attempts: int = 0


@dataclass(frozen=True)
class Standing:
    """How far a job is, and how far it has been judged (None: never); epoch ms, ends of finished buckets."""

    job_id: str
    commits: int
    latest_bucket_ms: int | None
    judged_commits: int | None
    judged_until_ms: int | None

    def until_ms(self, bucket_span_ms: int) -> int:
        """Where its last finished bucket ends; before all time without one."""
        return FIRST_MS if self.latest_bucket_ms is None else self.latest_bucket_ms + bucket_span_ms


@dataclass
class Judgement:
    """What judging some jobs has led to, written all at once.

    Attributes:
        judged: (job, commits up to which it had been judged, commits, until) of each job that was looked at; None: never.
        raised: new alerts.
        changed: alerts that were there, as they are now.
        events: what happened to them.
        messages: what is to be sent.
    """

    judged: list[tuple[str, int | None, int, int]] = field(default_factory=list)
    raised: list[AlertRow] = field(default_factory=list)
    changed: list[AlertRow] = field(default_factory=list)
    events: list[AlertEvent] = field(default_factory=list)
    messages: list[OutMessage] = field(default_factory=list)

    def add(self, other: "Judgement") -> None:
        """What others have led to, too."""
        for one in fields(self):
            getattr(self, one.name).extend(getattr(other, one.name))


@dataclass(frozen=True)
class AlertsQuery:
    """Which alerts.

    Attributes:
        job_ids: of these jobs; None is of all, also of those that are gone.
        rule_ids: of these rules; empty is of all.
        statuses: in one of these states; empty is in any.
        start_ms: raised by a bucket that starts then or later; None is from the beginning.
        end_ms: ... and before then; None is to the end.
        text: with this in their title, in whatever case.
        offset: alerts to leave out at the start.
        size: alerts to return at most; None is all.
    """

    job_ids: tuple[str, ...] | None = None
    rule_ids: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    start_ms: int | None = None
    end_ms: int | None = None
    text: str = ""
    offset: int = 0
    size: int | None = None

    def where(self) -> "list[sa.ColumnElement[bool]]":
        """Its conditions."""
        c = _ALERT.c
        found: list[sa.ColumnElement[bool]] = []
        found += [] if self.job_ids is None else [c.job_id.in_(self.job_ids)]
        found += [c.rule_id.in_(self.rule_ids)] if self.rule_ids else []
        found += [c.status.in_(self.statuses)] if self.statuses else []
        found += [] if self.start_ms is None else [c.time >= self.start_ms]
        found += [] if self.end_ms is None else [c.time < self.end_ms]
        return found + ([sa.func.lower(c.title).contains(self.text.lower(), autoescape=True)] if self.text else [])
