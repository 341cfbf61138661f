"""Records of several jobs at once, as a table of them asks: by severity and entity, only the worst of each stretch of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.results import schema
from barograph.store import bucket_series, rows, tables, worst_records
from barograph.store.keyed import keyed
from barograph.store.query import RECORDS
from barograph.store.records_query import KEY, SORTS, RecordsQuery, is_short

_C: Final = tables.RECORD.c


@dataclass(frozen=True)
class FoundRecords:
    """A page of records.

    Attributes:
        rows: the page: `job_id`, the columns of `schema.RECORDS`, and `worst_of` (how many records the row stands for).
        total: rows on all pages.
        records: records that they stand for.
        in_time: records of the jobs in that time, whatever else is asked for.
        first_ms: the first of `records`, epoch ms; None without any.
        last_ms: the last of them.
        highest: the highest score of them.
    """

    rows: pl.DataFrame
    total: int
    records: int
    in_time: int
    first_ms: int | None
    last_ms: int | None
    highest: float | None


def extent(connection: sa.Connection, query: RecordsQuery) -> "tuple[int | None, int | None]":
    """The times of the first and the last record of a query."""
    first, last, _ = _ends(connection, query)
    return first, last


def _ends(connection: sa.Connection, query: RecordsQuery) -> "tuple[int | None, int | None, float | None]":
    """The first time, the last time and the highest score: each is looked up where all of them at once are searched."""
    where = _where(connection, query)
    asked = (sa.func.min(_C.timestamp), sa.func.max(_C.timestamp), sa.func.max(_C.record_score))
    first, last, highest = (connection.execute(sa.select(one).where(*where)).scalar_one() for one in asked)
    return first, last, highest


def _where(connection: sa.Connection, query: RecordsQuery) -> "list[sa.ColumnElement[bool]]":
    """The conditions of a query, so that records of some scores are gathered from the index by score, unless time is short."""
    if query.bands is None or len(query.job_ids) != 1 or is_short(connection, query, query.job_ids[0]) is not False:
        return query.where()
    return query.where_by_score(query.job_ids[0])


def found_records(connection: sa.Connection, query: RecordsQuery) -> FoundRecords:
    """A page of records; ties go by time, newest first when the sort descends, then by job and rank."""
    ends = _ends(connection, query)
    in_time = connection.execute(bucket_series.counted(*query.in_time(tables.BUCKET_SERIES))).scalar_one()
    records = in_time if query.takes_all() else _count(connection, query)
    total = records if query.worst_of is None else worst_records.total(connection, query, query.worst_of)
    keys = worst_records.keys(connection, query)
    page = _in_order(connection, query) if keys is None else _of_keys(connection, keys)
    return FoundRecords(page, total, records, in_time, *ends)


def _count(connection: sa.Connection, query: RecordsQuery) -> int:
    if query.takes_whole_buckets():
        return connection.execute(bucket_series.counted(*query.of_buckets())).scalar_one()
    counted = sa.select(sa.func.count()).select_from(tables.RECORD).where(*_where(connection, query))
    return connection.execute(counted).scalar_one()


def _of_keys(connection: sa.Connection, keys: "Sequence[tuple[str, int, int, int]]") -> pl.DataFrame:
    """The records of keys, each with how many it stands for, in their order."""
    columns = [_C.job_id, *(_C[column.name] for column in RECORDS.flat)]
    chosen = keyed(connection, sa.select(*columns), [key[:3] for key in keys], *(_C[name] for name in KEY))
    found = {(row.job_id, row.timestamp, row.seq): row for row in chosen}
    return _frame([(*found[key[:3]], key[3]) for key in keys])


def _in_order(connection: sa.Connection, query: RecordsQuery) -> pl.DataFrame:
    """The page, after all that match have been brought into order."""
    kept = _kept(query if query.worst_of is None else worst_records.nearest(connection, query, query.worst_of))
    keys = sa.select(kept).order_by(*_order(kept, query)).offset(query.offset).limit(query.size).subquery()
    same = sa.and_(*(_C[name] == keys.c[name] for name in KEY))
    columns = [_C.job_id, *(_C[column.name] for column in RECORDS.flat), keys.c.worst_of]
    chosen = sa.select(*columns).select_from(keys.join(tables.RECORD, same)).order_by(*_order(keys, query))
    return _frame(connection.execute(chosen).all())


def _kept(query: RecordsQuery) -> "sa.Subquery":
    """The keys of the rows of a query, each with what it is sorted by and how many records it stands for."""
    keys = [*(_C[name] for name in KEY), SORTS[query.sort].label("sort_key")]
    if query.worst_of is None:
        return sa.select(*keys, sa.literal(1).label("worst_of")).where(*query.where()).subquery()
    series = [_C.job_id, *(_C[name] for name in schema.SERIES_KEY), query.worst_of.of(_C.timestamp)]
    worst_first = [_C.record_score.desc(), _C.log_probability, _C.timestamp, _C.seq]
    place = sa.func.row_number().over(partition_by=series, order_by=worst_first).label("place")
    many = sa.func.count().over(partition_by=series).label("worst_of")
    ranked = sa.select(*keys, many, place).where(*query.where()).subquery()
    return sa.select(ranked).where(ranked.c.place == 1).subquery()


def _order(kept: "sa.Subquery", query: RecordsQuery) -> "list[sa.ColumnElement[Any]]":
    c = kept.c
    first, time = (c[name].desc() if query.descending else c[name].asc() for name in ("sort_key", "timestamp"))
    return [first.nulls_last(), time, c.job_id, c.seq]


def _frame(fetched: Sequence[Any]) -> pl.DataFrame:
    columns = {"job_id": pl.String(), **{column.name: column.dtype for column in RECORDS.flat}, "worst_of": pl.Int64()}
    return pl.DataFrame([tuple(row) for row in fetched], schema=pl.Schema(columns), orient="row")


def with_influencers(page: pl.DataFrame, influencers: "dict[str, pl.DataFrame]") -> pl.DataFrame:
    """A page with the influencers of each record, given those of each job as `rows.influence_frame`."""
    placed = page.with_row_index("place")
    parts = [
        rows.with_influencers(of, influencers[str(job_id)]) for (job_id,), of in placed.group_by("job_id", maintain_order=True)
    ]
    empty = placed.with_columns(pl.lit(None, dtype=pl.List(schema.INFLUENCE)).alias("influencers"))
    names = ("job_id", *(column.name for column in schema.RECORDS), "worst_of")
    return (pl.concat(parts).sort("place") if parts else empty).select(names)
