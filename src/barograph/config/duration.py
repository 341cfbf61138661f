"""Lengths of time as Elastic writes them: a whole number and a unit."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
UNIT_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY_MS}
UNIT_WORDS: Final = {"d": "day", "h": "hour", "m": "minute", "s": "second", "ms": "millisecond"}
"""The units as people write them, the longest first."""

_FORM: Final = re.compile(r"([0-9]{1,18})(ms|s|m|h|d)", re.ASCII)
_LONGEST_MS: Final = 36_500 * DAY_MS  # a century: longer is a typing error, and sums of two still fit in int64
_WANTED: Final = "a whole number with one of the units ms, s, m, h, d, such as '5m', up to '36500d'"


@dataclass(frozen=True)
class Duration:
    """A length of time. `Duration.parse("60m") == Duration.parse("1h")`: the text is kept only to be echoed.

    Attributes:
        text: as it was given.
        ms: its length in milliseconds, >= 0.
    """

    text: str = field(compare=False)
    ms: int

    @classmethod
    def parse(cls, text: object) -> "Duration":
        """Read `5m`, `3600s`, `3600000ms`, `1h`, `1d` or `0`.

        Raises:
            ValueError: anything else (weeks, months, fractions, a number without a unit); the message says what was wanted.
        """
        if isinstance(text, Duration):
            return text
        if text == "0" or (text == 0 and not isinstance(text, bool)):
            return cls("0", 0)
        if isinstance(text, int) and not isinstance(text, bool):
            raise ValueError(f"{_WANTED}; for seconds write '{text}s'")
        match = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None:
            raise ValueError(_WANTED)
        ms = int(match[1]) * UNIT_MS[match[2]]
        if ms > _LONGEST_MS:
            raise ValueError(_WANTED)
        return cls(match[0], ms)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Text on the outside, `Duration` on the inside."""
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )
