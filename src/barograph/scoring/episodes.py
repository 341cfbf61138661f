"""Episodes: an anomaly that goes on is not news.

An episode opens when a bucket is anomalous and ends after `QUIET_BUCKETS` buckets that are not; it goes on as long as the
series says so whose anomaly it is: an outage is not over because nothing is due at night. A bucket is news when it is the first
to reach 50, and again when it is the first to reach 75; what was told is remembered for half a day after the last bucket that
was as bad. The bucket's probability and score know nothing of this: they stay memoryless.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.config.duration import DAY_MS
from barograph.results import schema
from barograph.results.arrays import Bools, Floats, Ints, Structs
from barograph.results.severity import CRITICAL, MAJOR, MINOR
from barograph.results.snapshot import Arrays

OPENING_SCORE: Final = MINOR
"""A bucket scoring at least this opens an episode or keeps one open. Chosen."""
QUIET_BUCKETS: Final = 12
"""An episode ends after this many buckets below the opening score. Chosen: the multi-bucket window of the reference engine."""
NEWS_SCORES: Final = (MAJOR, CRITICAL)
"""Scores that are news when they are first reached: somebody should look, and somebody should look now."""
MEMORY_MS: Final = DAY_MS // 2
"""What was told is no news for so long after it was last as bad, and never before the episode could have ended. Chosen: whoever
was told in the morning does not want to hear it again in the evening, but of the next night's failure of the same kind."""

_NEVER: Final = -1

STATE: Final = np.dtype([("start", "i8"), ("last", "i8"), ("reached", "i8", (len(NEWS_SCORES),))])
"""Bucket index in which the episode began, of its last bucket, and of the last one to reach each of `NEWS_SCORES`; -1: none."""


@dataclass(frozen=True)
class Marks:
    """Per bucket: where its episode starts (-1 when quiet), and whether it is news."""

    start: Ints
    is_news: Bools


class Episodes:
    """The running episode of one job."""

    def __init__(self, bucket_span_ms: int, state: Structs) -> None:
        self._memory = max(QUIET_BUCKETS, MEMORY_MS // bucket_span_ms)  # buckets
        self._state = state

    @classmethod
    def build(cls, bucket_span_ms: int, state: Arrays | None = None) -> "Episodes":
        """Start without an episode, or resume."""
        if state is not None:
            return cls(bucket_span_ms, np.array(state["episode"], dtype=STATE))
        return cls(bucket_span_ms, np.array([(_NEVER, _NEVER, (_NEVER,) * len(NEWS_SCORES))], dtype=STATE))

    def snapshot(self) -> Arrays:
        """The running episode."""
        return {"episode": self._state.copy()}

    def mark_and_learn(self, bucket: Ints, score: Floats, since: Ints) -> Marks:
        """Mark consecutive buckets, given only those with any evidence; the others are quiet.

        Args:
            bucket: [k] bucket indices, ascending, later than any marked before.
            score: [k] their normalised scores.
            since: [k] bucket index where the anomaly began that is the worst in each.
        """
        start = np.full(len(bucket), _NEVER, dtype=np.int64)
        is_news = np.zeros(len(bucket), dtype=bool)
        opening = np.flatnonzero(score >= OPENING_SCORE)
        if len(opening):
            running = _Running(self._memory, *self._state[0].tolist())
            steps = zip(*(column[opening].tolist() for column in (bucket, score, since)), strict=True)
            start[opening], is_news[opening] = zip(*(running.step_and_learn(*step) for step in steps), strict=True)
            self._state[0] = (running.start, running.last, running.reached)
        return Marks(start, is_news)


@dataclass
class _Running:
    """The running episode, in Python's own numbers: NumPy takes ten times as long for each."""

    memory: int  # buckets
    start: int
    last: int
    reached: list[int]

    def step_and_learn(self, bucket: int, score: float, since: int) -> tuple[int, bool]:
        """Take an anomalous bucket: where its episode starts, and whether it is news."""
        if self.start < 0 or (bucket - self.last > QUIET_BUCKETS and since > self.last):
            self.start = bucket
        self.last = bucket
        is_news = False
        for i, least in enumerate(NEWS_SCORES):
            if score >= least:
                told = self.reached[i]
                is_news |= told < 0 or (bucket - told > self.memory and since > told)
                self.reached[i] = bucket
        return self.start, is_news


def with_episodes(records: pl.DataFrame, buckets: pl.DataFrame, bucket_span_ms: int) -> pl.DataFrame:
    """Records with the start of their `episode`, epoch ms.

    It is that of their bucket. A record outside any belongs to the last one of its series, or else to the next, with fewer than
    `QUIET_BUCKETS` buckets without a record of the series in between, or with the same anomaly going on; where there is none,
    such records are one of their own.

    Args:
        records: rows of `schema.RECORDS`.
        buckets: rows of `schema.BUCKETS` at the same times.
        bucket_span_ms: length of a bucket.
    """
    starts = buckets.select("timestamp", "episode_start")
    known = records.join(starts, on="timestamp", how="left", maintain_order="left").with_row_index("given")
    by_time = known.sort("timestamp", maintain_order=True)
    later = is_another(pl.col("timestamp").shift(), bucket_span_ms).fill_null(False)
    numbered = by_time.with_columns(run=later.cum_sum().over(schema.SERIES_KEY))
    start, run = pl.col("episode_start"), [*schema.SERIES_KEY, "run"]
    own = (start, start.forward_fill().over(run), start.backward_fill().over(run), pl.first("timestamp").over(run))
    return numbered.with_columns(episode=pl.coalesce(own)).sort("given").drop("given", "run", "episode_start")


def is_another(before_ms: pl.Expr, bucket_span_ms: int) -> pl.Expr:
    """Whether a record of `schema.RECORDS` is of another episode than the record of its series before it, at that time."""
    began = pl.col("timestamp") - (pl.col("anomaly_length").fill_null(1) - 1) * bucket_span_ms
    return (pl.col("timestamp") - before_ms > QUIET_BUCKETS * bucket_span_ms) & (began > before_ms)
