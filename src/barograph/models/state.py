"""The records that a series' state, a predictive distribution and a flagged leaf are, as the kernel lays them out."""

from enum import IntEnum
from typing import Final

import numpy as np

from barograph.kernels import _series


def _dtype(fields: "_series.Layout", size: int, nested: np.dtype[np.void] | None = None) -> np.dtype[np.void]:
    named = {} if nested is None else {"predictive": nested}
    formats = [(named.get(kind, kind), (items,) if items > 1 else ()) for _, kind, items, _ in fields]
    names, offsets = [field[0] for field in fields], [field[3] for field in fields]
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


PREDICTIVE: Final = _dtype(_series.predictive_fields(), _series.SIZES[1])
"""What is needed to recompute ln p for another value of the same series and bucket."""

SERIES: Final = _dtype(_series.series_fields(), _series.SIZES[0])
"""All that one series remembers, apart from its season's profile, which lies in the pool."""

FLAGGED: Final = _dtype(_series.leaf_fields(), _series.SIZES[2], PREDICTIVE)
"""A bucket worth sending on, as the kernel has it; `row` and `t` index the chunk's values."""


VERSION: Final = 14
"""Of what the models remember. Raised when the same values would be remembered as something else: jobs are then replayed."""

CHANGE: Final = _dtype(_series.change_fields(), _series.SIZES[3])
"""A change that the model accepted; `kind` is a `ChangeKind`, `since` the bucket number where it began."""


class ChangeKind(IntEnum):
    """What a series became: the numbers are those of the kernel and of snapshots."""

    LEVEL = 1
    SCALE = 2
    TIME_SHIFT = 3
    SEASON_FOUND = 4
    SEASON_DROPPED = 5
    TREND = 6
    AMPLITUDE = 7


class SeasonKind(IntEnum):
    """Which pattern a series follows."""

    NONE = 0
    DAY = 1
    WORKDAYS = 2
    WEEK = 3
    FREE = 4


def fresh(n: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Records of `n` series that have seen nothing."""
    records = np.zeros(n, SERIES)
    _begin(records)
    return records


def extended(records: np.ndarray[tuple[int], np.dtype[np.void]], n: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """The same records, and behind them those of `n` series that have seen nothing. Nobody else may hold the array given.

    Memory is made longer where it lies: with many series, copying all records for each few that come is most of the work.
    """
    held = len(records)
    records.resize(held + n, refcheck=False)
    _begin(records[held:])
    return records


def _begin(records: np.ndarray[tuple[int], np.dtype[np.void]]) -> None:
    """Make records of zeros those of series that have seen nothing."""
    for name in (
        "last",
        "changed",
        "levels.learnt",
        "incident.since",
        "incident.last",
        "before.until",
        "season.bins",
        "season.bins_before",
    ):
        records[name] = -1
    records["rest.last"] = np.nan
