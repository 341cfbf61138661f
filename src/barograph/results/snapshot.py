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
            ValueError: these are not the bytes of a snapshot, or its format is not one this version reads.
        """
        try:
            with np.lib.npyio.NpzFile(io.BytesIO(data), allow_pickle=False) as loaded:
                arrays = {name: loaded[name] for name in loaded.files}
            version = int(arrays.pop("format")[0])
        except Exception as error:  # what a broken file runs into depends on where it is broken
            raise ValueError(f"snapshot of {len(data)} bytes: wanted what to_bytes wrote ({error})") from error
        if version != FORMAT:
            raise ValueError(f"snapshot format={version}: wanted {FORMAT}")
        return cls(arrays)

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
