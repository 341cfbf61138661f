"""The scores of stored results, as `scoring.rescore` reads and writes them. Readers see all of a change or none."""

from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.config.job import Job
from barograph.engine.entity import names_influencer, names_series
from barograph.engine.exclusions import Exclusion
from barograph.engine.series_stage import measures_of
from barograph.results import schema
from barograph.scoring.renormalise import ScoredTable
from barograph.scoring.rescore import Window, rescore
from barograph.store import job_rows, rows, tables

_STORED: Final = {
    "buckets": (tables.BUCKET, schema.BUCKETS),
    "records": (tables.RECORD, schema.RECORDS),
    "influencers": (tables.INFLUENCER, schema.INFLUENCERS),
    "bucket_influencers": (tables.BUCKET_INFLUENCER, schema.BUCKET_INFLUENCERS),
}
_SEQ: Final = schema.Column("seq", pl.Int32(), "")


def read_quantiles(connection: sa.Connection, job_id: str, *where: "sa.ColumnElement[bool]") -> pl.DataFrame:
    """Rows of `schema.QUANTILES`, by time and then kind."""
    c = tables.QUANTILES.c
    chosen = sa.select(*(c[column.name] for column in schema.QUANTILES)).where(c.job_id == job_id, *where)
    return rows.quantiles_frame(connection.execute(chosen.order_by(c.timestamp, c.kind)).all())


def renormalise(connection: sa.Connection, job: Job, since_ms: int | None) -> None:
    """Bring the current scores of a job up to date with the quantiles from `since_ms` on; None: there are no new ones."""
    measures = [measure for measure, _ in measures_of(job)]
    window = Window(job.bucket_span_ms, job.renormalization_window_days)
    rescore(StoredScores(connection, job), measures, window, since_ms)


class StoredScores:
    """The scored results of a job in a transaction that writes; a `scoring.rescore.ScoredRows`."""

    def __init__(self, connection: sa.Connection, job: Job) -> None:
        self._connection = connection
        self._job = job
        self._job_id = job.job_id

    def moved_quantiles(self, after_ms: int) -> pl.DataFrame:
        """The rows of `schema.QUANTILES` by which scores are to be renormalised, that begin to hold after a time."""
        c = tables.QUANTILES.c
        return read_quantiles(self._connection, self._job_id, c.moved, c.timestamp > after_ms)

    def rows(self, table: ScoredTable, start_ms: int) -> pl.DataFrame:
        """Final rows of a result table from a bucket on, with the columns that scores are made of, and `is_forgotten`."""
        stored, columns = _STORED[table.name]
        c = stored.c
        wanted = {"timestamp", table.score, f"initial_{table.score}", "log_probability", *table.scope, "influencer_field_name"}
        flat = [_SEQ] if "seq" in c else []
        flat += [column for column in columns if column.name in wanted and column.name in c]
        final = (c.job_id == self._job_id, c.timestamp >= start_ms, c.is_interim.is_(False))
        chosen = sa.select(*(c[column.name] for column in flat)).where(*final)
        found = rows.frame_of(self._connection.execute(chosen).all(), flat)
        spans = job_rows.forgotten(self._connection, self._job_id)
        return found.with_columns(is_forgotten=pl.any_horizontal(pl.lit(False), *(self._is_in(span, table) for span in spans)))

    def _is_in(self, span: Exclusion, table: ScoredTable) -> pl.Expr:
        first, end = (bucket * self._job.bucket_span_ms for bucket in span.buckets(self._job.bucket_span_ms))
        when = pl.col("timestamp").is_between(first, end, closed="left")
        if table.scope == schema.SERIES_KEY:
            return when & names_series(self._job, span.entity)
        return when & names_influencer(span.entity) if table.scope else when

    def write(self, table: ScoredTable, changed: pl.DataFrame) -> None:
        """Put current scores in their rows: key columns and the table's score."""
        stored, _ = _STORED[table.name]
        c = stored.c
        keys = [name for name in changed.columns if name != table.score]
        # "key_": SQLAlchemy keeps the bare names of columns for the values that are set.
        ours = (c.job_id == self._job_id, *(c[name] == sa.bindparam(f"key_{name}") for name in keys))
        values: list[dict[str, Any]] = changed.select(
            pl.col(keys).name.prefix("key_"), pl.col(table.score).alias("new")
        ).to_dicts()
        self._connection.execute(stored.update().where(*ours).values({table.score: sa.bindparam("new")}), values)

    def follow_records(self, start_ms: int) -> None:
        """Make `max_record_score` of the buckets from this one on what the scores of their records are now."""
        bucket, record = tables.BUCKET, tables.RECORD
        # Of a sum, not of the column: for its maximum SQLite goes down the index of all scores of the job, for each bucket
        # anew, until one is of that bucket. A commit took two minutes by it among a million records.
        highest = (
            sa.select(sa.func.max(record.c.record_score + 0.0))
            .where(record.c.job_id == self._job_id, record.c.timestamp == bucket.c.timestamp)
            .scalar_subquery()
        )
        having = (bucket.c.job_id == self._job_id, bucket.c.timestamp >= start_ms, bucket.c.record_count > 0)
        self._connection.execute(bucket.update().where(*having).values(max_record_score=highest))
