"""One writer a job at a time, across processes. A lock ends with its process, however that ends."""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from barograph.store.database import Database
from barograph.store.errors import JobBusy

_PAUSE_S: Final = 0.02


@dataclass(frozen=True)
class Lock:
    """A job's lock while it is held.

    Attributes:
        release: gives it back.
        connection: on PostgreSQL the connection that holds it. Writing over the same one fences: when the server drops the
            connection, and with it the lock, the commit fails too.
    """

    release: Callable[[], None]
    connection: sa.Connection | None = None


def acquire(database: Database, path: Path, job_id: str, wait_s: float) -> Lock:
    """Take the lock of a job.

    Waits a moment, as whoever opens the store takes it briefly when there is something to clean up.

    Raises:
        JobBusy: another process (or another store in this one) holds it.
    """
    until = time.monotonic() + wait_s
    while True:
        lock = try_acquire(database, path, job_id)
        if lock is not None:
            return lock
        if time.monotonic() >= until:
            raise JobBusy(job_id)
        time.sleep(_PAUSE_S)


def try_acquire(database: Database, path: Path, job_id: str) -> Lock | None:
    """Take the lock of a job, or None when it is held. `path` is the lock file, named after store and job."""
    return _advisory(database, f"{path.parent.name}/{job_id}") if database.is_postgresql else _file(path)


def _file(path: Path) -> Lock | None:
    # flock, not POSIX locks: those are silently lost when any other descriptor of the file is closed. The file stays when the
    # lock is given back: removing it would let two processes lock two files of one name.
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return Lock(lambda: os.close(descriptor))


def _advisory(database: Database, name: str) -> Lock | None:
    key = int.from_bytes(hashlib.sha256(f"barograph/{name}".encode()).digest()[:8], "big", signed=True)
    with database.told():
        connection = database.engine.connect()
        taken = connection.execute(sa.select(sa.func.pg_try_advisory_lock(key))).scalar()
        connection.commit()
    if not taken:
        connection.close()
        return None

    def release() -> None:
        with suppress(sa.exc.SQLAlchemyError):  # the connection may be the thing that broke
            connection.rollback()
            connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))
        # Closed for good, not put back into the pool: the end of the session is the end of the lock, whatever went wrong.
        connection.invalidate()
        connection.close()

    return Lock(release, connection)
