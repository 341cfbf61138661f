"""Which ids an index may have: most ids that are written are new, and this says so without a look at the table."""

from typing import Final

import numpy as np
import polars as pl

_BITS_AN_ID: Final = 24
_PROBES: Final = 8
"""With 24 bits an id and 8 probes, one new id in 25,000 is taken for one that may be there (Bloom 1970), and then looked up."""
_LEAST: Final = 1 << 16


class KnownIds:
    """A Bloom filter over ids: what it has not seen is certainly new. Three to six bytes an id."""

    def __init__(self, count: int) -> None:
        """Make room for twice `count` ids."""
        self._room = max(_LEAST, 2 * count)
        size = 1 << (self._room * _BITS_AN_ID // 2 - 1).bit_length()
        self._mask = np.uint64(size - 1)
        self._bits = np.zeros(size >> 3, np.uint8)
        self._count = 0

    @property
    def is_full(self) -> bool:
        """Whether it has as many ids as it was made for: one made anew, larger, errs less."""
        return self._count > self._room

    def add(self, ids: pl.Series) -> None:
        """These ids are there."""
        self._count += len(ids)
        for at in self._places(ids):
            np.bitwise_or.at(self._bits, at >> np.uint64(3), _bit(at))

    def may_have(self, ids: pl.Series) -> pl.Series:
        """Whether each id may be there; False is certain."""
        found = np.ones(len(ids), bool)
        for at in self._places(ids):
            found &= (self._bits[at >> np.uint64(3)] & _bit(at)) != 0
        return pl.Series(found)

    def _places(self, ids: pl.Series) -> list[np.ndarray]:
        first, step = ids.hash(1).to_numpy(), ids.hash(2).to_numpy() | np.uint64(1)
        return [(first + np.uint64(i) * step) & self._mask for i in range(_PROBES)]


def _bit(at: np.ndarray) -> np.ndarray:
    bit: np.ndarray = np.left_shift(np.uint8(1), (at & np.uint64(7)).astype(np.uint8))
    return bit
