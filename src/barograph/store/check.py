"""Whether all that a store lists is there and whole, and giving up what is not."""

from collections.abc import Sequence
from dataclasses import dataclass

from barograph.config.errors import StorageFailure
from barograph.store import history, tables
from barograph.store.commit import Writer, advance, list_history
from barograph.store.files import JobFiles
from barograph.store.forecasts import SavedForecast
from barograph.store.history import Change, HistoryFile
from barograph.store.job_rows import Listing
from barograph.store.lost import LostStore
from barograph.store.snapshots import SavedSnapshot, load

Listed = HistoryFile | SavedSnapshot | SavedForecast


@dataclass(frozen=True)
class Unusable:
    """A listed file that cannot be used, and why: it is gone or damaged."""

    file: Listed
    reason: str

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.file.name if isinstance(self.file, HistoryFile) else self.file.file

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and the last bucket of a history file, epoch ms; None for another."""
        return (self.file.first_timestamp, self.file.last_timestamp) if isinstance(self.file, HistoryFile) else None


@dataclass(frozen=True)
class CheckedJob:
    """What a job lists, and what of it cannot be used.

    Attributes:
        job_id: the job.
        files: how many files it lists.
        bytes: their size as it is listed.
        unchecked: how many of these an old version wrote, without a checksum: only that they are there can be said.
        unusable: those that are gone or damaged.
        resumable: whether the newest snapshot, from which the job goes on, is whole; true without one.
    """

    job_id: str
    files: int
    bytes: int
    unchecked: int
    unusable: tuple[Unusable, ...]
    resumable: bool


@dataclass(frozen=True)
class CheckedStore:
    """What there is in a store.

    Attributes:
        jobs: the jobs that the database lists.
        lost: files of jobs that it does not list and should.
        database: what the database itself says is wrong with it; empty when nothing is.
    """

    jobs: tuple[CheckedJob, ...]
    lost: tuple[LostStore, ...]
    database: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether there is nothing wrong."""
        return not (self.lost or self.database or any(job.unusable for job in self.jobs))


@dataclass(frozen=True)
class Dropped:
    """What was given up of a job.

    Attributes:
        job_id: the job.
        files: how many files.
        history_from: the first bucket, epoch ms, of which all values are kept now; None when none was given up.
        reverted_to: the snapshot that the job was taken back to; None when its newest one was whole.
        reset: it had no whole snapshot left, and begins anew.
    """

    job_id: str
    files: int
    history_from: int | None
    reverted_to: SavedSnapshot | None
    reset: bool


def checked(files: JobFiles, listed: Listing, kept: Sequence[SavedForecast]) -> CheckedJob:
    """Read all files of a job; `kept` are its forecasts."""
    every: tuple[Listed, ...] = (*listed.history, *listed.snapshots, *kept)
    unusable = [Unusable(file, reason) for file in every if (reason := _reason(files, file)) is not None]
    newest = listed.snapshots[-1] if listed.snapshots else None
    return CheckedJob(
        listed.job.job_id,
        len(every),
        sum(file.bytes or 0 for file in every),
        sum(not isinstance(file, SavedSnapshot) and file.sha256 is None for file in every),
        tuple(unusable),
        all(one.file is not newest for one in unusable),
    )


def unlist(writer: Writer, listed: Listing, gone: Sequence[HistoryFile]) -> int | None:
    """List history files no more; returns the first bucket, epoch ms, of which all values are kept then, None for all."""
    if not gone:
        return listed.history_from
    job_id, history_from = writer.job_id, max(file.last_timestamp for file in gone) + listed.job.bucket_span_ms
    history_from = max(history_from, listed.history_from or history_from)
    changes = {kind: Change((), tuple(file for file in gone if file.kind == kind)) for kind in history.KINDS}
    with writer.database.write(writer.lock.connection) as connection:
        advance(connection, job_id, listed.commits, listed.commits)
        list_history(connection, job_id, changes)
        job = tables.JOB
        connection.execute(job.update().where(job.c.job_id == job_id).values(history_from=history_from))
    writer.files.remove([file.name for file in gone])
    return history_from


def _reason(files: JobFiles, file: Listed) -> str | None:
    try:
        if isinstance(file, SavedSnapshot):
            load(files, file)
        else:
            files.whole(file.name if isinstance(file, HistoryFile) else file.file, file.sha256)
    except FileNotFoundError:
        return "gone"
    except StorageFailure:
        return "damaged"
    return None
