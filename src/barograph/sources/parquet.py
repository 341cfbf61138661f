"""Parquet files."""

import os
import re
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Final

import polars as pl

from barograph.config.errors import UnreadableInput
from barograph.intake.frames import with_known_zones
from barograph.sources.chunk import Bad, Block
from barograph.sources.lines import LONGEST_ROW, TOO_LONG
from barograph.sources.parquet_groups import in_small_groups, largest_group
from barograph.sources.parquet_pages import BadPages, Column, columns_of, largest_page
from barograph.sources.streams import Stream

_ROWS: Final = 1 << 18
"""Rows read at a time, at most: about 20 MB for ten columns of numbers."""
_FIRST_ROWS: Final = 16
"""Rows read at first. How long rows are is not known before, and packed, 16 MB of text can be some bytes."""
_GROWTH: Final = 16
"""So many times as many rows as the last ones are read next, at most."""
_BYTES: Final = 32 << 20
"""Of long rows as many are read, and go on, at a time: what becomes of them takes six times as much."""
_COPY: Final = 1 << 20
MOST_TEXT: Final = 256 << 20
"""Bytes, unpacked, of a column of texts in a row group, from which on its pages are looked at."""
MOST_PAGE: Final = 64 << 20
"""Bytes, unpacked, of one page of such a column. One text may take all of it, and reading it six times as much; writers begin
another page after 1 MiB."""
_PATTERN: Final = re.compile(r"[*?\[]")


def parquet_blocks(stream: Stream, fields: tuple[str, ...] | None) -> Iterator[Block]:
    """The rows, block by block. `fields` None reads all columns.

    A Parquet file is read from its end, so one that comes packed or from standard input goes through a temporary file.

    Raises:
        UnreadableInput: it is not a Parquet file, or cannot be read.
    """
    if stream.total_bytes is not None and not stream.packed:
        yield from _file_blocks(stream, stream.path, fields)
        return
    with tempfile.NamedTemporaryFile(suffix=".parquet") as copy:
        while data := stream.read(_COPY):
            copy.write(data)
        copy.flush()
        yield from _file_blocks(stream, copy.name, fields)


def _file_blocks(stream: Stream, stored: str, fields: tuple[str, ...] | None) -> Iterator[Block]:
    try:
        # A path is the name of one file: brackets in it are no pattern, and `year=2026` in it is no column.
        table = pl.scan_parquet(stored, glob=False, hive_partitioning=False)
        names = table.collect_schema().names()
        columns = _columns(names, fields)
        with open(stored, "rb") as file:
            needed = [column for column in columns_of(file) if column.path[0] in columns]
            _refuse_huge(stream.path, file, needed)
        height = int(table.select(pl.len()).collect().item())
        size = os.path.getsize(stored)
        first = 0
        with in_small_groups(table, _pattern(stored), columns, largest_group(needed)) as rows:
            for frame in _frames(rows, height):
                end = size * (first + frame.height) // height
                stream.note_progress(end)
                short, bad = _without_long_texts(frame)
                yield Block(short, bad, end - size * first // height, tuple(names))
                first += frame.height
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, BadPages) as error:
        raise UnreadableInput(f"{stream.path}: wanted a Parquet file ({' '.join(str(error).split())[:200]})") from error


def _refuse_huge(path: str, file: BinaryIO, needed: list[Column]) -> None:
    """Refuse texts that may be one text of any size: how long the texts of a page are is known once it is unpacked."""
    for column in needed:
        large = column.of_bytes and column.unpacked > MOST_TEXT
        size = largest_page(file, column.offset, column.packed) if large else 0
        if size > MOST_PAGE:
            raise UnreadableInput(
                f"{path}: row group {column.group}, column {', '.join(column.path)!r}: wanted pages of at most "
                f"{MOST_PAGE >> 20} MiB, unpacked, as it has more than {MOST_TEXT >> 20} MiB of texts, found "
                f"{size >> 20:,} MiB; write the file with fewer rows in each group, or smaller pages"
            )


def _pattern(stored: str) -> str:
    """A path as a pattern that one file has."""
    return _PATTERN.sub(r"[\g<0>]", stored)


def _frames(table: pl.LazyFrame, height: int) -> Iterator[pl.DataFrame]:
    """The rows in pieces, as many at a time as the rows before let expect to be `_BYTES`."""
    first, rows = 0, _FIRST_ROWS
    while first < height:
        frame = with_known_zones(table.slice(first, rows).collect())
        first += frame.height
        fitting = max(1, frame.height * _BYTES // _unpacked(frame))
        yield from frame.iter_slices(max(fitting, _FIRST_ROWS))
        rows = min(_ROWS, _GROWTH * rows, fitting)


def _unpacked(frame: pl.DataFrame) -> int:
    """The bytes of rows, at least one; a text that is there once for many rows counts for each."""
    texts = sum(int(frame[name].str.len_bytes().sum()) for name, kind in frame.schema.items() if kind == pl.String)
    return max(1, texts + int(frame.select(pl.exclude(pl.String)).estimated_size()))


def _without_long_texts(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Bad]]:
    """The rows that every format takes, and those with a text that no other format would: packed, it is a few bytes."""
    length = [pl.col(name).str.len_bytes() for name, kind in frame.schema.items() if kind == pl.String]
    too_long = frame.select(pl.max_horizontal(*length, 0) > LONGEST_ROW).to_series()
    if not too_long.any():
        return frame, []
    begins = frame.filter(too_long).select(pl.coalesce(pl.col(pl.String)).str.slice(0, 50)).to_series()
    bad = [Bad(place, text.encode(), TOO_LONG) for place, text in zip(too_long.arg_true(), begins, strict=True)]
    return frame.filter(~too_long), bad


def _columns(present: list[str], fields: tuple[str, ...] | None) -> list[str]:
    """The columns that hold the fields: by their name, or as the object that a name with dots begins with.

    All of them when the first field, which is the time, is not there: the error can then say what is.
    """
    if fields is None or not {fields[0], fields[0].partition(".")[0]} & set(present):
        return present
    wanted = {name for field in fields for name in (field, field.partition(".")[0])}
    return [name for name in present if name in wanted]
