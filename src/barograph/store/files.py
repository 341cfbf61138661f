"""A job's files: written whole or not at all, visible only once the database lists them, and checked when they are read."""

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl

from barograph.config.errors import StorageFailure

Checked = dict[Path, tuple[int, int, int]]
"""Files that were whole when they were last read, each with its inode, size and time of change then."""


class JobFiles:
    """The directory with one job's history and snapshots.

    A file is written under a temporary name, brought to the disk, then renamed. What the database does not list is left over
    from a commit that did not happen, and may be removed by whoever holds the job's lock.
    """

    def __init__(self, path: Path, checked: Checked | None = None) -> None:
        """`checked` is shared by those who read the same files again and again; None starts with none."""
        self.path = path
        self._checked: Checked = {} if checked is None else checked

    def whole(self, name: str, sha256: str | None) -> Path:
        """The path of a file whose content is what was written; read again only when the file has changed meanwhile.

        Args:
            name: of the file.
            sha256: of its content; None when an old version wrote it, which listed none.

        Raises:
            FileNotFoundError: it is gone.
            StorageFailure: its content is not what was written.
        """
        path = self.path / name
        status = path.stat()
        seen = (status.st_ino, status.st_size, status.st_mtime_ns)
        if sha256 is not None and self._checked.get(path) != seen:
            if digest(path) != sha256:
                raise damaged(path, sha256)
            self._checked[path] = seen
        return path

    def write(self, name: str, fill: Callable[[Path], object]) -> int:
        """Write a file by letting `fill` write to a path; returns its size in bytes. `sync` must follow.

        Raises:
            OSError: the disk is full, or may not be written to.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        temporary = self.path / f"{name}.tmp"
        try:
            fill(temporary)
        except pl.exceptions.PolarsError as error:  # which is how Polars tells of a full disk
            raise OSError(" ".join(str(error).split())) from error
        _sync(temporary)
        size = temporary.stat().st_size
        temporary.rename(self.path / name)
        return size

    def rename(self, name: str, to: str) -> None:
        """Give a file that no listing has yet its final name. `sync` must follow."""
        (self.path / name).rename(self.path / to)

    def sync(self) -> None:
        """Bring the renames, and the directories themselves, to the disk."""
        for directory in (self.path, *self.path.parents[:3]):
            if directory.exists():
                _sync(directory)

    def present(self) -> set[str]:
        """The names of all files, temporary ones too."""
        return {file.name for file in self.path.iterdir()} if self.path.is_dir() else set()

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, and the directory with the last of them; those that are gone already are fine."""
        for name in names:
            (self.path / name).unlink(missing_ok=True)
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()


def digest(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(path: Path, sha256: str) -> StorageFailure:
    """What is said of a file whose content is not what was written."""
    return StorageFailure(
        f"{str(path)!r} is damaged: wanted content with the hash {sha256}; 'barograph store check' says what can be saved"
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
