"""The values of one series over time, as many as a chart can show."""

from dataclasses import dataclass

import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.splits import SPLIT_VALUES
from barograph.results.charted import VALUES, every_bucket, thinned
from barograph.store.history import Span
from barograph.store.query import Query
from barograph.store.store import Store


@dataclass(frozen=True)
class SeriesQuery:
    """Which series, and how much of it.

    Attributes:
        detector_index: the detector.
        function: one of its measures, by its `function_description`; None is the only one.
        split_values: values of the columns `SPLIT_VALUES`, None where the detector has no such field.
        start_ms: epoch ms, inclusive; None is from the beginning.
        end_ms: epoch ms, exclusive; None is to the end.
        most: points at most; of more the least and the greatest of each stretch of time are kept.
    """

    detector_index: int
    function: str | None = None
    split_values: tuple[str | None, ...] = ()
    start_ms: int | None = None
    end_ms: int | None = None
    most: int = 5000


@dataclass(frozen=True)
class SeriesValues:
    """A series over time.

    Attributes:
        rows: `timestamp` and the values; a bucket without data has nulls, one that the function makes zero has 0.
        marks: `timestamp`, `record_score`, `multi_bucket_impact` and `is_interim` of its records.
        thinned: there were more points than were asked for.
    """

    rows: pl.DataFrame
    marks: pl.DataFrame
    thinned: bool


def series_values(store: Store, job_id: str, query: SeriesQuery) -> SeriesValues:
    """Read a series.

    Raises:
        NoSuchJob: there is none of this id.
        BadRequest: the job has no such detector or measure.
    """
    job = store.job(job_id)
    if not 0 <= query.detector_index < len(job.detectors):
        raise BadRequest(f"detector_index={query.detector_index}: wanted 0 to {len(job.detectors) - 1}")
    spec = job.detectors[query.detector_index].spec
    measured = [spec.measured(statistic) for statistic, _ in spec.statistics]
    function = query.function or measured[0]
    if function not in measured:
        raise BadRequest(f"function={function!r}: wanted one of {', '.join(measured)}")
    span = Span(query.start_ms, query.end_ms, query.detector_index, function, query.split_values)
    found = store.bucket_values(job_id, span, ("timestamp", "series", *VALUES))
    if found["series"].n_unique() > 1:
        raise BadRequest("series: wanted a value for each field that splits the detector, so that one series is meant")
    rows = every_bucket(found, job.bucket_span_ms, 0.0 if spec.empty == "zero" else None)
    shown = thinned(rows, query.most)
    return SeriesValues(shown, _marks(store, job_id, query, function), thinned=shown.height < rows.height)


def _marks(store: Store, job_id: str, query: SeriesQuery, function: str) -> pl.DataFrame:
    asked = Query(start_ms=query.start_ms, end_ms=query.end_ms, sort="timestamp", descending=False, exclude_interim=False)
    records = store.records(job_id, asked).rows
    inside = (pl.col("detector_index") == query.detector_index) & (pl.col("function_description") == function)
    for name, value in zip(SPLIT_VALUES, query.split_values, strict=False):
        if value is not None:
            inside &= pl.col(name) == value
    return records.filter(inside).select("timestamp", "record_score", "multi_bucket_impact", "is_interim")
