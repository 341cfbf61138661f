"""What can be done with jobs besides running them: list, describe, reset, delete."""

from collections.abc import Mapping
from dataclasses import dataclass

from barograph.config.job import Job
from barograph.results.counts import DataCounts
from barograph.store.documents import InputProgress, JobSummary
from barograph.store.query import Query
from barograph.store.snapshots import SavedSnapshot
from barograph.store.store import Store

_COUNT = Query(size=0)


@dataclass(frozen=True)
class JobDescription:
    """All about one job.

    Attributes:
        job: its configuration.
        create_time: when it was created, epoch ms.
        counts: what it has read and dropped; all zero before its first run.
        results: rows in each result table, by its name.
        snapshots: those kept, oldest first; the last is the one to resume from.
        inputs: how far its files have been read, by absolute path.
        history_rows: rows of bucket values and influencer shares.
        history_bytes: size of the files that hold them.
        snapshot_bytes: size of all snapshots.
    """

    job: Job
    create_time: int
    counts: DataCounts
    results: Mapping[str, int]
    snapshots: tuple[SavedSnapshot, ...]
    inputs: Mapping[str, InputProgress]
    history_rows: int
    history_bytes: int
    snapshot_bytes: int

    @property
    def last_bucket_ms(self) -> int | None:
        """Start of the newest finished bucket, epoch ms; None before the first."""
        return self.counts.latest_bucket_timestamp


def list_jobs(store: Store) -> list[JobSummary]:
    """All jobs, by id."""
    return store.jobs()


def describe(store: Store, job_id: str) -> JobDescription:
    """All about one job.

    Raises:
        NoSuchJob: there is none of this id.
    """
    summary = store.summary(job_id)
    files = store.history_files(job_id)
    snapshots = tuple(store.snapshots(job_id))
    return JobDescription(
        job=summary.job,
        create_time=summary.create_time,
        counts=summary.counts or DataCounts(),
        results={
            name: getattr(store, name)(job_id, _COUNT).total
            for name in ("buckets", "records", "influencers", "bucket_influencers")
        },
        snapshots=snapshots,
        inputs=store.progress(job_id),
        history_rows=sum(one.rows for one in files),
        history_bytes=sum(one.bytes for one in files),
        snapshot_bytes=sum(one.bytes for one in snapshots),
    )


def reset(store: Store, job_id: str) -> None:
    """Forget what a job has read, learned and found; its configuration stays.

    Raises:
        NoSuchJob: there is none of this id.
        JobBusy: it is being run.
    """
    store.reset_job(job_id)


def delete(store: Store, job_id: str) -> None:
    """Remove a job with all that belongs to it. Raises as `reset`."""
    store.delete_job(job_id)
