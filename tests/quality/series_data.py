"""Null series (nothing happens in them) and helpers shared by the statistical tests of the series model."""

from collections.abc import Callable

import numpy as np

from barograph.models import ChangeKind, Judged, ModelConfig, SeriesModel

MINUTES_5 = 300_000
HOUR = 3_600_000


def judged(x: np.ndarray, span_ms: int = MINUTES_5, first_ms: int = 0, **settings: object) -> Judged:
    model = SeriesModel.build(ModelConfig(span_ms, **settings))  # type: ignore[arg-type]
    model.grow(len(x))
    return model.advance(np.ascontiguousarray(x), first_ms)


def autoregressive(phi: float, rng: np.random.Generator, series: int, buckets: int) -> np.ndarray:
    noise = rng.normal(size=(series, buckets))
    x = np.empty_like(noise)
    x[:, 0] = noise[:, 0]
    for t in range(1, buckets):
        x[:, t] = phi * x[:, t - 1] + noise[:, t]
    return x


def daily(buckets: int, span_ms: int = MINUTES_5) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(buckets) * span_ms / 86_400_000)


NULLS: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "gaussian": lambda g, s, t: g.normal(10, 2, (s, t)),
    "gamma": lambda g, s, t: g.gamma(2, 3, (s, t)),
    "log-normal": lambda g, s, t: g.lognormal(0, 0.7, (s, t)),
    "poisson 3": lambda g, s, t: g.poisson(3, (s, t)) * 1.0,
    "poisson 0.05": lambda g, s, t: g.poisson(0.05, (s, t)) * 1.0,
    "student t3": lambda g, s, t: g.standard_t(3, (s, t)),
    "ar 0.7": lambda g, s, t: autoregressive(0.7, g, s, t),
    "ar 0.95": lambda g, s, t: autoregressive(0.95, g, s, t),
    "seasonal gaussian": lambda g, s, t: g.normal(size=(s, t)) + 20 + 5 * daily(t),
    "seasonal gamma": lambda g, s, t: g.gamma(2, 1, (s, t)) * (1 + 0.7 * daily(t)),
    "random walk": lambda g, s, t: np.cumsum(g.normal(size=(s, t)), axis=1),
}
DISCRETE = {"poisson 3", "poisson 0.05"}


def share_with_season(result: Judged, series: int) -> float:
    """Share of the series in which a season was found at any time."""
    found = result.changes[result.changes["kind"] == ChangeKind.SEASON_FOUND]
    return len(np.unique(found["row"])) / series
