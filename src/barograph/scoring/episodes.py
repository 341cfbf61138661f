"""Episodes: an anomaly that goes on is not news.

An episode opens when a bucket is anomalous and ends after `QUIET_BUCKETS` buckets that are not. Within and shortly after it, a
bucket is news only when it is clearly less likely than anything the episode has shown, the memory of its peak fading slowly.
The bucket's probability and score know nothing of this: they stay memoryless.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.kernels.elementary import e_to
from barograph.results import schema
from barograph.results.arrays import Bools, Floats, Ints, Structs
from barograph.results.severity import MINOR
from barograph.results.snapshot import Arrays

OPENING_SCORE: Final = MINOR
"""A bucket scoring at least this opens an episode or keeps one open. Chosen."""
QUIET_BUCKETS: Final = 12
"""An episode ends after this many buckets below the opening score. Chosen: the multi-bucket window of the reference engine."""
MARGIN: Final = 1.0
"""A new peak must be less likely than the remembered one by this factor (in nats) to be news (docs/lab.md, What was tried)."""
RAISE: Final = 1.25
"""... and a quarter more surprising: between 40 and 41 nats nobody sees a difference. Chosen; 1.2 to 1.5 measure alike."""
MEMORY_BUCKETS: Final = 200.0
"""The remembered peak fades by 1/e in this many buckets (docs/lab.md, What was tried)."""


STATE: Final = np.dtype([("start", "i8"), ("last", "i8"), ("peak", "f8"), ("peak_at", "i8")])


@dataclass(frozen=True)
class Marks:
    """Per bucket: where its episode starts (-1 when quiet), and whether it is news."""

    start: Ints
    is_news: Bools


class Episodes:
    """The running episode of one job."""

    def __init__(self, state: Structs) -> None:
        self._state = state

    @classmethod
    def build(cls, state: Arrays | None = None) -> "Episodes":
        """Start without an episode, or resume."""
        if state is not None:
            return cls(np.array(state["episode"], dtype=STATE))
        return cls(np.array([(-1, -1, 0.0, 0)], dtype=STATE))

    def snapshot(self) -> Arrays:
        """The running episode."""
        return {"episode": self._state.copy()}

    def mark_and_learn(self, bucket: Ints, ln_p: Floats, score: Floats) -> Marks:
        """Mark consecutive buckets, given only those with any evidence; the others are quiet.

        Args:
            bucket: [k] bucket indices, ascending, later than any marked before.
            ln_p: [k] ln of the buckets' probabilities.
            score: [k] their normalised scores.
        """
        start = np.full(len(bucket), -1, dtype=np.int64)
        is_news = np.zeros(len(bucket), dtype=bool)
        for i in np.flatnonzero(score >= OPENING_SCORE):
            start[i], is_news[i] = self._step_and_learn(int(bucket[i]), -float(ln_p[i]))
        return Marks(start, is_news)

    def _step_and_learn(self, bucket: int, surprise: float) -> tuple[int, bool]:
        episode = self._state[0]
        if episode["start"] < 0 or bucket - episode["last"] > QUIET_BUCKETS:
            episode["start"] = bucket
        episode["last"] = bucket
        faded = episode["peak"] * e_to(float(episode["peak_at"] - bucket) / MEMORY_BUCKETS)
        is_news = bool(surprise > RAISE * faded + MARGIN)
        if surprise > faded:
            episode["peak"], episode["peak_at"] = surprise, bucket
        return int(episode["start"]), is_news


def with_episodes(records: pl.DataFrame, buckets: pl.DataFrame, bucket_span_ms: int) -> pl.DataFrame:
    """Structs with the start of their `episode`, epoch ms.

    It is that of their bucket. A record outside any belongs to the last one of its series, or else to the next, with fewer than
    `QUIET_BUCKETS` buckets without a record of the series in between; where there is none, such records are one of their own.

    Args:
        records: rows of `schema.RECORDS`.
        buckets: rows of `schema.BUCKETS` at the same times.
        bucket_span_ms: length of a bucket.
    """
    starts = buckets.select("timestamp", "episode_start")
    known = records.join(starts, on="timestamp", how="left", maintain_order="left").with_row_index("given")
    by_time = known.sort("timestamp", maintain_order=True)
    later = (pl.col("timestamp").diff() > QUIET_BUCKETS * bucket_span_ms).fill_null(False)
    numbered = by_time.with_columns(run=later.cum_sum().over(schema.SERIES_KEY))
    start, run = pl.col("episode_start"), [*schema.SERIES_KEY, "run"]
    own = (start, start.forward_fill().over(run), start.backward_fill().over(run), pl.first("timestamp").over(run))
    return numbered.with_columns(episode=pl.coalesce(own)).sort("given").drop("given", "run", "episode_start")
