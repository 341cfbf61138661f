"""Series without rows for long are forgotten: what was learnt of them goes, and rows that come later begin a new series.

When a series is forgotten follows from its rows alone: with the first bucket that lies more than the window behind its last one
with rows. So it is the same live, resumed, replayed, and however time is cut.
"""

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from barograph.models.skips import Skips
from barograph.results.arrays import Bools, Bytes, Floats, Ints
from barograph.results.snapshot import Arrays

_NO_ROWS: Final = -1
_BEFORE: Final = -2
"""Of a series that was there before the job had a window: its window begins now."""


class Forgotten(NamedTuple):
    """What is forgotten of S series in T buckets.

    Attributes:
        gone: [S, T] where a series is not there: it has been forgotten, and had no rows since.
        resets: [S, T] where what was learnt of a series goes, before the bucket.
    """

    gone: Bools
    resets: Bytes


class Prune:
    """When each series of a detector had its last rows."""

    def __init__(self, window: int, last: Ints, gone: Bools, count: int) -> None:
        self._window = window
        self._last = last
        self._gone = gone
        self.count = count
        """How many times a series was forgotten."""

    @classmethod
    def build(cls, window_ms: int, span_ms: int, n_series: int, state: Arrays | None = None) -> "Prune":
        """As `snapshot` left it, or for `n_series` that are there already."""
        buckets = window_ms // span_ms
        if not state:
            return cls(buckets, np.full(n_series, _BEFORE, np.int64), np.zeros(n_series, np.bool_), 0)
        return cls(buckets, np.array(state["last"], np.int64), np.array(state["gone"], np.bool_), int(state["count"][0]))

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        return {"last": self._last.copy(), "gone": self._gone.copy(), "count": np.array([self.count])}

    def forget_and_learn(self, weight: Floats, start: int) -> Forgotten:
        """What is forgotten in buckets that follow the last ones.

        Args:
            weight: [S, T] rows behind each value, 0 without any.
            start: number of the first bucket.
        """
        self._grow(len(weight), start)
        numbers = start + np.arange(weight.shape[1], dtype=np.int64)
        last = np.where(weight > 0.0, numbers, self._last[:, None])
        last = np.maximum.accumulate(last, axis=1)
        gone = (last != _NO_ROWS) & (numbers - last > self._window)
        before = np.concatenate([self._gone[:, None], gone[:, :-1]], axis=1)
        resets = gone & ~before
        # Of buckets that nobody judged, as the job slept: rows come when the window has passed in them.
        slept = (self._last != _NO_ROWS) & (start - 1 - self._last > self._window)
        resets[:, 0] |= slept & ~self._gone
        self._last, self._gone = last[:, -1].copy(), gone[:, -1].copy()
        self.count += int(np.count_nonzero(resets))
        return Forgotten(gone, resets.astype(np.uint8))

    def take_out_and_learn(self, value: Floats, weight: Floats, start: int, skips: Skips | None) -> Skips | None:
        """Take out values [S, T] of series that are forgotten, in place; what is skipped, and where series are forgotten."""
        forgotten = self.forget_and_learn(weight, start)
        value[forgotten.gone] = np.nan
        if not forgotten.resets.any():
            return skips
        return replace(skips or Skips.none(*value.shape), resets=forgotten.resets)

    def _grow(self, n_series: int, start: int) -> None:
        self._last[self._last == _BEFORE] = start - 1
        missing = n_series - len(self._last)
        if missing > 0:
            self._last = np.concatenate([self._last, np.full(missing, _NO_ROWS, np.int64)])
            self._gone = np.concatenate([self._gone, np.zeros(missing, np.bool_)])
