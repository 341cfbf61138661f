"""What rules and planned times have silenced of a job, as of its last commit."""

from barograph.engine.silenced import SilencedCounts
from barograph.jobs.newest import parts_of
from barograph.results.silenced import Silenced
from barograph.results.snapshot import under
from barograph.store.store import Store


def silenced(store: Store, job_id: str) -> tuple[Silenced, ...]:
    """Everything that has silenced a result of a job, what did so most first.

    Raises:
        NoSuchJob: there is none of this id.
    """
    saved = parts_of(store, job_id, lambda name: name.startswith("silenced."))
    if saved is None:
        return ()
    return SilencedCounts.build(store.job(job_id).bucket_span_ms, under("silenced", saved.arrays)).all()
