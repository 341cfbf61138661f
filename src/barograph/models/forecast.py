"""What the series of a model are expected to do in the buckets to come."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from barograph.kernels import _series
from barograph.models.civil import Shifts, local_ms
from barograph.models.config import ModelConfig
from barograph.results.arrays import Floats, Ints

LEAST_VALUES: Final = 20
"""Values below which a series is not forecast: the model believes in little more than its level before."""


@dataclass(frozen=True)
class Horizon:
    """What to forecast.

    Attributes:
        start_ms: start of the first bucket, epoch ms, a multiple of the bucket span; no series has a value there or later.
        buckets: how many, > 0.
        percentile: share of values that are to lie inside the bounds, in (0, 100).
    """

    start_ms: int
    buckets: int
    percentile: float


@dataclass(frozen=True)
class Foreseen:
    """The forecast of S series over T buckets, in the metric's unit.

    Attributes:
        rows: [S] the series that could be forecast.
        lower: [S, T] lower bound.
        prediction: [S, T] the expected value.
        upper: [S, T] upper bound.
        level: [S, T] the expected value without the repeating pattern.
        young: how many series have shown too few values, or too few lately.
        silent: how many have had no value for longer than they were seen before.
    """

    rows: Ints
    lower: Floats
    prediction: Floats
    upper: Floats
    level: Floats
    young: int
    silent: int


def foresee(records: Any, pool: NDArray[np.float32], config: ModelConfig, rows: Ints, ask: Horizon, shifts: Shifts) -> Foreseen:
    """Forecast series, given by their rows among `records` (dtype `state.SERIES`)."""
    span = config.bucket_span_ms
    start = ask.start_ms // span
    series = records[rows]
    young = series["count"] < LEAST_VALUES
    silent = ~young & (start - 1 - series["last"] > series["last"] - series["first"] + 1)
    forecast_rows = np.ascontiguousarray(rows[~young & ~silent])
    out = [np.empty((len(forecast_rows), ask.buckets)) for _ in range(4)]
    known = np.zeros(len(forecast_rows), np.bool_)
    first = int(records["window.first"][forecast_rows].min(initial=start))
    starts = np.arange(first, start + ask.buckets, dtype=np.int64) * span
    shifts = shifts.series(forecast_rows)
    _series.forecast(
        records.view(np.uint8).reshape(len(records), records.dtype.itemsize),
        pool,
        forecast_rows,
        local_ms(starts, ZoneInfo(config.time_zone)) + shifts.at(starts),
        out,
        known,
        first,
        start,
        span,
        NormalDist().inv_cdf(0.5 + ask.percentile / 200),
        config.non_negative,
        shifts.some.view(np.uint8).reshape(-1),
        shifts.scope,
    )
    lower, prediction, upper, level = out if known.all() else (values[known] for values in out)
    return Foreseen(forecast_rows[known], lower, prediction, upper, level, int(young.sum() + (~known).sum()), int(silent.sum()))
