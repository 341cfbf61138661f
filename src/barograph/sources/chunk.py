"""What a source hands on."""

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from barograph.results.arrays import Ints
from barograph.results.counts import Example


class Fingerprint(NamedTuple):
    """How a file is recognised, also when it has grown.

    Attributes:
        head_bytes: how many of its first bytes were looked at, up to 64 KiB.
        sha256: their SHA-256, in hexadecimal.
    """

    head_bytes: int
    sha256: str


@dataclass(frozen=True)
class Chunk:
    """Some rows of one source, in order.

    Attributes:
        frame: the rows that could be read. Text formats give String columns; fields asked for as numbers may be Float64.
        source: the path as it was given.
        first_row: 0-based position of the first input row of this chunk in its source; rows that are malformed count.
        rows: input rows in this chunk, with those that are malformed.
        bytes: their length in the source, unpacked; for Parquet, their share of the file.
        malformed: input rows that are not rows of their format.
        bad_rows: int64[malformed], their places among the input rows of this chunk, from 0, in order.
        examples: the first of these.
        read_bytes: how far the source has been read, in bytes of the file as it is stored.
        total_bytes: size of the file as it is stored; None where there is no end to know, as for a pipe.
        fingerprint: of the file; None for a pipe.
        columns: all columns of the source, also those that are not in the frame; empty for JSON, whose rows may differ.
        fields_elsewhere: values of its rows that are not in the frame, as the job does not need them; where somebody counted.
    """

    frame: pl.DataFrame
    source: str
    first_row: int
    rows: int
    bytes: int
    malformed: int
    bad_rows: Ints
    examples: list[Example]
    read_bytes: int
    total_bytes: int | None
    fingerprint: Fingerprint | None
    columns: tuple[str, ...] = ()
    fields_elsewhere: int = 0


@dataclass(frozen=True)
class Bad:
    """An input row that is not a row of its format.

    Attributes:
        position: among the rows of its block, from 0; malformed rows count.
        text: its first bytes.
        wanted: what it should be.
    """

    position: int
    text: bytes
    wanted: str


@dataclass(frozen=True)
class Block:
    """The rows of one block of a source.

    Attributes:
        frame: the rows that could be read.
        bad: those that could not, by position. `frame.height + len(bad)` is the number of input rows.
        bytes: length of the block, unpacked.
        columns: as for a chunk.
    """

    frame: pl.DataFrame
    bad: list[Bad]
    bytes: int
    columns: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Input rows, with those that are malformed."""
        return self.frame.height + len(self.bad)
