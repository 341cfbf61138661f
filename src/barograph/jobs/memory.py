"""What a job's models take in memory, part by part."""

from dataclasses import dataclass
from typing import Final, Literal

from barograph.jobs.pruned import pruned_of
from barograph.results.snapshot import Snapshot
from barograph.store.store import Store

MemoryStatus = Literal["ok", "soft_limit", "hard_limit"]

_SOFT: Final = 0.6
"""Of the limit: there is still time to act. As the reference engine, which begins to forget series there."""

_PARTS: Final = {
    "model": "models of the series",
    "forest": "forests of the entities",
    "buckets": "open buckets, and what entities usually do",
    "scores": "what is usual among the scores",
    "arrivals": "how many rows usually come",
}
_REST: Final = "the rest"


@dataclass(frozen=True)
class Memory:
    """What the models take.

    Attributes:
        parts: bytes by what they are for, the largest first.
        total: bytes of all parts.
        stored: bytes of the newest snapshot on disk, which is packed.
        pruned: how often a series was forgotten, as it had had no rows for the job's `model_prune_window`.
        limit: bytes that the job's `model_memory_limit` allows.
        status: `ok`; `soft_limit` from three fifths of the limit on; `hard_limit` beyond it. Nothing is dropped for it.
    """

    parts: dict[str, int]
    total: int
    stored: int
    pruned: int
    limit: int
    status: MemoryStatus

    @property
    def exceeded(self) -> int:
        """Bytes beyond the limit."""
        return max(self.total - self.limit, 0)


def memory(store: Store, job_id: str) -> Memory:
    """What the models of a job take, as of its last commit.

    Raises:
        NoSuchJob: there is none of this id.
    """
    snapshots, saved = store.snapshots(job_id), store.resume(job_id)
    parts = {} if saved is None else _parts(saved.snapshot)
    job, total = store.job(job_id), sum(parts.values())
    gone, limit = 0 if saved is None else pruned_of(job, saved.snapshot), job.analysis_limits.model_memory_bytes
    return Memory(parts, total, snapshots[-1].bytes if snapshots else 0, gone, limit, status_of(total, limit))


def status_of(total: int, limit: int) -> MemoryStatus:
    """How models of so many bytes keep to a limit."""
    if total > limit:
        return "hard_limit"
    return "soft_limit" if total > _SOFT * limit else "ok"


def _parts(snapshot: Snapshot) -> dict[str, int]:
    parts: dict[str, int] = {}
    for name, array in snapshot.arrays.items():
        word = next((word for part, word in _PARTS.items() if name.startswith(part)), _REST)
        parts[word] = parts.get(word, 0) + array.nbytes
    return dict(sorted(parts.items(), key=lambda part: -part[1]))
