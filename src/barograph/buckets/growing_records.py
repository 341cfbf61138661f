"""Arrays of records that grow by doubling, each with the hash index that finds its records by key."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from barograph.results.arrays import Bytes, Ids, Ints, as_bytes

Reindex = Callable[[Bytes, int, Ids], None]

NONE: Final = -1
"""The id of "no key", "no cell", "no share"."""

REFUSED: Final = -2
"""The id of a key that would have been new, and of which there may be no more; as in the kernel."""

NO_LIMIT: Final = 2**31 - 1
"""As many ids as there are numbers for."""

_LEAST: Final = 16


def with_room(array: NDArray[Any], used: int, room: int) -> NDArray[Any]:
    """A copy of the first `used` entries with room for `room`; the rest is zero."""
    copy = np.zeros(room, array.dtype)
    copy[:used] = array[:used]
    return copy


class GrowingRecords:
    """Records `rows[:size]`, with room for more. `used[0]` is the size, which kernels move on.

    The records given become the pool's own, to be changed in place. With `reindex`, `slots` is the hash index over them: a
    power of two, at least twice as long as there is room.
    """

    def __init__(
        self, records: NDArray[Any], reindex: Reindex | None = None, *, extra: tuple[int, ...] = (), room: int = _LEAST
    ) -> None:
        self.rows: NDArray[Any] = records if len(records) >= room else with_room(records, len(records), room)
        self.used: Ints = np.array([len(records), *extra], np.int64)
        self._reindex = reindex
        self.slots: Ids = np.zeros(0, np.int32)
        self.reindex()

    @property
    def size(self) -> int:
        """How many records there are."""
        return int(self.used[0])

    @property
    def live(self) -> NDArray[Any]:
        """The records, without the room behind them."""
        return self.rows[: self.size]

    @property
    def raw(self) -> Bytes:
        """The records and the room behind them, as bytes."""
        return as_bytes(self.rows)

    def grow(self, least: int = 0) -> None:
        """Make room for at least `least` records, and for twice as many as there was."""
        self.rows = with_room(self.rows, self.size, max(least, 2 * len(self.rows), _LEAST))
        self.reindex()

    def reserve(self, least: int) -> None:
        """Make room for at least `least` records, if there is not."""
        if least > len(self.rows):
            self.grow(least)

    def reindex(self) -> None:
        """Build the index anew, after records were changed from outside."""
        if self._reindex is not None:
            self.slots = np.full(1 << (2 * len(self.rows) - 1).bit_length(), NONE, np.int32)
            self._reindex(self.raw, self.size, self.slots)
