"""What a job's models take in memory, part by part, and how they keep to the job's limit."""

from dataclasses import dataclass
from typing import Final, Literal

from barograph.jobs.views.pruned import pruned
from barograph.results.sizes import Sizes
from barograph.store.store import Store

MemoryStatus = Literal["ok", "soft_limit", "hard_limit"]

_SOFT: Final = 0.6
"""Of the limit: there is still time to act. As the reference engine, which begins to forget series there."""


@dataclass(frozen=True)
class Memory:
    """What the models take.

    Attributes:
        parts: bytes by what they are for, the largest first; series that sleep are not in it.
        total: bytes of all parts.
        peak: the most that it has been.
        stored: bytes of the newest snapshot on disk, which is packed.
        pruned: how often a series was forgotten, as it had had no rows for the job's `model_prune_window`.
        asleep: series without data for long that lie on the disk, as there is no room for them; data wakes them as they were.
        refused_rows: rows of new series that there was no room for; they are left out.
        refused_buckets: buckets with such rows.
        limit: bytes that the job's `model_memory_limit` allows.
        status: `ok`; `soft_limit` from three fifths of the limit on, or when series sleep or
            what some influencer values usually do is forgotten; `hard_limit` beyond it, or when
            rows of new series are left out.
    """

    parts: dict[str, int]
    total: int
    peak: int
    stored: int
    pruned: int
    asleep: int
    refused_rows: int
    refused_buckets: int
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
    snapshots, limit = store.snapshots(job_id), store.job(job_id).analysis_limits.model_memory_bytes
    newest = snapshots[-1] if snapshots else None
    sizes = Sizes.of_text(newest.sizes if newest else None)
    return Memory(
        parts=sizes.parts,
        total=sizes.total,
        peak=sizes.peak,
        stored=newest.bytes if newest else 0,
        pruned=pruned(store, job_id),
        asleep=sizes.asleep,
        refused_rows=sizes.refused_rows,
        refused_buckets=sizes.refused_buckets,
        limit=limit,
        status=status_of(sizes, limit),
    )


def status_of(sizes: Sizes, limit: int) -> MemoryStatus:
    """How what a job holds keeps to a limit in bytes."""
    if sizes.total > limit or sizes.refused_rows:
        return "hard_limit"
    return "soft_limit" if sizes.asleep or sizes.left_out or sizes.total > _SOFT * limit else "ok"
