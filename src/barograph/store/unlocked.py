"""What is written without the lock of a job, also while it is being run: documents, messages, forecasts, notes."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from barograph.config.errors import NotFound
from barograph.store import documents, forecasts, job_rows, tables
from barograph.store.database import Database
from barograph.store.documents import Message
from barograph.store.forecasts import SavedForecast
from barograph.store.reader import Reader


class Unlocked(Reader):
    """The part of a store that any process may write to at any time.

    Attributes:
        settings_version: changes whenever settings of a job, or a document that belongs to no job, are changed through it.
    """

    def __init__(self, database: Database, files: Path) -> None:
        super().__init__(database, files)
        self._settings_changes = itertools.count(1)
        self.settings_version = 0

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction for the functions of a module of this room that belong to no job, such as `alerts`."""
        with self._database.write() as connection:
            yield connection

    # documents of whoever stands above, and what happened to jobs

    def put_document(self, kind: str, name: str, body: str) -> None:
        """Keep a document, instead of one of its kind and name that is there."""
        self.put_documents(kind, {name: body})

    def put_documents(self, kind: str, bodies: Mapping[str, str]) -> None:
        """Keep several documents of a kind by name, all or none, instead of those that are there."""
        with self._database.write() as connection:
            for name, body in bodies.items():
                documents.put(connection, kind, name, body)
        self._settings_changed()

    def change_documents(
        self, kind: str, names: Sequence[str], change: Callable[[dict[str, str]], Mapping[str, str | None]]
    ) -> None:
        """Change documents of a kind by what is there; of others who do so, in whatever process, nobody comes in between.

        Args:
            kind: the kind.
            names: those that `change` looks at.
            change: given those of them that are there, by name, returns what is to be kept, and None for what is to go.
        """
        with self.changing_documents(kind) as connection:
            documents.change(connection, kind, names, change)

    @contextmanager
    def changing_documents(self, kind: str) -> Iterator[sa.Connection]:
        """One transaction in which nobody else, in whatever process, changes documents of a kind by what is there."""
        with self._database.write() as connection:
            documents.change_alone(connection, kind)
            yield connection
        self._settings_changed()

    def delete_documents(self, kind: str, names: Sequence[str]) -> int:
        """Remove documents; returns how many were there."""
        with self._database.write() as connection:
            found = documents.delete(connection, kind, names)
        self._settings_changed()
        return found

    def _settings_changed(self) -> None:
        self.settings_version = next(self._settings_changes)

    def add_message(self, job_id: str, message: Message) -> None:
        """Note something that happened to a job.

        Raises:
            NoSuchJob: there is none of this id.
        """
        with self._database.write() as connection:
            job_rows.job_row(connection, job_id)
            documents.add_message(connection, job_id, message)

    # forecasts, and what is noted of snapshots

    def add_forecast(self, job_id: str, saved: SavedForecast, rows: pl.DataFrame) -> SavedForecast:
        """Keep a forecast, also while the job is being run; `rows` has the columns of `schema.FORECASTS`.

        Raises:
            NoSuchJob: there is none of this id.
            StorageFailure: the database or the disk failed; nothing of it is kept.
        """
        return forecasts.add(self._database, self._job_files(job_id), job_id, saved, rows)

    def delete_forecast(self, job_id: str, forecast_id: str) -> None:
        """Remove a forecast.

        Raises:
            NoSuchJob: there is no such job.
            NotFound: it has no such forecast.
        """
        gone = self._saved_forecast(job_id, forecast_id)
        forecasts.remove(self._database, self._job_files(job_id), job_id, [gone])

    def expire_forecasts(self, job_id: str, now_ms: int) -> int:
        """Remove the forecasts whose time is over on the wall clock; returns how many. Raises as `delete_forecast`."""
        with self._database.read() as connection:
            job_rows.job_row(connection, job_id)
            gone = forecasts.expired(forecasts.listed(connection, job_id), now_ms)
        if gone:
            forecasts.remove(self._database, self._job_files(job_id), job_id, gone)
        return len(gone)

    def note_snapshot(self, job_id: str, snapshot_id: str, description: str | None, retain: bool | None) -> None:
        """Change what is noted of a snapshot: None leaves it as it is.

        Raises:
            NoSuchJob: there is none of this id.
            NotFound: there is no such snapshot.
        """
        values = {"description": description, "retain": retain}
        changed = {name: value for name, value in values.items() if value is not None}
        table = tables.SNAPSHOT
        with self._database.write() as connection:
            job_rows.job_row(connection, job_id)
            of = table.c.job_id == job_id, table.c.snapshot_id == snapshot_id
            if connection.execute(sa.select(table.c.number).where(*of)).first() is None:
                raise NotFound(f"snapshot_id={snapshot_id!r}: wanted the id of one of the job's snapshots")
            if changed:
                connection.execute(table.update().where(*of).values(**changed))
