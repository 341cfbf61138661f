"""Documents that whoever stands above wants kept, as JSON by kind and name; and what happened to jobs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from barograph.store import tables

Level = Literal["info", "warning", "error"]
LEVELS: Final[tuple[Level, ...]] = ("info", "warning", "error")
"""Of messages, the least first."""


@dataclass(frozen=True)
class Message:
    """Something that happened to a job.

    Attributes:
        time_ms: when, epoch ms, wall clock.
        level: `info`, `warning` or `error`.
        text: a sentence.
    """

    time_ms: int
    level: Level
    text: str


def of_kind(connection: sa.Connection, kind: str) -> dict[str, str]:
    """All documents of a kind, by name."""
    table = tables.DOCUMENT
    chosen = sa.select(table.c.name, table.c.body).where(table.c.kind == kind).order_by(table.c.name)
    return {row.name: row.body for row in connection.execute(chosen)}


def one(connection: sa.Connection, kind: str, name: str) -> str | None:
    """A document; None when there is none."""
    table = tables.DOCUMENT
    chosen = sa.select(table.c.body).where(table.c.kind == kind, table.c.name == name)
    body: str | None = connection.execute(chosen).scalar()
    return body


def put(connection: sa.Connection, kind: str, name: str, body: str) -> None:
    """Keep a document, instead of the one that is there."""
    of_dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = of_dialect.insert(tables.DOCUMENT).values(kind=kind, name=name, body=body)
    # One statement: of two processes that keep the same one, the second finds what the first has made.
    connection.execute(added.on_conflict_do_update(index_elements=["kind", "name"], set_={"body": body}))


def change_alone(connection: sa.Connection, kind: str) -> None:
    """Have the documents of a kind to oneself until the transaction ends, among all that ask for it.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"barograph/{kind}"))))


def change(
    connection: sa.Connection, kind: str, names: Sequence[str], changed: Callable[[dict[str, str]], Mapping[str, str | None]]
) -> None:
    """Change documents of a kind by what is there, in a transaction that has them to itself. See `Store.change_documents`."""
    bodies = {name: one(connection, kind, name) for name in names}
    for name, body in changed({name: body for name, body in bodies.items() if body is not None}).items():
        if body is None:
            delete(connection, kind, [name])
        else:
            put(connection, kind, name, body)


def delete(connection: sa.Connection, kind: str, names: Sequence[str]) -> int:
    """Remove documents; returns how many were there."""
    table = tables.DOCUMENT
    return sum(connection.execute(table.delete().where(table.c.kind == kind, table.c.name == name)).rowcount for name in names)


def add_message(connection: sa.Connection, job_id: str, message: Message) -> None:
    """Note something behind all that was noted of a job."""
    table = tables.JOB_MESSAGE
    newest = connection.execute(sa.select(sa.func.max(table.c.number)).where(table.c.job_id == job_id)).scalar()
    number = 0 if newest is None else newest + 1
    connection.execute(table.insert().values(job_id=job_id, number=number, **asdict(message)))


def messages(
    connection: sa.Connection, job_ids: Sequence[str], levels: Sequence[str], most: int
) -> tuple[list[tuple[str, Message]], int]:
    """What happened to jobs, newest first: `most` of it, each with its job, and how much there is."""
    table = tables.JOB_MESSAGE
    asked = sa.and_(table.c.job_id.in_(job_ids), table.c.level.in_(levels))
    total = connection.execute(sa.select(sa.func.count()).select_from(table).where(asked)).scalar_one()
    chosen = sa.select(table.c.job_id, table.c.time_ms, table.c.level, table.c.text).where(asked)
    newest = chosen.order_by(table.c.time_ms.desc(), table.c.job_id, table.c.number.desc()).limit(most)
    return [(row.job_id, Message(row.time_ms, row.level, row.text)) for row in connection.execute(newest)], total
