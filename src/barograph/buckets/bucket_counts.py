"""How many buckets there were, how many of them empty or sparse."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from barograph.results.arrays import Bools, Ints
from barograph.results.snapshot import Arrays

SPARSE_WINDOW: Final = 20
"""A bucket with rows is sparse when it has fewer than mean - 2 standard deviations of the 20 buckets with rows before it.

Elastic compares with a recent average too; its window is not documented. 20 is chosen, not tuned. Before there are 20, no
bucket is sparse. Empty buckets are neither sparse nor part of the comparison: they are counted as empty.
"""


@dataclass(frozen=True)
class BucketCounts:
    """Counts of finished buckets under the names of `DataCounts`. Timestamps are epoch ms of a bucket's start, or None."""

    bucket_count: int = 0
    empty_bucket_count: int = 0
    sparse_bucket_count: int = 0
    latest_bucket_timestamp: int | None = None
    latest_empty_bucket_timestamp: int | None = None
    latest_sparse_bucket_timestamp: int | None = None


@dataclass(frozen=True)
class BucketCounter:
    """Counts of the finished buckets, and the recent ones to compare with. A value: `after` gives the next one."""

    span_ms: int
    counts: BucketCounts
    recent: Ints

    @classmethod
    def build(cls, span_ms: int, state: Arrays | None) -> "BucketCounter":
        """Nothing counted yet, or as `snapshot` left it."""
        if state is None:
            return cls(span_ms, BucketCounts(), np.zeros(0, np.int64))
        known: list[Any] = [value if there else None for value, there in state["census"].T.tolist()]
        return cls(span_ms, BucketCounts(*known), state["census_recent"].astype(np.int64))

    def after(self, first: int, end: int, filled: Ints, events: Ints) -> "BucketCounter":
        """The counts with the buckets [first, end), of which `filled` (ascending) have `events` rows, and the others none."""
        sparse = filled[self._sparse(events)]
        counts = replace(
            self.counts,
            bucket_count=self.counts.bucket_count + end - first,
            empty_bucket_count=self.counts.empty_bucket_count + end - first - len(filled),
            sparse_bucket_count=self.counts.sparse_bucket_count + len(sparse),
            latest_bucket_timestamp=(end - 1) * self.span_ms,
        )
        if len(sparse):
            counts = replace(counts, latest_sparse_bucket_timestamp=int(sparse[-1]) * self.span_ms)
        if end - first > len(filled):
            counts = replace(counts, latest_empty_bucket_timestamp=_latest_gap(end, filled) * self.span_ms)
        return BucketCounter(self.span_ms, counts, np.concatenate([self.recent, events])[-SPARSE_WINDOW:])

    def _sparse(self, events: Ints) -> Bools:
        before = np.concatenate([self.recent, events])
        sparse = np.zeros(len(events), np.bool_)
        if len(before) <= SPARSE_WINDOW:
            return sparse
        # Whole numbers below 2**53: the sums are exact, so they cannot depend on how many buckets one call finishes.
        compared, window = before[:-1].astype(np.float64), np.ones(SPARSE_WINDOW)
        total, squares = (np.convolve(values, window, "valid") for values in (compared, np.square(compared)))
        deviation = np.sqrt(np.maximum(SPARSE_WINDOW * squares - total * total, 0.0))
        judged = before[SPARSE_WINDOW:] * SPARSE_WINDOW < total - 2 * deviation
        sparse[len(sparse) - len(judged) :] = judged
        return sparse

    def snapshot(self) -> Arrays:
        """The counts, each with whether it is known, and the recent buckets."""
        values: list[Any] = list(asdict(self.counts).values())
        known = [[0 if value is None else value for value in values], [value is not None for value in values]]
        # Under the names that the first snapshots gave them.
        return {"census": np.array(known, np.int64), "census_recent": self.recent}


def _latest_gap(end: int, filled: Ints) -> int:
    """The last bucket before `end` that is not among the `filled` ones."""
    # Seen from the end, bucket i is filled as long as the i-th last filled bucket is end - 1 - i.
    backwards = filled[::-1]
    run = backwards == end - 1 - np.arange(len(filled))
    length = len(filled) if run.all() else int(np.argmin(run))
    return end - 1 - length
