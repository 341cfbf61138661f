"""The small tables, as the types they hold: jobs, counts, progress, listings of files."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from barograph.config.job import Job
from barograph.engine.exclusions import Exclusion
from barograph.results.counts import DataCounts
from barograph.results.snapshot import Snapshot
from barograph.store import tables
from barograph.store.errors import NoSuchJob
from barograph.store.history import HistoryFile
from barograph.store.snapshots import SavedSnapshot


@dataclass(frozen=True)
class InputProgress:
    """How far an input has been read.

    Attributes:
        source: the input's absolute path.
        head_bytes: length of the file's beginning that identifies it.
        sha256: hexadecimal SHA-256 of that beginning.
        rows_done: input rows read, malformed ones too.
        malformed_done: how many of them were malformed.
        bytes_done: their length in the input.
    """

    source: str
    head_bytes: int
    sha256: str
    rows_done: int
    malformed_done: int = 0
    bytes_done: int = 0


@dataclass(frozen=True)
class ResumePoint:
    """Where a job goes on: its newest snapshot, and the counts and progress that were committed with it."""

    snapshot: Snapshot
    counts: DataCounts
    progress: Mapping[str, InputProgress]


class JobState(StrEnum):
    """Where a job is in its life.

    A process that is killed leaves the state as it was: a job that is `opened` without anybody holding its lock is one to open
    again, and it goes on from its last commit.
    """

    CLOSED = "closed"
    OPENING = "opening"
    OPENED = "opened"
    CLOSING = "closing"
    FAILED = "failed"


@dataclass(frozen=True)
class JobSummary:
    """A job in a list.

    Attributes:
        job: its configuration.
        create_time: when it was created, epoch ms.
        counts: what it has read; None before its first commit.
        replay_time: when models and results were last made anew from the history, epoch ms; None when they came from rows.
        state: where it is in its life.
        failure: why it failed, in words; None in every other state.
        state_time: when the state began, epoch ms; None for a job that never was open.
        commits: how often it was written to: it changes whenever its results may have.
        data_time: when rows last came, epoch ms by the wall clock; None where that is not known.
    """

    job: Job
    create_time: int
    counts: DataCounts | None
    replay_time: int | None = None
    state: JobState = JobState.CLOSED
    failure: str | None = None
    state_time: int | None = None
    commits: int = 0
    data_time: int | None = None


@dataclass(frozen=True)
class Listing:
    """What the store knows of a job before a commit; files in the order of their commits.

    `history_from` is the first bucket, epoch ms, of which all values are kept; None when none have expired.
    """

    job: Job
    commits: int
    history_from: int | None
    history: tuple[HistoryFile, ...]
    snapshots: tuple[SavedSnapshot, ...]

    @property
    def files(self) -> set[str]:
        """The names of all listed files."""
        return {file.name for file in self.history} | {file.file for file in self.snapshots}


def job_row(connection: sa.Connection, job_id: str) -> "sa.Row[Any]":
    """A job's own row, by its key; nothing is read of what belongs to it.

    Raises:
        NoSuchJob: there is none.
    """
    row = connection.execute(sa.select(tables.JOB).where(tables.JOB.c.job_id == job_id)).one_or_none()
    if row is None:
        raise NoSuchJob(job_id, connection.execute(sa.select(tables.JOB.c.job_id)).scalars())
    return row


def save_state(connection: sa.Connection, job_id: str, state: JobState, failure: str | None, now_ms: int) -> None:
    """Note where a job is in its life; a job that is gone has none."""
    job = tables.JOB
    connection.execute(job.update().where(job.c.job_id == job_id).values(state=state.value, failure=failure, state_time=now_ms))


def save_data_time(connection: sa.Connection, job_id: str, data_ms: int) -> None:
    """Note when rows last came for a job."""
    connection.execute(tables.JOB.update().where(tables.JOB.c.job_id == job_id).values(data_time=data_ms))


def listing(connection: sa.Connection, job_id: str) -> Listing:
    """A job's listing of all its files.

    Raises:
        NoSuchJob: there is none.
    """
    row = job_row(connection, job_id)
    return Listing(
        Job.model_validate_json(row.config),
        row.commits,
        row.history_from,
        tuple(HistoryFile(**row) for row in _of_job(connection, tables.HISTORY_FILE, job_id, "number")),
        tuple(SavedSnapshot(**row) for row in _of_job(connection, tables.SNAPSHOT, job_id, "number")),
    )


def _of_job(connection: sa.Connection, table: sa.Table, job_id: str, order: str) -> Sequence[Mapping[str, Any]]:
    columns = [column for column in table.c if column.name != "job_id"]
    chosen = sa.select(*columns).where(table.c.job_id == job_id).order_by(table.c[order])
    return [dict(row) for row in connection.execute(chosen).mappings()]


def counts(connection: sa.Connection, job_id: str) -> DataCounts | None:
    """What the job has read; None before its first commit."""
    rows = _of_job(connection, tables.DATA_COUNTS, job_id, "job_id")
    return _counts_of(rows[0]) if rows else None


def _counts_of(row: Mapping[str, Any]) -> DataCounts:
    return DataCounts.from_dict({**row, "examples": json.loads(row["examples"])})


def counts_text(read: DataCounts) -> str:
    """Counts as JSON."""
    return json.dumps(read.to_dict())


def counts_from(text: str) -> DataCounts:
    """What `counts_text` wrote."""
    return DataCounts.from_dict(json.loads(text))


def progress_text(sources: Iterable[InputProgress]) -> str:
    """Progress as JSON."""
    return json.dumps([asdict(source) for source in sources])


def progress_from(text: str) -> list[InputProgress]:
    """What `progress_text` wrote."""
    return [InputProgress(**source) for source in json.loads(text)]


def forgotten(connection: sa.Connection, job_id: str) -> tuple[Exclusion, ...]:
    """What the job's models are not to have seen."""
    rows = _of_job(connection, tables.FORGOTTEN, job_id, "number")
    return tuple(Exclusion(row["start_ms"], row["end_ms"], tuple(map(tuple, json.loads(row["entity"])))) for row in rows)


def save_forgotten(connection: sa.Connection, job_id: str, spans: Sequence[Exclusion]) -> None:
    """Replace what is forgotten."""
    table = tables.FORGOTTEN
    connection.execute(table.delete().where(table.c.job_id == job_id))
    for number, span in enumerate(spans):
        row = {"number": number, "start_ms": span.start_ms, "end_ms": span.end_ms, "entity": json.dumps(span.entity)}
        connection.execute(table.insert().values(job_id=job_id, **row))


def save_counts(connection: sa.Connection, job_id: str, read: DataCounts) -> None:
    """Replace the job's counts."""
    table = tables.DATA_COUNTS
    connection.execute(table.delete().where(table.c.job_id == job_id))
    document = read.to_dict()
    connection.execute(table.insert().values(job_id=job_id, **{**document, "examples": json.dumps(document["examples"])}))


def progress(connection: sa.Connection, job_id: str) -> dict[str, InputProgress]:
    """How far the job has read each of its inputs, by source."""
    return {row["source"]: InputProgress(**row) for row in _of_job(connection, tables.INPUT_PROGRESS, job_id, "source")}


def save_progress(connection: sa.Connection, job_id: str, sources: Sequence[InputProgress]) -> None:
    """Replace the progress of these inputs; that of others stays."""
    table = tables.INPUT_PROGRESS
    for source in sources:
        connection.execute(table.delete().where(table.c.job_id == job_id, table.c.source == source.source))
        connection.execute(table.insert().values(job_id=job_id, **asdict(source)))


def summary(connection: sa.Connection, job_id: str) -> JobSummary:
    """One job as `summaries` lists it.

    Raises:
        NoSuchJob: there is none.
    """
    for only in summaries(connection, job_id):
        return only
    raise NoSuchJob(job_id, connection.execute(sa.select(tables.JOB.c.job_id)).scalars())


def summaries(connection: sa.Connection, job_id: str | None = None) -> list[JobSummary]:
    """All jobs by id, or only one, in one query."""
    joined = sa.select(tables.JOB, *(tables.DATA_COUNTS.c[field.name] for field in fields(DataCounts))).select_from(
        tables.JOB.outerjoin(tables.DATA_COUNTS, tables.JOB.c.job_id == tables.DATA_COUNTS.c.job_id)
    )
    if job_id is not None:
        joined = joined.where(tables.JOB.c.job_id == job_id)
    return [_summary(row) for row in connection.execute(joined.order_by(tables.JOB.c.job_id)).mappings()]


def _summary(row: sa.RowMapping) -> JobSummary:
    columns = {field.name: row[field.name] for field in fields(DataCounts)}
    return JobSummary(
        job=Job.model_validate_json(row["config"]),
        create_time=row["create_time"],
        # `examples` is never NULL in a row of counts, so NULL says that there is no row.
        counts=_counts_of(columns) if columns["examples"] is not None else None,
        replay_time=row["replay_time"],
        state=JobState(row["state"]),
        failure=row["failure"],
        state_time=row["state_time"],
        commits=row["commits"],
        data_time=row["data_time"],
    )
