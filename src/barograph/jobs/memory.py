"""What a job's models take in memory, part by part."""

from dataclasses import dataclass
from typing import Final

from barograph.jobs.pruned import pruned_of
from barograph.results.snapshot import Snapshot
from barograph.store.store import Store

_PARTS: Final = {
    "model": "models of the series",
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
    """

    parts: dict[str, int]
    total: int
    stored: int
    pruned: int


def memory(store: Store, job_id: str) -> Memory:
    """What the models of a job take, as of its last commit.

    Raises:
        NoSuchJob: there is none of this id.
    """
    snapshots, saved = store.snapshots(job_id), store.resume(job_id)
    parts = {} if saved is None else _parts(saved.snapshot)
    gone = 0 if saved is None else pruned_of(store.job(job_id), saved.snapshot)
    return Memory(parts, sum(parts.values()), snapshots[-1].bytes if snapshots else 0, gone)


def _parts(snapshot: Snapshot) -> dict[str, int]:
    parts: dict[str, int] = {}
    for name, array in snapshot.arrays.items():
        word = next((word for part, word in _PARTS.items() if name.startswith(part)), _REST)
        parts[word] = parts.get(word, 0) + array.nbytes
    return dict(sorted(parts.items(), key=lambda part: -part[1]))
