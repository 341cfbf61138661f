"""Civil time of buckets: a season follows the clock on the wall, so daylight saving is no anomaly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

import numpy as np

from barograph.config.duration import DAY_MS
from barograph.results.arrays import Bools, Bytes, Ints, Structs

_EPOCH_TO_MONDAY_MS = 3 * DAY_MS  # 1970-01-01 was a Thursday
_STEP_MS = 6 * DAY_MS  # shorter than the gap between any two clock changes of a zone


_SHIFT: Final = np.dtype([("from_ms", "i8"), ("shift_ms", "i8")])  # as in kernels/skips.hpp


@dataclass(frozen=True)
class Shifts:
    """Changes of the clock that users know of, each for good: from its time on the clock shows so much more than the zone's.

    Attributes:
        common: records of those of all series.
        some: [C] records of those of some series only.
        scope: [C, S] which series each of these is of.
    """

    common: Structs
    some: Structs
    scope: Bytes

    @classmethod
    def of(cls, common: Sequence[tuple[int, int]], some: Sequence[tuple[int, int]], scope: Bools) -> Self:
        """Those given by their times and lengths, both in ms."""
        return cls(np.array([*common], _SHIFT), np.array([*some], _SHIFT), np.ascontiguousarray(scope, np.uint8))

    @classmethod
    def none(cls, series: int) -> Self:
        """The clock is the zone's."""
        return cls.of((), (), np.zeros((0, series), np.bool_))

    def __bool__(self) -> bool:
        return bool(len(self.common) or len(self.some))

    def at(self, starts_ms: Ints) -> Ints:
        """By how much the clock of all series is changed at some times."""
        changed = np.zeros(len(starts_ms), np.int64)
        for from_ms, shift_ms in self.common.tolist():
            changed[starts_ms >= from_ms] += shift_ms
        return changed

    def series(self, part: slice | Ints) -> "Shifts":
        """Of some of the series."""
        return replace(self, scope=np.ascontiguousarray(self.scope[:, part]))


def local_ms(starts_ms: Ints, zone: ZoneInfo) -> Ints:
    """Civil start of each bucket, in ms since a Monday 00:00.

    Args:
        starts_ms: [t] bucket starts in epoch ms, ascending.
        zone: the job's time zone.
    """
    out = starts_ms + _EPOCH_TO_MONDAY_MS
    if len(starts_ms) == 0:
        return out
    at, last = int(starts_ms[0]), int(starts_ms[-1])
    offset = _offset_ms(at, zone)
    if at == last:  # live, this is the rule, and half of what a bucket costs before it is judged
        return out + offset
    while at <= last:
        until = min(at + _STEP_MS, last + 1)
        after = _offset_ms(until, zone)
        if at == starts_ms[0] and until > last and after == offset:  # of a live bucket, always
            out += offset
            return out
        change = until if after == offset else _change_between(at, until, offset, zone)
        out[np.searchsorted(starts_ms, at) : np.searchsorted(starts_ms, change)] += offset
        out[np.searchsorted(starts_ms, change) : np.searchsorted(starts_ms, until)] += after
        at, offset = until, after
    return out


def _offset_ms(at_ms: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds() * 1000) if offset is not None else 0


def _change_between(low: int, high: int, offset: int, zone: ZoneInfo) -> int:
    while high - low > 1000:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset_ms(middle, zone) == offset else (low, middle)
    return high // 1000 * 1000
