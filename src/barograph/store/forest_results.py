"""What forests have found, as rows of the database: lists of numbers are JSON text there, which gives every double back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl
import sqlalchemy as sa

from barograph.config.errors import BadRequest
from barograph.results import schema
from barograph.store import rows, tables
from barograph.store.query import FOREST_RESULTS, Page, Query

_C: Final = tables.FOREST_RESULT.c
_ANOMALY: Final = _C.anomaly_grade > 0.0
_MOST: Final = 1_000


@dataclass(frozen=True)
class TopQuery:
    """Which entities had the worst anomalies, or the most.

    Attributes:
        start_ms: first bucket, epoch ms, inclusive.
        end_ms: end of the buckets, epoch ms, exclusive.
        fields: category fields by which entities are grouped; empty: all that the detector has.
        order: by the highest grade, or by how many anomalies.
        size: how many at most, 1 to 1,000.
    """

    start_ms: int
    end_ms: int
    fields: tuple[str, ...] = ()
    order: Literal["severity", "occurrence"] = "severity"
    size: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.size <= _MOST:
            raise BadRequest(f"size={self.size}: wanted 1 to {_MOST:,}")
        if self.order not in ("severity", "occurrence"):
            raise BadRequest(f"order={self.order!r}: wanted severity or occurrence")


def insert(connection: sa.Connection, job_id: str, results: pl.DataFrame) -> None:
    """Insert rows of `schema.FOREST_RESULTS`."""
    if results.is_empty():
        return
    texts = [
        pl.Series(name, [None if one is None else json.dumps(one) for one in results[name].to_list()], dtype=pl.String)
        for name in tables.FOREST_LISTS
    ]
    rows.insert(connection, tables.FOREST_RESULT, job_id, results.with_columns(texts))


def page(connection: sa.Connection, job_id: str, asked: Query, *, anomalies_only: bool) -> Page:
    """A page of rows of `schema.FOREST_RESULTS`; `min_score` is the lowest grade."""
    where = [*FOREST_RESULTS.where(job_id, asked), *([_ANOMALY] if anomalies_only else [])]
    chosen = sa.select(*(_C[column.name] for column in schema.FOREST_RESULTS)).where(*where)
    fetched = connection.execute(chosen.order_by(*FOREST_RESULTS.order(asked)).offset(asked.offset or None).limit(asked.size))
    total = connection.execute(sa.select(sa.func.count()).select_from(tables.FOREST_RESULT).where(*where)).scalar_one()
    return Page(_frame(fetched.all()), total)


def top(connection: sa.Connection, job_id: str, columns: Sequence[str], asked: TopQuery) -> pl.DataFrame:
    """The entities of `asked`, worst first: a column for each of `columns`, `max_anomaly_grade` and `anomalies`."""
    worst, count = sa.func.max(_C.anomaly_grade), sa.func.count()
    by = [_C[name] for name in columns]
    where = _C.job_id == job_id, _ANOMALY, _C.timestamp >= asked.start_ms, _C.timestamp < asked.end_ms
    first = (worst, count) if asked.order == "severity" else (count, worst)
    chosen = sa.select(*by, worst, count).where(*where).group_by(*by).order_by(*(one.desc() for one in first), *by)
    fetched = connection.execute(chosen.limit(asked.size)).all()
    types = {**dict.fromkeys(columns, pl.String), "max_anomaly_grade": pl.Float64, "anomalies": pl.Int64}
    return pl.DataFrame([tuple(row) for row in fetched], schema=types, orient="row")


def _frame(fetched: Sequence[Any]) -> pl.DataFrame:
    names = [column.name for column in schema.FOREST_RESULTS]
    lists = [at for at, name in enumerate(names) if name in tables.FOREST_LISTS]
    read = []
    for row in fetched:
        values = list(row)
        for at in lists:
            values[at] = None if values[at] is None else json.loads(values[at])
        read.append(values)
    return pl.DataFrame(read, schema=schema.polars_schema(schema.FOREST_RESULTS), orient="row")
