"""Rows that somebody sends: JSON objects, one a line, with white space between them, or in an array."""

from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from barograph.config.job import Job
from barograph.config.time_format import NUMERIC
from barograph.results.counts import Example
from barograph.sources.chunk import Block, Chunk
from barograph.sources.json_documents import document_lines
from barograph.sources.ndjson import NdjsonParser, is_object

_ARRAY: Final[msgspec.json.Decoder[list[msgspec.Raw]]] = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT: Final[msgspec.json.Decoder[dict[str, msgspec.Raw]]] = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NULL: Final = b"null"


def posted_chunk(body: bytes, job: Job) -> Chunk:
    """The rows of a body, with the fields that a job needs.

    Args:
        body: UTF-8; what is not an object is a malformed row.
        job: the job.
    """
    number_fields = [name for name in job.number_fields if name not in job.text_fields]
    if job.data_description.time_format in NUMERIC:
        number_fields.append(job.time_field)
    lines, parser = _lines(body), NdjsonParser((job.time_field, *job.fields), number_fields)
    block = parser.parse(lines, len(body))
    if block.bad:  # several objects on one line, or something that is none
        lines = _separated(body)
        block = parser.parse(lines, len(body))
    return Chunk(
        frame=block.frame,
        source="",
        first_row=0,
        rows=block.rows,
        bytes=len(body),
        malformed=len(block.bad),
        bad_rows=np.array([bad.position for bad in block.bad], np.int64),
        examples=[_example(bad.position, bad.text, bad.wanted) for bad in block.bad[:5]],
        read_bytes=len(body),
        total_bytes=None,
        fingerprint=None,
        fields_elsewhere=_values(lines, job.time_field) - _values_of(block, job.time_field),
    )


def _example(position: int, text: bytes, wanted: str) -> Example:
    return Example("malformed", position + 1, text[:200].decode(errors="replace"), f"wanted {wanted}")


def _lines(body: bytes) -> bytes:
    """The body with one document a line."""
    start = body.lstrip()
    if start.startswith(b"["):
        try:  # ten times as fast as looking for ends, where the whole array is JSON
            return b"\n".join(bytes(raw).replace(b"\n", b" ") for raw in _ARRAY.decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _separated(body)
    return body if is_object(start.partition(b"\n")[0]) else _separated(body)


def _separated(body: bytes) -> bytes:
    return b"".join(block for block, _ in document_lines("body", _reader(body), len(body) + 1))


def _reader(body: bytes) -> Callable[[int], bytes]:
    parts = iter((body, b""))
    return lambda _: next(parts, b"")


def _values(lines: bytes, time_field: str) -> int:
    """How many values the rows have, without their times and without null."""
    found = 0
    for line in lines.split(b"\n"):
        try:
            row = _OBJECT.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        found += len(row) - (time_field in row)
        if _NULL in line:
            found -= sum(bytes(value) == _NULL for name, value in row.items() if name != time_field)
    return found


def _values_of(block: Block, time_field: str) -> int:
    """How many of them are in the frame."""
    return sum(block.frame.height - column.null_count() for column in block.frame if column.name != time_field)
