"""Civil time of buckets: a season follows the clock on the wall, so daylight saving is no anomaly."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from barograph.config.duration import DAY_MS
from barograph.results.arrays import Ints

_EPOCH_TO_MONDAY_MS = 3 * DAY_MS  # 1970-01-01 was a Thursday
_STEP_MS = 6 * DAY_MS  # shorter than the gap between any two clock changes of a zone


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
