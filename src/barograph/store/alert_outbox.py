"""Messages to be sent: kept in the transaction that says what they tell of, and struck off after they were sent."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa

from barograph.store import alert_events, tables
from barograph.store.alert_rows import AlertEvent, OutMessage

_ALERT, _MESSAGE = tables.ALERT, tables.ALERT_MESSAGE
_AT_ONCE: Final = 500  # ids in one statement; far below the databases' limits on parameters


def add(connection: sa.Connection, messages: Sequence[OutMessage]) -> None:
    """Have new messages sent."""
    if messages:
        connection.execute(_MESSAGE.insert(), [asdict(message) for message in messages])


def send(connection: sa.Connection, messages: Sequence[OutMessage]) -> None:
    """Have messages sent whose alerts are kept elsewhere; those that wait already wait on."""
    add(connection, [message for message in messages if not is_waiting(connection, message.message_id)])


def due(connection: sa.Connection, now_ms: int, size: int) -> list[OutMessage]:
    """Messages whose time has come, the oldest first, those of an alert in their order."""
    return _messages(connection, size, _MESSAGE.c.next_ms <= now_ms)


def due_first(connection: sa.Connection, now_ms: int, size: int, but: Iterable[str] = ()) -> list[OutMessage]:
    """Those of them that may be sent now, without those of some channels.

    Of an alert that is one for each channel, its first: nobody hears that it is over before that it began.
    """
    c, before = _MESSAGE.c, _MESSAGE.alias()
    came_first = sa.or_(
        before.c.created_ms < c.created_ms,
        sa.and_(before.c.created_ms == c.created_ms, _place(before.c) < _place(c)),
    )
    earlier = sa.exists().where(before.c.alert_id == c.alert_id, before.c.channel == c.channel, came_first)
    return _messages(connection, size, c.next_ms <= now_ms, c.channel.not_in(list(but)), ~earlier)


def _messages(connection: sa.Connection, size: int, *which: "sa.ColumnElement[bool]") -> list[OutMessage]:
    c = _MESSAGE.c
    order = (c.next_ms, c.created_ms, c.alert_id, _place(c), c.message_id)
    chosen = sa.select(_MESSAGE).where(*which).order_by(*order).limit(size)
    return [OutMessage(**row) for row in connection.execute(chosen).mappings()]


def _place(columns: "sa.sql.base.ReadOnlyColumnCollection[str, sa.Column[Any]]") -> "sa.Case[Any]":
    """The place of a message among those of its alert that were made at one time; ids say what is told behind the alert's."""
    what = sa.func.substr(columns.message_id, sa.func.length(columns.alert_id) + 2, 5)
    return sa.case((what == "raise", 0), (what == "worse", 1), else_=2)


def is_waiting(connection: sa.Connection, message_id: str) -> bool:
    """Whether a message is still to be sent."""
    return connection.execute(sa.select(_MESSAGE.c.message_id).where(_MESSAGE.c.message_id == message_id)).first() is not None


def delivered(connection: sa.Connection, message: OutMessage, event: AlertEvent) -> None:
    """A message is out, or given up; alerts that are kept elsewhere have no history here."""
    connection.execute(_MESSAGE.delete().where(_MESSAGE.c.message_id == message.message_id))
    if connection.execute(sa.select(_ALERT.c.alert_id).where(_ALERT.c.alert_id == message.alert_id)).first() is not None:
        alert_events.add_events(connection, [event])


def again(connection: sa.Connection, message: OutMessage, next_ms: int) -> None:
    """A message could not be sent: try it again at a time."""
    changed = _MESSAGE.update().where(_MESSAGE.c.message_id == message.message_id)
    connection.execute(changed.values(next_ms=next_ms, attempts=message.attempts + 1))


def unsend(connection: sa.Connection, alert_id: str) -> int:
    """Take back what is still to be sent of an alert; returns how much that was."""
    return connection.execute(_MESSAGE.delete().where(_MESSAGE.c.alert_id == alert_id)).rowcount


def waiting(connection: sa.Connection, alert_ids: Sequence[str]) -> dict[str, int]:
    """How many messages of alerts are still to be sent."""
    found: dict[str, int] = {}
    for start in range(0, len(alert_ids), _AT_ONCE):
        some = _MESSAGE.c.alert_id.in_(alert_ids[start : start + _AT_ONCE])
        chosen = sa.select(_MESSAGE.c.alert_id, sa.func.count()).where(some).group_by(_MESSAGE.c.alert_id)
        found |= {row[0]: row[1] for row in connection.execute(chosen)}
    return found


def waiting_for(connection: sa.Connection) -> dict[str, int]:
    """How many messages are still to be sent over each channel."""
    chosen = sa.select(_MESSAGE.c.channel, sa.func.count()).group_by(_MESSAGE.c.channel)
    return {row[0]: row[1] for row in connection.execute(chosen)}
