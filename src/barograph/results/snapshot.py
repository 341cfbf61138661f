"""A snapshot: everything an engine remembers, as named arrays in one file."""

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Any, BinaryIO, Final, Protocol, cast

import numpy as np
import zstandard
from numpy.lib import format as npy
from numpy.typing import NDArray

from barograph.results.arrays import Disk
from barograph.results.sizes import Sizes

FORMAT: Final = 2
"""Version of the layout below. A later version keeps a reader for this one."""

_FIRST_FORMAT: Final = b"PK"
"""How files of format 1 begin, which were uncompressed `.npz`."""

_LEVEL: Final = 1
"""Of Zstandard. What a model remembers of a sparse series is mostly zeros: a sixth is left, sooner than it is written."""

_SMALL: Final = 1 << 16
"""Bytes of an array that comes before all larger ones: whoever wants a count need not unpack what a million series remember."""

_BLOCK: Final = 8_000_000
"""Bytes of an array that are in memory at once where only some of it is kept."""

Arrays = dict[str, NDArray[np.generic]]


class Writable(Protocol):
    """What bytes can be written to."""

    def write(self, data: bytes, /) -> object:
        """Take more of them."""


Reduce = Callable[[Iterator[NDArray[Any]]], NDArray[Any]]
"""What is kept of an array whose rows come in blocks, in order; an array without rows comes as one empty block."""

Wanted = Callable[[str], bool]
"""Whether an array is read at all, by its name."""


@dataclass(frozen=True)
class Snapshot:
    """Named arrays. Equal snapshots have equal bytes, so their name can be their content's hash."""

    arrays: Arrays
    sizes: Sizes | None = field(default=None, compare=False)
    """What the engine held when it was taken; not in its file."""

    def to_bytes(self) -> bytes:
        """A Zstandard stream of `.npy` arrays: the format, the names, then the arrays, small ones first; without a clock."""
        out = io.BytesIO()
        self.write(out)
        return out.getvalue()

    def write(self, file: Writable) -> None:
        """Write `to_bytes` piece by piece: arrays that lie on the disk are never in memory as a whole."""
        names = sorted(self.arrays, key=lambda name: (self.arrays[name].nbytes > _SMALL, name))
        with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(cast("BinaryIO", file), closefd=False) as packed:
            for array in (np.array([FORMAT]), np.array(names, np.str_), *(self.arrays[name] for name in names)):
                npy.write_array(packed, np.asarray(array), allow_pickle=False)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Snapshot":
        """Read `to_bytes` back.

        Raises:
            ValueError: these are not the bytes of a snapshot, or its format is not one this version reads.
        """
        return cls.read(io.BytesIO(data))

    @classmethod
    def read(
        cls, file: BinaryIO, reduced: Mapping[str, Reduce] = MappingProxyType({}), wanted: Wanted = lambda _: True
    ) -> "Snapshot":
        """Read a file of `to_bytes`, from its start up to the last array that is wanted.

        Args:
            file: the file, which can be sought in.
            reduced: arrays of which not all is kept, by name: they are never in memory as a whole.
            wanted: the arrays that it will have.

        Raises:
            ValueError: as `from_bytes`.
            OSError: the disk failed.
            MemoryError: there is no room for it.
        """
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        try:
            if file.read(len(_FIRST_FORMAT)) == _FIRST_FORMAT:
                whole = {name: array for name, array in _of_archive(file).items() if wanted(name)}
                return cls(whole | {name: reduced[name](iter([whole[name]])) for name in reduced if name in whole})
            file.seek(0)
            with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as unpacked:
                version = int(_read(unpacked)[0])
                names = _read(unpacked).tolist() if version == FORMAT else []
                arrays = _wanted_arrays(unpacked, names, reduced, wanted)
        except (OSError, MemoryError):  # nothing is wrong with the file
            raise
        except Exception as error:  # what a broken file runs into depends on where it is broken
            raise ValueError(f"snapshot of {size} bytes: wanted what to_bytes wrote ({error})") from error
        if version != FORMAT:
            raise ValueError(f"snapshot format={version}: wanted {FORMAT}")
        return cls(arrays)

    def name(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]


def _wanted_arrays(file: BinaryIO, names: list[str], reduced: Mapping[str, Reduce], wanted: Wanted) -> Arrays:
    last = max((at for at, name in enumerate(names) if wanted(name)), default=-1)
    arrays: Arrays = {}
    for name in names[: last + 1]:
        if not wanted(name):
            nothing(_blocks(file))
        else:
            arrays[name] = reduced[name](_blocks(file)) if name in reduced else _read(file)
    return arrays


def nothing(blocks: Iterator[NDArray[Any]]) -> NDArray[Any]:
    """Nothing of an array is kept."""
    for _ in blocks:
        pass
    return np.zeros(0)


def _of_archive(file: BinaryIO) -> Arrays:
    file.seek(0)
    with np.lib.npyio.NpzFile(file, allow_pickle=False) as loaded:
        return {name: loaded[name] for name in loaded.files if loaded["format"][0] == 1 and name != "format"}


def _read(file: BinaryIO) -> NDArray[Any]:
    array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return array


def _blocks(file: BinaryIO) -> Iterator[NDArray[Any]]:
    """The rows of one array, in blocks; whoever takes them takes them all."""
    header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[npy.read_magic(file)]
    shape, is_by_column, dtype = header(file)
    if is_by_column and len(shape) > 1:
        raise ValueError(f"array of shape {shape} by columns: wanted one by rows")
    width = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
    at_once = max(1, _BLOCK // max(width, 1))
    for first in range(0, max(shape[0], 1), at_once):
        rows = min(at_once, shape[0] - first)
        yield np.frombuffer(_exactly(file, rows * width), dtype).reshape(rows, *shape[1:])


def _exactly(file: BinaryIO, size: int) -> bytearray:
    held = bytearray(size)
    filled, into = 0, memoryview(held)
    while filled < size:
        part = file.read(size - filled)
        if not part:
            raise ValueError(f"{filled} bytes: wanted {size}")
        into[filled : filled + len(part)] = part
        filled += len(part)
    return held


def spooled(disk: Disk, in_memory: int) -> Reduce:
    """All of an array is kept; one of more bytes than `in_memory` on a disk."""

    def keep(blocks: Iterator[NDArray[Any]]) -> NDArray[Any]:
        held = [next(blocks)]
        for block in blocks:
            if sum(one.nbytes for one in held) > in_memory:
                return _on_disk(disk, held, chain([block], blocks))
            held.append(block)
        return np.concatenate(held)

    return keep


def _on_disk(disk: Disk, held: list[NDArray[Any]], blocks: Iterator[NDArray[Any]]) -> NDArray[Any]:
    out, filled = held[0][:0], 0
    for block in chain(held, blocks):
        if filled + len(block) > len(out):
            grown = disk(block.dtype, max(filled + len(block), 2 * len(out)))
            grown[:filled] = out[:filled]
            out = grown
        out[filled : filled + len(block)] = block
        filled += len(block)
    return out[:filled]


def prefixed(prefix: str, arrays: Arrays) -> Arrays:
    """Arrays under `prefix.`, to put several components into one snapshot."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def version_of(state: Arrays) -> int:
    """Of what a model has remembered; the first ones had none."""
    version = state.get("version")
    return int(version[0]) if version is not None and len(version) else 1


def under(prefix: str, arrays: Arrays) -> Arrays:
    """The arrays that `prefixed` stored under `prefix.`, by their own names."""
    start = f"{prefix}."
    return {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}
