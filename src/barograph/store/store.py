"""`Store`: jobs, their results, history and snapshots in one database and one data directory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import sqlalchemy as sa

from barograph.config.errors import BadRequest, Conflict, NotFound, StorageFailure
from barograph.config.job import Job
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from barograph.store import forecasts, job_rows, lost, tables
from barograph.store.check import CheckedJob, Dropped, checked, unlist
from barograph.store.commit import Writer, commit, forget_interim
from barograph.store.database import Database
from barograph.store.differences import differences
from barograph.store.documents import Message
from barograph.store.errors import JobChanged, NoSuchJob
from barograph.store.expire import expire
from barograph.store.files import JobFiles
from barograph.store.forecasts import SavedForecast
from barograph.store.history import HistoryFile
from barograph.store.job_rows import InputProgress, JobState
from barograph.store.locks import Lock, acquire, try_acquire
from barograph.store.migrate import is_empty, migrate
from barograph.store.retention import Expired
from barograph.store.revert import Reverted, revert
from barograph.store.rewrite import Rewrite
from barograph.store.snapshots import SavedSnapshot
from barograph.store.unlocked import Unlocked

_LOCK_WAIT_S: Final = 1.0
_SERVER: Final = "_server"  # no job can have this id
_ALERTS: Final = "_alerts"  # nor this one
_FRESH: Final = {
    **dict.fromkeys(("replay_time", "history_from", "failure", "state_time", "data_time")),
    "state": JobState.CLOSED.value,
}
"""What the row of a job says that has read nothing, beside its configuration."""


class Store(Unlocked):
    """Jobs and all that belongs to them. Any number of processes may read; a job has one writer at a time.

    Files lie under `DATA_DIR/files/STORE_ID/JOB_ID`. They are visible through the database only, so what a process that was
    killed left behind is never seen, and is removed when the store is next opened.
    """

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._owner = database.name if database.is_postgresql else None
        found = lost.unlisted(data_dir / "files", self._owner, None)  # first: another process may be making them right now
        if found and is_empty(database):
            raise lost.StoreLost(database.name, found)
        super().__init__(database, data_dir / "files" / migrate(database))
        self._locks: dict[str, Lock] = {}
        self._remove_leftovers()

    @classmethod
    def open(cls, url: str | None, data_dir: Path, *, create: bool = True) -> Self:
        """Open a store, creating or upgrading its tables where needed.

        Args:
            url: `postgresql://...`, or None for SQLite in `data_dir/barograph.sqlite`.
            data_dir: where history and snapshots lie (and SQLite).
            create: make a SQLite store that is not there yet.

        Raises:
            NotFound: it is not there.
            StorageFailure: it cannot be reached, or its files are there and the database is gone or empty (`StoreLost`).
            OtherVersion: a newer version wrote it.
        """
        data_dir = data_dir.absolute()
        path = data_dir / "barograph.sqlite"
        if url is None and not path.exists():
            found = lost.unlisted(data_dir / "files", None, None)
            if found:
                raise lost.StoreLost(str(path), found)
        if url is None and not create and not path.exists():
            raise NotFound(f"data_dir={str(data_dir)!r}: wanted a directory with a store; nothing has been run there yet")
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageFailure(f"data_dir={str(data_dir)!r}: wanted a directory to write to ({error.strerror})") from error
        return cls(Database.sqlite(path) if url is None else Database.postgresql(url), data_dir)

    def close(self) -> None:
        """Give back all locks and connections."""
        for job_id in list(self._locks):
            self._locks.pop(job_id).release()
        self._database.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # jobs

    def create_job(self, job: Job, now_ms: int) -> bool:
        """Create a job, or agree to go on with the one that is there; returns whether it is new.

        Settings that models do not depend on are taken over from `job`; all are while it has learned nothing.

        Raises:
            JobChanged: a job of this id has learned under other settings.
        """
        table = tables.JOB
        with self._database.write() as connection:
            if self._database.is_postgresql:  # two processes may create one job at once; SQLite has one writer anyway
                connection.execute(sa.text("LOCK TABLE job IN SHARE ROW EXCLUSIVE MODE"))
            config = connection.execute(sa.select(table.c.config).where(table.c.job_id == job.job_id)).scalar()
            if config is None:
                new = table.insert().values(job_id=job.job_id, config=job.model_dump_json(), create_time=now_ms, commits=0)
                connection.execute(new)
                return True
            learned = sa.select(tables.SNAPSHOT.c.number).where(tables.SNAPSHOT.c.job_id == job.job_id).limit(1)
            if connection.execute(learned).first() is not None:
                _refuse_other_analysis(Job.model_validate_json(config), job)
            connection.execute(table.update().where(table.c.job_id == job.job_id).values(config=job.model_dump_json()))
        self._settings_changed()
        return False

    def delete_job(self, job_id: str) -> None:
        """Remove a job with all that it has read, learned and found.

        Raises:
            NoSuchJob: there is none of this id.
            JobBusy: it is being run.
        """
        self._forget(job_id, (*tables.BY_JOB, tables.JOB_MESSAGE, tables.JOB))

    def reset_job(self, job_id: str) -> None:
        """Remove all that a job has read, learned and found; its configuration stays. Raises as `delete_job`."""
        self._forget(job_id, tables.BY_JOB)

    def empty_job(self, job_id: str, *, delete_results: bool) -> None:
        """Remove all that a job has read and learned, as if no row had come. Raises as `delete_job`.

        Its forecasts stay, and its results, too, until rows of their buckets come again, unless they are to be deleted.
        """
        kept = (tables.FORECAST,) if delete_results else (tables.FORECAST, *tables.FOUND)
        self._forget(job_id, [table for table in tables.BY_JOB if table not in kept])

    def _forget(self, job_id: str, of: Sequence[sa.Table]) -> None:
        with self.lock(job_id) as lock:
            self.job(job_id)
            with self._database.write(lock.connection) as connection:
                forget_interim(connection, job_id)
                for table in (*of, tables.ALERT_JUDGED):
                    connection.execute(table.delete().where(table.c.job_id == job_id))
                job = tables.JOB
                # The number goes on: whoever shows the results knows by it that they are others now.
                fresh = {**_FRESH, "commits": job.c.commits + 1}
                connection.execute(job.update().where(job.c.job_id == job_id).values(**fresh))
            self._clean(job_id)

    # writing

    @contextmanager
    def lock(self, job_id: str, wait_s: float = _LOCK_WAIT_S) -> Iterator[Lock]:
        """Be the one writer of a job; `commit` inside uses this lock. Not to be nested.

        Raises:
            JobBusy: somebody else is.
            NoSuchJob: no job can have this id.
        """
        lock = acquire(self._database, self._lock_path(job_id), job_id, wait_s)
        lost.mark(self._files, self._owner)
        self._locks[job_id] = lock
        try:
            yield lock
        finally:
            if self._locks.pop(job_id, None) is lock:
                lock.release()

    @property
    def name(self) -> str:
        """The database as messages call it, without a password."""
        return self._database.name

    @contextmanager
    def lock_alerts(self) -> Iterator[bool]:
        """Be the one that judges results by the rules of alerts; False when another process is."""
        lock = try_acquire(self._database, self._files / f"{_ALERTS}.lock", _ALERTS)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.release()

    def lock_server(self) -> None:
        """Be the one server of this store until it is closed.

        Raises:
            Conflict: another server is.
        """
        lock = try_acquire(self._database, self._files / f"{_SERVER}.lock", _SERVER)
        if lock is None:
            raise Conflict(f"store={self._database.name!r}: wanted one that no other server runs on; stop that one first")
        self._locks[_SERVER] = lock

    def set_state(self, job_id: str, state: JobState, now_ms: int, failure: str | None = None) -> None:
        """Note where a job is in its life since when, and why it failed if it did. Needs the job's lock.

        Raises:
            StorageFailure: the database failed.
        """
        with self._database.write(self._locks[job_id].connection) as connection:
            job_rows.save_state(connection, job_id, state, failure, now_ms)

    def commit(
        self,
        job_id: str,
        results: Results,
        snapshot: Snapshot,
        progress: Sequence[InputProgress],
        messages: Sequence[Message] = (),
        data_ms: int | None = None,
    ) -> None:
        """Make results, snapshot, counts (`results.counts`), progress and messages durable, and visible all at once.

        Takes the job's lock for the call unless `lock` holds it already. History and snapshot files are written before the one
        transaction that lists them; when it returns, the commit survives anything. `data_ms` is when the newest rows came,
        by the wall clock; None where none did.

        Raises:
            NoSuchJob: there is none of this id.
            JobBusy: another process is running it.
            StorageFailure: the database or the disk failed; nothing of the commit is visible.
        """
        if job_id not in self._locks:
            with self.lock(job_id):
                return self.commit(job_id, results, snapshot, progress, messages, data_ms)
        with self._writing(job_id) as writer:
            commit(writer, results, snapshot, progress, messages, data_ms)

    @contextmanager
    def rewriting(self, job_id: str) -> Iterator[Rewrite]:
        """Make a job's results, bucket values and snapshots anew; its `commit` makes them visible. Needs the job's lock.

        Raises:
            StorageFailure: the database or the disk failed; nothing of it is visible.
        """
        with self._writing(job_id) as writer:
            yield Rewrite(writer, self._listing(job_id))

    def revert(self, job_id: str, snapshot_id: str, *, delete_later_results: bool = False) -> Reverted:
        """Take a job back to one of its snapshots, as if the rows that came after it had not been read.

        Later results stay until rows of their buckets come again, unless they are to be deleted. Later snapshots and bucket
        values go.

        Raises:
            NoSuchJob: there is none of this id.
            JobBusy: it is being run.
            NotFound: there is no such snapshot.
            OtherVersion: an old version wrote it.
        """
        with self.lock(job_id), self._writing(job_id) as writer:
            return revert(writer, self._listing(job_id), snapshot_id, delete_later_results=delete_later_results)

    def expire(self, job_id: str) -> Expired:
        """Remove what a job's settings no longer ask to be kept: results and snapshots, as its commits do, and history.

        Raises:
            NoSuchJob: there is none of this id.
            JobBusy: it is being run.
            StorageFailure: the database or the disk failed; all is there as it was.
        """
        with self.lock(job_id), self._writing(job_id) as writer:
            return expire(writer, self._listing(job_id))

    # what is damaged

    def check_job(self, job_id: str) -> CheckedJob:
        """Read all that a job lists, and say what of it cannot be used."""
        return checked(self._job_files(job_id), self._listing(job_id), self.forecasts(job_id))

    def database_problems(self) -> tuple[str, ...]:
        """What the database finds wrong with itself; empty when nothing is."""
        return self._database.problems()

    def unlisted(self) -> list[lost.LostStore]:
        """The directories beside this store's that this database should list and does not."""
        return lost.unlisted(self._files.parent, self._owner, self._files.name)

    def drop_unusable(self, job: CheckedJob) -> Dropped:
        """Give up what a check has found to be unusable, so that the job goes on with the rest.

        Without a whole newest snapshot it goes back to the last one that is whole, and the rows behind that are to be read
        again; without any it is reset. Buckets whose values are given up, and all before them, are not replayed any more.

        Raises:
            NoSuchJob: there is none of this id.
            JobBusy: it is being run.
            StorageFailure: the database or the disk failed.
        """
        job_id, gone = job.job_id, [one.file for one in job.unusable]
        with self.lock(job_id), self._writing(job_id) as writer:
            history_from = unlist(writer, self._listing(job_id), [file for file in gone if isinstance(file, HistoryFile)])
        for forecast in gone:
            if isinstance(forecast, SavedForecast):
                self.delete_forecast(job_id, forecast.forecast_id)
        whole = [snapshot for snapshot in self.snapshots(job_id) if snapshot not in gone]
        back = None
        if not job.resumable and whole:
            back = self.revert(job_id, whole[-1].snapshot_id).snapshot
        elif not job.resumable:
            self.reset_job(job_id)
        else:
            self._unlist_snapshots(job_id, [file for file in gone if isinstance(file, SavedSnapshot)])
        return Dropped(job_id, len(gone), history_from, back, not job.resumable and not whole)

    def _unlist_snapshots(self, job_id: str, gone: Sequence[SavedSnapshot]) -> None:
        table, ids = tables.SNAPSHOT, [snapshot.snapshot_id for snapshot in gone]
        with self.lock(job_id) as lock:
            with self._database.write(lock.connection) as connection:
                connection.execute(table.delete().where(table.c.job_id == job_id, table.c.snapshot_id.in_(ids)))
            self._clean(job_id)

    def delete_snapshot(self, job_id: str, snapshot_id: str) -> None:
        """Remove a snapshot that is not the newest.

        Raises:
            NoSuchJob: there is none of this id.
            JobBusy: it is being run by another process.
            NotFound: there is no such snapshot.
            BadRequest: it is the newest, from which the job goes on.
        """
        if job_id not in self._locks:
            with self.lock(job_id):
                return self.delete_snapshot(job_id, snapshot_id)
        by_id = {saved.snapshot_id: saved for saved in self._listing(job_id).snapshots}
        if snapshot_id not in by_id:
            raise NotFound(f"snapshot_id={snapshot_id!r}: wanted one of {', '.join(by_id) or 'none: the job has none'}")
        if snapshot_id == next(reversed(by_id)):
            raise BadRequest(f"snapshot_id={snapshot_id!r}: wanted one that the job does not go on from; revert it first")
        table = tables.SNAPSHOT
        with self._writing(job_id) as writer, self._database.write(writer.lock.connection) as connection:
            connection.execute(table.delete().where(table.c.job_id == job_id, table.c.snapshot_id == snapshot_id))
        self._clean(job_id)

    @contextmanager
    def _writing(self, job_id: str) -> Iterator[Writer]:
        """Writing to a job whose lock is held: what fails leaves no files behind."""
        writer = Writer(self._database, self._job_files(job_id), self._locks[job_id], job_id)
        try:
            yield writer
        except BaseException as error:
            # The listing, not our place in the code, says whether the transaction was over: a signal can come just after it.
            with suppress(StorageFailure, OSError):
                self._clean(job_id)
            if isinstance(error, OSError):
                raise StorageFailure(
                    f"{str(writer.files.path)!r}: wanted to write a file there ({error}); what was committed before is kept"
                ) from error
            raise

    # files and locks

    def _lock_path(self, job_id: str) -> Path:
        if Path(job_id).name != job_id:  # no job has such an id, and the file would lie elsewhere
            raise NoSuchJob(job_id, ())
        return self._files / f"{job_id}.lock"

    def _clean(self, job_id: str) -> None:
        """Remove the files of a job that are not listed. Needs the job's lock."""
        files = self._job_files(job_id)
        files.remove(files.present() - self._listed(job_id))

    def _listed(self, job_id: str) -> set[str]:
        with self._database.read() as connection:
            names = connection.execute(sa.select(tables.HISTORY_FILE.c.name).where(tables.HISTORY_FILE.c.job_id == job_id))
            table = tables.SNAPSHOT
            snapshots = connection.execute(sa.select(table).where(table.c.job_id == job_id)).mappings()
            forecast_files = [name for forecast in forecasts.listed(connection, job_id) for name in forecast.files]
            return {*names.scalars(), *(f"snapshot-{snapshot['snapshot_id']}.npz" for snapshot in snapshots), *forecast_files}

    def _remove_leftovers(self) -> None:
        """Remove what killed processes have left behind. Files of a job that is being run may be in the making: they stay."""
        may_write = self._files.is_dir() and os.access(self._files, os.W_OK)
        for directory in self._files.iterdir() if may_write else ():
            if not directory.is_dir() or JobFiles(directory).present() <= self._listed(directory.name):
                continue
            lock = try_acquire(self._database, self._lock_path(directory.name), directory.name)
            if lock is not None:
                try:
                    self._clean(directory.name)
                finally:
                    lock.release()


def _refuse_other_analysis(old: Job, new: Job) -> None:
    changed = differences(old, new)
    if changed:
        raise JobChanged(new.job_id, changed)
