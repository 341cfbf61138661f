"""Times that people type."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from barograph.config.errors import BadRequest

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

MS_FROM: Final = 100_000_000_000
"""From here a number is epoch ms, below it epoch seconds: as ms it would lie in 1973, as seconds in the year 5138."""

US_FROM: Final = 1_000 * MS_FROM
"""From here it is epoch microseconds, by the same years."""

NS_FROM: Final = 1_000 * US_FROM
"""From here it is epoch nanoseconds."""


def epoch_ms(option: str, text: str, zone: tzinfo) -> int:
    """A time as epoch ms: epoch seconds, epoch ms, or ISO 8601; without a UTC offset it is in `zone`.

    Raises:
        BadRequest: none of these.
    """
    if text.lstrip("-").isdecimal():
        number = int(text)
        return number if abs(number) >= MS_FROM else number * 1000
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        wanted = "wanted a time such as 2026-03-01, 2026-03-01T14:30, 2026-03-01T14:30Z, or epoch seconds or ms"
        raise BadRequest(f"{option}={text!r}: {wanted}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return round((moment - _EPOCH).total_seconds() * 1000)


def ms_of(number: float) -> float:
    """Epoch ms of a number that is epoch seconds, ms, microseconds or nanoseconds, by its size."""
    size = abs(number)
    if size < MS_FROM:
        return number * 1_000
    return number if size < US_FROM else number / (1_000 if size < NS_FROM else 1_000_000)


def iso_text(time_ms: int, zone: tzinfo) -> str:
    """A time as `epoch_ms` reads it, for a message: ISO 8601 with its UTC offset; what no calendar has stays epoch ms."""
    try:
        moment = (_EPOCH + timedelta(milliseconds=int(time_ms))).astimezone(zone)
    except OverflowError:
        return str(time_ms)
    text = moment.isoformat()
    return text if time_ms % 60_000 or moment.second else moment.isoformat(timespec="minutes")
