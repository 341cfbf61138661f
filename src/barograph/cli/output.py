"""Results on stdout for machines: JSON, NDJSON, CSV, Parquet."""

import io
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from barograph.cli.options import Format
from barograph.config.errors import BadRequest

if TYPE_CHECKING:  # tables are shown without the server
    from barograph.api.elastic.documents import Document


def refuse_terminal(chosen: Format) -> None:
    """Refuse to print bytes to a terminal, before any work is done.

    Raises:
        BadRequest: Parquet, and stdout is a terminal.
    """
    if chosen is Format.PARQUET and sys.stdout.isatty():
        raise BadRequest("--format parquet: wanted a file or a pipe as output, such as 'barograph ... --format parquet > FILE'")


def write(chosen: Format, frame: pl.DataFrame, documents: "Iterable[Document]") -> None:
    """Write a result table: as its documents (JSON, NDJSON), or flat, in the columns of `results/schema.py` (CSV, Parquet)."""
    out = sys.stdout.buffer
    if chosen is Format.JSON:
        _write_array(documents)
    elif chosen is Format.NDJSON:
        for document in documents:
            out.write(msgspec.json.encode(document) + b"\n")
    elif chosen is Format.CSV:
        out.write(flat(frame).write_csv().encode())
    else:
        held = io.BytesIO()
        frame.write_parquet(held)
        out.write(held.getbuffer())
    out.flush()  # here, not at exit: a pipe that is closed is then met where it is handled


def _write_array(documents: "Iterable[Document]") -> None:
    """One array with an object a line, so that it can be read by eye and by `diff` as well."""
    out = sys.stdout.buffer
    before = b"[\n"
    for document in documents:
        out.write(before + msgspec.json.encode(document))
        before = b",\n"
    out.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """A table that CSV can hold: lists become JSON text."""
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]

    def text(column: pl.Series) -> pl.Series:
        return pl.Series(column.name, [msgspec.json.encode(value).decode() for value in column.to_list()], dtype=pl.String)

    return frame.with_columns(text(frame[name]) for name in nested)
