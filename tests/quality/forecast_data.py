"""Series whose future is known, and how well it was forecast."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from barograph.models import Horizon, ModelConfig, SeriesModel

HALF_HOUR = 1_800_000
DAY = 48  # buckets
PAST, FUTURE = 9 * 7 * DAY, 14 * DAY
NOISE = 4.0

# Values by the hour of the day, linear between: quiet nights, a steep morning, two peaks.
HOURS = np.array([0, 2, 2, 4, 8, 12, 20, 45, 95, 110, 105, 90, 80, 95, 115, 110, 95, 75, 50, 35, 22, 12, 6, 2, 0], float)
WEEKDAYS = np.array([0.7, 1.0, 1.1, 1.2, 1.05, 0.2, 0.1])


def day_shape(buckets: int) -> np.ndarray:
    return np.interp(np.arange(buckets) % DAY * 0.5, np.arange(25), HOURS)


def week_shape(buckets: int) -> np.ndarray:
    # Time 0 was a Thursday.
    return day_shape(buckets) * WEEKDAYS[(np.arange(buckets) // DAY + 3) % 7]


def steady(buckets: int, rng: np.random.Generator) -> np.ndarray:
    return np.linspace(150, 250, buckets)


def varying(buckets: int, rng: np.random.Generator) -> np.ndarray:
    """A slope that turns every two weeks or so, one turn of it in the time to forecast."""
    turns = np.arange(0, buckets + 14 * DAY, 14 * DAY)
    heights = 200 + np.cumsum(rng.normal(15, 20, len(turns)))
    return np.interp(np.arange(buckets), turns, heights)


def flat(buckets: int, rng: np.random.Generator) -> np.ndarray:
    return np.full(buckets, 20.0)


SHAPES: dict[str, Callable[[int], np.ndarray]] = {"daily": day_shape, "weekly": week_shape}
TRENDS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "no trend": flat,
    "constant trend": steady,
    "varying trend": varying,
}


def patterned(shape: str, trend: str, series: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(values, the course that they scatter around) [series, PAST + FUTURE]."""
    rng = np.random.default_rng(seed)
    n = PAST + FUTURE
    course = np.stack([SHAPES[shape](n) + TRENDS[trend](n, rng) for _ in range(series)])
    return course + rng.normal(0, NOISE, course.shape), course


def random_walks(rng: np.random.Generator, series: int, buckets: int) -> np.ndarray:
    return np.cumsum(rng.normal(size=(series, buckets)), axis=1)


@dataclass(frozen=True)
class Outcome:
    """How forecasts fared.

    Attributes:
        outside: share of values outside the bounds.
        course_outside: share of the buckets in which the course itself, without noise, lies outside them.
        error: mean absolute error over mean absolute value.
        naive: the same when the last cycle is repeated.
        lower: the lower bounds.
    """

    outside: float
    course_outside: float
    error: float
    naive: float
    lower: np.ndarray


def outcome(x: np.ndarray, past: int, percentile: float, *, course: np.ndarray | None = None, cycle: int = 1,
            span_ms: int = HALF_HOUR) -> Outcome:  # fmt: skip
    """Learn `past` buckets of series [S, T], forecast the rest. `cycle`: buckets of the seasonal naive."""
    model = SeriesModel.build(ModelConfig(span_ms))
    model.grow(len(x))
    model.advance(np.ascontiguousarray(x[:, :past]), 0)
    future = x[:, past:]
    found = model.forecast(np.arange(len(x)), Horizon(past * span_ms, future.shape[1], percentile))
    assert len(found.rows) == len(x)

    def outside(values: np.ndarray) -> float:
        return 1 - float(((values >= found.lower) & (values <= found.upper)).mean())

    naive = np.tile(x[:, past - cycle : past], -(-future.shape[1] // cycle))[:, : future.shape[1]]
    size = np.abs(future).mean()
    return Outcome(
        outside=outside(future),
        course_outside=outside(future if course is None else course[:, past:]),
        error=float(np.abs(future - found.prediction).mean() / size),
        naive=float(np.abs(future - naive).mean() / size),
        lower=found.lower,
    )
