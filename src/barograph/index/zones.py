"""Where days begin: time zones as queries name them."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from barograph.index.errors import BadQuery

_FIXED: Final = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d\d))?")
_UTC: Final = ("UTC", "Z", "GMT", "UT", "Etc/UTC")
_NOT_OURS: Final = re.compile(r"(posix|right)/.*|posixrules|localtime|Factory")
"""Files beside those of zones, which Python takes for some and the database does not."""
_MOST_HOURS: Final = 18


def zone_of(name: object) -> tzinfo:
    """A time zone.

    Args:
        name: as in `Europe/Berlin`, or how far it lies from UTC, as in `+01:00`.

    Raises:
        BadQuery: there is none of this name.
    """
    text = str(name)
    if text in _UTC:
        return UTC
    fixed = _FIXED.fullmatch(text)
    if fixed and int(fixed[2]) <= _MOST_HOURS and int(fixed[3] or 0) < 60:
        offset = timedelta(hours=int(fixed[2]), minutes=int(fixed[3] or 0))
        return timezone(-offset if fixed[1] == "-" else offset)
    try:
        if _NOT_OURS.fullmatch(text):
            raise ValueError(text)
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadQuery(
            f"[time_zone]={text[:100]!r}: wanted a name such as Europe/Berlin, or an offset such as +01:00"
        ) from None


def fixed_ms(zone: tzinfo) -> int | None:
    """How far a zone lies before UTC, in ms; None where that changes over the year."""
    return round(zone.utcoffset(None).total_seconds() * 1000) if isinstance(zone, timezone) else None
