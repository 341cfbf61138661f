"""What expires: results and snapshots that a job's settings no longer ask to be kept. One mechanism for commits and on demand.

Ages are counted in data time, back from the job's newest finished bucket or newest row: a job that is fed old data, or that
has stopped, loses nothing by the clock on the wall. The history expires on demand only: cutting its files is too slow for every
commit, and as models are a replay of it, nobody should lose it unasked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from barograph.config.duration import DAY_MS
from barograph.config.job import Job
from barograph.store import alerts, tables
from barograph.store.snapshots import SavedSnapshot, outlived


@dataclass(frozen=True)
class Expired:
    """What was removed: rows of all result tables and alerts, snapshots, bucket values and influencer shares together."""

    results: int
    snapshots: tuple[SavedSnapshot, ...]
    values: int = 0


def expire(connection: sa.Connection, job: Job, newest_bucket_ms: int | None, snapshots: Sequence[SavedSnapshot]) -> Expired:
    """Remove what the job no longer wants kept; the snapshots' files are the caller's to remove once this is committed.

    Args:
        connection: of a transaction that writes.
        job: the job.
        newest_bucket_ms: start of its newest finished bucket; None before the first.
        snapshots: all that are listed, oldest first.
    """
    removed = 0
    if job.results_retention_days is not None and newest_bucket_ms is not None:
        oldest = newest_bucket_ms - job.results_retention_days * DAY_MS
        for table in tables.BY_BUCKET:
            c = table.c
            # The quantiles that the oldest kept buckets were scored by began to hold before them.
            end = _holding(job.job_id, oldest) if table is tables.QUANTILES else oldest
            gone_rows = connection.execute(table.delete().where(c.job_id == job.job_id, c.timestamp < end)).rowcount
            removed += gone_rows if table in tables.RESULTS else 0
        removed += alerts.expire(connection, job.job_id, oldest)
    gone = tuple(outlived(snapshots, job))
    table = tables.SNAPSHOT
    ids = [snapshot.snapshot_id for snapshot in gone]
    connection.execute(table.delete().where(table.c.job_id == job.job_id, table.c.snapshot_id.in_(ids)))
    return Expired(removed, gone)


def oldest_kept(job: Job, newest_bucket_ms: int | None) -> int | None:
    """From when on a job wants its bucket values kept, epoch ms; None when it wants all of them."""
    if job.history_retention_days is None or newest_bucket_ms is None:
        return None
    return newest_bucket_ms - job.history_retention_days * DAY_MS


def _holding(job_id: str, time_ms: int) -> "sa.ScalarSelect[int]":
    """Since when the quantiles hold that hold at a time; no time when there are none yet."""
    c = tables.QUANTILES.c
    return sa.select(sa.func.max(c.timestamp)).where(c.job_id == job_id, c.timestamp <= time_ms).scalar_subquery()
