"""The first rows that are not clean, kept as examples."""

import numpy as np
import polars as pl

from barograph.results.counts import MAX_EXAMPLES, REASONS, DataCounts, Example

_LONGEST_VALUE = 200
_LAST_MS = 60_000_000_000_000  # within the years that Python's calendar has, before and after 1970
_FARTHEST = {"ms": _LAST_MS, "us": _LAST_MS * 1_000, "ns": 2**63, None: _LAST_MS}  # by unit; days and times of day have none


def value_text(value: pl.Series) -> str:
    """One value as it is shown; a time that no calendar has as the number that it is."""
    if value.dtype.is_temporal():
        number = value.to_physical()[0]
        if number is not None and abs(number) > _FARTHEST[getattr(value.dtype, "time_unit", None)]:
            return f"{number} ({value.dtype})"
    return "" if value[0] is None else str(value[0])


class TableExamples:
    """Examples of one table. Only as many are looked up as can still be kept."""

    def __init__(self, first_row: int, rows: int, counts: DataCounts) -> None:
        self.numbers = np.arange(first_row + 1, first_row + rows + 1)
        reasons = [example.reason for example in counts.examples]
        self._room = {reason: MAX_EXAMPLES - reasons.count(reason) for reason in REASONS}
        self._examples: list[Example] = []

    def keep_rows(self, keep: pl.Series) -> None:
        """Go on with some of the rows only."""
        self.numbers = self.numbers[keep.to_numpy()]

    def add(self, reason: str, wrong: pl.Series, values: pl.Series | None, message: str) -> None:
        """Note the first rows where `wrong` is true, with their value, if there is one."""
        room = self._room[reason]
        if room <= 0 or not wrong.any():
            return
        for row in wrong.arg_true().head(room).to_list():
            text = "" if values is None else value_text(values.slice(row, 1))
            shown = text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE]
            self._examples.append(Example(reason, int(self.numbers[row]), shown, message))

    def in_order(self) -> list[Example]:
        """By row, so that the same are kept however rows are cut into tables."""
        reasons = list(REASONS)
        return sorted(self._examples, key=lambda example: (example.row, reasons.index(example.reason)))
