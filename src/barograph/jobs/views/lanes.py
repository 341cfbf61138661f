"""Swim lanes: how odd each of several things was, in columns of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.knowledge.calendars import Event
from barograph.jobs.views.scope import JOBS, OVERALL, Asked, Kind, lanes_of
from barograph.jobs.views.selection import matching
from barograph.store.query import Query
from barograph.store.store import Store

MOST_COLUMNS: Final = 2000

INTERIM, SEVERAL_BUCKETS, ALERT, PLANNED = 1, 2, 4, 8
"""Flags of a cell: some of it is interim; a record of several buckets together; news; a planned event of a calendar."""

_NO_CELLS: Final = {"window": pl.Int64, "name": pl.String}


@dataclass(frozen=True)
class LanesQuery:
    """Which lanes.

    Attributes:
        asked: the jobs, what the lanes are, and a filter; lanes of jobs are of everything, whatever the filter.
        start_ms: epoch ms, rounded down to a column.
        end_ms: epoch ms, exclusive, rounded up to a column.
        columns: how many columns at most.
        offset: lanes to leave out at the start.
        size: lanes to return at most.
        name: only lanes whose name has this in it, in whatever case.
        min_score: lowest score of a cell.
        exclude_interim: leave out buckets that are still open.
        ranked_in: `[start, end)` in epoch ms: lanes with the highest scores in it come first; None is the whole time.

    Raises:
        BadRequest: a number is out of its range.
    """

    asked: Asked
    start_ms: int
    end_ms: int
    columns: int = 100
    offset: int = 0
    size: int = 20
    name: str = ""
    min_score: float = 0.0
    exclude_interim: bool = False
    ranked_in: tuple[int, int] | None = None

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
        kind: what the scores are of.
        total: lanes on all pages.
        lanes: name and highest score of each on this page.
        cells: (lane, column, score, flags) of each that has a result.
    """

    start_ms: int
    end_ms: int
    step_ms: int
    kind: Kind
    total: int
    lanes: list[tuple[str, float]]
    cells: list[tuple[int, int, float, int]]


def lanes(store: Store, query: LanesQuery, planned: Sequence[tuple[str, Event]] = ()) -> Lanes:
    """The lanes of a query.

    Args:
        store: where the jobs live.
        query: which lanes.
        planned: events of calendars, each with a job that it is for.

    Raises:
        NoSuchJob: an expression without a wildcard names nothing.
        BadRequest: see `scope.lanes_of`.
    """
    jobs = matching([summary.job for summary in store.jobs()], query.asked.expressions)
    step = _step(jobs, query)
    start, end = query.start_ms // step * step, -(-query.end_ms // step) * step
    of, kind = lanes_of(jobs, query.asked)
    inside = Query(start_ms=start, end_ms=end, min_score=query.min_score, exclude_interim=query.exclude_interim)
    cells = store.lane_scores([job.job_id for job in jobs], of, step, inside)
    of_jobs = query.asked.by in (OVERALL, JOBS)
    cells = cells.join(_planned(planned if of_jobs else (), (start, end, step)), on=["window", "name"], how="left").fill_null(0)
    if query.asked.by == OVERALL:
        cells = cells.with_columns(name=pl.lit(OVERALL))
        cells = cells.group_by("window", "name").agg(pl.col("score", "interim", "marks", "planned").max())
    if query.name:
        cells = cells.filter(pl.col("name").str.to_lowercase().str.contains(query.name.lower(), literal=True))
    ranked = _ranked(cells, query)
    shown = ranked.slice(query.offset, query.size).with_row_index("lane")
    flag = ALERT if of_jobs else SEVERAL_BUCKETS
    flagged = (
        cells.join(shown.select("name", "lane"), on="name")
        .sort("lane", "window")
        .select(
            pl.col("lane").cast(pl.Int64),
            ((pl.col("window") - start) // step).alias("column"),
            "score",
            pl.col("interim") * INTERIM + pl.col("marks") * flag + pl.col("planned") * PLANNED,
        )
    )
    return Lanes(start, end, step, kind, ranked.height, shown.select("name", "score").rows(), flagged.rows())


def _ranked(cells: pl.DataFrame, query: LanesQuery) -> pl.DataFrame:
    """The lanes, those with the highest scores first: in the time to rank in, then in all of it."""
    whole, score = cells.group_by("name").agg(pl.col("score").max()), pl.col("score")
    if query.ranked_in is None:
        return whole.sort("score", "name", descending=[True, False])
    first, last = query.ranked_in
    inside = cells.filter((pl.col("window") >= first) & (pl.col("window") < last)).group_by("name").agg(within=score.max())
    joined = whole.join(inside, on="name", how="left").with_columns(pl.col("within").fill_null(-1.0))
    return joined.sort("within", "score", "name", descending=[True, True, False])


def _planned(planned: Sequence[tuple[str, Event]], columns: tuple[int, int, int]) -> pl.DataFrame:
    """Which columns of which jobs share a time with an event."""
    start, end, step = columns
    cells = {
        (window, job_id)
        for job_id, event in planned
        for window in range(max(event.start_ms, start) // step * step, min(event.end_ms, end), step)
    }
    return pl.DataFrame(sorted(cells), schema=_NO_CELLS, orient="row").with_columns(planned=pl.lit(1, pl.Int64))


def _step(jobs: Sequence[Job], query: LanesQuery) -> int:
    """The shortest column that is a whole number of the longest bucket span, so that no cell is a part of a bucket."""
    span = max((job.bucket_span_ms for job in jobs), default=1000)
    return max(1, -(-(query.end_ms - query.start_ms) // (query.columns * span))) * span
