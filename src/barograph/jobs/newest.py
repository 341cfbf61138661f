"""The newest snapshot of a job without what is large in it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from barograph.results.snapshot import Reduce, Snapshot
from barograph.store.store import Store

_FORESTS: Final = frozenset(f"forest.{name}" for name in ("record", "store", "shown", "centre", "unit", "values"))


class _Models(Mapping[str, Reduce]):
    """What models remember of their series and entities, by whatever name: read, and not kept, `but` for what is reduced."""

    def __init__(self, but: Mapping[str, Reduce]) -> None:
        self._but = but

    def __contains__(self, name: object) -> bool:
        large = isinstance(name, str) and name.startswith("model") and name.endswith((".series", ".pool"))
        return large or name in _FORESTS

    def __getitem__(self, name: str) -> Reduce:
        return self._but.get(name, _nothing)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _nothing(blocks: Iterator[NDArray[Any]]) -> NDArray[Any]:
    for _ in blocks:
        pass
    return np.zeros(0)


def without_models(store: Store, job_id: str, but: Mapping[str, Reduce] = MappingProxyType({})) -> Snapshot | None:
    """The snapshot that a job goes on from, without what models remember of each series; None before the first.

    Args:
        store: where the job lives.
        job_id: the job.
        but: of these arrays, by name, some is kept.

    Raises:
        NoSuchJob: there is none of this id.
    """
    return store.newest_snapshot(job_id, _Models(but))
