"""Between result DataFrames and table rows.

A table keeps every double to the last bit, with two exceptions that hold on both databases, so that they read alike:
NaN is written as NULL (a result has a number or it has none), and a negative zero as zero (SQLite has no negative zero in a
REAL column). The zero byte, which PostgreSQL's text cannot hold, is written as its sign, U+2400.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import polars as pl
import polars.selectors as cs
import sqlalchemy as sa

from barograph.results import schema

_INFLUENCERS: Final = "influencers"
_INFLUENCE_COLUMNS: Final = ("influencer_field_name", "influencer_field_value", "influence")


def storable(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every value as both databases can hold it."""
    return frame.with_columns(
        cs.float().fill_nan(None) + 0.0,  # -0.0 + 0.0 is 0.0; any other double stays as it is
        cs.string().str.replace_all("\x00", "\u2400", literal=True),
    )


def ranked(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with `seq`, the position of each row in its bucket, unless it has it."""
    if "seq" in frame.columns:
        return frame
    return frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int32).over("timestamp").alias("seq"))


def with_counts_as_text(quantiles: pl.DataFrame) -> pl.DataFrame:
    """Quantiles with their counts as JSON text, which gives every double back."""
    return quantiles.with_columns(pl.Series("counts", list(map(json.dumps, quantiles["counts"].to_list())), dtype=pl.String))


def quantiles_frame(fetched: Sequence[Any]) -> pl.DataFrame:
    """Fetched rows of quantiles in the order of `schema.QUANTILES`."""
    rows = [(*row[:5], json.loads(row[5]), *row[6:]) for row in fetched]
    return pl.DataFrame(rows, schema=schema.polars_schema(schema.QUANTILES), orient="row")


def influences(records: pl.DataFrame) -> pl.DataFrame:
    """One row an influencer of a record: timestamp, seq, rank, influencer_field_name, influencer_field_value, influence."""
    return (
        records.select("timestamp", "seq", _INFLUENCERS)
        .filter(pl.col(_INFLUENCERS).list.len() > 0)
        .explode(_INFLUENCERS)
        .unnest(_INFLUENCERS)
        .filter(pl.col("influencer_field_values").list.len() > 0)
        .explode("influencer_field_values", "influences")
        .rename({"influencer_field_values": "influencer_field_value", "influences": "influence"})
        .select(
            "timestamp",
            "seq",
            pl.int_range(pl.len(), dtype=pl.Int32).over("timestamp", "seq").alias("rank"),
            *_INFLUENCE_COLUMNS,
        )
    )


def influence_frame(fetched: Sequence[Any]) -> pl.DataFrame:
    """Fetched rows of influencers of records: timestamp, seq, influencer_field_name, influencer_field_value, influence."""
    types = (pl.Int64, pl.Int32, pl.String, pl.String, pl.Float64)
    names = ("timestamp", "seq", *_INFLUENCE_COLUMNS)
    return pl.DataFrame([tuple(row) for row in fetched], schema=dict(zip(names, types, strict=True)), orient="row")


def with_influencers(records: pl.DataFrame, influencers: pl.DataFrame) -> pl.DataFrame:
    """The records in their order, with the column `influencers` put together again from rows in the order of their rank."""
    none = pl.lit([], dtype=pl.List(schema.INFLUENCE))
    if influencers.is_empty():
        return records.with_columns(none.alias(_INFLUENCERS))
    key = ["timestamp", "seq"]
    nested = (
        influencers.lazy()
        .group_by([*key, "influencer_field_name"], maintain_order=True)
        .agg(pl.col("influencer_field_value").alias("influencer_field_values"), pl.col("influence").alias("influences"))
        .select(*key, pl.struct("influencer_field_name", "influencer_field_values", "influences").alias(_INFLUENCERS))
        .group_by(key, maintain_order=True)
        .agg(_INFLUENCERS)
    )
    joined = records.lazy().join(nested, on=key, how="left", maintain_order="left")
    # All of it at once: each step by itself would wait for a thread, which others keep busy while rows come.
    return joined.with_columns(pl.col(_INFLUENCERS).fill_null(none)).collect()


def frame_of(rows: Sequence[Any], columns: Sequence[schema.Column]) -> pl.DataFrame:
    """A DataFrame of fetched rows, typed as the result columns."""
    return pl.DataFrame([tuple(row) for row in rows], schema=schema.polars_schema(tuple(columns)), orient="row")


def insert(connection: sa.Connection, table: sa.Table, job_id: str, frame: pl.DataFrame) -> None:
    """Insert the rows of a frame whose columns carry the table's names.

    By the databases' own bulk paths: on SQLite they measured three times the rate of SQLAlchemy's insert.
    """
    if frame.is_empty():
        return
    stored = storable(frame.select(name for name in frame.columns if name in table.c))
    stored = stored.insert_column(0, pl.repeat(job_id, len(frame), eager=True).alias("job_id"))
    if connection.dialect.name == "postgresql":
        _copy(connection, table, stored.columns, stored.rows())
    else:
        statement = table.insert().compile(dialect=connection.dialect, column_keys=stored.columns)
        connection.exec_driver_sql(str(statement), stored.select(statement.positiontup or pl.all()).rows())


def _copy(connection: sa.Connection, table: sa.Table, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    into = f"COPY {quote(table.name)} ({', '.join(quote(name) for name in names)}) FROM STDIN"
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(row)
