"""A commit: files first, then everything that makes them visible, in one transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from barograph.config.errors import Conflict
from barograph.results.results import Results
from barograph.results.sizes import Sizes
from barograph.results.snapshot import Snapshot, Writable
from barograph.scoring.rescore import first_moved
from barograph.store import bucket_series, documents, forest_results, history, job_rows, retention, rows, tables
from barograph.store.database import Database
from barograph.store.files import JobFiles
from barograph.store.history import Change
from barograph.store.job_rows import InputProgress, Listing
from barograph.store.locks import Lock
from barograph.store.scored_rows import renormalise
from barograph.store.snapshots import SavedSnapshot, content_name, snapshot_file

_AT_ONCE = 500  # bucket times in one DELETE; far below the databases' limits on parameters


_NEW_SNAPSHOT: Final = "snapshot"
"""The name of a snapshot's file until its content is known, and so its own."""


@dataclass(frozen=True)
class _Both:
    """A file, and what its content is known by."""

    file: Writable
    content: "hashlib._Hash"

    def write(self, data: bytes) -> int:
        """Take more of it."""
        self.content.update(data)
        self.file.write(data)
        return len(data)


@dataclass(frozen=True)
class Writer:
    """Who writes: the one process that holds the lock of a job."""

    database: Database
    files: JobFiles
    lock: Lock
    job_id: str


def commit(
    writer: Writer,
    results: Results,
    snapshot: Snapshot,
    progress: Sequence[InputProgress],
    messages: Sequence[documents.Message] = (),
    data_ms: int | None = None,
) -> None:
    """Make results, snapshot, counts, progress and messages durable and visible together.

    Raises:
        NoSuchJob: it was never created, or was deleted.
        Conflict: another process has committed meanwhile.
        StorageFailure: the database failed; nothing of the commit is visible then.
    """
    files, job_id = writer.files, writer.job_id
    with writer.database.read() as connection:
        before = job_rows.listing(connection, job_id)
        read = job_rows.progress(connection, job_id) | {source.source: source for source in progress}
    number = before.commits + 1
    changes = {
        kind: history.add(files, [file for file in before.history if file.kind == kind], kind, rows_of(results), number)
        for kind, rows_of in history.ROWS.items()
    }
    counts = results.counts
    snapshot_id, size = write_snapshot(files, before, snapshot)
    saved = SavedSnapshot(
        snapshot_id,
        number,
        size,
        counts.latest_record_timestamp,
        counts.latest_bucket_timestamp,
        job_rows.counts_text(counts),
        job_rows.progress_text(read.values()),
        sizes=_sizes_text(before, snapshot),
    )
    listed = [*(other for other in before.snapshots if other.snapshot_id != saved.snapshot_id), saved]
    files.sync()
    with writer.database.write(writer.lock.connection) as connection:
        advance(connection, job_id, before.commits, number)
        _clear(connection, job_id, results)
        insert_results(connection, job_id, results)
        renormalise(connection, before.job, first_moved(results.quantiles))
        list_history(connection, job_id, changes)
        list_snapshot(connection, job_id, saved)
        expired = retention.expire(connection, before.job, counts.latest_bucket_timestamp, listed)
        job_rows.save_counts(connection, job_id, counts)
        job_rows.save_progress(connection, job_id, progress)
        if data_ms is not None:
            job_rows.save_data_time(connection, job_id, data_ms)
        for message in messages:
            documents.add_message(connection, job_id, message)
    with suppress(OSError):  # the commit stands; what is left over goes when the store is next opened
        files.remove([file.name for change in changes.values() for file in change.removed])
        files.remove([gone.file for gone in expired.snapshots])


def _sizes_text(before: Listing, snapshot: Snapshot) -> str | None:
    """What the job holds, as JSON; its peak is that of the whole life of the job."""
    if snapshot.sizes is None:
        return None
    peak = Sizes.of_text(before.snapshots[-1].sizes).peak if before.snapshots else 0
    return replace(snapshot.sizes, peak=max(peak, snapshot.sizes.peak)).text()


def write_snapshot(files: JobFiles, before: Listing, snapshot: Snapshot) -> tuple[str, int]:
    """Write a snapshot's file, unless it is listed already; returns its id and its size in bytes."""
    content = hashlib.sha256()

    def fill(path: Path) -> None:
        with path.open("wb") as file:
            snapshot.write(_Both(file, content))

    size = files.write(_NEW_SNAPSHOT, fill)
    name = content_name(content.hexdigest())
    if snapshot_file(name) in before.files:
        files.remove([_NEW_SNAPSHOT])
    else:
        files.rename(_NEW_SNAPSHOT, snapshot_file(name))
    return name, size


def advance(connection: sa.Connection, job_id: str, before: int, number: int) -> None:
    """Count the commit, the last before it being `before`.

    A second guard behind the lock: nobody may have committed or deleted since the files were named.

    Raises:
        Conflict: somebody has.
    """
    job = tables.JOB
    ours = job.update().where(job.c.job_id == job_id, job.c.commits == before).values(commits=number)
    if connection.execute(ours).rowcount != 1:
        raise Conflict(f"job {job_id!r} was changed by another process while this one wrote commit {number}: run it again")


def insert_results(connection: sa.Connection, job_id: str, results: Results) -> None:
    """Insert results of buckets that have none."""
    rows.insert(connection, tables.BUCKET, job_id, results.buckets)
    rows.insert(connection, tables.RECORD, job_id, results.records)
    rows.insert(connection, tables.BUCKET_SERIES, job_id, bucket_series.rows_of(results.records))
    rows.insert(connection, tables.RECORD_INFLUENCER, job_id, rows.influences(results.records))
    rows.insert(connection, tables.INFLUENCER, job_id, rows.ranked(results.influencers))
    rows.insert(connection, tables.BUCKET_INFLUENCER, job_id, rows.ranked(results.bucket_influencers))
    rows.insert(connection, tables.QUANTILES, job_id, rows.with_counts_as_text(results.quantiles))
    rows.insert(connection, tables.ANNOTATION, job_id, rows.ranked(results.annotations))
    forest_results.insert(connection, job_id, results.forest_results)


def _clear(connection: sa.Connection, job_id: str, results: Results) -> None:
    """Remove earlier results of the same buckets, and with them all interim ones, which know less than these.

    Interim results are of buckets behind the finished ones, so none is earlier than the first of these. A job that is fed
    without them has nothing there.
    """
    times = results.buckets["timestamp"].to_list()
    bucket = tables.BUCKET.c
    if not times:
        return
    later = sa.select(bucket.timestamp, bucket.is_interim).where(bucket.job_id == job_id, bucket.timestamp >= min(times))
    new = set(times)
    _delete_buckets(connection, job_id, [time for time, interim in connection.execute(later) if interim or time in new])


def forget_interim(connection: sa.Connection, job_id: str) -> None:
    """Remove all interim results: what they were estimated by is no more."""
    bucket = tables.BUCKET.c
    interim = sa.select(bucket.timestamp).where(bucket.job_id == job_id, bucket.is_interim.is_(True))
    _delete_buckets(connection, job_id, connection.execute(interim).scalars().all())


def _delete_buckets(connection: sa.Connection, job_id: str, times: Sequence[int]) -> None:
    """Remove all results of buckets."""
    for start in range(0, len(times), _AT_ONCE):
        for table in tables.BY_BUCKET:
            some = table.c.timestamp.in_(times[start : start + _AT_ONCE])
            connection.execute(table.delete().where(table.c.job_id == job_id, some))


def list_history(connection: sa.Connection, job_id: str, changes: Mapping[str, Change]) -> None:
    """List, by kind, the files that are new, and those that are gone no more."""
    table = tables.HISTORY_FILE
    for kind, change in changes.items():
        numbers = [file.number for file in change.removed]
        connection.execute(table.delete().where(table.c.job_id == job_id, table.c.kind == kind, table.c.number.in_(numbers)))
        for file in change.added:
            connection.execute(table.insert().values(job_id=job_id, **asdict(file)))


def list_snapshot(connection: sa.Connection, job_id: str, saved: SavedSnapshot) -> None:
    """List a snapshot; one of the same content is listed once."""
    table = tables.SNAPSHOT
    of = table.c.job_id == job_id, table.c.snapshot_id == saved.snapshot_id
    row = connection.execute(sa.select(table.c.description, table.c.retain).where(*of)).mappings().one_or_none()
    noted = dict(row) if row is not None else {}
    connection.execute(table.delete().where(*of))
    connection.execute(table.insert().values(job_id=job_id, **{**asdict(saved), **noted}))
