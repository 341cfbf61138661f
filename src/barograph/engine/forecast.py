"""What the series of a job are expected to do next, as rows; and when they will cross a value."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl

from barograph.config.duration import DAY_MS, Duration
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.engine.entity import DetectorNames, Entity, check_entity, of_entity
from barograph.engine.series_stage import SeriesStage
from barograph.models import Forecaster, Foreseen, Horizon
from barograph.results import schema
from barograph.results.arrays import Ints

LONGEST_DAYS: Final = 3650
MOST_FORECAST_ROWS: Final = 10_000_000
"""A forecast is made in memory, at about 120 bytes a row."""

PERCENTILE: Final = 95.0

_ROWS_AT_ONCE: Final = 200_000
"""After so many rows it is told how far a forecast is: some tenths of a second."""

TellDone = Callable[[int, int], None]
"""(series done, series in all)"""

_SCHEMA: Final = schema.polars_schema(schema.FORECASTS)
_KEY: Final = [column.name for column in schema.CROSSINGS if column.name in _SCHEMA]


@dataclass(frozen=True)
class LeftOut:
    """Series that were not forecast, by reason.

    Attributes:
        function: their function cannot be forecast, such as `rare`, or they are compared with each other.
        young: they have shown too few values, or too few lately.
        silent: they have had no value for longer than they were seen before.
    """

    function: int = 0
    young: int = 0
    silent: int = 0

    @property
    def total(self) -> int:
        """How many series these are."""
        return self.function + self.young + self.silent


@dataclass(frozen=True)
class Forecast:
    """A forecast of all series that could be forecast.

    Attributes:
        rows: columns of `schema.FORECASTS`, series by series, each in the order of time.
        start_ms: start of the first bucket, epoch ms.
        end_ms: end of the last bucket.
        percentile: share of values that are to lie inside the bounds.
        series: how many were forecast.
        left_out: how many were not, and why.
    """

    rows: pl.DataFrame
    start_ms: int
    end_ms: int
    percentile: float
    series: int
    left_out: LeftOut


def tell_nobody(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


def check_forecast(job: Job, duration: Duration, percentile: float) -> None:
    """Refuse what cannot be forecast.

    Raises:
        BadRequest: the duration is shorter than a bucket or longer than 3650 days, or the percentile is no share of values.
    """
    if duration.ms < job.bucket_span_ms:
        raise BadRequest(f"duration={str(duration)!r}: wanted a bucket or more ({job.bucket_span_ms // 1000}s)")
    if duration.ms > LONGEST_DAYS * DAY_MS:
        raise BadRequest(f"duration={str(duration)!r}: wanted {LONGEST_DAYS}d or less")
    if not (percentile > 0 and 0.5 + percentile / 200 < 1):  # the latter as a double, of which bounds are made
        raise BadRequest(f"percentile={percentile:g}: wanted more than 0 and less than 100")


def forecast(
    job: Job,
    stages: Sequence[SeriesStage],
    names: DetectorNames,
    ask: Horizon,
    entity: Entity,
    tell: TellDone = tell_nobody,
) -> Forecast:
    """Forecast all series of an entity.

    Raises:
        BadRequest: no series of the job could be of the entity, or the forecast would have more than `MOST_FORECAST_ROWS` rows.
    """
    check_entity(job, entity)
    _check_size(job, stages, names, ask, entity)
    parts, left_out, series = [schema.empty(schema.FORECASTS)], LeftOut(), 0
    at_once = max(1, _ROWS_AT_ONCE // ask.buckets)
    total, done = sum(len(_chosen(job, stage, names, entity)) for stage in stages), 0
    for stage in stages:
        chosen = _chosen(job, stage, names, entity)
        model = _forecaster(job, stage)
        if model is None:
            left_out = _joined(left_out, LeftOut(function=len(chosen)))
            continue
        shifts = stage.shifts(names(stage.measure.detector_index, np.arange(stage.model.n_series, dtype=np.int32)))
        for some in np.split(chosen, range(at_once, len(chosen), at_once)):
            foreseen = model.forecast(some, ask, shifts)
            left_out = _joined(left_out, LeftOut(young=foreseen.young, silent=foreseen.silent))
            series += len(foreseen.rows)
            parts.append(_rows(job, stage, names, foreseen, ask))
            done += len(some)
            tell(done, total)
    end_ms = ask.start_ms + ask.buckets * job.bucket_span_ms
    return Forecast(pl.concat(parts), ask.start_ms, end_ms, ask.percentile, series, left_out)


def _chosen(job: Job, stage: SeriesStage, names: DetectorNames, entity: Entity) -> Ints:
    at = stage.measure.detector_index
    return np.flatnonzero(of_entity(job, at, entity, partial(names, at), stage.model.n_series))


def _forecaster(job: Job, stage: SeriesStage) -> Forecaster | None:
    """The models of a measure, if its series can be forecast."""
    forecastable = job.detectors[stage.measure.detector_index].spec.forecast
    return stage.model if forecastable and isinstance(stage.model, Forecaster) else None


def _check_size(job: Job, stages: Sequence[SeriesStage], names: DetectorNames, ask: Horizon, entity: Entity) -> None:
    series = sum(len(_chosen(job, stage, names, entity)) for stage in stages if _forecaster(job, stage) is not None)
    if series * ask.buckets > MOST_FORECAST_ROWS:
        raise BadRequest(
            f"duration={ask.buckets:,} buckets for {series:,} series: wanted {MOST_FORECAST_ROWS // series:,} buckets or less, "
            f"which are {MOST_FORECAST_ROWS:,} rows, or the series of one entity"
        )


def _joined(a: LeftOut, b: LeftOut) -> LeftOut:
    return LeftOut(*(getattr(a, name) + getattr(b, name) for name in LeftOut.__dataclass_fields__))


def _rows(job: Job, stage: SeriesStage, names: DetectorNames, foreseen: Foreseen, ask: Horizon) -> pl.DataFrame:
    measure, span_ms = stage.measure, job.bucket_span_ms
    series_of_row = np.repeat(np.arange(len(foreseen.rows), dtype=np.uint32), ask.buckets)
    times = ask.start_ms + span_ms * np.arange(ask.buckets, dtype=np.int64)
    columns = {
        "timestamp": np.tile(times, len(foreseen.rows)),
        "forecast_lower": foreseen.lower.ravel(),
        "forecast_prediction": foreseen.prediction.ravel(),
        "forecast_upper": foreseen.upper.ravel(),
        "forecast_level": foreseen.level.ravel(),
    }
    split_values = names(measure.detector_index, foreseen.rows.astype(np.int32))[series_of_row]
    same = {"bucket_span": span_ms // 1000, **measure.labels}
    constant = [pl.lit(value, _SCHEMA[name]).alias(name) for name, value in same.items()]
    return pl.DataFrame(columns).hstack(split_values).with_columns(constant).select(list(_SCHEMA))


def whole_series(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """A forecast in pieces of whole series, at least one: between two of them a signal is heard, and little is held at once.

    Args:
        rows: columns of `schema.FORECASTS`, series by series, all from the same time on.
    """
    times = rows["timestamp"].to_numpy()
    begins = np.flatnonzero(times == times[:1])
    series = max(_ROWS_AT_ONCE * len(begins) // max(rows.height, 1), 1)
    for first, end in pairwise([*(begins[::series] if len(begins) else [0]), rows.height]):  # no rows are one piece
        yield rows[first:end]


def check_crosses(value: float) -> None:
    """Refuse a value that no series can reach.

    Raises:
        BadRequest: it is not finite.
    """
    if not math.isfinite(value):
        raise BadRequest(f"crosses={value:g}: wanted a finite number")


def crossings(rows: pl.DataFrame, value: float) -> pl.DataFrame:
    """When each series of a forecast will reach a value, the first to reach it first: rows of `schema.CROSSINGS`.

    A series that is at the value as the forecast begins reaches it in the first bucket. Those that reach it by a bound only
    follow, then those that are not expected to reach it at all.

    Args:
        rows: columns of `schema.FORECASTS`.
        value: in the unit of the series.

    Raises:
        BadRequest: the value is not finite.
    """
    check_crosses(value)
    rises = pl.first("forecast_prediction").over(_KEY) <= value
    lower, prediction, upper = (pl.col(f"forecast_{name}") for name in ("lower", "prediction", "upper"))
    reached = {
        "predicted": pl.when(rises).then(prediction >= value).otherwise(prediction <= value),
        "earliest": pl.when(rises).then(upper >= value).otherwise(lower <= value),
        "latest": pl.when(rises).then(lower >= value).otherwise(upper <= value),
    }
    columns = (
        pl.when(rises).then(pl.lit("rises")).otherwise(pl.lit("falls")).alias("direction"),
        *(pl.when(crossed).then("timestamp").alias(name) for name, crossed in reached.items()),
    )
    found = (pl.first("direction"), *(pl.min(name) for name in reached))
    parts = (part.with_columns(*columns).group_by(_KEY, maintain_order=True).agg(*found) for part in whole_series(rows))
    ordered = pl.concat(parts).sort("predicted", "earliest", "latest", nulls_last=True, maintain_order=True)
    return ordered.select(list(schema.polars_schema(schema.CROSSINGS)))
