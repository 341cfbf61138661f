"""What to ask of the result tables, and the select that answers it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.config.errors import BadRequest
from barograph.config.splits import SPLITS
from barograph.results import schema
from barograph.store import bucket_series, tables
from barograph.store.entity_filter import Is, of_record


@dataclass(frozen=True)
class Query:
    """A page of results.

    Attributes:
        start_ms: first bucket, epoch ms, inclusive; None is from the beginning.
        end_ms: epoch ms, exclusive; None is to the end.
        min_score: lowest score to return, 0 to 100.
        min_initial_score: lowest score when it was first written, which never changes.
        sort: column to sort by; None is the table's own (time for buckets, score for records and influencers).
        descending: direction; None is the table's own (scores from the highest, times from the earliest).
        offset: rows to leave out at the start, >= 0.
        size: rows to return at most, >= 0; None is all.
        exclude_interim: leave out results of buckets that are still open; they are shown to who asks for them only.
        entity: (field, value) pairs that a result must all be of: split values of its series, influencers of a record.
        detector_index: of the detector that found it, from 0; None is any.
        times: these buckets, epoch ms; None is any.
        members: these over values; None is any.

    Raises:
        BadRequest: a negative offset or size.
    """

    start_ms: int | None = None
    end_ms: int | None = None
    min_score: float = 0.0
    sort: str | None = None
    descending: bool | None = None
    offset: int = 0
    size: int | None = None
    exclude_interim: bool = True
    entity: tuple[tuple[str, str], ...] = ()
    detector_index: int | None = None
    min_initial_score: float = 0.0
    times: tuple[int, ...] | None = None
    members: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name, value in (("offset", self.offset), ("size", self.size or 0)):
            if value < 0:
                raise BadRequest(f"{name}={value}: wanted 0 or more")


@dataclass(frozen=True)
class Page:
    """One page of a query's answer.

    Attributes:
        rows: the page, with the columns of `results/schema.py` in their order.
        total: rows that match the query on all pages together.
    """

    rows: pl.DataFrame
    total: int


@dataclass(frozen=True)
class ResultTable:
    """How one result table is asked: its columns, the score that `min_score` means (None: it has none), its own order."""

    table: sa.Table
    columns: tuple[schema.Column, ...]
    score: str | None
    sort: str
    descending: bool

    @property
    def flat(self) -> tuple[schema.Column, ...]:
        """The columns that the table itself holds; it can be sorted by each."""
        return tuple(column for column in self.columns if column.name in self.table.c)

    def where(self, job_id: str, query: Query) -> list["sa.ColumnElement[bool]"]:
        """The conditions of a query.

        Raises:
            BadRequest: a lowest score, an entity or a detector, and the table's rows have none.
        """
        c = self.table.c
        conditions = [c.job_id == job_id, *in_time(self.table, query)]
        for name, least, column in (
            ("min_score", query.min_score, self.score),
            ("min_initial_score", query.min_initial_score, f"initial_{self.score}"),
        ):
            if least > 0 and self.score is None:
                raise BadRequest(f"{name}={least:g}: wanted none, as {self.table.name}s have no score")
            if least > 0 and column is not None:
                conditions.append(c[column] >= least)
        if query.members is not None:
            conditions.append(self.table.c.over_field_value.in_(query.members))
        return conditions + self._of_detector(query) + [self._of_entity(field, value) for field, value in query.entity]

    def _of_detector(self, query: Query) -> list["sa.ColumnElement[bool]"]:
        if query.detector_index is None:
            return []
        if "detector_index" not in self.table.c:
            raise BadRequest(f"detector_index={query.detector_index}: wanted none, as {self.table.name}s are of all detectors")
        return [self.table.c.detector_index == query.detector_index]

    def _of_entity(self, field: str, value: str) -> "sa.ColumnElement[bool]":
        """Whether a row is of one (field, value) pair."""
        c = self.table.c
        pairs = [(name, of) for name, of in (*SPLITS, schema.INFLUENCER_KEY) if name in c]
        if not pairs:
            raise BadRequest(f"entity={field}={value!r}: wanted none, as {self.table.name}s are of all entities")
        if self.table is tables.RECORD:
            return of_record(Is(field, (value,)))
        return sa.or_(*(sa.and_(c[name] == field, c[of] == value) for name, of in pairs))

    def order(self, query: Query) -> list["sa.ColumnElement[Any]"]:
        """The order of a query, total, so that pages never overlap.

        Ties go by time in the direction of the sort, then by rank in the bucket, worst first in either direction. Rows
        without a value come last.

        Raises:
            BadRequest: no such column.
        """
        name = query.sort or self.sort
        known = [column.name for column in self.flat]
        if name not in known:
            raise BadRequest(f"sort={name!r}: wanted one of {', '.join(known)}")
        down = query.descending if query.descending is not None else self.descending
        c = self.table.c
        time = c.timestamp.desc() if down else c.timestamp.asc()
        first = [] if name == "timestamp" else [(c[name].desc() if down else c[name].asc()).nulls_last()]
        return [*first, time, *([c.seq.asc()] if "seq" in c else [])]

    def select(self, job_id: str, query: Query) -> "sa.Select[Any]":
        """The rows of one page, with the result's columns that are stored flat."""
        chosen = sa.select(*(self.table.c[column.name] for column in self.flat)).where(*self.where(job_id, query))
        return chosen.order_by(*self.order(query)).offset(query.offset or None).limit(query.size)

    def count(self, job_id: str, query: Query) -> "sa.Select[Any]":
        """How many rows match on all pages."""
        where = self.where(job_id, query)
        of_time = in_time(self.table, query)
        if self.table is tables.RECORD and len(where) == 1 + len(list(of_time)):  # nothing else is asked of a record
            c = tables.BUCKET_SERIES.c
            return bucket_series.counted(c.job_id == job_id, *in_time(tables.BUCKET_SERIES, query))
        return sa.select(sa.func.count()).select_from(self.table).where(*where)


def in_time(table: sa.Table, query: Query) -> "Iterator[sa.ColumnElement[bool]]":
    """The conditions of a query that have to do with time."""
    c = table.c
    if query.times is not None:
        yield c.timestamp.in_(query.times)
    if query.start_ms is not None:
        yield c.timestamp >= query.start_ms
    if query.end_ms is not None:
        yield c.timestamp < query.end_ms
    if query.exclude_interim and "is_interim" in c:
        yield c.is_interim.is_(False)


def highest_scores(connection: sa.Connection, job_ids: Sequence[str], window_ms: int, query: Query) -> pl.DataFrame:
    """The highest bucket score of each job in each window: `window`, `job_id`, `score`, `interim` (1: a bucket is interim)."""
    c = tables.BUCKET.c
    window = c.timestamp - c.timestamp % window_ms
    interim = sa.func.max(sa.case((c.is_interim, 1), else_=0))
    chosen = sa.select(window, c.job_id, sa.func.max(c.anomaly_score), interim)
    chosen = chosen.where(c.job_id.in_(job_ids), *in_time(tables.BUCKET, query))
    fetched = connection.execute(chosen.group_by(window, c.job_id)).all()
    names = {"window": pl.Int64, "job_id": pl.String, "score": pl.Float64, "interim": pl.Int64}
    return pl.DataFrame([tuple(row) for row in fetched], schema=names, orient="row")


BUCKETS: Final = ResultTable(tables.BUCKET, schema.BUCKETS, "anomaly_score", "timestamp", descending=False)
RECORDS: Final = ResultTable(tables.RECORD, schema.RECORDS, "record_score", "record_score", descending=True)
INFLUENCERS: Final = ResultTable(tables.INFLUENCER, schema.INFLUENCERS, "influencer_score", "influencer_score", descending=True)
BUCKET_INFLUENCERS: Final = ResultTable(
    tables.BUCKET_INFLUENCER, schema.BUCKET_INFLUENCERS, "anomaly_score", "timestamp", descending=False
)
ANNOTATIONS: Final = ResultTable(tables.ANNOTATION, schema.ANNOTATIONS, None, "timestamp", descending=False)
FOREST_RESULTS: Final = ResultTable(tables.FOREST_RESULT, schema.FOREST_RESULTS, "anomaly_grade", "timestamp", descending=False)
