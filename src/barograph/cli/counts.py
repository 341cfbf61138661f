"""What was left out of the input, and why, in words."""

from collections.abc import Iterable, Mapping
from typing import Final

from barograph.results.counts import REASONS, Example
from barograph.results.labels import counted

# Rows are gone; values are missing from rows that count otherwise.
_VALUES: Final = frozenset({"missing_field", "not_a_number"})
ROWS: Final = frozenset(REASONS) - _VALUES
"""The reasons for which a whole row is left out."""


def left_out(dropped: Mapping[str, int], examples: Iterable[Example]) -> list[str]:
    """A line for each reason (as in `REASONS`) that occurred, the first examples below it; nothing when all was used.

    A value that is not a number is counted as missing as well; it is told once, as not a number.
    """
    told, numbers, lines = list(examples), dict(dropped), []
    if "missing_field" in numbers:
        numbers["missing_field"] -= numbers.get("not_a_number", 0)
    for reason, number in numbers.items():
        if not number:
            continue
        noun = "value" if reason in _VALUES else "row"
        lines.append(f"left out {counted(number, noun)}: {REASONS[reason]}")
        lines += [f"  {_told(example)}" for example in told if example.reason == reason]
    return lines


def _told(example: Example) -> str:
    value = f", found {example.value!r}" if example.value else ""
    return f"row {example.row:,}: {example.message}{value}"
