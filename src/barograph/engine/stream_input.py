"""One time and one value, read as `score_input` reads columns of them, in a few microseconds."""

import math
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

import numpy as np

from barograph.config.errors import BadRequest, UnreadableInput, shortened
from barograph.config.moment import ms_of
from barograph.engine.score_input import VALUE_WANTED, time_wanted
from barograph.intake.parse import LARGEST
from barograph.intake.parse_times import EARLIEST_MS, LATEST_MS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def read_value(value: Any) -> float:
    """A bucket's value; NaN, which None stands for too, is no data.

    Raises:
        UnreadableInput: it is no number.
    """
    if value is None:
        return math.nan
    # Compared first: a whole number of Python may be larger than any double.
    if _is_number(value) and not abs(value) > LARGEST:
        return float(value)
    raise UnreadableInput(f"value={shortened(value)}: wanted {VALUE_WANTED}")


def read_time(time: Any, zone: tzinfo, time_zone: str) -> int:
    """A time in epoch ms.

    Raises:
        BadRequest: it is none.
    """
    ms = _of_text(time, zone) if isinstance(time, str) else _of_any(time, zone)
    if ms is None or not EARLIEST_MS <= ms <= LATEST_MS:
        raise BadRequest(f"time={shortened(time)}: wanted {time_wanted(time_zone)}")
    return ms


def _of_text(text: str, zone: tzinfo) -> int | None:
    for read in (float, datetime.fromisoformat):
        try:
            return _of_any(read(text.strip()), zone)
        except ValueError:
            continue
    return None


def _of_any(time: Any, zone: tzinfo) -> int | None:
    if isinstance(time, np.datetime64):
        time = time.astype("datetime64[us]").item()
    elif isinstance(time, date) and not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day)
    if isinstance(time, datetime):
        return _of_datetime(time, zone) if time == time else None  # noqa: PLR0124  what pandas calls NaT is not
    if _is_number(time) and abs(time) <= LARGEST:
        return round(float(ms_of(float(time))))
    return None


def _is_number(one: Any) -> bool:
    return isinstance(one, int | float | np.integer | np.floating) and not isinstance(one, bool)


def _of_datetime(time: datetime, zone: tzinfo) -> int | None:
    """None also of a time that no clock of the zone has shown."""
    moment = time if time.tzinfo else time.replace(tzinfo=zone, fold=0)
    instant = moment.astimezone(UTC)
    if time.tzinfo is None and instant.astimezone(zone).replace(tzinfo=None, fold=0) != time.replace(fold=0):
        return None
    return (instant - _EPOCH) // _MS
