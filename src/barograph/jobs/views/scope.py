"""What somebody looks at: which jobs, which of their entities, which lanes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.views import filter_text
from barograph.jobs.views.selection import matching
from barograph.store.entity_filter import AllOf, Filter, IsOneOf, leaves
from barograph.store.lanes import LanesOf
from barograph.store.store import Store

OVERALL: Final = "overall"
JOBS: Final = "job"
DETECTORS: Final = "detector"

Kind = Literal["overall", "bucket", "influencer", "record"]
"""What a score is of: several jobs together, a bucket of one, an entity that is to blame, a record."""


@dataclass(frozen=True)
class Asked:
    """What is looked at.

    Attributes:
        expressions: the jobs, as `selection.matching` reads them.
        text: a filter of entities, as `filter_text.parse` reads it.
        by: what lanes are: `overall` (one), `job`, `detector`, or an influencer or split field, whose values are the lanes; a
            field with one of these names has a colon before it.
        lanes: the lanes that are meant: job ids, JOB/INDEX of detectors, values of the field. Empty: all.
    """

    expressions: Sequence[str]
    text: str = ""
    by: str = OVERALL
    lanes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scope:
    """The same, looked up.

    Attributes:
        jobs: the jobs, by id.
        wanted: the filter, of its text and the lanes; None lets everything through.
        detectors: (job, detector) of the lanes, where they are detectors.
    """

    jobs: tuple[Job, ...]
    wanted: Filter | None
    detectors: tuple[tuple[str, int], ...] | None

    @property
    def job_ids(self) -> list[str]:
        """The ids of the jobs."""
        return [job.job_id for job in self.jobs]


def scope(store: Store, asked: Asked) -> Scope:
    """Look up what is asked for.

    Raises:
        NoSuchJob: an expression without a wildcard names nothing.
        BadRequest: the filter cannot be read, or a field of it or of the lanes is none of the jobs'.
    """
    jobs = matching([summary.job for summary in store.jobs()], asked.expressions)
    wanted = _filter(jobs, asked.text)
    if not asked.lanes or asked.by == OVERALL:
        return Scope(tuple(jobs), wanted, None)
    if asked.by == JOBS:
        return Scope(tuple(job for job in jobs if job.job_id in asked.lanes), wanted, None)
    if asked.by == DETECTORS:
        return Scope(tuple(jobs), wanted, tuple(_detector(lane) for lane in asked.lanes))
    field = field_of(asked.by)
    _check_field(jobs, field, "by")
    of = IsOneOf(field, asked.lanes)
    return Scope(tuple(jobs), of if wanted is None else AllOf((wanted, of)), None)


def field_of(by: str) -> str:
    """The field that lanes are of."""
    return by.removeprefix(":")


def lanes_of(jobs: Sequence[Job], asked: Asked) -> tuple[LanesOf, Kind]:
    """The lanes that are asked for, and what their scores are of.

    Lanes of a field go by the scores of influencers where every job that has the field blames its values; else by those of
    records, which all of them have.

    Raises:
        BadRequest: the field is none of the jobs', or the filter cannot be read.
    """
    wanted = _filter(jobs, asked.text)
    if asked.by in (OVERALL, JOBS):
        return LanesOf("job"), "overall" if asked.by == OVERALL and len(jobs) != 1 else "bucket"
    if asked.by == DETECTORS:
        return LanesOf("detector", wanted=wanted), "record"
    field = field_of(asked.by)
    _check_field(jobs, field, "by")
    all_blame = all(field in job.influencers for job in jobs if field in _fields(job))
    return LanesOf("influencer" if all_blame else "record", field, wanted), "influencer" if all_blame else "record"


@dataclass(frozen=True)
class Fields:
    """What jobs can be looked at by.

    Attributes:
        default: what shows most at first, as `Asked.by` has it.
        names: their fields by name, each with whether its values can be blamed.
    """

    default: str
    names: dict[str, bool]


def fields(jobs: Sequence[Job]) -> Fields:
    """What jobs can be looked at by.

    Several jobs are looked at by job first; one by a split field that it also blames, else by what it blames, else by what
    splits it, else by detector if it has several.
    """
    blamed = {name for job in jobs for name in job.influencers}
    split = [name for job in jobs for detector in job.detectors for name in detector.splits.values()]
    names = {name: name in blamed for name in sorted({*blamed, *split})}
    first = [*(name for name in split if name in blamed), *(name for job in jobs for name in job.influencers), *split]
    detectors = [DETECTORS] if sum(len(job.detectors) for job in jobs) > 1 else []
    choices = [JOBS] if len(jobs) > 1 else [*map(_as_by, first), *detectors, JOBS]
    return Fields(choices[0], names)


def _as_by(field: str) -> str:
    return f":{field}" if field in (OVERALL, JOBS, DETECTORS) or field.startswith(":") else field


def _fields(job: Job) -> set[str]:
    return {name for detector in job.detectors for name in detector.splits.values()} | set(job.influencers)


def _filter(jobs: Sequence[Job], text: str) -> Filter | None:
    wanted = filter_text.parse(text)
    for leaf in leaves(wanted) if wanted is not None else ():
        _check_field(jobs, leaf.field, "q")
    return wanted


def _check_field(jobs: Sequence[Job], field: str, name: str) -> None:
    known = sorted(set().union(*map(_fields, jobs)))
    if field not in known:
        wanted = f"one of {', '.join(known)}" if known else "none: the jobs have no split or influencer fields"
        raise BadRequest(f"{name}: no split or influencer field is called {field!r}; wanted {wanted}")


def _detector(lane: str) -> tuple[str, int]:
    job_id, _, index = lane.rpartition("/")
    if not job_id or not index.isascii() or not index.isdecimal() or len(index) > 5:
        raise BadRequest(f"lane={lane!r}: wanted JOB/INDEX of a detector, such as 'web/0'")
    return job_id, int(index)
