"""The newest snapshot of a job without what is large in it, or some of it only."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from barograph.config.job import Job
from barograph.results.snapshot import Reduce, Snapshot, Wanted, nothing, spooled
from barograph.store.job_rows import ResumePoint
from barograph.store.store import Store

_FORESTS: Final = frozenset(f"forest.{name}" for name in ("record", "store", "shown", "centre", "unit", "values"))


class _Models(Mapping[str, Reduce]):
    """What models remember of their series, and forests of entities, by whatever name, and what is kept of it.

    Args:
        keep: of each array.
        but: of these instead, by name.
        forests: whether those of forests are among them.
    """

    def __init__(self, keep: Reduce, but: Mapping[str, Reduce] = MappingProxyType({}), *, forests: bool) -> None:
        self._keep, self._but, self._forests = keep, but, forests

    def __contains__(self, name: object) -> bool:
        large = isinstance(name, str) and name.startswith("model") and name.endswith((".series", ".pool"))
        return large or (self._forests and name in _FORESTS)

    def __getitem__(self, name: str) -> Reduce:
        return self._but.get(name, self._keep)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def resume_point(store: Store, job: Job) -> ResumePoint | None:
    """Where a job goes on; of models larger than its limit the series lie on the disk. None before the first commit."""
    kept = spooled(store.scratch(job.job_id), job.analysis_limits.model_memory_bytes)
    return store.resume(job.job_id, _Models(kept, forests=False))


def without_models(store: Store, job_id: str, but: Mapping[str, Reduce] = MappingProxyType({})) -> Snapshot | None:
    """The snapshot that a job goes on from, without what models remember of each series; None before the first.

    Args:
        store: where the job lives.
        job_id: the job.
        but: of these arrays, by name, some is kept.

    Raises:
        NoSuchJob: there is none of this id.
    """
    return store.newest_snapshot(job_id, _Models(nothing, but, forests=True))


def parts_of(store: Store, job_id: str, wanted: Wanted) -> Snapshot | None:
    """Some arrays of the snapshot that a job goes on from, by name; small ones cost next to nothing. None before the first.

    Raises:
        NoSuchJob: there is none of this id.
    """
    return store.newest_snapshot(job_id, wanted=wanted)
