"""The incidents of several jobs in one list: those that go on first, the worst first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from barograph.scoring.episodes import QUIET_BUCKETS
from barograph.store.job_rows import JobState, JobSummary

Row = dict[str, Any]


@dataclass(frozen=True)
class IncidentsQuery:
    """Which incidents.

    Attributes:
        expressions: the jobs, as `selection.matching` reads them.
        start_ms: epoch ms, inclusive; None is from the beginning. Incidents that touch the time are meant.
        end_ms: epoch ms, exclusive; None is to the end.
        min_score: lowest score of an incident.
        ongoing: only those that go on, or only those that do not; None is both.
        text: only those with this in their summary, job or entities, in whatever case.
        offset: incidents to leave out at the start.
        size: incidents to return at most.
    """

    expressions: Sequence[str] = ("_all",)
    start_ms: int | None = None
    end_ms: int | None = None
    min_score: float = 0.0
    ongoing: bool | None = None
    text: str = ""
    offset: int = 0
    size: int = 20


@dataclass(frozen=True)
class ListedIncident:
    """One of the list.

    Attributes:
        job_id: its job.
        ongoing: it may go on: the job is open, and its newest buckets are too few to say that it is over.
        row: its columns, as `schema.INCIDENTS`.
        worst: the member with the highest score.
    """

    job_id: str
    ongoing: bool
    row: Row
    worst: Row


@dataclass(frozen=True)
class IncidentList:
    """A page of the list.

    Attributes:
        total: how many there are.
        ongoing: how many of them go on.
        page: those that were asked for.
    """

    total: int
    ongoing: int
    page: list[ListedIncident]


IncidentsOf = Callable[[str], pl.DataFrame]
"""The incidents of a job, in the time and from the score that are asked for."""


def listed(jobs: Sequence[JobSummary], incidents_of: IncidentsOf, query: IncidentsQuery) -> IncidentList:
    """The list.

    Args:
        jobs: those that are meant.
        incidents_of: what each has.
        query: what of it.
    """
    found = [one for summary in jobs for one in _of_job(summary, incidents_of(summary.job.job_id), query.text.lower())]
    wanted = [one for one in found if query.ongoing in (None, one.ongoing)]
    wanted.sort(key=lambda one: (not one.ongoing, -one.row["score"], -one.row["start"], one.job_id))
    page = wanted[query.offset : query.offset + query.size]
    return IncidentList(len(wanted), sum(one.ongoing for one in wanted), page)


def _of_job(summary: JobSummary, incidents: pl.DataFrame, text: str) -> list[ListedIncident]:
    over_from = _over_from(summary)
    rows = incidents.iter_rows(named=True)
    job_id = summary.job.job_id
    return [ListedIncident(job_id, row["end"] > over_from, row, _worst(row)) for row in rows if text in _said(job_id, row)]


def _over_from(summary: JobSummary) -> float:
    """Incidents that end by this time are over, epoch ms."""
    counts = summary.counts
    if summary.state is not JobState.OPENED or counts is None or counts.latest_bucket_timestamp is None:
        return float("inf")
    return counts.latest_bucket_timestamp + (1 - QUIET_BUCKETS) * summary.job.bucket_span_ms


def _worst(row: Row) -> Row:
    worst: Row = max(row["members"], key=lambda member: member["score"])
    return worst


def _said(job_id: str, row: Row) -> str:
    """What is looked through for a text."""
    entities = (f"{entity['field_name']}={entity['field_value']}" for entity in row["entities"])
    return " ".join((job_id, row["summary"], *entities)).lower()
