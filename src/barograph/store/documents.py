"""Documents that whoever stands above wants kept, as JSON by kind and name; and what happened to jobs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import sqlalchemy as sa

from barograph.store import tables


@dataclass(frozen=True)
class Message:
    """Something that happened to a job.

    Attributes:
        time_ms: when, epoch ms, wall clock.
        level: `info`, `warning` or `error`.
        text: a sentence.
    """

    time_ms: int
    level: Literal["info", "warning", "error"]
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
    delete(connection, kind, [name])
    connection.execute(tables.DOCUMENT.insert().values(kind=kind, name=name, body=body))


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


def messages(connection: sa.Connection, job_id: str) -> list[Message]:
    """What happened to a job, oldest first."""
    table = tables.JOB_MESSAGE
    chosen = sa.select(table.c.time_ms, table.c.level, table.c.text).where(table.c.job_id == job_id)
    return [Message(**row) for row in connection.execute(chosen.order_by(table.c.number)).mappings()]
