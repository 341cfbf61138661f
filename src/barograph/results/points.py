"""Values that are points: times of a day or a week, and places on the earth, as numbers and in words."""

import math
from collections.abc import Sequence
from typing import Final

DAY_S: Final = 86_400.0
WEEK_S: Final = 7 * DAY_S
PERIODS: Final = {"time_of_day": DAY_S, "time_of_week": WEEK_S}
"""Functions whose values are times, in seconds of the job's civil day, or of its week from Thursday on (as 1970 began)."""
PLACES: Final = "lat_long"
"""The function whose values are places: one number each, 2^26 times the step of the latitude, plus that of the longitude."""
POINTS: Final = frozenset({*PERIODS, PLACES})

_DAYS: Final = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")
_STEPS: Final = 2**26
_CHART_STEPS: Final = 2**15  # a tenth of a degree of latitude
_RADIUS_KM: Final = 6371.0088  # the mean one (IUGG)
_DIGITS: Final = 5  # of degrees: a metre


def clock(seconds: float, period: float) -> str:
    """A time as clocks show it: `03:12`, of a week `Mon 03:12`."""
    minutes = round(seconds / 60.0) % round(period / 60.0)
    day = f"{_DAYS[minutes // 1440]} " if period == WEEK_S else ""
    return f"{day}{minutes // 60 % 24:02}:{minutes % 60:02}"


def degrees(code: float) -> tuple[float, float]:
    """Latitude and longitude of a place, in degrees, to about a metre."""
    up, around = divmod(int(code), _STEPS)
    return round(up / (_STEPS - 1) * 180.0 - 90.0, _DIGITS), round(around / _STEPS * 360.0 - 180.0, _DIGITS)


def place(code: float) -> str:
    """A place as `latitude,longitude`, which is how it is read."""
    latitude, longitude = degrees(code)
    return f"{latitude:g},{longitude:g}" if abs(longitude) < 100 else f"{latitude:g},{longitude:.8g}"


def kilometres(a: float, b: float) -> float:
    """How far two places are apart on the ground."""
    (north, east), (south, west) = ((math.radians(x) for x in degrees(code)) for code in (a, b))
    across = math.sin((north - south) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin((east - west) / 2) ** 2
    return 2.0 * _RADIUS_KM * math.asin(min(1.0, math.sqrt(across)))


def apart(a: float, b: float, period: float) -> float:
    """How far two times are apart, in seconds, the shorter way round."""
    way = (a - b) % period
    return min(way, period - way)


def text(function_description: str, value: float) -> str:
    """A value in words: a time as clocks show it, a place in degrees."""
    period = PERIODS.get(function_description)
    return place(value) if period is None else clock(value, period)


def reference(codes: Sequence[float]) -> float | None:
    """The place that distances on a chart are from: the first one where most are, within some ten kilometres; None of none."""
    cells: dict[tuple[int, int], list[float]] = {}
    for code in codes:
        up, around = divmod(int(code), _STEPS)
        cells.setdefault((up // _CHART_STEPS, around // _CHART_STEPS), []).append(code)
    return max(cells.values(), key=len)[0] if cells else None


def on_a_line(function_description: str, value: float | None, origin: float | None) -> float | None:
    """A value where a chart has it: times in hours, places in km from the `reference` one, all else as it is."""
    if value is None or function_description not in POINTS:
        return value
    if function_description in PERIODS:
        return value / 3600.0
    return None if origin is None else kilometres(value, origin)


def unit(function_description: str, origin: float | None) -> str:
    """What `on_a_line` gives a value in, for a title; empty for what has no unit of its own."""
    if function_description in PERIODS:
        return "hours" if function_description == "time_of_day" else "hours from Thu 00:00"
    return "" if function_description != PLACES or origin is None else f"km from {place(origin)}"


def compared(function_description: str, actual: float, typical: float) -> str:
    """How far a value is from the nearest usual one: `at 03:12, 5.8 hours from the usual 09:00`."""
    usual, period = text(function_description, typical), PERIODS.get(function_description)
    if period is None:
        return f"at {place(actual)}, {_size(kilometres(actual, typical))} km from the usual {usual}"
    return f"at {text(function_description, actual)}, {_length(apart(actual, typical, period))} from the usual {usual}"


def _size(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _length(seconds: float) -> str:
    minutes = round(seconds / 60.0)
    return f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes < 90 else f"{seconds / 3600.0:.2g} hours"
