"""The values of one series over time, as many as a chart can show."""

from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.views.one_series import OneSeries
from barograph.jobs.views.without import without
from barograph.results.charted import VALUES, every_bucket, on_a_line, origin_of, thinned
from barograph.results.words import multi_bucket
from barograph.store.history import Span
from barograph.store.query import Query
from barograph.store.store import Store

MARKS: Final = ("timestamp", "seq", "record_score", "initial_record_score", "actual", "typical", "is_interim")


@dataclass(frozen=True)
class SeriesQuery:
    """Which series, and how much of it.

    Attributes:
        series: the series.
        start_ms: epoch ms, inclusive; None is from the beginning.
        end_ms: epoch ms, exclusive; None is to the end.
        most: points at most; of more the least and the greatest of each stretch of time are kept, and the worst mark.
        interim: also marks of buckets that are still open.
        without: an influencer field and its value: the series is told without the rows of this entity, too.
    """

    series: OneSeries
    start_ms: int | None = None
    end_ms: int | None = None
    most: int = 5000
    interim: bool = True
    without: tuple[str, str] | None = None


@dataclass(frozen=True)
class SeriesValues:
    """A series over time.

    Attributes:
        rows: `timestamp` and the values; a bucket without data has nulls, one that the function makes zero has 0. Where it was
            asked for, `without` is the value without an entity.
        marks: `MARKS` of its records in the order of time, `multi_bucket` in words, and `of`: how many each is the worst of.
        bounded: it has bounds; a job without a model plot keeps none.
        thinned: there were more points than were asked for.
        origin: the place that the values are km from; None where they are no places.
    """

    rows: pl.DataFrame
    marks: pl.DataFrame
    bounded: bool
    thinned: bool
    origin: float | None = None


def series_values(store: Store, job_id: str, query: SeriesQuery) -> SeriesValues:
    """Read a series.

    Raises:
        NoSuchJob: there is none of this id.
        BadRequest: the job has no such series to chart.
    """
    job = store.job(job_id)
    asked = replace(query, series=query.series.line_of(job))
    rows = bucket_values(store, job, asked.series, asked.start_ms, asked.end_ms)
    if asked.without is not None:
        rows = rows.with_columns(without(store, job, asked.series, asked.without, rows).alias("without"))
    marks = _marks(store, job, asked)
    bounded = bool(rows["lower_bound"].is_not_null().any())
    function = asked.series.function or ""
    origin = origin_of(rows, function)
    rows, marks = (on_a_line(frame, function, origin) for frame in (rows, marks))
    shown = thinned(rows, asked.most)
    if shown.height == rows.height:
        return SeriesValues(rows, marks, bounded, thinned=False, origin=origin)
    return SeriesValues(shown, _worst(marks, rows, max(1, asked.most // 2)), bounded, thinned=True, origin=origin)


def bucket_values(store: Store, job: Job, series: OneSeries, start_ms: int | None, end_ms: int | None) -> pl.DataFrame:
    """A row for every bucket from the first with a value to the last: `timestamp` and `VALUES`."""
    span = Span(start_ms, end_ms, series.detector_index, series.function, series.split_values)
    found = store.bucket_values(job.job_id, span, ("timestamp", *VALUES))
    zeros = job.detectors[series.detector_index].spec.empty == "zero"
    return every_bucket(found, job.bucket_span_ms, 0.0 if zeros else None)


def _marks(store: Store, job: Job, query: SeriesQuery) -> pl.DataFrame:
    asked = Query(
        start_ms=query.start_ms,
        end_ms=query.end_ms,
        sort="timestamp",
        descending=False,
        exclude_interim=not query.interim,
        entity=query.series.entity(job),
        detector_index=query.series.detector_index,
    )
    records = store.records(job.job_id, asked).rows.filter(query.series.rows())
    words = records["multi_bucket_impact"].map_elements(multi_bucket, pl.String, skip_nulls=False)
    return records.select(*MARKS, words.alias("multi_bucket"), pl.lit(1, pl.Int64).alias("of"))


def _worst(marks: pl.DataFrame, rows: pl.DataFrame, stretches: int) -> pl.DataFrame:
    """The mark with the highest score of each stretch of time."""
    first, last = rows["timestamp"][0], rows["timestamp"][-1]
    width = max(1, (last - first) // stretches)
    ranked = marks.sort("record_score", descending=True, maintain_order=True)
    worst = ranked.group_by((pl.col("timestamp") - first) // width, maintain_order=True).agg(
        pl.exclude("timestamp", "of").first(), pl.col("timestamp").first().alias("time"), pl.col("of").sum()
    )
    return worst.drop("timestamp").rename({"time": "timestamp"}).select(marks.columns).sort("timestamp")


def check_span(start_ms: int | None, end_ms: int | None) -> None:
    """Refuse a span that ends before it begins.

    Raises:
        BadRequest: it does.
    """
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise BadRequest(f"to={end_ms}: wanted a time after from ({start_ms})")
