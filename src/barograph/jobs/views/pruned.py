"""How many series of a job were forgotten, as they had no rows for long."""

from barograph.config.job import Job
from barograph.engine.series_stage import measures_of
from barograph.jobs.newest import parts_of
from barograph.results.snapshot import Snapshot
from barograph.store.store import Store


def pruned(store: Store, job_id: str) -> int:
    """How often a series was forgotten since the job began, as of its last commit.

    Raises:
        NoSuchJob: there is none of this id.
    """
    saved = parts_of(store, job_id, lambda name: name.endswith(".prune.count"))
    return 0 if saved is None else pruned_of(store.job(job_id), saved)


def pruned_of(job: Job, snapshot: Snapshot) -> int:
    """The same of a snapshot. A series of which several statistics are taken is one."""
    counts = {}
    for position, (measure, _) in enumerate(measures_of(job)):
        count = snapshot.arrays.get(f"model{position}.prune.count")
        counts[measure.detector_index] = 0 if count is None else int(count[0])
    return sum(counts.values())
