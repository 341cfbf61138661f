"""What happened to alerts, and that anything about them has changed."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Final

import sqlalchemy as sa

from barograph.store import documents, tables
from barograph.store.alert_rows import AlertEvent

_EVENT: Final = tables.ALERT_EVENT
_VERSION: Final = "alerts"
"""Kind and name of the document that is another whenever an alert, or what happened to one, is."""
_AT_ONCE: Final = 500  # ids in one statement; far below the databases' limits on parameters


def add_events(connection: sa.Connection, events: Sequence[AlertEvent]) -> None:
    """Note what happened to alerts, behind all that was noted."""
    newest = _newest_events(connection, list({event.alert_id for event in events}))
    rows = []
    for event in events:
        number = newest[event.alert_id] = newest.get(event.alert_id, -1) + 1
        rows.append({"number": number, **asdict(event)})
    if rows:
        connection.execute(_EVENT.insert(), rows)
        changed(connection)


def history(connection: sa.Connection, alert_id: str) -> list[AlertEvent]:
    """What happened to an alert, oldest first."""
    chosen = sa.select(_EVENT).where(_EVENT.c.alert_id == alert_id).order_by(_EVENT.c.number)
    names = [one.name for one in fields(AlertEvent)]
    return [AlertEvent(**{name: row[name] for name in names}) for row in connection.execute(chosen).mappings()]


def event_counts(connection: sa.Connection, alert_ids: Sequence[str], what: str) -> dict[str, int]:
    """How often something happened to alerts."""
    found: dict[str, int] = {}
    for start in range(0, len(alert_ids), _AT_ONCE):
        some = _EVENT.c.alert_id.in_(alert_ids[start : start + _AT_ONCE])
        chosen = sa.select(_EVENT.c.alert_id, sa.func.count()).where(some, _EVENT.c.what == what).group_by(_EVENT.c.alert_id)
        found |= {row[0]: row[1] for row in connection.execute(chosen)}
    return found


def _newest_events(connection: sa.Connection, alert_ids: Sequence[str]) -> dict[str, int]:
    """The number of the newest event of each of some alerts."""
    found: dict[str, int] = {}
    for start in range(0, len(alert_ids), _AT_ONCE):
        some = _EVENT.c.alert_id.in_(alert_ids[start : start + _AT_ONCE])
        newest = sa.select(_EVENT.c.alert_id, sa.func.max(_EVENT.c.number)).where(some).group_by(_EVENT.c.alert_id)
        found |= {row[0]: row[1] for row in connection.execute(newest)}
    return found


def changed(connection: sa.Connection) -> None:
    """Note that an alert has changed."""
    documents.put(connection, _VERSION, _VERSION, uuid.uuid4().hex)


def version(connection: sa.Connection) -> str | None:
    """Another one whenever alerts have changed; None before there was any."""
    return documents.one(connection, _VERSION, _VERSION)
