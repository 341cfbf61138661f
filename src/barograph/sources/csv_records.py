"""Where the rows of delimited text begin and end.

A row ends with a line, except inside a field that begins with a quote: there a quote is written twice, and everything up to
the closing quote, line ends included, is the field. A field that begins with a quote and is not closed right before a
delimiter or a line end is not quoted by any rule: its first line is malformed, and the next line is a new row, so that one
stray quote never swallows the rows after it.
"""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.sources.lines import LONGEST_ROW

_QUOTE: Final = ord('"')
_NEWLINE: Final = ord("\n")
_RETURN: Final = ord("\r")


@dataclass(frozen=True)
class SplitRows:
    """Rows taken one by one.

    Attributes:
        good: rows as bytes, without their line end, with their position among all.
        bad: rows that are none: position and first bytes.
        used: bytes of the data that they take.
    """

    good: list[tuple[int, bytes]]
    bad: list[tuple[int, bytes]]
    used: int


class RowFinder:
    """Finds rows for one delimiter and one number of columns."""

    def __init__(self, delimiter: str, width: int) -> None:
        mark = re.escape(delimiter.encode())
        field = rb'(?:"(?:[^"]|"")*+"(?=' + mark + rb"|\r?\n|\r?\Z)|(?!\")[^\n" + mark + rb"]*+)"
        self._row = re.compile(field + rb"(?:" + mark + field + rb")*+\r?(?=\n|\Z)")
        self._field = re.compile(field)
        self._mark = np.frombuffer(delimiter.encode(), np.uint8)
        self._delimiter = delimiter.encode()
        self._width = width

    def regular_cut(self, data: bytes, at_end: bool) -> int:
        """How many bytes are whole rows whose quotes are all regular, found without looking at rows one by one; 0 if unsure."""
        view = np.frombuffer(data, np.uint8)
        quotes = np.flatnonzero(view == _QUOTE)
        lines = np.flatnonzero(view == _NEWLINE)
        outside = lines[np.searchsorted(quotes, lines) % 2 == 0]
        cut = len(data) if at_end and len(quotes) % 2 == 0 else (int(outside[-1]) + 1 if len(outside) else 0)
        quotes = quotes[: int(np.searchsorted(quotes, cut))]
        ends = np.append(outside[outside < cut], cut)
        if int(np.diff(ends, prepend=-1).max(initial=0)) > LONGEST_ROW:
            return 0
        return cut if self._quotes_are_regular(view[:cut], quotes) else 0

    def _quotes_are_regular(self, view: NDArray[np.uint8], quotes: NDArray[np.int64]) -> bool:
        """Whether every field that a quote opens begins there, and ends where it is closed."""
        opening, closing = quotes[0::2], quotes[1::2]
        doubled = np.zeros(len(opening) + 1, bool)
        doubled[1:-1] = opening[1:] == closing[:-1] + 1
        before = np.where(opening > 0, view[opening - 1], _NEWLINE)
        opens = (before == self._mark) | (before == _NEWLINE)
        last = len(view) - 1
        after = np.where(closing < last, view[np.minimum(closing + 1, last)], _NEWLINE)
        after_that = np.where(closing + 1 < last, view[np.minimum(closing + 2, last)], _NEWLINE)
        closes = (after == self._mark) | (after == _NEWLINE) | ((after == _RETURN) & (after_that == _NEWLINE))
        return bool((opens | doubled[:-1]).all() and (closes | doubled[1:]).all())

    def rows(self, data: bytes, at_end: bool) -> SplitRows:
        """Take the rows one by one, as far as the data decides where they end."""
        good: list[tuple[int, bytes]] = []
        bad: list[tuple[int, bytes]] = []
        at = position = 0
        while at < len(data):
            end = self.row_end(data, at)
            if (end is None or end == len(data)) and not at_end and len(data) - at <= LONGEST_ROW:
                break  # the next bytes can still close a quote or end the line
            row = None if end is None or end - at > LONGEST_ROW else self._normal(data[at:end])
            if row is None or end is None:
                line = data.find(b"\n", at)
                end = len(data) if line < 0 else line
                if line < 0 and not at_end:
                    break
                bad.append((position, data[at : min(end, at + 200)]))
            elif row:
                # Polars takes off a "\r" before the line end, one only: where there are more, the value has the rest.
                good.append((position, row + b"\r" * data.endswith(b"\r", at, end)))
            position += row != b""  # blank lines are no rows
            at = end + 1
        return SplitRows(good, bad, min(at, len(data)))

    def row_end(self, data: bytes, at: int) -> int | None:
        """Where the row that begins at `at` ends, before its line end; None when a quoted field is not closed as it should."""
        row = self._row.match(data, at)
        return row.end() if row else None

    def fields(self, row: bytes) -> list[bytes]:
        """The fields of one row, without their quotes."""
        return [
            token[1:-1].replace(b'""', b'"') if token.startswith(b'"') else token
            for token in self._tokens(row.removesuffix(b"\r"))
        ]

    def _tokens(self, row: bytes) -> list[bytes]:
        """The fields of one row as they are written."""
        tokens = []
        at = 0
        while at <= len(row) and (field := self._field.match(row, at)):
            tokens.append(field[0])
            at = field.end() + len(self._delimiter)
        return tokens

    def _normal(self, row: bytes) -> bytes | None:
        """The row with its quotes made regular; None when it has too many fields or is not UTF-8; empty for a blank line."""
        row = row.removesuffix(b"\r")
        try:
            row.decode()
        except UnicodeDecodeError:
            return None
        if b'"' not in row:
            return row if row.count(self._delimiter) < self._width else None
        tokens = self._tokens(row)
        if len(tokens) > self._width:
            return None
        return self._delimiter.join(_quoted(token) for token in tokens)


def _quoted(token: bytes) -> bytes:
    """A field with regular quotes: one that has quotes inside, but does not begin with one, gets its own around it."""
    if token.startswith(b'"') or b'"' not in token:
        return token
    return b'"' + token.replace(b'"', b'""') + b'"'
