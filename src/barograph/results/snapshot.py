"""A snapshot: everything an engine remembers, as named arrays in one file."""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FORMAT: Final = 1
"""Version of the layout below. A later version keeps a reader for this one."""

Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Snapshot:
    """Named arrays. Equal snapshots have equal bytes, so their name can be their content's hash."""

    arrays: Arrays

    def to_bytes(self) -> bytes:
        """The `.npz` bytes: names in order, no compression, no pickles, no clock."""
        out = io.BytesIO()
        np.savez(
            out,
            allow_pickle=False,
            **{"format": np.array([FORMAT])},
            **{k: self.arrays[k] for k in sorted(self.arrays)},
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Snapshot":
        """Read `to_bytes` back.

        Raises:
            ValueError: the format is not one this version reads.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
            version = int(loaded["format"][0])
            if version != FORMAT:
                raise ValueError(f"snapshot format={version}: wanted {FORMAT}")
            return cls({name: loaded[name] for name in loaded.files if name != "format"})

    def name(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]


def prefixed(prefix: str, arrays: Arrays) -> Arrays:
    """Arrays under `prefix.`, to put several components into one snapshot."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def under(prefix: str, arrays: Arrays) -> Arrays:
    """The arrays that `prefixed` stored under `prefix.`, by their own names."""
    start = f"{prefix}."
    return {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}
