"""What a categorizer remembers: arrays that grow by doubling."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from barograph.categorize.layout import CATEGORY, FORM, KEPT, OWNER
from barograph.kernels import _categories
from barograph.results.arrays import Bytes, Ids, Ints
from barograph.results.snapshot import Arrays

FORMAT: Final = 1
"""Of the snapshot. Raised when the same messages would be remembered as something else."""

_LEAST: Final = 64
_POOLS: Final = {"categories": CATEGORY, "kept": KEPT, "arena": np.dtype(np.uint8), "forms": FORM}


class Memory:
    """The pools that the kernel writes, each longer than what is used of it."""

    def __init__(self, arrays: Arrays) -> None:
        self._pools: dict[str, NDArray[Any]] = {name: arrays[name].astype(dtype) for name, dtype in _POOLS.items()}
        self.used: Ints = np.array([len(self._pools[name]) for name in _POOLS], np.int64)
        self.owners: NDArray[Any] = arrays["owners"].astype(OWNER)
        self.slots: Ids = np.zeros(0, np.int32)
        self._reindex()

    @classmethod
    def empty(cls) -> "Memory":
        """Of a categorizer that has seen nothing."""
        return cls({name: np.zeros(0, dtype) for name, dtype in _POOLS.items()} | {"owners": np.zeros(0, OWNER)})

    def snapshot(self) -> Arrays:
        """What is used of the pools."""
        return {name: self.live(name).copy() for name in _POOLS} | {"owners": self.owners.copy()}

    def live(self, name: str) -> NDArray[Any]:
        """A pool without the room behind it."""
        return self._pools[name][: self.used[list(_POOLS).index(name)]]

    def raw(self, name: str) -> Bytes:
        """A pool and the room behind it, as bytes."""
        return self._pools[name].view(np.uint8)

    def reserve(self, more: dict[str, int]) -> None:
        """Make room for so many more entries of each pool."""
        for at, name in enumerate(_POOLS):
            pool, wanted = self._pools[name], int(self.used[at]) + more[name]
            if wanted > len(pool):
                grown = np.zeros(max(wanted, 2 * len(pool), _LEAST), pool.dtype)
                grown[: len(pool)] = pool
                self._pools[name] = grown
                if name == "forms":
                    self._reindex()

    def add_owner(self) -> None:
        """One more, that has no category."""
        self.owners = np.concatenate([self.owners, np.array([(0, 0, -1, 0, 0, 0)], OWNER)])

    def _reindex(self) -> None:
        forms = self._pools["forms"]
        self.slots = np.full(1 << max(2 * len(forms) - 1, 1).bit_length(), -1, np.int32)
        _categories.index_forms(forms.view(np.uint8), int(self.used[3]), self.slots)
