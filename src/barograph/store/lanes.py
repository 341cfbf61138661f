"""Highest scores of each of several things in each window of time."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.config.splits import SPLITS
from barograph.store import tables
from barograph.store.query import Query, in_time

_SCHEMA: Final = {"window": pl.Int64, "name": pl.String, "score": pl.Float64, "interim": pl.Int64, "marks": pl.Int64}
_MULTI_BUCKET: Final = 2.0
"""From this `multi_bucket_impact` on a record is one of several buckets together."""


def highest(connection: sa.Connection, job_ids: Sequence[str], by: str | None, window_ms: int, asked: Query) -> pl.DataFrame:
    """The highest score of each name in each window.

    Args:
        connection: to the store.
        job_ids: the jobs.
        by: an influencer field or a split field, whose values are the names; None: the jobs are.
        window_ms: length of a window; the first begins at epoch 0.
        asked: which results; order and size mean nothing here.

    Returns:
        `window` (its start, epoch ms), `name`, `score`, `interim` (1: something in it is), `marks` (1: a bucket that was news,
        or a record of several buckets together).
    """
    frames = [_fetched(connection, chosen) for chosen in _selects(job_ids, by, window_ms, asked)]
    joined = pl.concat([pl.DataFrame(schema=_SCHEMA), *frames])
    return joined.group_by("window", "name").agg(pl.col("score", "interim", "marks").max()).sort("name", "window")


def _selects(job_ids: Sequence[str], by: str | None, window_ms: int, asked: Query) -> "Iterator[sa.Select[Any]]":
    if by is None:
        c = tables.BUCKET.c
        news = sa.case((c.is_news.is_(True), 1), else_=0)
        yield _select(tables.BUCKET, c.job_id, c.anomaly_score, news, job_ids, window_ms, asked)
        return
    c = tables.INFLUENCER.c
    chosen = _select(tables.INFLUENCER, c.influencer_field_value, c.influencer_score, sa.literal(0), job_ids, window_ms, asked)
    yield chosen.where(c.influencer_field_name == by)
    c = tables.RECORD.c
    several = sa.case((c.multi_bucket_impact >= _MULTI_BUCKET, 1), else_=0)
    for name, value in SPLITS:
        chosen = _select(tables.RECORD, c[value], c.record_score, several, job_ids, window_ms, asked)
        yield chosen.where(c[name] == by)


def _select(
    table: sa.Table,
    name: "sa.ColumnElement[Any]",
    score: "sa.ColumnElement[Any]",
    mark: "sa.ColumnElement[Any]",
    job_ids: Sequence[str],
    window_ms: int,
    asked: Query,
) -> "sa.Select[Any]":
    c = table.c
    window = c.timestamp - c.timestamp % window_ms
    interim = sa.func.max(sa.case((c.is_interim, 1), else_=0))
    chosen = sa.select(window, name, sa.func.max(score), interim, sa.func.max(mark))
    chosen = chosen.where(c.job_id.in_(job_ids), name.is_not(None), score >= asked.min_score, *in_time(table, asked))
    return chosen.group_by(window, name)


def _fetched(connection: sa.Connection, chosen: "sa.Select[Any]") -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in connection.execute(chosen)], schema=_SCHEMA, orient="row")
