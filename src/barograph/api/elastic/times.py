"""Times and spans of time as Elasticsearch writes them."""

import re
from contextlib import suppress
from datetime import UTC
from typing import Any, Final

from barograph.api.elastic.errors import ElasticError, bad
from barograph.config.errors import BadRequest
from barograph.config.moment import epoch_ms

_NUMBER: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_SPAN: Final = re.compile(r"(-?\d{1,15})(nanos|micros|ms|s|m|h|d)", re.ASCII)
_UNITS_MS: Final = {"nanos": 1e-6, "micros": 1e-3, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST_SECONDS: Final = 10
"""Digits of a number that is seconds; more are milliseconds."""

_FIRST_MS: Final = -62_135_596_800_000
_LAST_MS: Final = 253_402_300_799_999
"""The years 1 to 9999, which ISO 8601 has."""


def query_time(name: str, value: Any) -> int | None:
    """A bound of a query, epoch ms: ISO 8601 or epoch ms; None when it is not set, which -1 means too.

    Raises:
        ElasticError: it is neither.
    """
    if value is None or str(value) in ("", "-1"):
        return None
    return moment(name, value, seconds=False)


def moment(name: str, value: Any, *, seconds: bool = True) -> int:
    """A time as epoch ms.

    Args:
        name: the parameter.
        value: ISO 8601, or a number.
        seconds: numbers of up to ten digits are seconds; else every number is ms.

    Raises:
        ElasticError: it is neither.
    """
    text = str(value).strip()
    if isinstance(value, int | str) and not isinstance(value, bool):
        with suppress(BadRequest, OverflowError):
            if _NUMBER.fullmatch(text):
                found = int(text) * (1000 if seconds and len(text.lstrip("-")) <= _LONGEST_SECONDS else 1)
            else:
                found = epoch_ms(name, text, UTC)
            if _FIRST_MS <= found <= _LAST_MS:
                return found
    raise bad(f"Query param [{name}] with value [{text[:200]}] cannot be parsed as a date or converted to a number")


def unparsable_time(name: str, value: Any) -> int:
    """As `moment`, for the calls whose error has another name.

    Raises:
        ElasticError: a `parse_exception`.
    """
    try:
        return moment(name, value)
    except ElasticError as error:
        raise ElasticError(400, "parse_exception", str(error)) from None


def span_ms(name: str, value: Any) -> int:
    """A span of time in ms, such as `30s`, `1h`, `0` or `-1`.

    Raises:
        ElasticError: it is none.
    """
    text = str(value).strip().lower()
    if text in ("0", "-1"):
        return int(text)
    match = _SPAN.fullmatch(text)
    if match is None:
        raise bad(
            f"failed to parse setting [{name}] with value [{str(value)[:200]}] as a time value: unit is missing or unrecognized"
        )
    return int(int(match[1]) * _UNITS_MS[match[2]])
