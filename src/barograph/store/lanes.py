"""Highest scores of each of several things in each window of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl
import sqlalchemy as sa

from barograph.config.splits import SPLITS
from barograph.store import tables
from barograph.store.blamed import named_in_records
from barograph.store.entity_filter import Filter, condition, of_record
from barograph.store.query import Query, in_time

_Column = sa.ColumnElement[Any]
_SCHEMA: Final = {"window": pl.Int64, "name": pl.String, "score": pl.Float64, "interim": pl.Int64, "marks": pl.Int64}
_MULTI_BUCKET: Final = 2.0
"""From this `multi_bucket_impact` on a record is one of several buckets together."""


@dataclass(frozen=True)
class LanesOf:
    """Which lanes.

    Attributes:
        kind: `job` by the scores of their buckets, `influencer` by those of a field's values, `record` by those of the records
            of series with a field's values, `detector` by those of the records of each.
        field: the field of `influencer` and `record`.
        wanted: a filter of entities; lanes of jobs are of everything.
    """

    kind: Literal["job", "influencer", "record", "detector"]
    field: str = ""
    wanted: Filter | None = None


def highest(connection: sa.Connection, job_ids: Sequence[str], of: LanesOf, window_ms: int, asked: Query) -> pl.DataFrame:
    """The highest score of each name in each window.

    Args:
        connection: to the store.
        job_ids: the jobs.
        of: what the names are; a detector's is JOB/INDEX.
        window_ms: length of a window; the first begins at epoch 0.
        asked: which results; order and size mean nothing here.

    Returns:
        `window` (its start, epoch ms), `name`, `score`, `interim` (1: something in it is), `marks` (1: a bucket that was news,
        or a record of several buckets together).
    """
    frames = [_fetched(connection, chosen) for chosen in _SELECTS[of.kind](of, _Inside(job_ids, window_ms, asked))]
    joined = pl.concat([pl.DataFrame(schema=_SCHEMA), *frames])
    return joined.group_by("window", "name").agg(pl.col("score", "interim", "marks").max()).sort("name", "window")


@dataclass(frozen=True)
class _Inside:
    """Of which jobs, in which windows, what else is asked for."""

    job_ids: Sequence[str]
    window_ms: int
    asked: Query


def _of_jobs(_: LanesOf, inside: _Inside) -> "Iterator[sa.Select[Any]]":
    c = tables.BUCKET.c
    yield _select(tables.BUCKET, c.job_id, c.anomaly_score, sa.case((c.is_news.is_(True), 1), else_=0), inside)


def _of_influencers(of: LanesOf, inside: _Inside) -> "Iterator[sa.Select[Any]]":
    c = tables.INFLUENCER.c
    chosen = _select(tables.INFLUENCER, c.influencer_field_value, c.influencer_score, sa.literal(0), inside)
    chosen = chosen.where(c.influencer_field_name == of.field)
    yield chosen if of.wanted is None else chosen.where(named_in_records(of.wanted))


def _of_records(of: LanesOf, inside: _Inside) -> "Iterator[sa.Select[Any]]":
    c, blamed = tables.RECORD.c, tables.RECORD_INFLUENCER.c
    for name, value in SPLITS:
        yield _records(of, c[value], inside).where(c[name] == of.field)
    same = sa.and_(*(blamed[key] == c[key] for key in ("job_id", "timestamp", "seq")))
    joined = tables.RECORD.join(tables.RECORD_INFLUENCER, same)
    whom = _records(of, blamed.influencer_field_value, inside).where(blamed.influencer_field_name == of.field)
    yield whom.select_from(joined)


def _of_detectors(of: LanesOf, inside: _Inside) -> "Iterator[sa.Select[Any]]":
    c = tables.RECORD.c
    yield _records(of, c.job_id + "/" + sa.cast(c.detector_index, sa.String), inside)


def _records(of: LanesOf, name: _Column, inside: _Inside) -> "sa.Select[Any]":
    c = tables.RECORD.c
    several = sa.case((c.multi_bucket_impact >= _MULTI_BUCKET, 1), else_=0)
    chosen = _select(tables.RECORD, name, c.record_score, several, inside)
    return chosen if of.wanted is None else chosen.where(condition(of.wanted, of_record))


_SELECTS: Final = {"job": _of_jobs, "influencer": _of_influencers, "record": _of_records, "detector": _of_detectors}


def _select(
    table: sa.Table,
    name: "sa.ColumnElement[Any]",
    score: "sa.ColumnElement[Any]",
    mark: "sa.ColumnElement[Any]",
    inside: _Inside,
) -> "sa.Select[Any]":
    c = table.c
    window = c.timestamp - c.timestamp % inside.window_ms
    interim = sa.func.max(sa.case((c.is_interim, 1), else_=0))
    chosen = sa.select(window, name, sa.func.max(score), interim, sa.func.max(mark))
    conditions = (
        c.job_id.in_(inside.job_ids),
        name.is_not(None),
        score >= inside.asked.min_score,
        *in_time(table, inside.asked),
    )
    return chosen.where(*conditions).group_by(window, name)


def _fetched(connection: sa.Connection, chosen: "sa.Select[Any]") -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in connection.execute(chosen)], schema=_SCHEMA, orient="row")
