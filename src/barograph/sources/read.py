"""Rows from files: the one way in for every format."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Final, Literal

import numpy as np

from barograph.config.job import DataDescription
from barograph.config.time_format import NUMERIC
from barograph.results.counts import Example
from barograph.sources.chunk import Bad, Block, Chunk
from barograph.sources.delimited import DelimitedReader
from barograph.sources.json_documents import document_lines
from barograph.sources.lines import line_blocks
from barograph.sources.ndjson import NdjsonParser, is_object
from barograph.sources.parquet import parquet_blocks
from barograph.sources.pipes import Idle
from barograph.sources.streams import Stream

BLOCK_BYTES: Final = 16 << 20
"""Text read at a time: enough for Polars to be at full speed, little enough for memory to stay in the hundreds of MB."""

Format = Literal["csv", "tsv", "ndjson", "json", "parquet"]

_BY_SUFFIX: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_PACKED: Final = (".gz", ".zst", ".zstd")
_BOM: Final = b"\xef\xbb\xbf"
_FRESH_S: Final = 10.0
"""A file that was written so lately may be in the middle of a line. Chosen: longer than a program takes to write the rest."""


def read_files(
    paths: Iterable[str | os.PathLike[str]],
    data_description: DataDescription,
    *,
    fields: Iterable[str] | None = None,
    number_fields: Iterable[str] = (),
    block_bytes: int = BLOCK_BYTES,
    tell: Callable[[str], None] = lambda _: None,
    now: Callable[[], float] = time.time,
    idle: Idle = lambda: None,
) -> Iterator[Chunk]:
    """Read files one after the other, in chunks.

    CSV, TSV, NDJSON, JSON arrays or documents, and Parquet, each plain or packed with gzip or Zstandard. The format is told by
    the extension, else by the first bytes; the packing always by the first bytes. `-` is standard input. The size of the blocks
    changes neither the rows nor their order, nor what is malformed.

    A last line of CSV, TSV or NDJSON that has no line end may be half of one. In a plain file it is left to a later run when it
    is not a row, and in CSV and TSV also when the file was written less than 10 s ago: half a number is a number too.

    Args:
        paths: files, as they are to be named in chunks and errors.
        data_description: the job's; gives the time field and the delimiter.
        fields: the fields that are needed beside the time. Delimited files give all their columns whatever this says.
            None: all fields, which is slower for JSON.
        number_fields: those of them that are read as numbers; JSON numbers are then not turned into text and back.
        block_bytes: about how much text is read at a time.
        tell: takes a sentence about a line that is left to a later run.
        now: epoch seconds.
        idle: called about once a second while a pipe brings nothing.

    Raises:
        UnreadableInput: a file cannot be read, is not what it should be, or has no usable header. Chunks before it are good.
    """
    time_field = data_description.time_field
    needed = None if fields is None else (time_field, *(field for field in fields if field != time_field))
    # A time that is a number by its format is one of them; with a pattern of digits it stays text.
    numeric_time = {time_field} if data_description.time_format in NUMERIC else set()
    parser = NdjsonParser(needed, numeric_time.union(number_fields))
    for path in [os.fspath(path) for path in paths]:
        with Stream(path, idle) as stream:
            kind = _format(path, stream.head())
            if kind == "parquet":
                blocks = parquet_blocks(stream, needed)
            else:
                blocks = _text_blocks(stream, kind, data_description, parser, block_bytes)
            if kind in ("csv", "tsv", "ndjson"):
                blocks = _without_half_row(stream, blocks, tell, None if kind == "ndjson" else now)
            yield from _chunks(stream, blocks)


def _format(path: str, head: bytes) -> Format:
    names = [suffix.lower() for suffix in PurePath(path).suffixes]
    if names and names[-1] in _PACKED:
        names.pop()
    named = _BY_SUFFIX.get(names[-1]) if names else None
    if named == "ndjson" and (
        head.removeprefix(_BOM).lstrip().startswith(b"[") or (b"\n" not in head and b"\r" in head.strip())
    ):
        return "json"  # an array by another name; line ends of old Macs are white space between documents
    return named or _sniffed(head)


def _sniffed(head: bytes) -> Format:
    """The format that the first bytes look like. An object that is whole on the first line makes NDJSON."""
    if head.startswith(b"PAR1"):
        return "parquet"
    start = head.removeprefix(_BOM).lstrip()
    if start.startswith(b"["):
        return "json"
    if start.startswith(b"{"):
        return "ndjson" if is_object(start.partition(b"\n")[0]) else "json"
    return "csv"


def _text_blocks(
    stream: Stream, kind: Format, description: DataDescription, parser: NdjsonParser, size: int
) -> Iterator[Block]:
    marked = len(stream.read(len(_BOM))) if stream.head().startswith(_BOM) else 0
    if kind in ("csv", "tsv"):
        delimiter = description.field_delimiter or ("\t" if kind == "tsv" else None)
        blocks = DelimitedReader(stream.path, stream.read, size, delimiter).blocks(description.time_field)
    else:
        lines = line_blocks if kind == "ndjson" else partial(document_lines, stream.path)
        blocks = (parser.parse(block, length) for block, length in lines(stream.read, size))
    for block in blocks:
        yield replace(block, bytes=block.bytes + marked)
        marked = 0


def _without_half_row(
    stream: Stream, blocks: Iterator[Block], tell: Callable[[str], None], now: Callable[[], float] | None
) -> Iterator[Block]:
    """The blocks without a last row that may be half written; `now` None: a row that can be read is whole."""
    ending: list[Block] = []
    for block in blocks:
        if stream.unfinished_bytes and block.rows:
            ending.append(block)  # the file is read to its end; how many blocks that gives is up to the format
        else:
            yield block
    if not ending:
        return
    yield from ending[:-1]
    last, length = ending[-1], max(0, ending[-1].bytes - stream.unfinished_bytes)
    if last.bad and last.bad[-1].position == last.rows - 1:
        tell(f"{stream.path}: the last line has no line end and is not a row yet: it is left to a later run")
        last = replace(last, bad=last.bad[:-1], bytes=length)
    elif now is not None and abs(stream.seconds_since_change(now())) < _FRESH_S:
        tell(f"{stream.path}: the last line has no line end and was written just now: it is left to a later run")
        last = replace(last, frame=last.frame.head(-1), bytes=length)
    yield last


def _chunks(stream: Stream, blocks: Iterator[Block]) -> Iterator[Chunk]:
    """Number the rows of the blocks."""
    first_row = 0
    for block in blocks:
        if block.rows:
            yield Chunk(
                frame=block.frame,
                source=stream.path,
                first_row=first_row,
                rows=block.rows,
                bytes=block.bytes,
                malformed=len(block.bad),
                bad_rows=np.array([bad.position for bad in block.bad], np.int64),
                examples=[_example(bad, first_row) for bad in block.bad[:5]],
                read_bytes=stream.read_bytes,
                total_bytes=stream.total_bytes,
                fingerprint=stream.fingerprint,
                columns=block.columns,
            )
        first_row += block.rows


def _example(bad: Bad, first_row: int) -> Example:
    text = bad.text[:200].decode(errors="replace")
    return Example("malformed", first_row + bad.position + 1, text, f"wanted {bad.wanted}")
