"""The values of all series of a detector as points, where a line of one of them would say little: what others did meanwhile."""

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from barograph.config.detector import Detector
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.splits import SERIES_ROLES, SPLIT_VALUES
from barograph.jobs.views.one_series import functions
from barograph.jobs.views.selection import check_detector
from barograph.results.points import PLACES, POINTS
from barograph.store.history import Span
from barograph.store.query import Query
from barograph.store.store import Store

Kind = Literal["population", "rare", "times", "places"]
"""Members at a time beside each other; values, each when it came; times of the day or week; places on the earth."""

MOST_NAMES: Final = 30
"""Values that are rows of a chart, those with anomalies first, then the most frequent: more cannot be read."""
_MARKS: Final = ("timestamp", "seq", "record_score", "actual", "typical", "is_interim")
_BAND: Final = ("typical", "lower_bound", "upper_bound")
SAME: Final[dict[Kind, tuple[str, ...]]] = {
    "population": ("partition", "by"),
    "rare": ("partition",),
    "times": SERIES_ROLES,
    "places": SERIES_ROLES,
}
"""The fields of which all points of a kind have the same value."""
_NAMED: Final[dict[Kind, str]] = {"population": "over_field_value", "rare": "by_field_value"}
"""The column with whose or which each is."""


@dataclass(frozen=True)
class ScatterQuery:
    """Which points.

    Attributes:
        detector_index: the detector.
        function: one of its measures, by its `function_description`; None is its first.
        split_values: of the fields of which all points have the same value, by the columns `SPLIT_VALUES`; None for others.
        start_ms: epoch ms, inclusive; None is from the beginning.
        end_ms: epoch ms, exclusive; None is to the end.
        most: points at most; of more a sample is taken, the same each time, and all that are anomalies.
        interim: also anomalies of buckets that are still open.
    """

    detector_index: int
    function: str | None = None
    split_values: tuple[str | None, ...] = (None,) * len(SPLIT_VALUES)
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
        function: the measure, by its `function_description`.
        names: the members or values that have points, by their numbers; of `rare` from the top; one without a name of others.
        all_names: how many there are.
        points: `timestamp`, `actual` and `of`, a number of a name.
        all_points: how many there are.
        band: `timestamp`, `typical`, `lower_bound` and `upper_bound` of the member in the middle; of a population only.
        marks: the anomalies: `timestamp`, `seq`, `record_score`, `actual`, `typical`, `is_interim` and `of`.
    """

    kind: Kind
    bucket_span_ms: int
    function: str
    names: tuple[str, ...]
    all_names: int
    points: pl.DataFrame
    all_points: int
    band: pl.DataFrame
    marks: pl.DataFrame


def kind_of(detector: Detector) -> Kind | None:
    """What points there are of a detector; None: its series are lines, each by itself."""
    statistic = detector.spec.statistic
    if statistic in ("rare", "freq_rare"):
        return "rare"
    if statistic in POINTS:
        return "places" if statistic == PLACES else "times"
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
        raise BadRequest(f"detector={query.detector_index}: wanted one whose values are no lines; those of this one are")
    function = _checked(job.detectors[query.detector_index], query, kind)
    span = Span(query.start_ms, query.end_ms, query.detector_index, function, query.split_values)
    name = pl.col(_NAMED[kind]) if kind in _NAMED else pl.lit("")
    found = store.bucket_values(job_id, span).filter(pl.col("actual").is_not_null())
    found = found.select("timestamp", "actual", *_BAND, name.alias("name")).drop_nulls("name")
    marks = _marks(store, job, query, function).with_columns(name.alias("name"))
    shown, names = _rows(found, marks, query.most) if kind == "rare" else _thinned(found, marks, query.most)
    number = pl.col("name").replace_strict(names, range(len(names)), default=None, return_dtype=pl.Int32).alias("of")
    banded = found if kind == "population" else found.clear()
    return Scatter(
        kind,
        job.bucket_span_ms,
        function,
        tuple(names),
        found["name"].n_unique(),
        shown.select("timestamp", "actual", number),
        found.height,
        banded.group_by("timestamp").agg(pl.col(_BAND).median()).sort("timestamp"),
        marks.select(*_MARKS, number).drop_nulls("of"),
    )


def _checked(detector: Detector, query: ScatterQuery, kind: Kind) -> str:
    """The measure."""
    known = functions(detector)
    if query.function is not None and query.function not in known:
        raise BadRequest(f"function={query.function!r}: wanted {'one of ' if len(known) > 1 else ''}{', '.join(known)}")
    for role, value in zip(SERIES_ROLES, query.split_values, strict=True):
        field = detector.splits.get(role) if role in SAME[kind] else None
        if field is not None and value is None:
            raise BadRequest(f"{role}: wanted a value of {field!r}, so that the points are of one kind")
        if field is None and value is not None:
            raise BadRequest(
                f"{role}={value!r}: wanted none, as the points of detector {query.detector_index} are of all {role} values"
            )
    return query.function or known[0]


def _marks(store: Store, job: Job, query: ScatterQuery, function: str) -> pl.DataFrame:
    splits = job.detectors[query.detector_index].splits
    pairs = zip(SERIES_ROLES, query.split_values, strict=True)
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
    """So many points at most, beside the anomalies, and the names of both."""
    shown = _sample(found, most)
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
    return _sample(shown, most), rows


def _sample(points: pl.DataFrame, most: int) -> pl.DataFrame:
    """So many of the points at most, by time. By chance: each n-th would be of the same members in each bucket."""
    return points.sample(most, seed=0).sort("timestamp", "name") if points.height > most else points
