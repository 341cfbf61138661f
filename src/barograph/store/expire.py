"""Expiry on demand: results and snapshots as with every commit, and the history."""

from dataclasses import replace

from barograph.store import history, job_rows, retention, tables
from barograph.store.commit import Writer, advance, list_history
from barograph.store.job_rows import Listing
from barograph.store.retention import Expired


def expire(writer: Writer, listed: Listing) -> Expired:
    """Remove what the settings of a job no longer ask to be kept, in one transaction. `listed` is as it is now."""
    job_id, job = writer.job_id, listed.job
    with writer.database.read() as connection:
        counts = job_rows.counts(connection, job_id)
    newest = counts.latest_bucket_timestamp if counts else None
    oldest = retention.oldest_kept(job, newest)
    changes = (
        {kind: history.cut(writer.files, listed.history, kind, oldest) for kind in history.KINDS} if oldest is not None else {}
    )
    gone = sum(change.gone for change in changes.values())
    writer.files.sync()
    with writer.database.write(writer.lock.connection) as connection:
        advance(connection, job_id, listed.commits, listed.commits)
        expired = retention.expire(connection, job, newest, listed.snapshots)
        list_history(connection, job_id, changes)
        if gone and oldest is not None:
            table = tables.JOB
            connection.execute(
                table.update().where(table.c.job_id == job_id).values(history_from=max(oldest, listed.history_from or oldest))
            )
    writer.files.remove([snapshot.file for snapshot in expired.snapshots])
    writer.files.remove([file.name for change in changes.values() for file in change.removed])
    return replace(expired, values=gone)
