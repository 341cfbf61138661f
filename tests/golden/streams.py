"""The rows of the golden jobs. They are the same bits with every NumPy and every machine.

Only the raw 64 bits of PCG64 are guaranteed to stay; the distributions of `numpy.random.Generator` and the functions of a
machine's mathematical library are not. So there are no logarithms, sines or normal distributions here.
"""

from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
START: Final = 1_700_006_400_000  # the start of an hour: Wed 2023-11-15 00:00 UTC


class Draws:
    """Random numbers of a seed."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def uniform(self, count: int) -> Floats:
        """Numbers from 0 to below 1."""
        return (self._bits.random_raw(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, limit: int, count: int) -> NDArray[np.int64]:
        """Whole numbers from 0 to below a limit."""
        return (self.uniform(count) * limit).astype(np.int64)

    def noise(self, count: int) -> Floats:
        """Nearly normal, of mean 0 and variance 1: a sum of twelve uniform numbers."""
        total = np.full(count, -6.0)
        for _ in range(12):
            total += self.uniform(count)
        return total


def requests(rows: int = 5_000, days: float = 2.0, seed: int = 1) -> pl.DataFrame:
    """Requests of four hosts and twelve users. A user floods a host; there is a gap; a host begins late; values are missing."""
    draws = Draws(seed)
    time = np.sort(START + (draws.uniform(rows) * days * DAY).astype(np.int64))
    host, user, status = draws.below(4, rows), draws.below(12, rows), draws.below(100, rows)
    size = 600.0 + 150.0 * draws.noise(rows) + 2_000.0 * (draws.uniform(rows) < 0.05)
    flood = (time > START + 0.8 * days * DAY) & (time < START + 0.82 * days * DAY)
    host[flood], user[flood], size[flood] = 2, 7, size[flood] * 40
    index = np.arange(rows)
    host[(index % 11 == 0) & (time > START + 0.5 * days * DAY)] = 9
    size[index % 17 == 0] = -0.0
    columns: dict[str, Any] = {
        "time": time,
        "host": [f"host-{number}" for number in host],
        "user": [f"user-{number}" if number else None for number in user],
        "status": [("200", "404", "503")[int(number >= 90) + int(number >= 97)] for number in status],
        "bytes": [None if place % 13 == 0 else value for place, value in enumerate(size.tolist())],
        "n": (index % 5 + 0.25),
    }
    gap = pl.col("time").is_between(START + DAY // 3, START + DAY // 3 + 3 * HOUR)
    return pl.DataFrame(columns).filter(~gap)


def arriving_late(frame: pl.DataFrame, most_ms: int, seed: int = 3) -> pl.DataFrame:
    """The rows in the order in which they arrive when each is delayed by up to `most_ms`."""
    delay = Draws(seed).below(most_ms, frame.height)
    return frame[np.argsort(frame["time"].to_numpy() + delay, kind="stable")]


def unclean(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as text, some with a time that is none, some with a number that is none."""
    index = pl.int_range(pl.len())
    return frame.with_columns(
        time=pl.when(index % 501 == 0).then(pl.lit("yesterday")).otherwise(pl.col("time").cast(pl.String)),
        bytes=pl.when(index % 303 == 0).then(pl.lit("many")).otherwise(pl.col("bytes").cast(pl.String)),
    )


def _daily(hour: NDArray[np.int64]) -> Floats:
    """A pattern of a day, 0 to 1, highest at noon."""
    of_day = (hour % 24).astype(np.float64)
    return of_day * (24.0 - of_day) / 144.0


def _shapes(hours: int, seed: int) -> dict[str, Floats]:
    """Series of hourly values: what models of series have to tell apart."""
    draws, hour = Draws(seed), np.arange(hours)
    noise = {name: draws.noise(hours) for name in ("level", "day", "week", "trend", "walk", "wide", "loud")}
    half = hour >= hours // 2
    weekend = (hour // 24) % 7 >= 5
    wide = np.where(half, 5.0, 1.0)
    return {
        "constant": np.full(hours, 7.0),
        "level": 50.0 + 4.0 * noise["level"] + 60.0 * half,
        "day": 100.0 + 80.0 * _daily(hour) + 3.0 * noise["day"],
        "week": np.where(weekend, 30.0, 100.0) + 50.0 * _daily(hour) + 2.0 * noise["week"],
        "shifted": 100.0 + 80.0 * _daily(hour + 3 * half) + 3.0 * noise["day"],
        "trend": 0.05 * hour + noise["trend"],
        "walk": np.cumsum(noise["walk"]),
        "spread": 20.0 + wide * noise["wide"],
        "count": draws.below(6, hours).astype(np.float64),
        "sparse": np.where(draws.uniform(hours) < 0.04, 1.0 + draws.below(3, hours), 0.0),
        "skewed": 1.0 / (0.02 + draws.uniform(hours)),
        "huge": 1e12 + 1e3 * noise["loud"],
        "negative": -40.0 + 5.0 * noise["loud"],
        "steps": np.where((hour // 12) % 2 == 0, 10.0, 20.0),
    }


def shapes(days: int = 35, seed: int = 5) -> pl.DataFrame:
    """Rows `time, name, value`: series of all shapes, each with a spike, an outage and hours without data."""
    hours = days * 24
    frames = []
    for place, (name, values) in enumerate(_shapes(hours, seed).items()):
        changed = values.copy()
        changed[hours - 60 - place] += 12.0 * (np.abs(values).max() - np.abs(values).min() + 1.0)
        changed[hours - 120 - place : hours - 114 - place] = 0.0
        times = START + HOUR * np.arange(hours) + 7 * MINUTE
        there = Draws(seed + place).uniform(hours) > 0.03
        frames.append(pl.DataFrame({"time": times[there], "name": name, "value": changed[there]}))
    return pl.concat(frames).sort("time", "name")


def traffic(hours: float, seed: int = 8) -> pl.DataFrame:
    """Summarised rows of two hosts, twelve an hour: few at night, many at noon; the last hour has six times as many."""
    step = np.arange(round(hours * 12))
    draws = Draws(seed)
    frames = []
    for host in ("h0", "h1"):
        count = np.floor(10.0 + 100.0 * _daily(step // 12) + 5.0 * draws.uniform(len(step)))
        count[step // 12 == (len(step) - 1) // 12] *= 6.0
        frames.append(pl.DataFrame({"time": START + step * (HOUR // 12), "host": host, "n": count, "size": 3.0 * count}))
    return pl.concat(frames).sort("time", "host")
