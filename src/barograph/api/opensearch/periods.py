"""Lengths of time as detectors have them: `{"period": {"interval": 5, "unit": "Minutes"}}`."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.opensearch.errors import Invalid, malformed
from barograph.api.opensearch.fields import whole

_UNITS: Final = {"SECONDS": 1000, "MINUTES": 60_000}
_OTHERS: Final = (
    *("NANOS", "MICROS", "MILLIS", "HOURS", "HALF_DAYS", "DAYS", "WEEKS", "MONTHS", "YEARS", "DECADES", "CENTURIES"),
    *("MILLENNIA", "ERAS", "FOREVER"),
)

_NAMES: Final = {
    "detection_interval": "Detection interval",
    "window_delay": "Window delay interval",
    "frequency": "Frequency",
}

Period = dict[str, Any]


def period(field: str, body: Mapping[str, Any]) -> Period | None:
    """The period of a field of a document; None where it has none.

    Raises:
        Invalid: it is none.
    """
    given = body.get(field)
    if given is None:
        return None
    inner = given.get("period") if isinstance(given, Mapping) else None
    if not isinstance(inner, Mapping):
        raise malformed(field, "Find no schedule definition")
    word = str(inner.get("unit", "Minutes"))
    unit = word.upper()
    if unit in _OTHERS:
        raise malformed(field, f"Time unit {word.capitalize()} is not supported")
    if unit not in _UNITS:
        raise malformed(field, f"No enum constant java.time.temporal.ChronoUnit.{unit}")
    interval = whole(field, inner.get("interval", 0))
    if interval < 0:
        raise Invalid(field, f"{_NAMES[field]} must be a positive integer")
    return made(interval, unit)


def made(interval: int, unit: str = "MINUTES") -> Period:
    """A period as it is told."""
    return {"period": {"interval": interval, "unit": unit.capitalize()}}


def length_ms(period: Period) -> int:
    """How long a period is."""
    inner = period["period"]
    return int(inner["interval"]) * _UNITS[str(inner["unit"]).upper()]


def in_words(period: Period) -> str:
    """A period in a sentence: `5 minutes`."""
    return f"{period['period']['interval']} {period['period']['unit'].lower()}"
