"""Series with and without seasons, for the floors of season finding. Time is hours since a Monday 00:00."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from barograph.models import ChangeKind
from tests.quality.series_data import autoregressive, judged

Floats = NDArray[np.float64]
DAY, WEEK = 24.0, 168.0
SEASON_NAMES = {1: "day", 2: "trading", 3: "week", 4: "free"}
MONDAY_MS = 4 * 86_400_000  # 1970-01-05


def hours(days: float, span_ms: int) -> Floats:
    return np.arange(int(days * 86_400_000 // span_ms)) * (span_ms / 3_600_000)


def noise(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> Floats:
    """Centred, standard deviation 1."""
    if kind == "gamma":
        return rng.gamma(2.0, 1 / np.sqrt(2), shape) - np.sqrt(2)
    if kind == "log-normal":
        return (rng.lognormal(0, 0.5, shape) - np.exp(0.125)) / np.sqrt((np.exp(0.25) - 1) * np.exp(0.25))
    return rng.normal(size=shape)


NOISES = ("normal", "gamma", "log-normal")


def ramps(rng: np.random.Generator, series: int, t: Floats) -> Floats:
    return rng.uniform(-30, 30, (series, 1)) * t / t[-1]


def arcs(rng: np.random.Generator, series: int, t: Floats) -> Floats:
    return rng.uniform(10, 30, (series, 1)) * np.square(t / t[-1] - rng.uniform(0, 1, (series, 1)))


def piecewise(rng: np.random.Generator, series: int, t: Floats) -> Floats:
    """Three straight lines, one after the other, 20 from 0 at most."""
    slopes = rng.uniform(-1, 1, (series, 3))[:, np.minimum((t / t[-1] * 3).astype(int), 2)]
    trend = np.cumsum(slopes, axis=1)
    return 20 * trend / np.abs(trend).max(axis=1, keepdims=True)


def levels(rng: np.random.Generator, series: int, t: Floats) -> Floats:
    """Steps to a new level at random times, about five a series."""
    new = rng.random((series, len(t))) < 5 / len(t)
    return np.take_along_axis(rng.normal(0, 10, (series, 64)), np.cumsum(new, axis=1), 1)


def switches(rng: np.random.Generator, series: int, t: Floats) -> Floats:
    """Two states, each kept for about 30 buckets."""
    return 20.0 * (np.cumsum(rng.random((series, len(t))) < 1 / 30, axis=1) % 2)


def wandering(rng: np.random.Generator, series: int, t: Floats) -> Floats:
    return autoregressive(1.0, rng, series, len(t))


SHAPELESS: dict[str, Callable[[np.random.Generator, int, Floats], Floats]] = {
    "constant": lambda g, s, t: np.zeros((s, len(t))),
    "ramp": ramps,
    "arc": arcs,
    "levels": levels,
    "switches": switches,
    "random walk": wandering,
}


def smooth(rng: np.random.Generator, series: int, phase: Floats) -> Floats:
    """Two harmonics, amplitude 20 in all; phase [t] in 0 .. 1."""
    first, second = rng.uniform(0, 2 * np.pi, (2, series, 1))
    return 14 * np.sin(2 * np.pi * phase + first) + 6 * np.sin(4 * np.pi * phase + second)


def spiky(rng: np.random.Generator, series: int, phase: Floats) -> Floats:
    """One or two spikes of a twelfth of the cycle, height 20."""
    at, other = rng.uniform(0, 1, (2, series, 1))
    return 20.0 * (((phase - at) % 1 < 1 / 12) | ((phase - other) % 1 < 1 / 12))


def square(rng: np.random.Generator, series: int, phase: Floats) -> Floats:
    return 20.0 * ((phase - rng.uniform(0, 1, (series, 1))) % 1 < rng.uniform(0.2, 0.6, (series, 1)))


SHAPES = {"smooth": smooth, "spiky": spiky, "square": square}


def seasonal(kind: str, shape: str, rng: np.random.Generator, series: int, t: Floats) -> Floats:
    """A day, a week of seven different days, or a trading day (weekends are all alike and low), amplitude 20."""
    day = SHAPES[shape](rng, series, t / DAY % 1)
    weekday = (t // DAY % 7).astype(int)
    if kind == "trading":
        return np.where(weekday < 5, 1.0, 0.1) * day
    if kind == "week":
        return np.take(rng.uniform(0.2, 1, (series, 7)), weekday, axis=1) * day
    return day


def found_kinds(x: Floats, span_ms: int) -> list[set[str]]:
    """The kinds of season that were found at any time, a series."""
    changes = judged(x, span_ms, MONDAY_MS).changes
    kinds: list[set[str]] = [set() for _ in range(len(x))]
    for row, season in changes[changes["kind"] == ChangeKind.SEASON_FOUND][["row", "season"]].tolist():
        kinds[row].add(SEASON_NAMES[season])
    return kinds


def share(x: Floats, span_ms: int, right: Callable[[set[str]], bool]) -> float:
    return float(np.mean([right(kinds) for kinds in found_kinds(x, span_ms)]))


def last_periods(x: Floats, span_ms: int) -> Floats:
    """Hours of the period in use at the end, a series; 0: none."""
    changes = judged(x, span_ms, MONDAY_MS).changes
    period = np.zeros(len(x))
    for row, kind, after in changes[["row", "kind", "after"]].tolist():
        if kind in (ChangeKind.SEASON_FOUND, ChangeKind.SEASON_DROPPED):
            period[row] = after / 3_600_000
    return period
