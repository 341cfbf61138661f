"""A job's results, bucket values and snapshots made anew: put together in the background, then visible all at once."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Final

import polars as pl
import sqlalchemy as sa

from barograph.engine.exclusions import Exclusion
from barograph.results import schema
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from barograph.store import history, job_rows, tables
from barograph.store.commit import Writer, advance, forget_interim, insert_results, list_history, write_snapshot
from barograph.store.history import Change, HistoryFile, Span
from barograph.store.job_rows import Listing
from barograph.store.scored_rows import renormalise
from barograph.store.snapshots import SavedSnapshot

FILE_ROWS: Final = 1_000_000
"""Rows of bucket values in a file, at least, where there are so many; they wait in memory at about 100 bytes each."""

_VALUES: Final = "bucket_values"
_NEVER: Final = -(2**62)  # before every bucket, by more than any window


class Rewrite:
    """What will take the place of a job's results, bucket values and snapshots.

    Files are written as it goes on, and listed by `commit` only. Influencer shares, counts and progress stay: they come from
    rows, and nothing but rows changes them.
    """

    def __init__(self, writer: Writer, before: Listing) -> None:
        self._writer = writer
        self._before = before
        self._start = _NEVER
        self._spans: list[tuple[int, int]] = []
        self._results: list[Results] = []
        self._values: list[pl.DataFrame] = []
        self._files: list[HistoryFile] = []
        self._snapshots: list[SavedSnapshot] = []
        self._old = [file for file in before.history if file.kind == _VALUES]

    def since(self, start_ms: int) -> None:
        """Leave everything before this bucket as it is; without this call, all of the job is made anew."""
        later = [file for file in self._old if file.last_timestamp >= start_ms]
        self._start, self._old = start_ms, later
        self._snapshots = [snapshot for snapshot in self._before.snapshots if _seen(snapshot) < start_ms]
        self.keep(history.read(self._writer.files, later, _VALUES, Span(end_ms=start_ms)))

    def clear(self, start_ms: int, end_ms: int) -> None:
        """The results of the buckets [start_ms, end_ms) are to go; those given to `add` take their place."""
        self._spans.append((start_ms, end_ms))

    def add(self, results: Results) -> None:
        """New results of the buckets that follow, all but the history."""
        none = Results()
        self._results.append(replace(results, coded_values=none.coded_values, influencer_shares=none.influencer_shares))

    def add_quantiles(self, quantiles: pl.DataFrame) -> None:
        """What scores are normalised by in buckets whose own results are not made anew."""
        self._results.append(Results(quantiles=quantiles))

    def keep(self, values: pl.DataFrame) -> None:
        """The bucket values of the buckets that follow."""
        self._values.append(schema.coded(values))
        if sum(values.height for values in self._values) >= FILE_ROWS:
            self._write_values()

    def snapshot(self, old: SavedSnapshot, new: Snapshot) -> None:
        """Put a snapshot in the place of one that is listed."""
        snapshot_id, size = write_snapshot(self._writer.files, self._before, new)
        self._snapshots.append(replace(old, snapshot_id=snapshot_id, bytes=size))

    def commit(self, replay_time: int, forgotten: Sequence[Exclusion]) -> None:
        """Make all of it visible, in one transaction.

        Args:
            replay_time: wall-clock time, epoch ms.
            forgotten: all that the models have not seen.
        """
        self._write_values()
        writer, job_id = self._writer, self._writer.job_id
        old = tuple(self._old)
        writer.files.sync()
        with writer.database.write(writer.lock.connection) as connection:
            advance(connection, job_id, self._before.commits, self._before.commits + max(1, len(self._files)))
            forget_interim(connection, job_id)
            for start_ms, end_ms in self._spans:
                _delete(connection, job_id, start_ms, end_ms)
            quantiles = tables.QUANTILES
            connection.execute(quantiles.delete().where(quantiles.c.job_id == job_id, quantiles.c.timestamp >= self._start))
            insert_results(connection, job_id, Results.concat(self._results))
            list_history(connection, job_id, {_VALUES: Change(tuple(self._files), old)})
            self._list_snapshots(connection)
            job_rows.save_forgotten(connection, job_id, forgotten)
            renormalise(connection, self._before.job, self._start)
            job = tables.JOB
            connection.execute(job.update().where(job.c.job_id == job_id).values(replay_time=replay_time))
        with suppress(OSError):  # the commit stands; what is left over goes when the store is next opened
            writer.files.remove({file.name for file in old} - {file.name for file in self._files})
            writer.files.remove(
                {snapshot.file for snapshot in self._before.snapshots} - {snapshot.file for snapshot in self._snapshots}
            )

    def _write_values(self) -> None:
        values, self._values = pl.concat(self._values) if self._values else pl.DataFrame(), []
        if values.height:
            number = self._before.commits + 1 + len(self._files)
            (file,) = history.add(self._writer.files, (), _VALUES, values, number).added
            self._files.append(file)

    def _list_snapshots(self, connection: sa.Connection) -> None:
        table = tables.SNAPSHOT
        connection.execute(table.delete().where(table.c.job_id == self._writer.job_id))
        for snapshot in self._snapshots:
            connection.execute(table.insert().values(job_id=self._writer.job_id, **asdict(snapshot)))


def _seen(snapshot: SavedSnapshot) -> int:
    """Start of the newest bucket that a snapshot has finished, epoch ms; before all others when there is none."""
    return _NEVER if snapshot.latest_bucket_timestamp is None else snapshot.latest_bucket_timestamp


def _delete(connection: sa.Connection, job_id: str, start_ms: int, end_ms: int) -> None:
    for table in tables.BY_BUCKET:
        inside = (table.c.timestamp >= start_ms, table.c.timestamp < end_ms)
        connection.execute(table.delete().where(table.c.job_id == job_id, *inside))
