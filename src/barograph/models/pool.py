"""Memory for what only some series have: one array that profiles of seasons are cut from."""

import sys
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.results.arrays import Disk, Ints, Structs

_MARKS_A_FLOAT: Final = 8
_FLOAT: Final = 4  # bytes


def floats(knots: Ints) -> Ints:
    """How many a profile needs: its knots, and behind them what is marked of each."""
    return knots + -(-knots // _MARKS_A_FLOAT)


def pattern_bytes(buckets_a_day: int) -> int:
    """Memory of a daily pattern: that of working days, and that of weekends."""
    return _FLOAT * int(floats(np.array(2 * min(buckets_a_day, _MOST_KNOTS_A_DAY))))


_MOST_KNOTS_A_DAY: Final = 288  # as in kernels/series_season.hpp; of a week 672
MOST_PATTERN_BYTES: Final = _FLOAT * (672 + 672 // _MARKS_A_FLOAT)
"""Memory of the largest pattern, which is that of a week."""


class Pool:
    """Blocks of float32. Where a block lies never shows: a snapshot packs them in the order of the series."""

    def __init__(self, disk: Disk | None = None) -> None:
        """Without blocks, in memory or on a `disk`."""
        self.array: NDArray[np.float32] = np.zeros(0, np.float32)
        self._disk = disk
        self._used = 0
        self._free: dict[int, list[int]] = {}
        self._size: dict[int, int] = {}

    def grant(self, records: Structs) -> None:
        """Give every series that wants a profile its block, and take back the blocks of those that dropped theirs."""
        for i in np.flatnonzero((records["season.bins_before"] >= 0) & (records["season.want"] == 0)):
            self.give(int(records["season.bins_before"][i]))
            records["season.bins_before"][i] = -1
        for i in np.flatnonzero((records["season.bins"] >= 0) & (records["season.kind"] == 0) & (records["season.want"] == 0)):
            self.give(int(records["season.bins"][i]))
            records["season.bins"][i] = -1
        for i in np.flatnonzero(records["season.want"] > 0):
            if not records["season.kind"][i] and records["season.bins"][i] >= 0:  # of a series that was forgotten meanwhile
                self.give(int(records["season.bins"][i]))
            # The profile in use stays until the new one, which is made of it, is installed.
            records["season.bins_before"][i] = records["season.bins"][i] if records["season.kind"][i] else -1
            records["season.bins"][i] = self.take(int(floats(records["season.want"][i])))
            records["season.want"][i] *= -1  # granted

    def packed(self, records: Structs) -> NDArray[np.float32]:
        """The profiles in use, one after the other in the order of `records`."""
        held = np.flatnonzero(records["season.kind"] > 0)
        blocks = [self.array[records["season.bins"][i] :][: floats(records["season.knots"][i])] for i in held]
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)

    @classmethod
    def unpack(cls, records: Structs, packed: NDArray[np.float32]) -> "Pool":
        """The pool of a snapshot; points `records` into it."""
        held = records["season.kind"] > 0
        sizes = np.where(held, floats(records["season.knots"]), 0)
        ends = np.cumsum(sizes)
        records["season.bins"] = np.where(held, ends - sizes, -1)
        pool = cls()
        pool.array, pool._used = packed.copy(), len(packed)
        pool._size = {int(records["season.bins"][i]): int(sizes[i]) for i in np.flatnonzero(held)}
        return pool

    @property
    def nbytes(self) -> int:
        """What it takes in memory, and what it may be filled with later."""
        return int(self.array.nbytes) + sys.getsizeof(self._size)

    @property
    def used_bytes(self) -> int:
        """What of it is in use."""
        return _FLOAT * (self._used - sum(size * len(starts) for size, starts in self._free.items()))

    def shrunk(self, records: Structs) -> "Pool":
        """The same for records that are all of it that is in use, and that are pointed to where their profiles are."""
        return self if 2 * self.used_bytes > self.array.nbytes else Pool.unpack(records, self.packed(records))

    def give(self, start: int) -> None:
        """Take back the block that begins at `start`."""
        self._free.setdefault(self._size[start], []).append(start)

    def take(self, size: int) -> int:
        """A block of so many zeros; where it begins."""
        if self._free.get(size):
            start = self._free[size].pop()
            self.array[start : start + size] = 0.0
            return start
        start, self._used = self._used, self._used + size
        self._size[start] = size
        if self._used > len(self.array):
            grown = self._zeros(len(self.array) + max(self._used, 1024))
            grown[: len(self.array)] = self.array
            self.array = grown
        self.array[start : self._used] = 0.0
        return start

    def _zeros(self, length: int) -> NDArray[np.float32]:
        return np.zeros(length, np.float32) if self._disk is None else self._disk(np.dtype(np.float32), length)
