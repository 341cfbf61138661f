"""Series whose true course is known, incidents to put into them, and what the engine says of both."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

import barograph

SPAN_MS = 1_800_000
DAY = 48  # buckets
WEEKS = 6
MONDAY_MS = 1_704_067_200_000


def _daily(random: np.random.Generator, hour: np.ndarray, weekend: np.ndarray) -> np.ndarray:
    wave = 1.0 - 0.6 * np.cos(2 * np.pi * (hour - random.uniform(3, 6)) / 24)
    return wave * np.where(weekend, random.uniform(0.5, 0.9), 1.0)


def _office(random: np.random.Generator, hour: np.ndarray, weekend: np.ndarray) -> np.ndarray:
    return np.where((hour >= 8) & (hour < random.integers(17, 20)) & ~weekend, 1.0, 0.12)


def _with_memory(random: np.random.Generator, buckets: int) -> np.ndarray:
    rest = random.normal(size=buckets)
    for t in range(1, buckets):
        rest[t] = 0.9 * rest[t - 1] + np.sqrt(1 - 0.81) * rest[t]
    return rest


Shape = Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]

SHAPES: dict[str, Shape] = {
    "daily": lambda g, h, w: 300 * _daily(g, h, w) * np.exp(0.06 * g.normal(size=len(h))),
    "office hours": lambda g, h, w: 5_000 * _office(g, h, w) * np.exp(0.07 * g.normal(size=len(h))),
    "counts": lambda g, h, w: g.poisson(80 * _daily(g, h, w)).astype(float),
    "noise that stays": lambda g, h, w: 40 * _daily(g, h, w) * np.exp(0.06 * _with_memory(g, len(h))),
    "latency": lambda g, h, w: 12 * (0.6 + 0.4 * _daily(g, h, w)) * np.exp(0.15 * g.normal(size=len(h))),
    "flat": lambda g, h, w: 70 * np.exp(0.05 * g.normal(size=len(h))),
    "walk": lambda g, h, w: 900 * np.exp(0.1 * np.cumsum(g.normal(size=len(h))) / np.sqrt(DAY) + 0.02 * g.normal(size=len(h))),
}
"""None is ever below zero; the noise of each is a share of its level, or that of counts."""

STORM = np.concatenate([np.linspace(0.9, 0.02, 12), np.full(16, 0.02), np.linspace(0.02, 0.9, 8)])

INCIDENTS: dict[str, np.ndarray] = {
    "outage of a bucket": np.zeros(1),
    "outage of an hour": np.zeros(2),
    "outage of a day": np.zeros(DAY),
    "0.4 times for 8 hours": np.full(16, 0.4),
    "2.5 times for an hour": np.full(2, 2.5),
    "2.5 times for a day": np.full(DAY, 2.5),
    "storm of 18 hours": STORM,
}
"""What values are multiplied with, bucket by bucket."""


@dataclass(frozen=True)
class Said:
    """What the engine says of each bucket: score and side (-1, 1) of its record, 0 without one; typical and bounds."""

    score: np.ndarray
    side: np.ndarray
    typical: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def series(shape: str, random: np.random.Generator) -> np.ndarray:
    """A series of six weeks in which nothing is wrong."""
    hours = np.arange(WEEKS * 7 * DAY) * (SPAN_MS / 3_600_000)
    return SHAPES[shape](random, hours % 24, hours // 24 % 7 >= 5)


def spread(values: np.ndarray) -> float:
    """The robust deviation of what last week does not explain."""
    left = values[7 * DAY :] - values[: -7 * DAY]
    return float(1.4826 * np.median(np.abs(left - np.median(left))) / np.sqrt(2))


def start_of(values: np.ndarray, factors: np.ndarray, random: np.random.Generator) -> int | None:
    """A late bucket where the incident is eight deviations or more nearly throughout; None where there is no such place."""
    far = 8 * spread(values)
    for _ in range(200):
        start = int(random.integers(0.6 * len(values), len(values) - 3 * len(factors) - 13))
        apart = np.abs(values[start : start + len(factors)] * (factors - 1.0))
        if np.median(apart) >= far and (factors is STORM or apart[0] >= far):
            return start
    return None


def said(values: np.ndarray) -> Said:
    """What a job with one detector says of a series [T]."""
    analysis = {"bucket_span": "30m", "detectors": [{"function": "mean", "field_name": "value"}]}
    described = {"time_field": "time", "time_format": "epoch_ms"}
    job = barograph.load_job(
        {"job_id": "truth", "analysis_config": analysis, "data_description": described, "model_plot_config": {"enabled": True}}
    )
    found = barograph.run(job, pl.DataFrame({"time": MONDAY_MS + np.arange(len(values)) * SPAN_MS, "value": values}))
    score, side = np.zeros(len(values)), np.zeros(len(values))
    at = (found.records["timestamp"].to_numpy() - MONDAY_MS) // SPAN_MS
    score[at] = found.records["initial_record_score"].to_numpy()
    side[at] = np.sign((found.records["actual"] - found.records["typical"]).fill_null(0.0).to_numpy())
    bounds = [_of_buckets(found.bucket_values, name, len(values)) for name in ("typical", "lower_bound", "upper_bound")]
    return Said(score, side, *bounds)


def _of_buckets(table: pl.DataFrame, name: str, buckets: int) -> np.ndarray:
    out = np.full(buckets, np.nan)
    at = (table["timestamp"].to_numpy() - MONDAY_MS) // SPAN_MS
    out[at] = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return out
