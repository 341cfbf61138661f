"""The records that a series' state, a predictive distribution and a flagged leaf are, as the kernel lays them out."""

from typing import Final

import numpy as np

from barograph.kernels import _series


def _dtype(fields: "_series.Layout", size: int, nested: np.dtype[np.void] | None = None) -> np.dtype[np.void]:
    formats = [
        np.dtype((nested if nested is not None and kind == "predictive" else np.dtype(kind), (items,) if items > 1 else ()))
        for _, kind, items, _ in fields
    ]
    names, offsets = [field[0] for field in fields], [field[3] for field in fields]
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


PREDICTIVE: Final = _dtype(_series.predictive_fields(), _series.SIZES[1])
"""What is needed to recompute ln p for another value of the same series and bucket."""

SERIES: Final = _dtype(_series.series_fields(), _series.SIZES[0])
"""All that one series remembers, apart from its season's profile, which lies in the pool."""

LEAF: Final = _dtype(_series.leaf_fields(), _series.SIZES[2], PREDICTIVE)
"""A bucket worth sending on; `row` and `t` index the chunk's values."""


def fresh(n: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Records of `n` series that have seen nothing."""
    records = np.zeros(n, SERIES)
    records["last"] = -1
    records["bins"] = -1
    return records
