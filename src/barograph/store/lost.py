"""Stores whose database is gone while their files are still there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from barograph.config.errors import StorageFailure

_MARK: Final = ".database"  # no job has such a name
_SQLITE: Final = "sqlite"


@dataclass(frozen=True)
class LostStore:
    """Files that no database lists.

    Attributes:
        path: their directory.
        job_ids: the jobs that have files there.
        bytes: size of these.
    """

    path: Path
    job_ids: tuple[str, ...]
    bytes: int


class StoreLost(StorageFailure):
    """The database is gone, or empty, and the files of its jobs are still there."""

    def __init__(self, database: str, lost: Sequence[LostStore]) -> None:
        self.lost = tuple(lost)
        found = "; ".join(f"{str(store.path)!r} has files of {_jobs(store)}" for store in lost)
        super().__init__(
            f"store={database!r}: wanted the database of these jobs, which is gone or empty: {found}. Put it back from a copy, "
            "or give up these files with 'barograph store check --drop', or take another data directory"
        )


def mark(files: Path, database: str | None) -> None:
    """Note beside a store's files which database lists them: PostgreSQL by its name, None for SQLite in the data directory."""
    path = files / _MARK
    if not path.exists():
        files.mkdir(parents=True, exist_ok=True)
        path.write_text(database or _SQLITE)


def unlisted(directory: Path, database: str | None, store_id: str | None) -> list[LostStore]:
    """The stores with files in a directory that a database should list and does not.

    Args:
        directory: with a directory for each store.
        database: as for `mark`. Another database may have its files there too; unmarked ones are of SQLite.
        store_id: of the one store that this database lists; None when it is empty.
    """
    lost = []
    for path in sorted(directory.iterdir()) if directory.is_dir() else ():
        jobs = {job.name: _size(job) for job in sorted(path.iterdir()) if job.is_dir()} if path.is_dir() else {}
        if jobs and path.name != store_id and _owner(path) == (database or _SQLITE):
            lost.append(LostStore(path, tuple(jobs), sum(jobs.values())))
    return lost


def _owner(path: Path) -> str:
    mark = path / _MARK
    return mark.read_text() if mark.exists() else _SQLITE


def _size(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.iterdir())


def _jobs(store: LostStore) -> str:
    shown, more = ", ".join(store.job_ids[:10]), len(store.job_ids) - 10
    return f"{'job' if len(store.job_ids) == 1 else 'jobs'} {shown}" + (f" and {more} more" if more > 0 else "")
