"""Alerts as the store keeps them: written by the judge, changed by whoever acknowledges them, asked for, and removed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import sqlalchemy as sa

from barograph.config.errors import NotFound
from barograph.store import alert_events, alert_outbox, alert_standings, tables
from barograph.store.alert_rows import STATUSES, AlertRow, AlertsQuery, Judgement, Status

_ALERT: Final = tables.ALERT
_AS_JSON: Final = ("entity", "anchor", "about")
_FOLLOWED: Final = (
    *("status", "start_ms", "end_ms", "recovered_ms", "ended_ms", "max_score", "series", "records"),
    *("held", "told"),
)
"""What changes as an alert goes on. Who has acknowledged it, and what it said, does not."""
_AT_ONCE: Final = 500  # ids in one statement; far below the databases' limits on parameters


def write(connection: sa.Connection, judgement: Judgement) -> None:
    """Keep a judgement: what is raised, with its messages, or nothing of it."""
    alert_standings.note_judged(connection, judgement.judged)
    if judgement.raised:
        connection.execute(_ALERT.insert(), [_stored(alert) for alert in judgement.raised])
    for alert in judgement.changed:
        change(connection, alert, *_FOLLOWED)
    alert_events.add_events(connection, judgement.events)
    if judgement.raised or judgement.changed:
        alert_events.changed(connection)
    # Whoever has acknowledged an alert while it was judged hears no more of it.
    known = with_ids(connection, list({message.alert_id for message in judgement.messages}))
    alert_outbox.add(connection, [message for message in judgement.messages if known[message.alert_id].acknowledged_ms is None])


def change(connection: sa.Connection, alert: AlertRow, *names: str) -> None:
    """Keep some columns of an alert as they are now. What somebody else changes meanwhile stays."""
    values = _stored(alert)
    statement = _ALERT.update().where(_ALERT.c.alert_id == alert.alert_id)
    connection.execute(statement.values(**{name: values[name] for name in names}))


def with_ids(connection: sa.Connection, alert_ids: Sequence[str]) -> dict[str, AlertRow]:
    """Those of some alerts that are there."""
    found: dict[str, AlertRow] = {}
    for start in range(0, len(alert_ids), _AT_ONCE):
        some = sa.select(_ALERT).where(_ALERT.c.alert_id.in_(alert_ids[start : start + _AT_ONCE]))
        found |= {row.alert_id: _alert(row) for row in connection.execute(some)}
    return found


def active(connection: sa.Connection) -> list[AlertRow]:
    """The alerts that are active, by rule and job."""
    chosen = sa.select(_ALERT).where(_ALERT.c.status == "active").order_by(_ALERT.c.rule_id, _ALERT.c.job_id, _ALERT.c.alert_id)
    return [_alert(row) for row in connection.execute(chosen)]


def ended_since(connection: sa.Connection, job_id: str, end_ms: int) -> list[AlertRow]:
    """Alerts of a job that are not active, and have an anomalous bucket that ends behind a time."""
    c = _ALERT.c
    chosen = sa.select(_ALERT).where(c.job_id == job_id, c.status != "active", c.end_ms >= end_ms)
    return [_alert(row) for row in connection.execute(chosen.order_by(c.alert_id))]


def found(connection: sa.Connection, query: AlertsQuery) -> list[AlertRow]:
    """Alerts: those that are active first, then the newest."""
    c = _ALERT.c
    order = (sa.case((c.status == "active", 0), else_=1), c.time.desc(), c.alert_id)
    chosen = sa.select(_ALERT).where(*query.where()).order_by(*order).offset(query.offset or None).limit(query.size)
    return [_alert(row) for row in connection.execute(chosen)]


def counted(connection: sa.Connection, query: AlertsQuery) -> dict[Status, int]:
    """How many alerts of a query are in each state, whatever states it asks for."""
    c = _ALERT.c
    chosen = sa.select(c.status, sa.func.count()).where(*replace(query, statuses=()).where()).group_by(c.status)
    numbers = {row[0]: row[1] for row in connection.execute(chosen)}
    return {status: numbers.get(status, 0) for status in STATUSES}


def over_time(connection: sa.Connection, query: AlertsQuery, step_ms: int) -> list[tuple[str, int, Status, int]]:
    """How many alerts of a query there are, by job, column of time (a time divided by the step) and state."""
    c = _ALERT.c
    # -1 // 2 is 0 in SQL: without what is left of the division times before 1970 are in the column that they begin in, too
    rest = ((c.time % step_ms) + step_ms) % step_ms
    column = (c.time - rest) // step_ms
    groups = (c.job_id, column, c.status)
    chosen = sa.select(*groups, sa.func.count()).where(*query.where()).group_by(*groups).order_by(c.job_id, column)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(chosen)]


@dataclass(frozen=True)
class OfRule:
    """The alerts of a rule by state, and when its last one was raised, when it was over, and how long it was; epoch ms."""

    rule_id: str
    counts: dict[Status, int]
    last_time: int
    last_end: int | None
    last_duration: int


def of_rules(connection: sa.Connection, query: AlertsQuery) -> list[OfRule]:
    """The alerts of a query by rule, in the order of their ids."""
    c = _ALERT.c
    numbers: dict[str, dict[Status, int]] = {}
    chosen = sa.select(c.rule_id, c.status, sa.func.count()).where(*query.where()).group_by(c.rule_id, c.status)
    for rule_id, status, number in connection.execute(chosen):
        numbers.setdefault(rule_id, dict.fromkeys(STATUSES, 0))[status] = number
    place = sa.func.row_number().over(partition_by=c.rule_id, order_by=(c.time.desc(), c.alert_id)).label("place")
    ranked = sa.select(c.rule_id, c.time, c.recovered_ms, (c.end_ms - c.start_ms).label("duration"), place).where(
        *query.where()
    )
    of = ranked.subquery()
    last = sa.select(of.c.rule_id, of.c.time, of.c.recovered_ms, of.c.duration).where(of.c.place == 1).order_by(of.c.rule_id)
    return [OfRule(row[0], numbers[row[0]], row[1], row[2], row[3]) for row in connection.execute(last)]


def by_rule(connection: sa.Connection, since_ms: int) -> dict[str, dict[str, int]]:
    """Of each rule how many alerts are in each state, and how many (`week`) were raised since a time on the wall clock."""
    c = _ALERT.c
    lately = sa.func.sum(sa.case((c.triggered_ms >= since_ms, 1), else_=0))
    numbers: dict[str, dict[str, int]] = {}
    for rule_id, status, number, week in connection.execute(
        sa.select(c.rule_id, c.status, sa.func.count(), lately).group_by(c.rule_id, c.status)
    ):
        of = numbers.setdefault(rule_id, dict.fromkeys((*STATUSES, "week"), 0))
        of[status] = number
        of["week"] += week
    return numbers


def one(connection: sa.Connection, alert_id: str) -> AlertRow:
    """An alert.

    Raises:
        NotFound: there is none of this id.
    """
    found = with_ids(connection, [alert_id]).get(alert_id)
    if found is None:
        raise NotFound(f"alert_id={alert_id!r}: wanted the id of an alert")
    return found


def expire(connection: sa.Connection, job_id: str, before_ms: int) -> int:
    """Remove the alerts of a job that are not active and whose last anomalous bucket ended before a time; returns how many."""
    c = _ALERT.c
    return _remove(connection, sa.and_(c.job_id == job_id, c.status != "active", c.end_ms <= before_ms))


def forget_gone(connection: sa.Connection, rule_ids: Iterable[str], before_ms: int) -> int:
    """Remove alerts that have ended before a time on the wall clock and whose rule or job is gone; returns how many.

    Args:
        connection: of a transaction that writes.
        rule_ids: the rules that there are.
        before_ms: epoch ms.
    """
    c, rules, jobs = _ALERT.c, frozenset(rule_ids), sa.select(tables.JOB.c.job_id)
    known = connection.execute(sa.select(c.rule_id).distinct().where(c.ended_ms < before_ms)).scalars().all()
    gone = [rule_id for rule_id in known if rule_id not in rules]
    some = (gone[start : start + _AT_ONCE] for start in range(0, len(gone), _AT_ONCE))
    over = c.ended_ms < before_ms
    return _remove(connection, sa.and_(over, c.job_id.not_in(jobs)), *(sa.and_(over, c.rule_id.in_(ids)) for ids in some))


def _remove(connection: sa.Connection, *which: "sa.ColumnElement[bool]") -> int:
    """Remove alerts of which one of several conditions is true; returns how many."""
    removed = sum(_remove_those(connection, one) for one in which)
    if removed:  # last: whoever has the version waits for no alert that another, who waits for the version, has
        alert_events.changed(connection)
    return removed


def _remove_those(connection: sa.Connection, which: "sa.ColumnElement[bool]") -> int:
    chosen = sa.select(_ALERT.c.alert_id).where(which)
    for table in (tables.ALERT_EVENT, tables.ALERT_MESSAGE):
        connection.execute(table.delete().where(table.c.alert_id.in_(chosen)))
    return connection.execute(_ALERT.delete().where(which)).rowcount


def _stored(alert: AlertRow) -> dict[str, Any]:
    # `asdict` would copy what is inside, and these are many
    values = {one.name: getattr(alert, one.name) for one in fields(alert)}
    return values | {name: json.dumps(values[name]) for name in _AS_JSON}


def _alert(row: "sa.Row[Any]") -> AlertRow:
    values = dict(row._mapping)
    return AlertRow(**(values | {name: json.loads(values[name]) for name in _AS_JSON}))
