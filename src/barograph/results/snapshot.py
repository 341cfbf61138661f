"""A snapshot: everything an engine remembers, as named arrays in one file."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
import zstandard
from numpy.lib import format as npy
from numpy.typing import NDArray

FORMAT: Final = 2
"""Version of the layout below. A later version keeps a reader for this one."""

_FIRST_FORMAT: Final = b"PK"
"""How files of format 1 begin, which were uncompressed `.npz`."""

_LEVEL: Final = 1
"""Of Zstandard. What a model remembers of a sparse series is mostly zeros: a sixth is left, sooner than it is written."""

Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Snapshot:
    """Named arrays. Equal snapshots have equal bytes, so their name can be their content's hash."""

    arrays: Arrays

    def to_bytes(self) -> bytes:
        """A Zstandard stream of `.npy` arrays: the format, the names in order, then the arrays. No pickles, no clock."""
        out, names = io.BytesIO(), sorted(self.arrays)
        with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(out, closefd=False) as packed:
            for array in (np.array([FORMAT]), np.array(names, np.str_), *(self.arrays[name] for name in names)):
                npy.write_array(packed, np.asarray(array), allow_pickle=False)
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Snapshot":
        """Read `to_bytes` back.

        Raises:
            ValueError: these are not the bytes of a snapshot, or its format is not one this version reads.
        """
        try:
            if data.startswith(_FIRST_FORMAT):
                return cls(_of_archive(data))
            with zstandard.ZstdDecompressor().stream_reader(data) as unpacked:
                version = int(_read(unpacked)[0])
                names = _read(unpacked).tolist() if version == FORMAT else []
                arrays = {name: _read(unpacked) for name in names}
        except Exception as error:  # what a broken file runs into depends on where it is broken
            raise ValueError(f"snapshot of {len(data)} bytes: wanted what to_bytes wrote ({error})") from error
        if version != FORMAT:
            raise ValueError(f"snapshot format={version}: wanted {FORMAT}")
        return cls(arrays)

    def name(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]


def _of_archive(data: bytes) -> Arrays:
    with np.lib.npyio.NpzFile(io.BytesIO(data), allow_pickle=False) as loaded:
        return {name: loaded[name] for name in loaded.files if loaded["format"][0] == 1 and name != "format"}


def _read(file: BinaryIO) -> NDArray[Any]:
    array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return array


def prefixed(prefix: str, arrays: Arrays) -> Arrays:
    """Arrays under `prefix.`, to put several components into one snapshot."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def under(prefix: str, arrays: Arrays) -> Arrays:
    """The arrays that `prefixed` stored under `prefix.`, by their own names."""
    start = f"{prefix}."
    return {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}
