"""How far jobs are, and how far they have been judged by the rules of alerts."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from barograph.config.job import Job
from barograph.store import tables
from barograph.store.alert_rows import Standing

_JUDGED = tables.ALERT_JUDGED
_IDS: Final = 10_000
"""Ids in one statement: databases take some ten thousand values in one."""
Highest = tuple[float, float, float]
"""The highest first scores of a job's records, buckets and influencers; -1 where there are none."""


def standings(connection: sa.Connection) -> list[Standing]:
    """How far every job is, by id."""
    job, counts = tables.JOB, tables.DATA_COUNTS
    chosen = (
        sa.select(job.c.job_id, job.c.commits, counts.c.latest_bucket_timestamp, _JUDGED.c.commits, _JUDGED.c.until_ms)
        .select_from(
            job.outerjoin(counts, counts.c.job_id == job.c.job_id).outerjoin(_JUDGED, _JUDGED.c.job_id == job.c.job_id)
        )
        .order_by(job.c.job_id)
    )
    return [Standing(*row) for row in connection.execute(chosen)]


def highest(connection: sa.Connection) -> dict[str, Highest]:
    """The highest first scores of each job's records, buckets and influencers behind what has been judged, interim ones too."""

    def behind(table: sa.Table) -> "sa.FromClause":
        return _JUDGED.join(table, sa.and_(table.c.job_id == _JUDGED.c.job_id, table.c.timestamp >= _JUDGED.c.until_ms))

    return _highest(connection, lambda table, chosen: chosen.select_from(behind(table)))


def highest_between(connection: sa.Connection, job_ids: Sequence[str], start_ms: int, end_ms: int) -> dict[str, Highest]:
    """The same of some jobs and a time, `[start, end)` in epoch ms, whatever has been judged."""

    found: dict[str, Highest] = {}
    for first in range(0, len(job_ids), _IDS):
        found |= _highest(connection, partial(_within, job_ids[first : first + _IDS], start_ms, end_ms))
    return found


def _within(job_ids: Sequence[str], start_ms: int, end_ms: int, table: sa.Table, chosen: "sa.Select[Any]") -> "sa.Select[Any]":
    return chosen.where(table.c.job_id.in_(job_ids), table.c.timestamp >= start_ms, table.c.timestamp < end_ms)


def _highest(connection: sa.Connection, limited: "Callable[[sa.Table, sa.Select[Any]], sa.Select[Any]]") -> dict[str, Highest]:
    found: dict[str, list[float]] = {}
    kinds = (
        (tables.RECORD, "initial_record_score"),
        (tables.BUCKET, "initial_anomaly_score"),
        (tables.INFLUENCER, "initial_influencer_score"),
    )
    for place, (table, score) in enumerate(kinds):
        chosen = limited(table, sa.select(table.c.job_id, sa.func.max(table.c[score])))
        for job_id, most in connection.execute(chosen.group_by(table.c.job_id)):
            found.setdefault(job_id, [-1.0, -1.0, -1.0])[place] = most
    return {job_id: (of[0], of[1], of[2]) for job_id, of in found.items()}


def bucket_spans(connection: sa.Connection) -> dict[str, int]:
    """The bucket spans of all jobs, ms, by id."""
    return {job_id: Job.model_validate_json(text).bucket_span_ms for job_id, text in configs(connection).items()}


def configs(connection: sa.Connection, job_ids: Sequence[str] | None = None) -> dict[str, str]:
    """The configurations of jobs as text, by id."""
    job = tables.JOB
    chosen = sa.select(job.c.job_id, job.c.config)
    if job_ids is not None:
        chosen = chosen.where(job.c.job_id.in_(job_ids))
    return {row.job_id: row.config for row in connection.execute(chosen)}


def begin(connection: sa.Connection) -> None:
    """Note that all jobs have been judged as far as they are."""
    spans = bucket_spans(connection)
    begin_at(connection, [(one.job_id, one.commits, one.until_ms(spans[one.job_id])) for one in standings(connection)])


def begin_at(connection: sa.Connection, standing: Iterable[tuple[str, int, int]]) -> None:
    """Note how far jobs have been judged."""
    values = [{"job_id": job_id, "commits": commits, "until_ms": until} for job_id, commits, until in standing]
    if not values:
        return
    known = {row.job_id for row in connection.execute(sa.select(_JUDGED.c.job_id))}
    new = [value for value in values if value["job_id"] not in known]
    old = [{"of": value["job_id"], **value} for value in values if value["job_id"] in known]
    if new:
        connection.execute(_JUDGED.insert(), new)
    if old:
        changed: dict[str, Any] = {"commits": sa.bindparam("commits"), "until_ms": sa.bindparam("until_ms")}
        connection.execute(_JUDGED.update().where(_JUDGED.c.job_id == sa.bindparam("of")).values(**changed), old)


def note_judged(connection: sa.Connection, judged: Sequence[tuple[str, int | None, int, int]]) -> None:
    """Note how far jobs have been judged. One that was reset, reverted or removed meanwhile stays as that has left it."""
    new = [(job_id, now, until) for job_id, before, now, until in judged if before is None]
    there = configs(connection, [job_id for job_id, *_ in new]) if new else {}
    begin_at(connection, [one for one in new if one[0] in there])
    old = [one for one in judged if one[1] is not None]
    rest = [{"of": job_id, "before": before, "now": now, "until": until} for job_id, before, now, until in old]
    if rest:
        same = sa.and_(_JUDGED.c.job_id == sa.bindparam("of"), _JUDGED.c.commits == sa.bindparam("before"))
        changed: dict[str, Any] = {"commits": sa.bindparam("now"), "until_ms": sa.bindparam("until")}
        connection.execute(_JUDGED.update().where(same).values(**changed), rest)


def judge_again(connection: sa.Connection, job_id: str, until_ms: int) -> None:
    """What a job finds from a time on is judged, though it was judged before."""
    behind = sa.and_(_JUDGED.c.job_id == job_id, _JUDGED.c.until_ms > until_ms)
    connection.execute(_JUDGED.update().where(behind).values(commits=-1, until_ms=until_ms))
