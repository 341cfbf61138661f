"""Taking a job back to a snapshot: as if the rows that came after it had not been read."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import polars as pl
import sqlalchemy as sa

from barograph.config.errors import NotFound, OtherVersion
from barograph.store import history, job_rows, tables
from barograph.store.alert_standings import judge_again
from barograph.store.commit import Writer, advance, forget_interim, list_history
from barograph.store.history import Change, HistoryFile
from barograph.store.job_rows import Listing
from barograph.store.scored_rows import renormalise
from barograph.store.snapshots import SavedSnapshot


@dataclass(frozen=True)
class Reverted:
    """What a revert did.

    Attributes:
        snapshot: where the job is now.
        snapshots: the later ones, which are gone.
        results: rows of all result tables that were removed; 0 when later results were to stay.
    """

    snapshot: SavedSnapshot
    snapshots: tuple[SavedSnapshot, ...]
    results: int


def revert(writer: Writer, before: Listing, snapshot_id: str, *, delete_later_results: bool) -> Reverted:
    """Go back, in one transaction: models, counts, progress of inputs, history, what is forgotten; results too when asked.

    Raises:
        NotFound: there is no such snapshot.
        OtherVersion: an old version wrote it, and not what had been read.
    """
    saved, counts, progress = _restorable(before, snapshot_id)
    until = 0 if saved.latest_bucket_timestamp is None else saved.latest_bucket_timestamp + before.job.bucket_span_ms
    number, job_id = before.commits + 1, writer.job_id
    files_of = {kind: [file for file in before.history if file.kind == kind] for kind in history.KINDS}
    changes = {kind: _cut(writer, files, until, number) for kind, files in files_of.items()}
    later = tuple(snapshot for snapshot in before.snapshots if snapshot.number > saved.number)
    removed = 0
    writer.files.sync()
    with writer.database.write(writer.lock.connection) as connection:
        advance(connection, job_id, before.commits, number)
        list_history(connection, job_id, changes)
        snapshot = tables.SNAPSHOT
        connection.execute(snapshot.delete().where(snapshot.c.job_id == job_id, snapshot.c.number > saved.number))
        job_rows.save_counts(connection, job_id, job_rows.counts_from(counts))
        read = tables.INPUT_PROGRESS
        connection.execute(read.delete().where(read.c.job_id == job_id))
        job_rows.save_progress(connection, job_id, job_rows.progress_from(progress))
        # What is forgotten beyond is about rows that are gone: those that come in their place are to be learned.
        spans = job_rows.forgotten(connection, job_id)
        remaining = [replace(span, end_ms=min(span.end_ms, until)) for span in spans if span.start_ms < until]
        job_rows.save_forgotten(connection, job_id, remaining)
        forget_interim(connection, job_id)
        judge_again(connection, job_id, until)
        if delete_later_results:
            removed = _delete_results(connection, job_id, until)
        # Nor have the later rows moved any score of before.
        quantiles = tables.QUANTILES
        connection.execute(quantiles.delete().where(quantiles.c.job_id == job_id, quantiles.c.timestamp >= until))
        renormalise(connection, before.job, until)
    with suppress(OSError):  # the commit stands; what is left over goes when the store is next opened
        writer.files.remove([file.name for change in changes.values() for file in change.removed])
        writer.files.remove({snapshot.file for snapshot in later} - {saved.file})
    return Reverted(saved, later, removed)


def _restorable(before: Listing, snapshot_id: str) -> tuple[SavedSnapshot, str, str]:
    for snapshot in before.snapshots:
        if snapshot.snapshot_id == snapshot_id:
            if snapshot.counts is None or snapshot.progress is None:
                raise OtherVersion(f"snapshot_id={snapshot_id!r}: wanted one that says what had been read; this is an old one")
            return snapshot, snapshot.counts, snapshot.progress
    known = ", ".join(snapshot.snapshot_id for snapshot in before.snapshots) or "it has none"
    raise NotFound(f"snapshot_id={snapshot_id!r}: wanted a snapshot of job {before.job.job_id!r} ({known})")


def _cut(writer: Writer, files: Sequence[HistoryFile], until: int, number: int) -> Change:
    """Keep what is before `until`; merging has brought rows from both sides into one file where there is one."""
    gone = tuple(file for file in files if file.last_timestamp >= until)
    parts = [history.coded(file.kind, pl.read_parquet(writer.files.whole(file.name, file.sha256))) for file in gone]
    rest = pl.concat(parts).filter(pl.col("timestamp") < until) if parts else pl.DataFrame()
    if rest.is_empty():
        return Change((), gone)
    return Change(history.add(writer.files, (), gone[0].kind, rest, number).added, gone)


def _delete_results(connection: sa.Connection, job_id: str, start_ms: int) -> int:
    removed = 0
    for table in tables.BY_BUCKET:
        later = table.delete().where(table.c.job_id == job_id, table.c.timestamp >= start_ms)
        gone = connection.execute(later).rowcount
        removed += gone if table in tables.RESULTS else 0
    return removed
