"""Make labelled series for `benchmarks/univariate.py`: what ranks times, and how, is chosen on these.

    python benchmarks/made.py --out DIR [--series 156] [--seed 1]

Each is a file `timestamp,value,label` with one of thirteen shapes and one of three lengths, in turn. Incidents of eleven kinds
are put in after its first quarter: one or four in 700 values, three or twelve in 2,000 and in 5,000.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from barograph.results.arrays import Bools, Floats

NEVER_NEGATIVE = ("days", "weeks", "counts", "skewed", "latency", "business", "percent", "few")
LENGTHS = (700, 2_000, 5_000)
EPOCH_S = 1_704_067_200  # a Monday


def _memory(rng: np.random.Generator, n: int, share: float) -> Floats:
    """Noise of one deviation, of which each value keeps a share of the one before."""
    noise = rng.normal(0, np.sqrt(1 - share * share), n)
    for i in range(1, n):
        noise[i] += share * noise[i - 1]
    return noise


def _day(n: int, span_s: int) -> Floats:
    """0 to 1, highest in the afternoon."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n) * span_s % 86_400 / 86_400 - 0.1)))


def _week(n: int, span_s: int) -> Floats:
    return np.asarray(np.where(np.arange(n) * span_s // 86_400 % 7 >= 5, 0.5, 1.0) * (0.3 + _day(n, span_s)))


def _working(n: int, span_s: int) -> Floats:
    """1 from nine to five on five days of the week, with slopes of an hour; else 0."""
    time_s = np.arange(n) * span_s
    hour = time_s % 86_400 / 3_600
    rise, fall = 1 / (1 + np.exp(-4 * (hour - 9))), 1 / (1 + np.exp(-4 * (hour - 17)))
    return np.asarray(np.where(time_s // 86_400 % 7 >= 5, 0.1, 1.0) * (rise - fall))


SHAPES: dict[str, tuple[int, Callable[[np.random.Generator, int], Floats]]] = {
    "days": (600, lambda rng, n: 100 * (0.5 + _day(n, 600)) + rng.normal(0, 4, n)),
    "weeks": (3_600, lambda rng, n: 200 * _week(n, 3_600) * np.exp(rng.normal(0, 0.06, n))),
    "memory": (300, lambda rng, n: 50 + 5 * _memory(rng, n, 0.8)),
    "counts": (3_600, lambda rng, n: rng.poisson(2 + 10 * _day(n, 3_600)).astype(float)),
    "walk": (600, lambda rng, n: 300 + np.cumsum(rng.normal(0, 1, n)) + 40 * _day(n, 600) + rng.normal(0, 3, n)),
    "machine": (60, lambda rng, n: 20 * np.sin(2 * np.pi * (np.arange(n) % 37) / 37) ** 3 + rng.normal(0, 1, n)),
    "skewed": (300, lambda rng, n: 20 + 15 * rng.gamma(1.5, 1.0, n)),
    "latency": (3_600, lambda rng, n: 80 * (0.6 + _day(n, 3_600)) * np.exp(0.35 * _memory(rng, n, 0.4))),
    "business": (1_800, lambda rng, n: 400 * (0.05 + _working(n, 1_800)) * np.exp(rng.normal(0, 0.08, n))),
    "percent": (600, lambda rng, n: 100 / (1 + np.exp(-(2.5 - 3 * _day(n, 600) + 0.3 * _memory(rng, n, 0.6))))),
    "few": (3_600, lambda rng, n: rng.poisson(0.3, n).astype(float)),
    "jobs": (600, lambda rng, n: 10 + rng.normal(0, 1, n) + 60 * (np.arange(n) % 144 == 30) + 20 * (np.arange(n) % 6 == 0)),
    "two machines": (300, lambda rng, n: 200 + rng.normal(0, 3, n) + 80 * (_memory(rng, n, 0.97) > 0.5)),
}


@dataclass(frozen=True)
class _Place:
    """Where an incident is put: the values [n] that there were, and how much is a deviation of them."""

    x: Floats
    unit: float
    rng: np.random.Generator

    def far(self, least: float, most: float) -> float:
        """Up or down, by so many deviations."""
        return float(self.unit * self.rng.choice([-1, 1]) * self.rng.uniform(least, most))

    def noise(self) -> Floats:
        return self.rng.normal(0, self.unit * self.rng.uniform(2.5, 4), len(self.x))

    def wave(self) -> Floats:
        return np.asarray(self.far(3, 5) * np.sin(2 * np.pi * np.arange(len(self.x)) / self.rng.uniform(5, 12)))


KINDS: dict[str, Callable[[_Place], Floats]] = {
    "spikes": lambda at: at.x + at.far(4, 10) * (at.rng.random(len(at.x)) < 0.5),
    "level": lambda at: at.x + at.far(3, 6),
    "outage": lambda at: 0.0 * at.x,
    "drop": lambda at: 0.4 * at.x,
    "surge": lambda at: 2.5 * at.x,
    "stands still": lambda at: 0.0 * at.x + at.x[0],
    "more noise": lambda at: at.x + at.noise(),
    "backwards": lambda at: at.x[::-1].copy(),
    "wave": lambda at: at.x + at.wave(),
    "ramp": lambda at: at.x + at.far(6, 10) * np.linspace(0, 1, len(at.x)),
    "no pattern": lambda at: at.rng.permutation(at.x),
}


def made(shape: str, n: int, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Values [n] of a shape, and which of them an incident has changed."""
    x = SHAPES[shape][1](rng, n)
    unit = max(1.4826 * float(np.median(np.abs(np.diff(x)))) / np.sqrt(2), 0.3 * float(x.std()))
    label, count = np.zeros(n, bool), int(rng.choice([1, 4] if n < 1_000 else [3, 12]))
    for part in np.array_split(np.arange(n // 4, n), count):
        length = int(rng.choice([1, 3, 8, 20, 40]))
        start = int(rng.integers(part[0], part[-1] - length))
        kind = str(rng.choice(list(KINDS)[:5] if length == 1 else list(KINDS)))
        x[start : start + length] = KINDS[kind](_Place(x[start : start + length], unit, rng))
        label[start : start + length] = True
    return np.maximum(x, 0.0) if shape in NEVER_NEGATIVE else x, label


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--series", type=int, default=156)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for k in range(args.series):
        shape, n = list(SHAPES)[k % len(SHAPES)], LENGTHS[k // len(SHAPES) % len(LENGTHS)]
        values, label = made(shape, n, np.random.default_rng([args.seed, k]))
        time = pl.from_epoch(pl.Series(EPOCH_S + np.arange(n) * SHAPES[shape][0]), time_unit="s")
        rows = pl.DataFrame({"timestamp": time, "value": values, "label": label.astype(int)})
        rows.write_csv(args.out / f"{k:03d}_{shape}.csv", datetime_format="%Y-%m-%d %H:%M:%S")


if __name__ == "__main__":
    main()
