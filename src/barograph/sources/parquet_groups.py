"""Parquet files with row groups that are too large to be read again for each piece."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from barograph.sources.parquet_pages import Column

MOST_PACKED: Final = 128 << 20
"""Bytes, packed, of the columns of a row group. Of a larger one all would be fetched for each piece that is read: memory by its
size, time by its square. 16 million rows of a time, a number and a text are 194 MB."""
_ROWS: Final = 1 << 18
_INTERRUPTED: Final = "Query interrupted"
"""What DuckDB says instead of the exception that a signal has raised."""
_KEPT: Final = (pl.Boolean, pl.String, pl.Date, pl.Float32, pl.Float64, pl.Decimal)


def largest_group(columns: list[Column]) -> int:
    """Bytes, packed, of columns in the largest of their row groups."""
    sizes: dict[int, int] = {}
    for column in columns:
        sizes[column.group] = sizes.get(column.group, 0) + column.packed
    return max(sizes.values(), default=0)


@contextmanager
def in_small_groups(table: pl.LazyFrame, pattern: str, columns: list[str], largest: int) -> Iterator[pl.LazyFrame]:
    """Columns of a file, in groups that can be read one by one: as they are, or from a copy for the time being.

    The copy is made in one pass and little memory, of columns whose every value it keeps. Where it cannot be made, the file is
    read as it is, which takes longer.

    Args:
        table: the file.
        pattern: its path, as a pattern that it alone has.
        columns: those that are to be read.
        largest: how large they are in the largest group, packed.
    """
    rows = table.select(columns)
    if largest <= MOST_PACKED or not _can_be_copied(table.collect_schema(), columns):
        yield rows
        return
    with ExitStack() as stack:
        copy = _room_for_a_copy(stack)
        if copy is not None and _copied(pattern, columns, copy):
            rows = pl.scan_parquet(copy).cast(rows.collect_schema())
        elif copy is not None:
            copy.unlink(missing_ok=True)  # a part of it: the disk may be full
        yield rows


def _room_for_a_copy(stack: ExitStack) -> Path | None:
    """A name in a folder for the time being; None where no folder can be written to."""
    try:
        return Path(stack.enter_context(tempfile.TemporaryDirectory())) / "rows.parquet"
    except OSError:
        return None


def _can_be_copied(schema: pl.Schema, columns: list[str]) -> bool:
    told_apart = len({name.lower() for name in schema}) == len(schema)  # DuckDB does not by their case
    return told_apart and all(_is_kept(schema[name]) for name in columns)


def _is_kept(kind: pl.DataType) -> bool:
    """Whether a column of a kind comes out of the copy with the values that it had."""
    if isinstance(kind, pl.Datetime):
        return kind.time_unit != "ns" and kind.time_zone in (None, "UTC")
    return kind.is_integer() or isinstance(kind, _KEPT)


def _copied(pattern: str, columns: list[str], to: Path) -> bool:
    with duckdb.connect() as writer:
        writer.execute("SET threads = 1; SET disable_parquet_prefetching = true")  # which would fetch whole groups, too
        try:
            rows = writer.read_parquet(pattern, hive_partitioning=False).select(*map(duckdb.ColumnExpression, columns))
            rows.write_parquet(str(to), compression="snappy", row_group_size=_ROWS)
        except duckdb.Error:
            return False  # a full disk, or a time that it cannot hold
        except RuntimeError as error:
            if str(error) != _INTERRUPTED:
                raise
            raise KeyboardInterrupt from error
    return True
