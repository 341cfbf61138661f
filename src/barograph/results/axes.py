"""Where the marks of an axis lie and what they say: round values, and round times of a time zone."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from barograph.config.duration import DAY_MS, UNIT_MS
from barograph.results.words import short

Tick = tuple[float, str]
"""Where it is, in the unit of the axis, and what it says."""

_Label = Callable[[datetime, bool], str]
_MINUTE, _HOUR = UNIT_MS["m"], UNIT_MS["h"]
_CLOCK_STEPS: Final = tuple(number * _MINUTE for number in (1, 2, 5, 15, 30)) + tuple(
    number * _HOUR for number in (1, 3, 6, 12)
)
_DAY_STEPS: Final = (1, 2, 7, 14)
_MONTH_STEPS: Final = (1, 3, 6, 12, 60)
_MONTH_MS: Final = 30 * DAY_MS
_NOISE: Final = 1e-9
"""Of a value: less than this apart, two are one, and no axis could tell them apart in words."""
_ROUND: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


def time_ticks(start_ms: int, end_ms: int, zone: ZoneInfo, most: int) -> list[Tick]:
    """Round times in [start, end], epoch ms, as the clocks of a zone show them; about so many at most.

    Midnights have their day, other times are `14:00`; days are `10 Jan`, months `Jul` or, in January and at first, `Jan 2015`.
    """
    length = end_ms - start_ms
    first, last = (datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone) for ms in (start_ms, end_ms))
    for step in _CLOCK_STEPS:
        if length <= step * most:
            return _inside(_clock(first, last, step // _MINUTE), start_ms, end_ms, zone, _clock_label)
    for step in _DAY_STEPS:
        if length <= step * DAY_MS * most:
            return _inside(_days(first, last, step), start_ms, end_ms, zone, lambda at, _: f"{at.day} {at:%b}")
    months = next((step for step in _MONTH_STEPS if length <= step * _MONTH_MS * most), _MONTH_STEPS[-1])
    return _inside(_months(first, last, months), start_ms, end_ms, zone, _month_label)


def value_ticks(least: float, greatest: float, most: int = 5) -> list[Tick]:
    """Round values that enclose [least, greatest], from the least to the greatest: the ends are those of the axis."""
    if greatest - least <= _NOISE * max(abs(least), abs(greatest)):
        room = abs(least) / 2 or 1.0
        least, greatest = least - room, greatest + room
    rough = (greatest - least) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(one for one in _ROUND if one * power >= rough * (1 - 1e-9))
    first, last = math.floor(least / step + 1e-9), math.ceil(greatest / step - 1e-9)
    return [(number * step, short(number * step, 6)) for number in range(first, last + 1)]


def _inside(times: Iterator[datetime], start_ms: int, end_ms: int, zone: ZoneInfo, label: _Label) -> list[Tick]:
    ticks: list[Tick] = []
    for at in times:
        ms = at.replace(tzinfo=zone).timestamp() * 1000
        if start_ms <= ms <= end_ms and (not ticks or ms > ticks[-1][0]):
            ticks.append((ms, label(at, not ticks)))
    return ticks


def _clock(first: datetime, last: datetime, minutes: int) -> Iterator[datetime]:
    at, end = first.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None), last.replace(tzinfo=None)
    at += timedelta(minutes=(first.hour * 60 + first.minute) // minutes * minutes)
    while at <= end:
        yield at
        at += timedelta(minutes=minutes)


def _days(first: datetime, last: datetime, days: int) -> Iterator[datetime]:
    at = datetime(first.year, first.month, first.day)
    at -= timedelta(days=(at.toordinal() - 1) % days)  # ordinal 1 was a Monday
    while at <= last.replace(tzinfo=None):
        yield at
        at += timedelta(days=days)


def _months(first: datetime, last: datetime, months: int) -> Iterator[datetime]:
    number = (first.year * 12 + first.month - 1) // months * months
    while number <= last.year * 12 + last.month - 1:
        yield datetime(number // 12, number % 12 + 1, 1)
        number += months


def _clock_label(at: datetime, _: bool) -> str:
    return f"{at:%a} {at.day} {at:%b}" if (at.hour, at.minute) == (0, 0) else f"{at:%H:%M}"


def _month_label(at: datetime, is_first: bool) -> str:
    return f"{at:%b} {at.year}" if is_first or at.month == 1 else f"{at:%b}"
