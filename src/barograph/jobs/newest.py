"""The newest snapshot of a job without what is large in it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barograph.results.snapshot import Reduce, Snapshot
from barograph.store.store import Store


class _Models(Mapping[str, Reduce]):
    """What models remember of their series, by whatever name: read, and not kept."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.startswith("model") and name.endswith((".series", ".pool"))

    def __getitem__(self, name: str) -> Reduce:
        return _nothing

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _nothing(blocks: Iterator[NDArray[Any]]) -> NDArray[Any]:
    for _ in blocks:
        pass
    return np.zeros(0)


def without_models(store: Store, job_id: str) -> Snapshot | None:
    """The snapshot that a job goes on from, without what models remember of each series; None before the first.

    Raises:
        NoSuchJob: there is none of this id.
    """
    return store.newest_snapshot(job_id, _Models())
