"""The first rows that are not clean, kept as examples."""

import numpy as np
import polars as pl

from barograph.results.counts import MAX_EXAMPLES, REASONS, DataCounts, Example

_LONGEST_VALUE = 200


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
            value = None if values is None else values[row]
            text = "" if value is None else str(value)
            shown = text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE]
            self._examples.append(Example(reason, int(self.numbers[row]), shown, message))

    def in_order(self) -> list[Example]:
        """By row, so that the same are kept however rows are cut into tables."""
        reasons = list(REASONS)
        return sorted(self._examples, key=lambda example: (example.row, reasons.index(example.reason)))
