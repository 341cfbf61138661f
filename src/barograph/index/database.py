"""The embedded database of the index: one file, one writer at a time, any number of readers."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from barograph.config.errors import Conflict, StorageFailure
from barograph.index.errors import BadQuery

MEMORY_MB: Final = 512
"""What the database may hold in memory; what needs more goes to files beside it."""
_UNFIT: Final = (
    *(duckdb.InvalidInputException, duckdb.OutOfRangeException, duckdb.ConversionException, duckdb.OutOfMemoryException),
    *(duckdb.BinderException, duckdb.InvalidTypeException),
)
"""What a query can cause: a regular expression that is none, a number too large for its sum, more groups than fit."""
_FAILED: Final = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException)


class Arrow:
    """A frame as the database reads it. Without this, it would want `pyarrow`."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


class Database:
    """Connections to one file. What is committed is on the disk before `write` returns, and outlives the process.

    Attributes:
        lock: who holds it is the only writer.
    """

    def __init__(self, path: Path | None) -> None:
        """Open a file, or, without one, a database in memory.

        Raises:
            Conflict: another process has it open.
            StorageFailure: it cannot be read.
        """
        settings = {
            "memory_limit": f"{MEMORY_MB}MB",
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
        }
        try:
            self._connection = duckdb.connect(":memory:" if path is None else str(path), config=dict(settings))
        except duckdb.Error as error:
            if "lock" in str(error):
                raise Conflict(f"index={str(path)!r}: wanted a file that no other process has open") from error
            raise StorageFailure(f"index={str(path)!r}: wanted a database to read ({error})") from error
        self._connection.execute("SET TimeZone = 'UTC'")
        self.lock = threading.RLock()

    def close(self) -> None:
        """Close the file; whatever is committed is in it."""
        with self.lock:
            self._connection.close()

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction that is on the disk when the block ends, or gone if it raises.

        Raises:
            StorageFailure: the disk has failed.
        """
        with self.lock, self._connection.cursor() as connection:
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except _FAILED as error:
                raise StorageFailure(f"the index could not be written ({error}); nothing of the request is in it") from error
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that sees one state of everything, whatever is written meanwhile."""
        with self._connection.cursor() as connection:
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("ROLLBACK")
            except _UNFIT as error:
                raise BadQuery(f"the query cannot be answered: {str(error).splitlines()[0]}") from error
            except _FAILED as error:
                raise StorageFailure(f"the index could not be read ({error})") from error


def rows(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    return connection.execute(sql, values).fetchall()


def frame(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> pl.DataFrame:
    """All rows of a query, as columns."""
    return pl.DataFrame(connection.sql(sql, params=list(values)))


def insert(connection: duckdb.DuckDBPyConnection, table: str, new: pl.DataFrame) -> None:
    """Append a frame to the columns of a table that have its columns' names."""
    names = ", ".join(f'"{name}"' for name in new.columns)
    connection.register("new_rows", Arrow(new))
    connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM new_rows")
    connection.unregister("new_rows")
