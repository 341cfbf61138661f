"""Delimited text: CSV and TSV, with a header."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import polars as pl

from barograph.config.errors import UnreadableInput
from barograph.sources.chunk import Bad, Block
from barograph.sources.csv_records import RowFinder
from barograph.sources.lines import LONGEST_ROW, Read, has_long_line

DELIMITERS: Final = (",", ";", "\t", "|")
"""What a delimiter is looked for among, when none is given; the most frequent in the header wins, the first of equals."""

MOST_COLUMNS: Final = 10_000
"""Of a delimited file. More cost seconds a block, and nobody reads such a table by hand."""

_LINE_ENDS: Final = re.compile(rb"\n{2,}")
_BLANK_LINE: Final = re.compile(rb"(?m)^\r?(?:\n|\Z)")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class DelimitedReader:
    """Reads one delimited source, block by block. All columns are read, as text; a value that is not there is null."""

    def __init__(self, path: str, read: Read, size: int, delimiter: str | None) -> None:
        """`delimiter` None is found from the header; `size` is about the bytes of a block."""
        self._path, self._read, self._size = path, read, size
        self._delimiter = delimiter or ""
        self._names: list[str] = []
        self._finder = RowFinder(",", 0)

    def blocks(self, wanted: str) -> Iterator[Block]:
        """The rows, block by block.

        Raises:
            UnreadableInput: the header cannot be read; or there are no rows, and no column of the `wanted` name.
        """
        data, used = self._read_header()
        at_end, left_out, empty = False, 0, True
        while self._names and (data or not at_end):
            frame, bad, taken = self._take(data, at_end)
            rest = data[taken:]
            if taken:
                used, left_out = used + taken + left_out, 0
            if len(rest) > LONGEST_ROW and b"\n" not in rest:
                # Of a line that is too long, enough is kept to see that it is.
                left_out += len(rest) - LONGEST_ROW - 1
                rest = rest[: LONGEST_ROW + 1]
            if frame.height or bad:
                yield Block(frame, bad, used, tuple(self._names))
                used, empty = 0, False
            # Only now: the rows before a place that cannot be read are good. And not behind the end, where a file may grow.
            more = b"" if at_end else self._read(self._size)
            at_end = not more
            data = rest + more
        if empty and self._names and wanted not in self._names:  # with rows, who reads them says so, whatever their format
            raise UnreadableInput(f"{self._path}: header={', '.join(self._names)[:200]!r}: wanted a column {wanted!r}")

    def _read_header(self) -> tuple[bytes, int]:
        """Read up to the end of the header; returns what was read beyond it, and the bytes up to there. No names: no rows."""
        data = self._read(self._size)
        if data.startswith(_UTF16):
            raise UnreadableInput(f"{self._path}: wanted UTF-8 text; this is UTF-16")
        while (end := self._header_end(data)) is None:
            more = self._read(self._size)
            if not more:
                end = len(data)
                break
            data += more
        self._refuse_long(data, end)
        header = data[:end].strip(b"\r\n")
        self._refuse_returns(header)
        if header:
            self._names = self._column_names(header)
            self._finder = RowFinder(self._delimiter, len(self._names))
        return data[end:], end

    def _refuse_long(self, data: bytes, length: int) -> None:
        """Refuse a header that is too long before its parts are looked at: one of quotes alone has millions, 50 bytes each."""
        if length > LONGEST_ROW:
            self._refuse_returns(data[:LONGEST_ROW])
            raise UnreadableInput(f"{self._path}: wanted a header within the first {LONGEST_ROW >> 20} MiB")

    def _refuse_returns(self, header: bytes) -> None:
        """Refuse the line ends of old Macs, which make one line of a whole file."""
        if b"\r" in re.sub(rb'"[^"]*"', b"", header):
            raise UnreadableInput(f"{self._path}: wanted lines that end with \\n or \\r\\n; these end with \\r")

    def _header_end(self, data: bytes) -> int | None:
        """Where the header and its line end are over; None when that is not decided yet."""
        start = len(data) - len(data.lstrip(b"\r\n"))
        line = data.find(b"\n", start)
        self._refuse_long(data, len(data) if line < 0 else line)
        if line < 0:
            return None
        if not self._delimiter:
            header = re.sub(rb'"[^"]*"', b"", data[start:line])
            self._delimiter = max(DELIMITERS, key=lambda delimiter: header.count(delimiter.encode()))
        end = RowFinder(self._delimiter, 0).row_end(data, start)
        if end is None:
            raise UnreadableInput(
                f"{self._path}: header={data[start:line][:200].decode(errors='replace')!r}: wanted its quotes closed"
            )
        return end + 1 if end < len(data) else None

    def _column_names(self, header: bytes) -> list[str]:
        """The names in the header; a column without one is called `column_N`, by its position from 1."""
        if not self._delimiter:
            self._delimiter = max(DELIMITERS, key=lambda delimiter: header.count(delimiter.encode()))
        try:
            columns = [field.decode().strip() for field in RowFinder(self._delimiter, 0).fields(header)]
        except UnicodeDecodeError:
            raise UnreadableInput(f"{self._path}: header={header[:200]!r}: wanted UTF-8 text") from None
        names = [name or f"column_{index}" for index, name in enumerate(columns, 1)]
        if len(names) > MOST_COLUMNS:
            raise UnreadableInput(f"{self._path}: header={header[:200]!r}: wanted at most {MOST_COLUMNS:,} columns")
        twice = sorted(name for name, times in Counter(names).items() if times > 1)
        if twice:
            raise UnreadableInput(f"{self._path}: header={', '.join(twice)[:200]}: wanted each column's name once")
        return names

    def _take(self, data: bytes, at_end: bool) -> tuple[pl.DataFrame, list[Bad], int]:
        """The rows that certainly end within the data, and how many bytes they take."""
        if b'"' in data:
            cut = self._finder.regular_cut(data, at_end)
            body = data[:cut]
            frame = self._table(body, quoted=True) if cut else None
            if frame is not None and not (_may_hold_blank_lines(frame) and _has_blank_line(body)):
                return frame, [], cut
        else:
            cut = len(data) if at_end else data.rfind(b"\n") + 1
            body = data[:cut]
            body = _without_blank_runs(body)
            frame = None if has_long_line(body) else self._table(body, quoted=False)
            if frame is not None and _may_hold_blank_lines(frame):
                frame = self._table(_BLANK_LINE.sub(b"", body), quoted=False)
            if frame is not None:
                return frame, [], cut
        rows = self._finder.rows(data, at_end)
        wanted = f"a row of at most {len(self._names)} fields in UTF-8, no longer than {LONGEST_ROW >> 20} MiB, quotes closed"
        frame = self._table(b"\n".join(row for _, row in rows.good), quoted=True)
        if frame is None or frame.height != len(rows.good):
            raise UnreadableInput(f"{self._path}: wanted delimited text that Polars can read")
        return frame, [Bad(position, text, wanted) for position, text in rows.bad], rows.used

    def _table(self, body: bytes, quoted: bool) -> pl.DataFrame | None:
        """The rows as a table, or None when Polars refuses one of them."""
        # Polars takes the width from the first line, so there must be one that is right; and it overlooks an empty field too
        # many at the very end unless a line end follows.
        header = self._delimiter.join(f"c{index}" for index in range(len(self._names))).encode() + b"\n"
        try:
            frame = pl.read_csv(
                header + body + (b"" if not body or body.endswith(b"\n") else b"\n"),
                schema={f"c{index}": pl.String() for index in range(len(self._names))},
                separator=self._delimiter,
                quote_char='"' if quoted else None,
            )
        except pl.exceptions.PolarsError:
            return None
        frame.columns = self._names
        return frame


def _without_blank_runs(body: bytes) -> bytes:
    """The lines without blank ones between them, millions of which would else become rows first."""
    if b"\n\n" in body:
        body = _LINE_ENDS.sub(b"\n", body)
    while b"\n\r\n" in body:  # each time half of a run goes
        body = body.replace(b"\n\r\n", b"\n")
    return body


def _may_hold_blank_lines(frame: pl.DataFrame) -> bool:
    """Whether there can be a row without any value, which is what Polars makes of a blank line."""
    return bool(frame.height) and all(frame.get_column(name).null_count() for name in frame.columns)


def _has_blank_line(body: bytes) -> bool:
    return body.startswith((b"\n", b"\r\n")) or b"\n\n" in body or b"\n\r\n" in body or body.endswith(b"\n\r") or body == b"\r"
