"""The worst records from the worst down, and only the worst of each series in each stretch of time.

From the worst down the first record of a series and stretch is its worst, and by time a page has those of the first stretches
alone. So it needs no look at all that match: of a million records it takes some ms, and bringing all into order 14 s.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from barograph.results import schema
from barograph.store import bucket_series, tables
from barograph.store.records_query import KEY, RecordsQuery, Stretches, is_short

_C: Final = tables.RECORD.c
_SERIES: Final = tuple(_C[name] for name in schema.SERIES_KEY)
_FIRST: Final = 4
"""So many times the rows of a page are looked at first; where they are of too few series and stretches, twice as many then."""
_MOST: Final = 20_000
"""Records of a job to look at; beyond, all are brought into order. Chosen: 0.2 s."""
_SHORT: Final = 1000
"""As of `records_query.is_short`: bringing a record into order costs as much as passing by a thousand of other times."""

_RANGES: Final = 200
"""Ranges of time in a query; SQLite reads no more than 1,000 `or`s."""

Key = tuple[str, int, int, int]
"""Job, time, rank, and how many records it stands for."""

_Place = tuple[tuple[str, int], tuple[Any, ...]]
"""Job and stretch, and the columns `schema.SERIES_KEY`."""


def keys(connection: sa.Connection, query: RecordsQuery) -> list[Key] | None:
    """The keys of a page of the worst records; None where they are not found quickly this way."""
    end = query.offset + query.size
    if query.sort != "score" or not query.descending or (query.worst_of is None and len(query.job_ids) != 1):
        return None
    found: list[Any] = []
    for job_id in query.job_ids:
        short = is_short(connection, query, job_id, *([] if query.worst_of is None else [_SHORT]))
        if short is None:
            continue
        if short:
            return None
        of_job = _plain(connection, query) if query.worst_of is None else _worst(connection, query, query.worst_of, job_id, end)
        if of_job is None:
            return None
        found += of_job
    if query.worst_of is None:
        return [(row.job_id, row.timestamp, row.seq, 1) for row in found]
    page = sorted(found, key=lambda row: (_down(row.record_score), -row.timestamp, row.job_id, row.seq))[query.offset : end]
    counts = _counts(connection, query, query.worst_of, page)
    return [(row.job_id, row.timestamp, row.seq, counts[_place(row)]) for row in page]


def nearest(connection: sa.Connection, query: RecordsQuery, stretches: Stretches) -> RecordsQuery:
    """A query by time of no more time than its page needs: of so many series and stretches as come before its end, and some."""
    if query.sort != "time" or not query.takes_whole_buckets():
        return query
    found = bucket_series.in_stretches(connection, stretches.of(tables.BUCKET_SERIES.c.timestamp), query.of_buckets())
    locals_, wanted = sorted({local for _, local in found}, reverse=query.descending), query.offset + query.size
    series = np.cumsum(
        [sum(len(found[job_id, local][0]) for job_id in query.job_ids if (job_id, local) in found) for local in locals_]
    )
    # Where a clock is put back, stretches of later times come before others: none of those behind so many more does.
    last = int(np.searchsorted(series, wanted)) + stretches.overlap
    if last >= len(locals_):
        return query
    first_ms, last_ms = stretches.span(locals_[last])
    if query.descending:
        return replace(query, start_ms=first_ms if query.start_ms is None else max(first_ms, query.start_ms))
    return replace(query, end_ms=last_ms + 1 if query.end_ms is None else min(last_ms + 1, query.end_ms))


def total(connection: sa.Connection, query: RecordsQuery, stretches: Stretches) -> int:
    """How many rows there are when each stretch of a series has one."""
    if query.takes_whole_buckets():
        local = stretches.of(tables.BUCKET_SERIES.c.timestamp)
        return sum(len(series) for series, _ in bucket_series.in_stretches(connection, local, query.of_buckets()).values())
    groups = sa.select(sa.literal(1).label("one")).where(*query.where())
    groups = groups.group_by(_C.job_id, *_SERIES, stretches.of(_C.timestamp))
    return connection.execute(sa.select(sa.func.count()).select_from(groups.subquery())).scalar_one()


def _plain(connection: sa.Connection, query: RecordsQuery) -> Sequence[Any]:
    """The rows of a page of one job, by the index of scores."""
    chosen = sa.select(*(_C[name] for name in KEY)).where(*query.where_by_score(query.job_ids[0]))
    return connection.execute(chosen.order_by(*_worst_down()).offset(query.offset).limit(query.size)).all()


def _worst_down() -> "list[sa.ColumnElement[Any]]":
    return [_C.record_score.desc().nulls_last(), _C.timestamp.desc(), _C.seq]


def _worst(connection: sa.Connection, query: RecordsQuery, stretches: Stretches, job_id: str, wanted: int) -> list[Any] | None:
    """The worst records of the worst series and stretches of a job, at least so many of them; None: not among the first."""
    columns = [*(_C[name] for name in KEY), _C.record_score, _C.log_probability, *_SERIES]
    chosen = sa.select(*columns, stretches.of(_C.timestamp).label("stretch")).where(*query.where_by_score(job_id))
    most = _FIRST * wanted
    while most <= _MOST:
        rows = connection.execute(chosen.order_by(*_worst_down()).limit(most)).all()
        are_all = len(rows) < most
        if not are_all:  # there may be more of the last score, and worse ones
            rows = [row for row in rows if _down(row.record_score) < _down(rows[-1].record_score)]
        first: dict[_Place, Any] = {}
        for row in sorted(rows, key=lambda row: (_down(row.record_score), row.log_probability, row.timestamp, row.seq)):
            first.setdefault(_place(row), row)
        if are_all or len(first) >= wanted:
            return list(first.values())
        most *= 2
    return None


def _down(score: float | None) -> float:
    """Orders from the highest score down; without one last."""
    return np.inf if score is None else -score


def _place(row: Any) -> _Place:
    return (row.job_id, int(row.stretch)), tuple(row[name] for name in map(row._fields.index, schema.SERIES_KEY))


def _counts(connection: sa.Connection, query: RecordsQuery, stretches: Stretches, page: Sequence[Any]) -> dict[_Place, int]:
    """How many records of a query there are of each series and stretch of a page."""
    found: dict[_Place, int] = {}
    every = sorted({(row.job_id, int(row.stretch)) for row in page})
    for of_page in (every[start : start + _RANGES] for start in range(0, len(every), _RANGES)):
        if query.takes_whole_buckets():
            c = tables.BUCKET_SERIES.c
            where = [*query.of_buckets(), _in_any(c, stretches, of_page)]
            named = bucket_series.in_stretches(connection, stretches.of(c.timestamp), where)
            counted = {stretch: dict(zip(*map(np.ndarray.tolist, of), strict=True)) for stretch, of in named.items()}
            places = (place for place in map(_place, page) if place[0] in counted)
            found |= {place: counted[place[0]][bucket_series.name_of(place[1])] for place in places}
        else:
            by = [_C.job_id, stretches.of(_C.timestamp).label("stretch"), *_SERIES]
            chosen = sa.select(*by, sa.func.count().label("many")).where(*query.where(), _in_any(_C, stretches, of_page))
            found |= {_place(row): row.many for row in connection.execute(chosen.group_by(*by))}
    return found


def _in_any(c: Any, stretches: Stretches, of: Sequence[tuple[str, int]]) -> "sa.ColumnElement[bool]":
    """Whether a time may be in one of several stretches: by its column, so that rows are looked up."""
    return sa.or_(*(sa.and_(c.job_id == job_id, c.timestamp.between(*stretches.span(local))) for job_id, local in of))
