"""Memory on the disk: what a job may need later, but not now."""

import mmap
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barograph.config.errors import StorageFailure


class Scratch:
    """Makes arrays that lie in files, which have no names: nothing is left of them, however their process ends."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when it is needed."""
        self._folder = folder

    def __call__(self, dtype: np.dtype[Any], length: int) -> NDArray[Any]:
        """An array of zeros, to be read and written.

        Raises:
            StorageFailure: there is no room for it, or no right to write.
        """
        size = length * dtype.itemsize
        if not size:
            return np.zeros(length, dtype)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder) as file:
                # Room is taken now: a disk that is full when an array is written to would end the process.
                os.posix_fallocate(file.fileno(), 0, size)
                return np.frombuffer(mmap.mmap(file.fileno(), size), dtype)
        except OSError as error:
            what = f"{str(self._folder)!r}: wanted room for {size:,} bytes of series that sleep"
            raise StorageFailure(f"{what} ({error.strerror})") from error

    def let_go(self, array: NDArray[Any]) -> None:
        """Keep nothing of one of these arrays in this process: the file has it, and the system writes it when it suits."""
        mapped = _mapping(array)
        if mapped is not None:
            mapped.madvise(mmap.MADV_DONTNEED)


def _mapping(array: NDArray[Any]) -> mmap.mmap | None:
    """What an array lies in; None where it is in memory, as without entries."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    held = base.obj if isinstance(base, memoryview) else None
    return held if isinstance(held, mmap.mmap) else None
