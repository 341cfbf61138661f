"""Rows of series that there is no room for, counted."""

from dataclasses import dataclass

import numpy as np

from barograph.results.arrays import Ints
from barograph.results.snapshot import Arrays

_NONE = -1


@dataclass(frozen=True)
class RefusedRows:
    """A value: `after` gives the next one.

    Attributes:
        rows: how many.
        buckets: in how many buckets; of those that came late only the first.
        newest: the newest of these buckets.
    """

    rows: int = 0
    buckets: int = 0
    newest: int = _NONE

    @classmethod
    def build(cls, state: Arrays | None) -> "RefusedRows":
        """None yet, or as `snapshot` left it."""
        return cls(*state["refused"].tolist()) if state is not None and "refused" in state else cls()

    def after(self, bucket: Ints) -> "RefusedRows":
        """With more of them, in the buckets [n], in the order in which they came."""
        newest = np.maximum.accumulate(np.concatenate([[self.newest], bucket]))
        return RefusedRows(self.rows + len(bucket), self.buckets + int(np.count_nonzero(np.diff(newest))), int(newest[-1]))

    def snapshot(self) -> Arrays:
        """What must be kept to go on; nothing as long as there are none."""
        return {"refused": np.array([self.rows, self.buckets, self.newest])} if self.rows else {}
