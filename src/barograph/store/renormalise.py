"""Current scores in the store, made anew when quantiles move. Readers see all of it or none: it is part of the commit."""

from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.config.job import Job
from barograph.engine.measure import measures_of
from barograph.results import schema
from barograph.scoring.renormalise import TABLES, Table, current_scores, kind_of, window_ms
from barograph.store import rows, tables

_STORED: Final = {
    "buckets": (tables.BUCKET, schema.BUCKETS),
    "records": (tables.RECORD, schema.RECORDS),
    "influencers": (tables.INFLUENCER, schema.INFLUENCERS),
    "bucket_influencers": (tables.BUCKET_INFLUENCER, schema.BUCKET_INFLUENCERS),
}


def first_moved(quantiles: pl.DataFrame) -> int | None:
    """When the first of these quantiles that scores are renormalised by begin to hold, epoch ms; None: none are."""
    found = quantiles.filter("moved")["timestamp"]
    return int(found[0]) if len(found) else None


def read_quantiles(connection: sa.Connection, job_id: str, *where: "sa.ColumnElement[bool]") -> pl.DataFrame:
    """Rows of `schema.QUANTILES`, by time and then kind."""
    c = tables.QUANTILES.c
    chosen = sa.select(*(c[one.name] for one in schema.QUANTILES)).where(c.job_id == job_id, *where)
    return rows.quantiles_frame(connection.execute(chosen.order_by(c.timestamp, c.kind)).all())


def renormalise(connection: sa.Connection, job: Job, since_ms: int | None) -> None:
    """Bring the current scores up to date with the quantiles from `since_ms` on; None: there are no new ones.

    A score is a function of the result and of the last quantiles that reach it, so doing this once for many days, or once
    more for the same, gives the same scores. Only those that change are written. When quantiles that were there before have
    gone, what they had made of scores goes with them.
    """
    window = window_ms(job.renormalization_window_days, job.bucket_span_ms)
    if since_ms is None or window <= 0:
        return
    start = since_ms - window
    moved = read_quantiles(connection, job.job_id, tables.QUANTILES.c.moved, tables.QUANTILES.c.timestamp > start)
    for table in TABLES:
        _renormalise(connection, job, table, moved, start, window)
    _raise_bucket_maxima(connection, job.job_id, start)


def _renormalise(connection: sa.Connection, job: Job, table: Table, moved: pl.DataFrame, start: int, window: int) -> None:
    stored, columns = _STORED[table.name]
    c = stored.c
    wanted = {"timestamp", "seq", table.score, f"initial_{table.score}", table.ln_p, *table.scope, "influencer_field_name"}
    flat = [schema.Column("seq", pl.Int32(), "")] if "seq" in c and not any(one.name == "seq" for one in columns) else []
    flat += [one for one in columns if one.name in wanted and one.name in c]
    # Rows before the start are only compared with: the windows of the first quantiles reach further back.
    final = (c.job_id == job.job_id, c.timestamp >= start - window, c.is_interim.is_(False))
    found = rows.frame_of(connection.execute(sa.select(*(c[one.name] for one in flat)).where(*final)).all(), flat)
    measures = [measure for measure, _ in measures_of(job)]
    score = current_scores(table, found, kind_of(table, found, measures), moved, job.bucket_span_ms, window)
    changed = found.with_columns(new=score).filter(pl.col("new") != pl.col(table.score), pl.col("timestamp") >= start)
    keys = [name for name in ("timestamp", "seq") if name in found.columns]
    # "key_": SQLAlchemy keeps the bare names of columns for the values that are set.
    update = stored.update().where(c.job_id == job.job_id, *(c[name] == sa.bindparam(f"key_{name}") for name in keys))
    values: list[dict[str, Any]] = changed.select(pl.col(keys).name.prefix("key_"), "new").to_dicts()
    if values:
        connection.execute(update.values({table.score: sa.bindparam("new")}), values)


def _raise_bucket_maxima(connection: sa.Connection, job_id: str, start: int) -> None:
    """`max_record_score` is that of the records as they are now."""
    bucket, record = tables.BUCKET, tables.RECORD
    most = (
        sa.select(sa.func.max(record.c.record_score))
        .where(record.c.job_id == job_id, record.c.timestamp == bucket.c.timestamp)
        .scalar_subquery()
    )
    having = (bucket.c.job_id == job_id, bucket.c.timestamp >= start, bucket.c.record_count > 0)
    connection.execute(bucket.update().where(*having).values(max_record_score=most))
