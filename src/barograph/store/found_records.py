"""Records of several jobs at once, as a table of them asks: by severity and entity, only the worst of each stretch of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.config.errors import BadRequest
from barograph.config.splits import SPLIT_VALUES
from barograph.results import schema
from barograph.store import rows, tables
from barograph.store.entity_filter import Filter, condition, of_record
from barograph.store.query import RECORDS

_C: Final = tables.RECORD.c
_KEY: Final = ("job_id", "timestamp", "seq")
_SERIES: Final = ("job_id", *schema.SERIES_KEY)
_SHORT: Final = 50
"""A time is short when it is less than one part in this many of all that a job has records of."""

SORTS: Final[dict[str, "sa.ColumnElement[Any]"]] = {
    "time": _C.timestamp,
    "score": _C.record_score,
    "detector": _C.detector_index,
    "entity": sa.func.coalesce(*(_C[name] for name in SPLIT_VALUES)),
    "actual": _C.actual,
    "typical": _C.typical,
    "probability": _C.log_probability,
    "job": _C.job_id,
}
"""What records can be sorted by. A probability goes by its logarithm, which tells the smallest ones apart."""


@dataclass(frozen=True)
class Stretches:
    """How time is cut where only the worst record of each series in each stretch is wanted.

    Attributes:
        ms: length of a stretch.
        shifts: (from when on, by how many ms local time is ahead), by time: stretches are those of a clock on a wall.
    """

    ms: int
    shifts: tuple[tuple[int, int], ...] = ((0, 0),)

    def of(self, time: "sa.ColumnElement[int]") -> "sa.ColumnElement[Any]":
        """Where the stretch of a time begins, in local time."""
        whens = [(time < until, shift) for (_, shift), (until, _) in pairwise(self.shifts)]
        last = sa.literal(self.shifts[-1][1])
        local = time + (sa.case(*whens, else_=last) if whens else last)
        return local - local % self.ms


@dataclass(frozen=True)
class RecordsQuery:
    """Which records.

    Attributes:
        job_ids: the jobs.
        start_ms: first bucket, epoch ms, inclusive.
        end_ms: epoch ms, exclusive.
        bands: `[least, beyond)` of scores of which one must hold; None is any score.
        wanted: a filter of their entities; None is every one.
        detectors: (job, detector) of which one must have found it; None is any.
        exclude_interim: leave out records of buckets that are still open.
        worst_of: keep only the worst of each series in each stretch; None keeps all.
        sort: a key of `SORTS`.
        descending: direction of the sort; rows without a value come last in either.
        offset: rows to leave out at the start.
        size: rows to return at most.
    """

    job_ids: Sequence[str]
    start_ms: int | None = None
    end_ms: int | None = None
    bands: tuple[tuple[float, float], ...] | None = None
    wanted: Filter | None = None
    detectors: tuple[tuple[str, int], ...] | None = None
    exclude_interim: bool = False
    worst_of: Stretches | None = None
    sort: str = "score"
    descending: bool = True
    offset: int = 0
    size: int = 25

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise BadRequest(f"sort={self.sort!r}: wanted one of {', '.join(SORTS)}")

    def in_time(self) -> "list[sa.ColumnElement[bool]]":
        """The conditions that the jobs and the time make."""
        conditions: list[sa.ColumnElement[bool]] = [_C.job_id.in_(self.job_ids)]
        conditions += [] if self.start_ms is None else [_C.timestamp >= self.start_ms]
        return conditions + ([] if self.end_ms is None else [_C.timestamp < self.end_ms])

    def takes_all(self) -> bool:
        """Whether every record in that time is asked for."""
        return not self.exclude_interim and all(one is None for one in (self.bands, self.wanted, self.detectors))

    def where(self) -> "list[sa.ColumnElement[bool]]":
        """All conditions on a record."""
        return self.in_time() + self.of_record()

    def of_record(self) -> "list[sa.ColumnElement[bool]]":
        """All conditions on a record itself."""
        conditions: list[sa.ColumnElement[bool]] = []
        if self.bands is not None:
            score = _C.record_score
            conditions.append(sa.or_(sa.false(), *(sa.and_(score >= least, score < beyond) for least, beyond in self.bands)))
        if self.wanted is not None:
            conditions.append(condition(self.wanted, of_record))
        if self.detectors is not None:
            conditions.append(sa.tuple_(_C.job_id, _C.detector_index).in_(self.detectors))
        return conditions + ([_C.is_interim.is_(False)] if self.exclude_interim else [])


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
    first, last = (_one(connection, asked(_C.timestamp), query.where()) for asked in (sa.func.min, sa.func.max))
    return first, last


def _one(connection: sa.Connection, asked: "sa.ColumnElement[Any]", where: "list[sa.ColumnElement[bool]]") -> Any:
    """One figure of the records: asked alone, the ends and the highest are looked up where all of them at once are searched."""
    return connection.execute(sa.select(asked).select_from(tables.RECORD).where(*where)).scalar_one()


def found_records(connection: sa.Connection, query: RecordsQuery) -> FoundRecords:
    """A page of records; ties go by time, newest first when the sort descends, then by job and rank."""
    first, last = extent(connection, query)
    highest = _one(connection, sa.func.max(_C.record_score), query.where())
    records = _one(connection, sa.func.count(), query.where())
    in_time = records if query.takes_all() else _one(connection, sa.func.count(), query.in_time())
    total = records if query.worst_of is None else connection.execute(_groups(query, query.worst_of)).scalar_one()
    keys = (_by_score(query) if _is_quick_by_score(connection, query) else _in_order(query)).subquery()
    same = sa.and_(*(_C[name] == keys.c[name] for name in _KEY))
    columns = [_C.job_id, *(_C[column.name] for column in RECORDS.flat), keys.c.worst_of]
    chosen = sa.select(*columns).select_from(keys.join(tables.RECORD, same)).order_by(*_order(keys, query))
    page = _frame(connection.execute(chosen).all())
    return FoundRecords(page, total, records, in_time, first, last, highest)


def _groups(query: RecordsQuery, stretches: Stretches) -> "sa.Select[Any]":
    """How many rows there are when each stretch of a series has one."""
    groups = sa.select(sa.literal(1).label("one")).where(*query.where())
    groups = groups.group_by(*(_C[name] for name in _SERIES), stretches.of(_C.timestamp))
    return sa.select(sa.func.count()).select_from(groups.subquery())


def _is_quick_by_score(connection: sa.Connection, query: RecordsQuery) -> bool:
    """Whether the worst records of one job are sooner found from the worst one down than by looking at all in that time.

    That passes by those of other times, so it is not for a short time out of a long one.
    """
    if query.sort != "score" or not query.descending or query.worst_of is not None or len(query.job_ids) != 1:
        return False
    first, last = extent(connection, RecordsQuery(query.job_ids))
    if first is None or last is None:
        return False
    start = first if query.start_ms is None else max(first, query.start_ms)
    end = last + 1 if query.end_ms is None else min(last + 1, query.end_ms)
    return (end - start) * _SHORT >= last - first


def _by_score(query: RecordsQuery) -> "sa.Select[Any]":
    """The keys of the page, from the worst on, by the index of scores."""
    time = _C.timestamp + 0  # not the column, so that the planner does not go by time
    within = [] if query.start_ms is None else [time >= query.start_ms]
    within += [] if query.end_ms is None else [time < query.end_ms]
    keys = [*(_C[name] for name in _KEY), _C.record_score.label("sort_key"), sa.literal(1).label("worst_of")]
    chosen = sa.select(*keys).where(_C.job_id == query.job_ids[0], *within, *query.of_record())
    chosen = chosen.order_by(_C.record_score.desc().nulls_last(), _C.timestamp.desc(), _C.seq)
    return chosen.offset(query.offset).limit(query.size)


def _in_order(query: RecordsQuery) -> "sa.Select[Any]":
    """The keys of the page, after all that match have been brought into order."""
    kept = _kept(query)
    return sa.select(kept).order_by(*_order(kept, query)).offset(query.offset).limit(query.size)


def _kept(query: RecordsQuery) -> "sa.Subquery":
    """The keys of the rows of a query, each with what it is sorted by and how many records it stands for."""
    keys = [*(_C[name] for name in _KEY), SORTS[query.sort].label("sort_key")]
    if query.worst_of is None:
        return sa.select(*keys, sa.literal(1).label("worst_of")).where(*query.where()).subquery()
    series = [*(_C[name] for name in _SERIES), query.worst_of.of(_C.timestamp)]
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
