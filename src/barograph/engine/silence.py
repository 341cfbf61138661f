"""When a job sleeps: after long enough without any value, empty buckets are neither judged nor learned until a value comes.

Else one row of an old clock, or a job that is fed again after years, would cost as many buckets as lie between, for every
series. A model that is not asked learns nothing, and no data changes nothing in it: what was known before is still known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.buckets import FinishedBuckets
from barograph.config.duration import DAY_MS
from barograph.results.arrays import Ints
from barograph.results.snapshot import Arrays

AWAKE_MS: Final = 7 * DAY_MS
AWAKE_BUCKETS: Final = 1_000
"""A job stays awake for the longer of both after its last value. Chosen: a silence of every week is part of the pattern."""

_NOT_BEGUN: Final = -1


def awake_buckets(span_ms: int) -> int:
    """For how many buckets without a value a job stays awake."""
    return max(AWAKE_MS // span_ms, AWAKE_BUCKETS)


@dataclass
class Silence:
    """The last bucket with a value, and when the job has slept.

    Attributes:
        span_ms: length of a bucket.
        last: number of the last bucket with a value; of the one before the first bucket while there is none.
        slept: int64[k, 2], the stretches of buckets [start, end) that it has slept through.
    """

    span_ms: int
    last: int
    slept: Ints

    @classmethod
    def build(cls, span_ms: int, state: Arrays | None) -> "Silence":
        """Before the first bucket, or as `snapshot` left it; a snapshot of before there were silences has none."""
        if not state:
            return cls(span_ms, _NOT_BEGUN, np.zeros((0, 2), np.int64))
        return cls(span_ms, int(state["last"][0]), np.array(state["slept"], np.int64).reshape(-1, 2))

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        return {"last": np.array([self.last]), "slept": self.slept.copy()}

    def awake_and_learn(self, first: int, end: int, valued: Ints) -> Iterator[tuple[int, int]]:
        """The stretches of the buckets [first, end) in which the job is awake, in order.

        Args:
            first: the first of them, which follows the last ones.
            end: the bucket behind them.
            valued: int64, those with a value, ascending.
        """
        awake = awake_buckets(self.span_ms)
        if self.last == _NOT_BEGUN:
            self.last = first - 1
        known = np.concatenate([np.array([self.last]), valued])
        until = known + awake + 1
        # Where two follow each other within that time they are one stretch.
        apart = np.flatnonzero(known[1:] > until[:-1])
        for at in apart.tolist():
            self.slept = np.concatenate([self.slept, [[until[at], known[at + 1]]]])
        begins = np.concatenate([[first], known[apart + 1]])
        ends = np.concatenate([until[apart], until[-1:]])
        self.last = int(known[-1])
        for start, stop in zip(np.maximum(begins, first).tolist(), np.minimum(ends, end).tolist(), strict=True):
            if start < stop:
                yield start, stop

    def slept_within(self, first: int, end: int) -> Ints:
        """Those stretches that ended in the buckets [first, end)."""
        return self.slept[(self.slept[:, 1] >= first) & (self.slept[:, 1] < end)]

    def awake_within(self, first: int, end: int) -> Ints:
        """int64, the numbers of the buckets [first, end) that were judged."""
        since = self.last + awake_buckets(self.span_ms) + 1
        edges = [first, *self.slept[(self.slept[:, 1] > first) & (self.slept[:, 0] < end)].ravel().tolist(), min(end, since)]
        ranges = [np.arange(max(start, first), min(stop, end)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
        return np.concatenate(ranges)


def with_values(buckets: FinishedBuckets) -> Ints:
    """int64, the buckets in which any series has a value, ascending: what the history shows of them as well."""
    of_each = [
        _distinct(cells.bucket[~np.isnan(cells.actual)])
        for detector in buckets.detectors
        for cells in detector.cells.values()
        if len(cells.bucket)
    ]
    return np.unique(np.concatenate(of_each)) if of_each else np.zeros(0, np.int64)


def _distinct(ascending: Ints) -> Ints:
    return ascending[np.flatnonzero(np.diff(ascending, prepend=-1))]
