"""Memory for what only some series have: one array that profiles of seasons are cut from."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.results.arrays import Ints, Structs

_MARKS_A_FLOAT: Final = 8


def floats(knots: Ints) -> Ints:
    """How many a profile needs: its knots, and behind them what is marked of each."""
    return knots + -(-knots // _MARKS_A_FLOAT)


class Pool:
    """Blocks of float32. Where a block lies never shows: a snapshot packs them in the order of the series."""

    def __init__(self) -> None:
        self.array: NDArray[np.float32] = np.zeros(0, np.float32)
        self._used = 0
        self._free: dict[int, list[int]] = {}
        self._size: dict[int, int] = {}

    def grant(self, records: Structs) -> None:
        """Give every series that wants a profile its block, and take back the blocks of those that dropped theirs."""
        for i in np.flatnonzero((records["season.bins_before"] >= 0) & (records["season.want"] == 0)):
            self._give(int(records["season.bins_before"][i]))
            records["season.bins_before"][i] = -1
        for i in np.flatnonzero((records["season.bins"] >= 0) & (records["season.kind"] == 0) & (records["season.want"] == 0)):
            self._give(int(records["season.bins"][i]))
            records["season.bins"][i] = -1
        for i in np.flatnonzero(records["season.want"] > 0):
            if not records["season.kind"][i] and records["season.bins"][i] >= 0:  # of a series that was forgotten meanwhile
                self._give(int(records["season.bins"][i]))
            # The profile in use stays until the new one, which is made of it, is installed.
            records["season.bins_before"][i] = records["season.bins"][i] if records["season.kind"][i] else -1
            records["season.bins"][i] = self._take(int(floats(records["season.want"][i])))
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

    def _give(self, start: int) -> None:
        self._free.setdefault(self._size[start], []).append(start)

    def _take(self, size: int) -> int:
        if self._free.get(size):
            return self._free[size].pop()
        start, self._used = self._used, self._used + size
        self._size[start] = size
        if self._used > len(self.array):
            self.array = np.concatenate([self.array, np.zeros(max(self._used, 1024), np.float32)])
        self.array[start : self._used] = 0.0
        return start
