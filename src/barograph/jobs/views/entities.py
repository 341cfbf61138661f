"""The values that a detector's split fields have, for whoever chooses one."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.splits import SERIES_ROLES, SPLIT_VALUES
from barograph.engine.replay import known_series
from barograph.jobs.views.selection import check_detector
from barograph.store.query import Query
from barograph.store.store import Store

COLUMNS: Final = dict(zip(SERIES_ROLES, SPLIT_VALUES, strict=True))
"""The column of the values of each role."""


@dataclass(frozen=True)
class EntitiesQuery:
    """Which values.

    Attributes:
        detector_index: the detector.
        role: of the split field, one of `SERIES_ROLES`.
        others: values of other roles, which their series must have.
        start_ms: scores are those from here on, epoch ms; None is from the beginning.
        end_ms: ... to here, exclusive; None is to the end.
        text: only values that contain this, in whatever case.
        sort: by the highest score, or by the value.
        anomalous: only values with a record.
        offset: how many to leave out.
        size: how many at most.
    """

    detector_index: int
    role: str
    others: tuple[tuple[str, str], ...] = ()
    start_ms: int | None = None
    end_ms: int | None = None
    text: str = ""
    sort: Literal["score", "name"] = "score"
    anomalous: bool = False
    offset: int = 0
    size: int = 100


Names = tuple[pl.DataFrame, ...]
"""The split values of the series of each detector, the columns `SPLIT_VALUES`."""


class KnownNames:
    """The series that the newest snapshot of a job knows; those of the job that was asked for last are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: tuple[tuple[str, str], Names] | None = None

    def of(self, job: Job) -> Names:
        """Those of a job; empty before its first bucket."""
        saved = self._store.snapshots(job.job_id)
        if not saved:
            return ()
        key, last = (job.job_id, saved[-1].snapshot_id), self._last
        if last is None or last[0] != key:
            known = known_series(job, self._store.snapshot(*key))
            last = key, tuple(of.names(np.arange(len(of), dtype=np.int32)) for of in known)
            self._last = last
        return last[1]


def entities(store: Store, job_id: str, query: EntitiesQuery, names: KnownNames) -> tuple[pl.DataFrame, int]:
    """The values with the highest score of each, `value` and `score` (null: no record), and how many there are on all pages.

    Entities of a forest detector have the scores of all of its features: an anomaly is a record of the one most to blame.

    Raises:
        NoSuchJob: there is none of this id.
        BadRequest: the job has no such detector, or that no such field.
    """
    job = store.job(job_id)
    check_detector(job, query.detector_index)
    splits = job.detectors[query.detector_index].splits
    for role in (query.role, *(role for role, _ in query.others)):
        if role not in splits:
            raise BadRequest(f"role={role!r}: wanted a field that splits detector {query.detector_index} ({_told(splits)})")
    column = COLUMNS[query.role]
    inside = pl.all_horizontal(pl.lit(True), *(pl.col(COLUMNS[role]) == value for role, value in query.others))
    asked = Query(start_ms=query.start_ms, end_ms=query.end_ms, exclude_interim=False)
    together = range(len(job.detectors)) if job.forest_config is not None else (query.detector_index,)
    scores = store.entity_scores(job_id, together, asked).filter(inside)
    known_names = names.of(job)
    every = pl.concat([known_names[at] for at in together]) if known_names else scores
    values = every.filter(inside).select(column).unique().rename({column: "value"})
    highest = scores.group_by(column).agg(pl.col("score").max()).rename({column: "value"})
    known = values.join(highest, on="value", how="left").filter(
        pl.col("value").str.to_lowercase().str.contains(query.text.lower(), literal=True)
    )
    chosen = known.filter(pl.col("score").is_not_null()) if query.anomalous else known
    by_score = chosen.sort("score", "value", descending=[True, False], nulls_last=True)
    ordered = by_score if query.sort == "score" else chosen.sort("value")
    return ordered.slice(query.offset, query.size), ordered.height


def _told(splits: dict[str, str]) -> str:
    return ", ".join(splits) if splits else "it has none"
