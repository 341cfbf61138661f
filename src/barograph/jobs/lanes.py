"""Swim lanes: how odd each of several things was, in columns of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.selection import matching
from barograph.store.query import Query
from barograph.store.store import Store

OVERALL: Final = "overall"
JOBS: Final = "job"
MOST_COLUMNS: Final = 2000

INTERIM, SEVERAL_BUCKETS, ALERT = 1, 2, 4
"""Flags of a cell: some of it is interim; a record of several buckets together; news."""


@dataclass(frozen=True)
class LanesQuery:
    """Which lanes.

    Attributes:
        expressions: the jobs, as `selection.matching` reads them.
        start_ms: epoch ms, rounded down to a column.
        end_ms: epoch ms, exclusive, rounded up to a column.
        columns: how many columns at most.
        by: `overall` (one lane), `job`, or an influencer or split field, whose values are the lanes.
        offset: lanes to leave out at the start.
        size: lanes to return at most.
        text: only lanes whose name has this in it, in whatever case.
        min_score: lowest score of a cell.

    Raises:
        BadRequest: a number is out of its range.
    """

    expressions: Sequence[str]
    start_ms: int
    end_ms: int
    columns: int = 100
    by: str = OVERALL
    offset: int = 0
    size: int = 20
    text: str = ""
    min_score: float = 0.0

    def __post_init__(self) -> None:
        if self.start_ms >= self.end_ms:
            raise BadRequest(f"to={self.end_ms}: wanted a time after from ({self.start_ms})")
        if not 1 <= self.columns <= MOST_COLUMNS:
            raise BadRequest(f"width={self.columns}: wanted 1 to {MOST_COLUMNS}")


@dataclass(frozen=True)
class Lanes:
    """Lanes, those with the highest scores first.

    Attributes:
        start_ms: start of the first column, epoch ms.
        end_ms: end of the last one.
        step_ms: length of a column: a whole number of buckets of all jobs.
        kind: what the lanes are.
        total: lanes on all pages.
        lanes: name and highest score of each on this page.
        cells: (lane, column, score, flags) of each that has a result.
    """

    start_ms: int
    end_ms: int
    step_ms: int
    kind: Literal["overall", "job", "field"]
    total: int
    lanes: list[tuple[str, float]]
    cells: list[tuple[int, int, float, int]]


def lanes(store: Store, query: LanesQuery) -> Lanes:
    """The lanes of a query.

    Raises:
        NoSuchJob: an expression without a wildcard names nothing.
    """
    jobs = matching([summary.job for summary in store.jobs()], query.expressions)
    step = _step(jobs, query)
    start, end = query.start_ms // step * step, -(-query.end_ms // step) * step
    asked = Query(start_ms=start, end_ms=end, min_score=query.min_score, exclude_interim=False)
    by = None if query.by in (OVERALL, JOBS) else query.by
    cells = store.lane_scores([job.job_id for job in jobs], by, step, asked)
    if query.by == OVERALL:
        cells = cells.with_columns(name=pl.lit(OVERALL))
        cells = cells.group_by("window", "name").agg(pl.col("score", "interim", "marks").max())
    if query.text:
        cells = cells.filter(pl.col("name").str.to_lowercase().str.contains(query.text.lower(), literal=True))
    ranked = cells.group_by("name").agg(pl.col("score").max()).sort("score", "name", descending=[True, False])
    shown = ranked.slice(query.offset, query.size).with_row_index("lane")
    inside = cells.join(shown.select("name", "lane"), on="name").sort("lane", "window")
    several = SEVERAL_BUCKETS if by is not None else ALERT
    flagged = inside.select(
        pl.col("lane").cast(pl.Int64),
        ((pl.col("window") - start) // step).alias("column"),
        "score",
        pl.col("interim") * INTERIM + pl.col("marks") * several,
    )
    kind: Literal["overall", "job", "field"] = "overall" if query.by == OVERALL else "job" if query.by == JOBS else "field"
    return Lanes(start, end, step, kind, ranked.height, shown.select("name", "score").rows(), flagged.rows())


def _step(jobs: Sequence[Job], query: LanesQuery) -> int:
    """The shortest column that is a whole number of the longest bucket span, so that no cell is a part of a bucket."""
    span = max((job.bucket_span_ms for job in jobs), default=1000)
    return max(1, -(-(query.end_ms - query.start_ms) // (query.columns * span))) * span
