"""One series of a forecast, beside what came of it."""

from dataclasses import dataclass

import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.views.one_series import OneSeries
from barograph.jobs.views.series import bucket_values
from barograph.results.charted import thinned
from barograph.store.store import Store


@dataclass(frozen=True)
class ForecastError:
    """How far a forecast was off.

    Attributes:
        buckets: how many of its buckets have a value by now.
        mean_absolute: mean distance of values from what was forecast, metric unit.
        of_mean: the same as a share of the mean size of the values; None where all are 0.
        inside: share of values within the bounds.
        percentile: share of values in percent that was to lie within them.
    """

    buckets: int
    mean_absolute: float
    of_mean: float | None
    inside: float
    percentile: float


@dataclass(frozen=True)
class ForecastSeries:
    """One series of a forecast.

    Attributes:
        rows: `timestamp`, `forecast_prediction`, `forecast_lower`, `forecast_upper`.
        error: None as long as no value has come for it.
        thinned: there were more points than were asked for.
    """

    rows: pl.DataFrame
    error: ForecastError | None
    thinned: bool


def forecast_series(store: Store, job_id: str, forecast_id: str, asked: OneSeries, most: int) -> ForecastSeries:
    """Read one series of a forecast.

    Raises:
        NoSuchJob: there is no such job.
        NotFound: it has no such forecast.
        BadRequest: the forecast is not of this series.
    """
    job, (saved, every) = store.job(job_id), store.forecast(job_id, forecast_id)
    series = asked.line_of(job)
    names = ("timestamp", "forecast_prediction", "forecast_lower", "forecast_upper")
    rows = every.filter(series.rows()).select(names).sort("timestamp")
    if rows.is_empty():
        raise BadRequest(f"forecast_id={forecast_id!r}: wanted one of this series; it was left out, or not asked for")
    error = _error(store, job, series, rows, saved.percentile)
    shown = thinned(rows, most, "forecast_prediction")
    return ForecastSeries(shown, error, thinned=shown.height < rows.height)


def _error(store: Store, job: Job, series: OneSeries, rows: pl.DataFrame, percentile: float) -> ForecastError | None:
    first, last = rows["timestamp"][0], rows["timestamp"][-1]
    came = bucket_values(store, job, series, first, last + job.bucket_span_ms).select("timestamp", "actual").drop_nulls()
    both = rows.join(came, on="timestamp")
    if both.is_empty():
        return None
    actual, off = pl.col("actual"), (pl.col("actual") - pl.col("forecast_prediction")).abs()
    told = both.select(
        off=off.mean(), size=actual.abs().mean(), inside=actual.is_between("forecast_lower", "forecast_upper").mean()
    ).row(0, named=True)
    of_mean = told["off"] / told["size"] if told["size"] > 0 else None
    return ForecastError(both.height, told["off"], of_mean, told["inside"], percentile)
