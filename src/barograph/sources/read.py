"""Rows from files: the one way in for every format."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Final, Literal

from barograph.config.job import DataDescription
from barograph.results.counts import Example
from barograph.sources.chunk import Bad, Block, Chunk
from barograph.sources.delimited import DelimitedReader
from barograph.sources.json_documents import document_lines
from barograph.sources.lines import line_blocks
from barograph.sources.ndjson import NdjsonParser, is_object
from barograph.sources.parquet import parquet_blocks
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


def read_files(
    paths: Iterable[str | os.PathLike[str]],
    data_description: DataDescription,
    *,
    fields: Iterable[str] | None = None,
    number_fields: Iterable[str] = (),
    skip_rows: Mapping[str, int] | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[Chunk]:
    """Read files one after the other, in chunks.

    CSV, TSV, NDJSON, JSON arrays or documents, and Parquet, each plain or packed with gzip or Zstandard. The format is told by
    the extension, else by the first bytes; the packing always by the first bytes. `-` is standard input. The size of the blocks
    changes neither the rows nor their order, nor what is malformed.

    Args:
        paths: files, as they are to be named in chunks and errors.
        data_description: the job's; gives the time field and the delimiter.
        fields: the fields that are needed beside the time. Delimited files give all their columns whatever this says.
            None: all fields, which is slower for JSON.
        number_fields: those of them that are read as numbers; JSON numbers are then not turned into text and back.
        skip_rows: how many input rows (malformed ones too) to leave out at the beginning of a path.
        block_bytes: about how much text is read at a time.

    Raises:
        InputError: a file cannot be read, is not what it should be, or has no usable header. Chunks before it are good.
    """
    time_field = data_description.time_field
    needed = None if fields is None else (time_field, *(field for field in fields if field != time_field))
    # A time that is a number by its format is one of them; with a pattern of digits it stays text.
    numeric_time = {time_field} if data_description.time_format in ("auto", "epoch", "epoch_ms") else set()
    parser = NdjsonParser(needed, numeric_time.union(number_fields))
    for path in [os.fspath(path) for path in paths]:
        skip = (skip_rows or {}).get(path, 0)
        with Stream(path) as stream:
            kind = _format(path, stream.head())
            if kind == "parquet":
                yield from _chunks(stream, parquet_blocks(stream, needed, skip), skip, 0)
            else:
                blocks = _text_blocks(stream, kind, data_description.field_delimiter, parser, block_bytes)
                yield from _chunks(stream, blocks, 0, skip)


def _format(path: str, head: bytes) -> Format:
    names = [suffix.lower() for suffix in PurePath(path).suffixes]
    if names and names[-1] in _PACKED:
        names.pop()
    named = _BY_SUFFIX.get(names[-1]) if names else None
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


def _text_blocks(stream: Stream, kind: Format, delimiter: str | None, parser: NdjsonParser, size: int) -> Iterator[Block]:
    marked = len(stream.read(len(_BOM))) if stream.head().startswith(_BOM) else 0
    if kind in ("csv", "tsv"):
        tab = "\t" if kind == "tsv" else None
        blocks = DelimitedReader(stream.path, stream.read, size, delimiter or tab).blocks()
    else:
        lines = line_blocks if kind == "ndjson" else document_lines
        blocks = (parser.parse(block, length) for block, length in lines(stream.read, size))
    for block in blocks:
        yield replace(block, bytes=block.bytes + marked)
        marked = 0


def _chunks(stream: Stream, blocks: Iterator[Block], first_row: int, skip: int) -> Iterator[Chunk]:
    """Number the rows of the blocks and leave out the first `skip`."""
    for block in blocks:
        rest = _after(block, skip - first_row)
        left_out = block.rows - rest.rows
        first_row += left_out
        if rest.rows:
            yield Chunk(
                frame=rest.frame,
                source=stream.path,
                first_row=first_row,
                rows=rest.rows,
                bytes=rest.bytes,
                malformed=len(rest.bad),
                examples=[_example(bad, first_row - left_out) for bad in rest.bad[:5]],
                read_bytes=stream.read_bytes,
                total_bytes=stream.total_bytes,
                fingerprint=stream.fingerprint,
            )
        first_row += rest.rows


def _after(block: Block, count: int) -> Block:
    """The block without its first `count` input rows; their share of its bytes is taken off too."""
    if count <= 0:
        return block
    if count >= block.rows:
        return Block(block.frame.clear(), [], 0)
    bad_before = sum(bad.position < count for bad in block.bad)
    share = (block.rows - count) / block.rows
    return Block(block.frame.slice(count - bad_before), block.bad[bad_before:], round(block.bytes * share))


def _example(bad: Bad, first_row: int) -> Example:
    text = bad.text[:200].decode(errors="replace")
    return Example("malformed", first_row + bad.position + 1, text, f"wanted {bad.wanted}")
