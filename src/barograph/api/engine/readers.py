"""The bytes of an upload become rows, as the job's `dataDescription` says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import polars as pl

from barograph.api.engine.errors import Code, EngineError
from barograph.config.errors import UnreadableInput, named
from barograph.config.time_format import NUMERIC
from barograph.sources.chunk import Bad, Block
from barograph.sources.delimited import DelimitedReader
from barograph.sources.json_documents import document_lines
from barograph.sources.lines import LONGEST_ROW, TOO_LONG, Read, line_blocks
from barograph.sources.ndjson import NdjsonParser, is_object

RAW: Final = "raw"
"""The field of a row that is a line as it is."""

_BLOCK_BYTES: Final = 4 << 20
_NAME: Final = "data"


@dataclass(frozen=True)
class Wanted:
    """What is read of rows.

    Attributes:
        description: the job's `dataDescription`, with its defaults.
        fields: the fields that are needed, with the time.
        numbers: those of them that are numbers.
    """

    description: Mapping[str, Any]
    fields: tuple[str, ...]
    numbers: frozenset[str]


def blocks(wanted: Wanted, read: Read) -> Iterator[Block]:
    """The rows of an upload, in blocks.

    Args:
        wanted: what is read of them.
        read: gives the next bytes, none at the end.

    Raises:
        EngineError: while it is iterated: the header lacks a field (30101), or nothing can be read on (30001, 30107).
    """
    form = wanted.description["format"]
    try:
        yield from _READERS[form](wanted, read)
    except UnreadableInput as error:
        code = Code.DATA if form == "DELIMITED" else Code.MALFORMED_JSON
        raise EngineError(code, str(error)) from None


def _delimited(wanted: Wanted, read: Read) -> Iterator[Block]:
    """Rows with a header. Another quote than `"` changes places with it while they are read."""
    quote = wanted.description["quoteCharacter"]
    swapped = bytes.maketrans(f'"{quote}'.encode(), f'{quote}"'.encode())
    source: Read = read if quote == '"' else lambda size: read(size).translate(swapped)
    reader = DelimitedReader(_NAME, source, _BLOCK_BYTES, wanted.description["fieldDelimiter"])
    try:
        for block in reader.blocks(wanted.fields[0]):
            made = block if quote == '"' else _swapped_back(block, quote)
            _refuse_missing(wanted.fields, made.columns)
            yield made
    except UnreadableInput as error:
        if "wanted a column" in str(error):
            raise EngineError(Code.MISSING_FIELD, str(error)) from None
        raise


def _swapped_back(block: Block, quote: str) -> Block:
    names = str.maketrans(f'"{quote}', f'{quote}"')
    values = block.frame.select(pl.all().str.replace_many(['"', quote], [quote, '"']))
    columns = tuple(name.translate(names) for name in block.columns)
    return replace(block, frame=values.rename(lambda name: name.translate(names)), columns=columns)


def _refuse_missing(fields: Iterable[str], columns: Iterable[str]) -> None:
    present = list(columns)
    missing = [name for name in fields if name not in present]
    if missing:
        raise EngineError(
            Code.MISSING_FIELD,
            f"Field configuration requires the following fields missing from the header: {named(missing)}; "
            f"the header has {named(present)}",
        )


def _json(wanted: Wanted, read: Read) -> Iterator[Block]:
    """Objects: one a line, or with anything between them, or in an array."""
    first = read(_BLOCK_BYTES)
    ahead = [first]

    def all_of_it(size: int) -> bytes:
        return ahead.pop() if ahead else read(size)

    is_lines = is_object(first.lstrip().partition(b"\n")[0])
    parser = NdjsonParser(wanted.fields, wanted.numbers)
    lines = line_blocks(all_of_it, _BLOCK_BYTES) if is_lines else document_lines(_NAME, all_of_it, _BLOCK_BYTES)
    for block, size in lines:
        yield parser.parse(block, size)


def _lines(_: Wanted, read: Read) -> Iterator[Block]:
    """Each line is a row of one field."""
    for block, size in line_blocks(read, _BLOCK_BYTES):
        lines = [line.removesuffix(b"\r") for line in block.split(b"\n") if line.strip()]
        bad = [Bad(at, line[:200], TOO_LONG) for at, line in enumerate(lines) if len(line) > LONGEST_ROW]
        texts = [line.decode(errors="replace") for line in lines if len(line) <= LONGEST_ROW]
        yield Block(pl.DataFrame({RAW: texts}, schema={RAW: pl.String()}), bad, size, (RAW,))


class _Hit(msgspec.Struct):
    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw(b"null"))
    fields: msgspec.Raw = msgspec.Raw(b"null")


class _Hits(msgspec.Struct):
    hits: list[_Hit]


class _Found(msgspec.Struct):
    hits: _Hits


_FOUND: Final = msgspec.json.Decoder(_Found)
_MOST_FOUND: Final = 256 << 20


def _hits(wanted: Wanted, read: Read) -> Iterator[Block]:
    """The documents of an answer to a search."""
    body = bytearray()
    while part := read(_BLOCK_BYTES):
        body += part
        if len(body) > _MOST_FOUND:
            raise EngineError(Code.DATA, f"data: wanted an answer to a search of at most {_MOST_FOUND >> 20} MB; ask for less")
    try:
        found = _FOUND.decode(body).hits.hits
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EngineError(Code.MALFORMED_JSON, f"data: wanted an answer to a search, with hits.hits ({error})") from None
    rows = (bytes(hit.source) if bytes(hit.source) != b"null" else bytes(hit.fields) for hit in found)
    lines = b"\n".join(row.replace(b"\n", b" ") for row in rows)
    if lines:
        yield NdjsonParser(wanted.fields, wanted.numbers).parse(lines, len(body))


_READERS: Final = {"DELIMITED": _delimited, "JSON": _json, "SINGLE_LINE": _lines, "ELASTICSEARCH": _hits}


def number_fields(names: Iterable[str], texts: Iterable[str], time_format: str, time_field: str) -> frozenset[str]:
    """The fields that are read as numbers: those of detectors, and a time that is one, but for what is text as well."""
    times = {time_field} if time_format in NUMERIC else set()
    return frozenset(names).union(times) - frozenset(texts)
