"""The values of all series of a detector as points, where a line of one of them would say little: what others did meanwhile."""

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from barograph.config.detector import Detector
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.splits import SERIES_ROLES, SPLIT_VALUES
from barograph.jobs.one_series import functions
from barograph.jobs.selection import check_detector
from barograph.store.history import Span
from barograph.store.query import Query
from barograph.store.store import Store

Kind = Literal["population", "rare"]
"""Members at a time beside each other; values, each when it came."""

MOST_NAMES: Final = 30
"""Values that are rows of a chart, those with anomalies first, then the most frequent: more cannot be read."""
_MARKS: Final = ("timestamp", "seq", "record_score", "actual", "is_interim")
_BAND: Final = ("typical", "lower_bound", "upper_bound")


@dataclass(frozen=True)
class ScatterQuery:
    """Which points.

    Attributes:
        detector_index: the detector.
        function: one of its measures, by its `function_description`; None is its first.
        partition: the value of its partition field, if it has one.
        by: the value of the by field of a population that has one.
        start_ms: epoch ms, inclusive; None is from the beginning.
        end_ms: epoch ms, exclusive; None is to the end.
        most: points at most; of more each n-th is taken, and all that are anomalies.
        interim: also anomalies of buckets that are still open.
    """

    detector_index: int
    function: str | None = None
    partition: str | None = None
    by: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    most: int = 5000
    interim: bool = True


@dataclass(frozen=True)
class Scatter:
    """Values of many series.

    Attributes:
        kind: what they are of.
        bucket_span_ms: length of a bucket.
        names: the members or values that have points, by their numbers; of `rare` from the top.
        all_names: how many there are.
        points: `timestamp`, `actual` and `of`, a number of a name.
        all_points: how many there are.
        band: `timestamp`, `typical`, `lower_bound` and `upper_bound` of the member in the middle; of a population only.
        marks: the anomalies: `timestamp`, `seq`, `record_score`, `actual`, `is_interim` and `of`.
    """

    kind: Kind
    bucket_span_ms: int
    names: tuple[str, ...]
    all_names: int
    points: pl.DataFrame
    all_points: int
    band: pl.DataFrame
    marks: pl.DataFrame


def kind_of(detector: Detector) -> Kind | None:
    """What points there are of a detector; None: its series are lines, each by itself."""
    if detector.spec.statistic in ("rare", "freq_rare"):
        return "rare"
    return None if detector.over_field_name is None else "population"


def scatter(store: Store, job_id: str, query: ScatterQuery) -> Scatter:
    """Read points.

    Raises:
        NoSuchJob: there is none of this id.
        BadRequest: the job has no such detector, it has no points, or a value of a field is missing or too much.
    """
    job = store.job(job_id)
    check_detector(job, query.detector_index)
    kind = kind_of(job.detectors[query.detector_index])
    if kind is None:
        raise BadRequest(f"detector={query.detector_index}: wanted one of populations or rare values; its series are lines")
    function, fixed = _checked(job.detectors[query.detector_index], query, kind)
    name = SPLIT_VALUES[SERIES_ROLES.index("over" if kind == "population" else "by")]
    span = Span(query.start_ms, query.end_ms, query.detector_index, function, fixed)
    found = store.bucket_values(job_id, span, ("timestamp", "actual", name, *_BAND)).rename({name: "name"})
    found = found.filter(pl.col("actual").is_not_null() & pl.col("name").is_not_null())
    marks = _marks(store, job, query, function, fixed).rename({name: "name"})
    shown, names = _thinned(found, marks, query.most) if kind == "population" else _rows(found, marks, query.most)
    number = pl.col("name").replace_strict(names, range(len(names)), default=None, return_dtype=pl.Int32).alias("of")
    banded = found if kind == "population" else found.clear()
    return Scatter(
        kind,
        job.bucket_span_ms,
        tuple(names),
        found["name"].n_unique(),
        shown.select("timestamp", "actual", number),
        found.height,
        banded.group_by("timestamp").agg(pl.col(_BAND).median()).sort("timestamp"),
        marks.with_columns(number).drop("name").drop_nulls("of"),
    )


def _checked(detector: Detector, query: ScatterQuery, kind: Kind) -> tuple[str, tuple[str | None, ...]]:
    """The measure, and the values by the columns `SPLIT_VALUES` that are the same for all points."""
    known = functions(detector)
    if query.function is not None and query.function not in known:
        raise BadRequest(f"function={query.function!r}: wanted {'one of ' if len(known) > 1 else ''}{', '.join(known)}")
    fixed = {"partition": query.partition, "by": query.by if kind == "population" else None}
    for role, value in fixed.items():
        field = detector.splits.get(role)
        if field is not None and value is None and (role, kind) != ("by", "rare"):
            raise BadRequest(f"{role}: wanted a value of {field!r}, so that the points are of one kind")
        if field is None and value is not None:
            raise BadRequest(f"{role}={value!r}: wanted none, as detector {query.detector_index} has no {role} field")
    return query.function or known[0], tuple(fixed.get(role) for role in SERIES_ROLES)


def _marks(store: Store, job: Job, query: ScatterQuery, function: str, fixed: tuple[str | None, ...]) -> pl.DataFrame:
    splits = job.detectors[query.detector_index].splits
    pairs = zip(SERIES_ROLES, fixed, strict=True)
    entity = tuple((splits[role], value) for role, value in pairs if value is not None)
    asked = Query(
        start_ms=query.start_ms,
        end_ms=query.end_ms,
        sort="timestamp",
        descending=False,
        exclude_interim=not query.interim,
        entity=entity,
        detector_index=query.detector_index,
    )
    records = store.records(job.job_id, asked).rows
    return records.filter(pl.col("function_description") == function).select(*_MARKS, *SPLIT_VALUES)


def _thinned(found: pl.DataFrame, marks: pl.DataFrame, most: int) -> tuple[pl.DataFrame, list[str]]:
    """Each n-th point, so that there are no more than so many beside the anomalies, and the names of both."""
    shown = found.gather_every(-(-found.height // most)) if found.height > most else found
    return shown, pl.concat([marks["name"], shown["name"]]).drop_nulls().unique(maintain_order=True).to_list()


def _rows(found: pl.DataFrame, marks: pl.DataFrame, most: int) -> tuple[pl.DataFrame, list[str]]:
    """The points of the values that are shown; of each the most frequent at the top."""
    counts = found.group_by("name").agg(pl.len().alias("points"))
    worst = marks.group_by("name").agg(pl.col("record_score").max())
    ranked = counts.join(worst, on="name", how="left").sort(
        "record_score", "points", "name", descending=[True, True, False], nulls_last=True
    )
    rows = ranked.head(MOST_NAMES).sort("points", "name", descending=[True, False])["name"].to_list()
    shown = found.filter(pl.col("name").is_in(rows))
    return (shown.gather_every(-(-shown.height // most)) if shown.height > most else shown), rows
