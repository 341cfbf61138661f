"""Whether a store is whole, and giving up what is not; also of one that cannot be opened."""

import shutil
from pathlib import Path

from barograph.store.check import CheckedJob, CheckedStore, Dropped
from barograph.store.lost import StoreLost
from barograph.store.store import Store

__all__ = ["CheckedJob", "CheckedStore", "Dropped", "check", "drop"]


def check(url: str | None, data_dir: Path) -> CheckedStore:
    """Read all that a store lists, and say what is missing or damaged; changes nothing.

    Raises:
        NotFound: nothing has been run there yet.
        StorageFailure: the database cannot be read at all.
    """
    try:
        with Store.open(url, data_dir, create=False) as store:
            jobs = tuple(store.check_job(summary.job.job_id) for summary in store.jobs())
            return CheckedStore(jobs, tuple(store.unlisted()), store.database_problems())
    except StoreLost as error:
        return CheckedStore((), error.lost)


def drop(url: str | None, data_dir: Path, found: CheckedStore) -> list[Dropped]:
    """Give up what a check has found to be unusable, so that the jobs go on with the rest; see `Store.drop_unusable`.

    Raises:
        JobBusy: a job is being run.
        StorageFailure: the database or the disk failed.
    """
    for lost in found.lost:
        shutil.rmtree(lost.path)
    unusable = [job for job in found.jobs if job.unusable]
    if not unusable:
        return []
    with Store.open(url, data_dir, create=False) as store:
        return [store.drop_unusable(job) for job in unusable]
