"""Which records of several jobs are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa

from barograph.config.errors import BadRequest
from barograph.config.splits import SPLIT_VALUES
from barograph.store import tables
from barograph.store.entity_filter import Filter, condition, of_record

_C: Final = tables.RECORD.c
KEY: Final = ("job_id", "timestamp", "seq")
_SHORT: Final = 50
"""A time is short when it is less than one part in this many of all that a job has records of: then the index by score, which
passes by those of other times, finds them later than a look at all of that time."""

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
        # -1 % 2 is -1 in SQL: without the second one times before 1970 would be in the stretch behind theirs
        return local - ((local % self.ms) + self.ms) % self.ms

    @property
    def overlap(self) -> int:
        """So many stretches further on there is no time before one of this one."""
        ahead = [shift for _, shift in self.shifts]
        return 2 + (max(ahead) - min(ahead)) // self.ms

    def span(self, local: int) -> tuple[int, int]:
        """The first and the last time, epoch ms, that can be in the stretch that begins at a local time."""
        ahead = [shift for _, shift in self.shifts]
        return local - max(ahead), local + self.ms - min(ahead) - 1


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

    def in_time(self, of: sa.Table = tables.RECORD) -> "list[sa.ColumnElement[bool]]":
        """The conditions that the jobs and the time make on the rows of a table."""
        c = of.c
        conditions: list[sa.ColumnElement[bool]] = [c.job_id.in_(self.job_ids)]
        conditions += [] if self.start_ms is None else [c.timestamp >= self.start_ms]
        return conditions + ([] if self.end_ms is None else [c.timestamp < self.end_ms])

    def takes_whole_buckets(self) -> bool:
        """Whether all records of a bucket are asked for or none."""
        return all(one is None for one in (self.bands, self.wanted, self.detectors))

    def takes_all(self) -> bool:
        """Whether every record in that time is asked for."""
        return self.takes_whole_buckets() and not self.exclude_interim

    def of_buckets(self) -> "list[sa.ColumnElement[bool]]":
        """The conditions on rows of `bucket_series` of a query that takes whole buckets."""
        interim = tables.BUCKET_SERIES.c.is_interim
        return self.in_time(tables.BUCKET_SERIES) + ([interim.is_(False)] if self.exclude_interim else [])

    def where(self) -> "list[sa.ColumnElement[bool]]":
        """All conditions on a record."""
        return self.in_time() + self.of_record()

    def where_by_score(self, job_id: str) -> "list[sa.ColumnElement[bool]]":
        """The same of a record of one job, so that the planner goes by score: what it sees is not the column of the time."""
        time = _C.timestamp + 0
        within = [] if self.start_ms is None else [time >= self.start_ms]
        within += [] if self.end_ms is None else [time < self.end_ms]
        return [_C.job_id == job_id, *within, *self.of_record()]

    def of_record(self) -> "list[sa.ColumnElement[bool]]":
        """All conditions on a record itself."""
        conditions: list[sa.ColumnElement[bool]] = []
        if self.bands is not None:
            score = _C.record_score
            within = (sa.and_(score >= least, score < beyond) for least, beyond in _joined(self.bands))
            conditions.append(sa.or_(sa.false(), *within))
        if self.wanted is not None:
            conditions.append(condition(self.wanted, of_record))
        if self.detectors is not None:
            conditions.append(sa.tuple_(_C.job_id, _C.detector_index).in_(self.detectors))
        return conditions + ([_C.is_interim.is_(False)] if self.exclude_interim else [])


def is_short(connection: sa.Connection, query: RecordsQuery, job_id: str, part: int = _SHORT) -> bool | None:
    """Whether a query is of less than one part in so many of all the time that a job has records of; None: of none of it."""
    c = tables.RECORD.c
    ends = (sa.select(one).where(c.job_id == job_id) for one in (sa.func.min(c.timestamp), sa.func.max(c.timestamp)))
    first, last = (connection.execute(chosen).scalar_one() for chosen in ends)
    if first is None or last is None:
        return None
    start = first if query.start_ms is None else max(first, query.start_ms)
    end = last + 1 if query.end_ms is None else min(last + 1, query.end_ms)
    return None if end <= start else bool((end - start) * part < last - first)


def _joined(bands: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Bands of scores with those that meet as one, which is looked up at once."""
    joined: list[tuple[float, float]] = []
    for least, beyond in sorted(bands):
        if joined and joined[-1][1] >= least:
            joined[-1] = (joined[-1][0], max(joined[-1][1], beyond))
        else:
            joined.append((least, beyond))
    return joined
