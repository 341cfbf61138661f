"""A job's files: written whole or not at all, and visible only once the database lists them."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path


class JobFiles:
    """The directory with one job's history and snapshots.

    A file is written under a temporary name, brought to the disk, then renamed. What the database does not list is left over
    from a commit that did not happen, and may be removed by whoever holds the job's lock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, fill: Callable[[Path], object]) -> int:
        """Write a file by letting `fill` write to a path; returns its size in bytes. `sync` must follow."""
        self.path.mkdir(parents=True, exist_ok=True)
        temporary = self.path / f"{name}.tmp"
        fill(temporary)
        _sync(temporary)
        size = temporary.stat().st_size
        temporary.rename(self.path / name)
        return size

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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
