"""What arrays are called in annotations: one name for one type of entry. Shapes and units stand where they are used."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
"""Bucket numbers, epoch ms, counts and positions."""

Ids = NDArray[np.int32]
"""Dense ids, as kernels take them: series, keys, texts, cells; -1 is none."""

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Structs = NDArray[np.void]
"""Structured arrays, one record a row."""


class Disk(Protocol):
    """Makes arrays that lie in files and not in memory; each file is gone with its array."""

    def __call__(self, dtype: np.dtype[Any], length: int) -> NDArray[Any]:
        """An array of zeros, to be read and written."""

    def let_go(self, array: NDArray[Any]) -> None:
        """Keep nothing of one of these arrays in memory that was read or written; it stays as it is."""


def as_bytes(records: NDArray[Any]) -> Bytes:
    """Records as kernels take them: the same memory, byte by byte."""
    return records.view(np.uint8).reshape(-1)


def cells_by_time(chosen: Bools) -> tuple[Ints, Ids, Ints]:
    """The cells [k] that are chosen of [S, T], by time and then series: their times, their series, their places in that order.

    As `np.nonzero(chosen.T)`, which takes longer: it goes through memory across the rows.
    """
    series, times = chosen.shape
    at = np.flatnonzero(chosen.T.ravel())
    time = np.repeat(np.arange(times), np.diff(np.searchsorted(at, series * np.arange(times + 1))))
    return time, (at - time * series).astype(np.int32), at
