"""One engine over SQLite or PostgreSQL, with transactions that mean the same on both."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa

from barograph.config.errors import BadRequest, StorageFailure
from barograph.config.secret import SECRET

SCHEMA: Final = "barograph"
"""The PostgreSQL schema of our tables, so that they never meet those of another application in the same database."""

_WRITES: Final = "barograph_writes"
_NO_ROOM: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_WAIT_S: Final = 30  # for another process' commit, which takes seconds at the very worst
_WANTED: Final = "wanted postgresql://USER:PASSWORD@HOST/DATABASE, or nothing for SQLite in the data directory"


class Database:
    """Connections to one database.

    Attributes:
        engine: the SQLAlchemy engine.
        name: the database as messages call it, without a password.
    """

    def __init__(self, engine: sa.Engine, name: str) -> None:
        self.engine = engine
        self.name = name

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL; it is SQLite otherwise."""
        return self.engine.dialect.name == "postgresql"

    @classmethod
    def sqlite(cls, path: Path) -> "Database":
        """SQLite in a file.

        WAL, so that other processes read while one writes. `synchronous=FULL`: a commit is on the disk before it is
        acknowledged, also across a power cut; that costs 4 ms, once in several seconds. What may not be written can still be
        read.
        """
        if path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
            return cls(_read_only(path), str(path))
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": _WAIT_S})

        @sa.event.listens_for(engine, "connect")
        def configure(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # the driver must not begin transactions by itself: `begin` below does
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}")

        @sa.event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            # A writer that starts as a reader fails when another has written in between; IMMEDIATE waits its turn instead.
            writes = connection.get_execution_options().get(_WRITES, False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return cls(engine, str(path))

    @classmethod
    def postgresql(cls, url: str) -> "Database":
        """PostgreSQL by URL.

        Raises:
            BadRequest: not such a URL.
            StorageFailure: the driver is not installed.
        """
        try:
            parsed = sa.make_url(url)
        except (sa.exc.ArgumentError, ValueError):
            raise BadRequest(f"store={SECRET!r}: {_WANTED}") from None
        name = parsed.set(query={}).render_as_string(hide_password=True)  # a password may be among the parameters, too
        if parsed.drivername not in {"postgresql", "postgres", "postgresql+psycopg"}:
            raise BadRequest(f"store={name!r}: {_WANTED}")
        if find_spec("psycopg") is None:
            raise StorageFailure(f"store={name!r}: wanted the PostgreSQL driver; pip install 'barograph[postgresql]'")
        engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)

        @sa.event.listens_for(engine, "connect")
        def configure(connection: Any, _record: Any) -> None:
            connection.execute(f"SET search_path TO {SCHEMA}")
            connection.commit()

        return cls(engine, name)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database throughout."""
        with self.told(), self.engine.connect() as connection:
            if self.is_postgresql:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self, held: sa.Connection | None = None) -> Iterator[sa.Connection]:
        """A transaction that commits at its end, or not at all. `held` is a connection to use instead of a new one."""
        with self.told():
            if held is not None:
                with held.begin():
                    yield held
                return
            with self.engine.connect() as connection:
                connection.execution_options(**{_WRITES: True})
                with connection.begin():
                    yield connection

    def problems(self) -> tuple[str, ...]:
        """What SQLite finds wrong in its file, line by line; PostgreSQL looks after its own."""
        if self.is_postgresql:
            return ()
        with self.read() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
        return tuple(line for line in found if line != "ok")

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turns the database's errors into `StorageFailure`s that name it."""
        # The driver's own errors come from COPY, which SQLAlchemy does not know.
        driver: Any = self.engine.dialect.dbapi
        try:
            yield
        except (sa.exc.DBAPIError, driver.Error) as error:
            raise StorageFailure(f"store={self.name!r}: {_said(getattr(error, 'orig', error))}") from error


def _said(error: Any) -> str:
    text = str(error).strip()
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _NO_ROOM:  # the lowest byte is the kind, those above it say where
        return text
    return f"{text}: wanted a disk that can be written to, with room on it; what was committed before is kept"


def _read_only(path: Path) -> sa.Engine:
    """SQLite in a file that may not be written, nor anything beside it.

    Without a log of somebody who writes there is nothing to wait for, and no file to be made for it.
    """
    log = path.with_name(f"{path.name}-wal")
    alone = not log.exists() or log.stat().st_size == 0
    how = {"mode": "ro", "uri": "true", **({"immutable": "1"} if alone else {})}
    engine = sa.create_engine(sa.URL.create("sqlite", database=f"file:{quote(str(path))}", query=how))

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get(_WRITES, False):
            raise StorageFailure(f"store={str(path)!r}: wanted a directory to write to; it may only be read")
        connection.exec_driver_sql("BEGIN")

    return engine
