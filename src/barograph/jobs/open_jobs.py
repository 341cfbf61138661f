"""Opening a job and closing it: who holds it, and what the store says of its state."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace

from barograph.config.errors import BarographError, Conflict, InputError, OtherModels
from barograph.config.job import Job
from barograph.engine import Engine
from barograph.engine.replay import Replay
from barograph.jobs.commit_timer import Clock
from barograph.jobs.knowledge.knowledge import knowledge_of
from barograph.jobs.newest import resume_point
from barograph.jobs.replay import replay_held
from barograph.jobs.session import Build, Session
from barograph.sources.chunk import Chunk
from barograph.store.job_rows import JobState, ResumePoint
from barograph.store.store import Store

Tell = Callable[[str], None]
"""Takes a sentence for whoever opens the job."""


@dataclass(frozen=True)
class Means:
    """What a job is opened with: see `opened`."""

    build: Build
    clock: Clock
    now: Clock
    tell: Tell = lambda _: None


@contextmanager
def opened(
    store: Store,
    job: Job,
    *,
    build: Build = Engine.build,
    clock: Clock = time.monotonic,
    now: Clock = time.time,
    tell: Tell = lambda _: None,
) -> Iterator[Session]:
    """Create a job or go on with it, and hold it open: its one writer until the end, which commits what is left.

    The store says in what state the job is. An error inside the block leaves the job `failed`, with the reason, at its last
    commit; a session that goes on from there has the results of an undisturbed one.

    Args:
        store: where the job lives.
        job: its configuration; a job of this id that exists must have the same analysis settings.
        build: makes the engine, or brings it back from a snapshot.
        clock: seconds on a clock that only goes forward.
        now: epoch seconds, wall clock.
        tell: told before a job's history is replayed because another version has learned its models.

    Raises:
        JobBusy: somebody else has it open.
        JobChanged: the job exists with other analysis settings.
        ConfigError: the engine cannot run this job.
        StorageFailure: the database or the disk failed.
    """
    with store.lock(job.job_id):
        build(
            job, None, knowledge_of(store, job), store.scratch(job.job_id)
        )  # before the job is created: what cannot run should not be listed
        store.create_job(job, now_ms=int(now() * 1000))
        with _session(store, job.job_id, Means(build, clock, now, tell)) as session:
            yield session


@contextmanager
def reopened(store: Store, job_id: str, means: Means) -> Iterator[Session]:
    """A job that is there, held open as by `opened`. One that is deleted meanwhile does not come back.

    Raises:
        NoSuchJob: it is not there (any more).
        JobBusy: as `opened`; so the others, but for `JobChanged`.
    """
    store.job(job_id)  # what is not there has no lock, either
    with store.lock(job_id), _session(store, job_id, means) as session:
        yield session


@contextmanager
def _session(store: Store, job_id: str, means: Means) -> Iterator[Session]:
    """The session of a job whose lock is held, from its opening to its last commit."""
    job = store.job(job_id)
    with _states(store, job_id, means.now):
        saved, knowledge, disk = resume_point(store, job), knowledge_of(store, job), store.scratch(job_id)
        try:
            engine = means.build(job, None if saved is None else saved.snapshot, knowledge, disk)
        except OtherModels:
            saved = _made_anew(store, job, means)
            engine = means.build(job, saved.snapshot, knowledge, disk)
        session = Session(store, job, engine, knowledge, saved, means.clock, means.now)
        store.set_state(job_id, JobState.OPENED, _ms(means.now))
        yield session
        store.set_state(job_id, JobState.CLOSING, _ms(means.now))
        session.commit()


def _made_anew(store: Store, job: Job, means: Means) -> ResumePoint:
    """Where a job goes on whose models another version has learned: after a replay of its history by this one."""
    saved = resume_point(store, job)
    assert saved is not None, "only a snapshot can be of another version"
    if saved.counts.latest_bucket_timestamp is None:  # its models have learned nothing
        unlearned = Replay.build(job, saved.snapshot, knowledge=knowledge_of(store, job))
        return replace(saved, snapshot=unlearned.snapshot(saved.snapshot))
    means.tell(
        f"job {job.job_id!r}: another version of Barograph has learned its models; "
        "models and results are made anew from its history first, and scores change"
    )
    replay_held(store, job.job_id, clock=means.clock, now=means.now)
    made = resume_point(store, job)
    assert made is not None, "a replay leaves a snapshot"
    return made


class _Suspended(BaseException):
    """Ends a session whose job stays open in the store, for the next process to open again."""


@contextmanager
def _states(store: Store, job_id: str, now: Clock) -> Iterator[None]:
    """Note in the store that a job is being opened, and how it ended."""
    store.set_state(job_id, JobState.OPENING, _ms(now))
    try:
        yield
    except Exception as error:
        with suppress(BarographError):  # the storage may be what failed
            store.set_state(job_id, JobState.FAILED, _ms(now), str(error) or type(error).__name__)
        raise
    except _Suspended:
        raise
    except BaseException:
        with suppress(BarographError):
            store.set_state(job_id, JobState.CLOSED, _ms(now))
        raise
    store.set_state(job_id, JobState.CLOSED, _ms(now))


def _ms(now: Clock) -> int:
    return int(now() * 1000)


@dataclass
class _OpenJob:
    """A session that is open: `turn` is had by the thread that uses it, `end` closes it."""

    session: Session
    end: ExitStack
    turn: threading.Lock
    settings_version: int


class OpenJobs:
    """The jobs that this process has open, each with its session. Any thread may call; a session is used by one at a time."""

    def __init__(self, store: Store, means: Means) -> None:
        self._store = store
        self._means = means
        self._held: dict[str, _OpenJob] = {}

    def ids(self) -> list[str]:
        """The ids of the jobs that are open, in order."""
        return sorted(self._held)

    def rows(self, job_id: str) -> int:
        """How many rows a job has been given since it was opened; 0 for one that is not open."""
        held = self._held.get(job_id)
        return 0 if held is None else held.session.progress().rows

    def open(self, job_id: str, tell: Tell) -> None:
        """Open a job. Raises as `reopened`, and:

        Raises:
            Conflict: it is open here already.
        """
        self.refuse(job_id)
        version = self._store.settings_version  # what changes from here on, the session is told when it is used
        with ExitStack() as stack:
            session = stack.enter_context(reopened(self._store, job_id, replace(self._means, tell=tell)))
            self._held[job_id] = _OpenJob(session, stack.pop_all(), threading.Lock(), version)

    @contextmanager
    def use(self, job_id: str) -> Iterator[Session]:
        """The session of an open job, for one thread at a time.

        What a session refuses (`InputError`) leaves the job open. Any other error closes it: it has failed, at its last commit.

        Raises:
            Conflict: the job is not open here.
        """
        with self._turn(job_id) as held:
            self._update(held)
            yield held.session

    @contextmanager
    def _turn(self, job_id: str) -> Iterator[_OpenJob]:
        """An open job for one thread at a time, as `use` has it, with what its session knew before."""
        held = self._held_of(job_id)
        with held.turn:
            if self._held.get(job_id) is not held:  # it was closed, or has failed, while this thread waited
                raise _not_open(job_id)
            try:
                yield held
            except InputError:
                raise
            except BaseException as error:
                del self._held[job_id]
                held.end.__exit__(type(error), error, error.__traceback__)
                raise

    def _update(self, held: _OpenJob) -> None:
        """Tell a session what the user knows, where that has changed."""
        version, session = self._store.settings_version, held.session
        if version == held.settings_version:
            return
        session.know(knowledge_of(self._store, self._store.job(session.job.job_id)))
        held.settings_version = version

    def close(self, job_id: str) -> None:
        """Close a job, with a commit of what is left.

        Raises:
            Conflict: it is not open here.
            StorageFailure: the commit failed.
        """
        held = self._held_of(job_id)
        with held.turn:
            if self._held.get(job_id) is not held:
                raise _not_open(job_id)
            del self._held[job_id]
            held.end.close()

    def close_all(self) -> None:
        """Close all jobs; of the errors that come, the last is raised when none is open any more."""
        with ExitStack() as stack:
            for job_id in self.ids():
                stack.callback(self.close, job_id)

    def suspend_all(self) -> None:
        """Let go of all jobs, each with a commit; the store goes on saying that they are open. Errors as of `close_all`."""
        with ExitStack() as stack:
            for job_id in self.ids():
                stack.callback(self._suspend, job_id)

    def _suspend(self, job_id: str) -> None:
        with self._turn(job_id) as held:  # what the user knows by now matters to rows that come; here none does
            held.session.commit()
            del self._held[job_id]
            suspended = _Suspended()
            with suppress(_Suspended):
                held.end.__exit__(_Suspended, suspended, None)

    def refuse(self, job_id: str) -> None:
        """Refuse what cannot be done to a job that is open.

        Raises:
            Conflict: it is.
        """
        if job_id in self._held:
            raise Conflict(f"job_id={job_id!r}: wanted a job that is not open; close it first")

    def _held_of(self, job_id: str) -> _OpenJob:
        held = self._held.get(job_id)
        if held is None:
            self._store.job(job_id)  # one that is not there at all is another error
            raise _not_open(job_id)
        return held


def _not_open(job_id: str) -> Conflict:
    return Conflict(f"job_id={job_id!r}: wanted an open job; open it first")


class OpenReader:
    """What `file_checks` must know of an open job, asked while others use it."""

    def __init__(self, jobs: OpenJobs, job_id: str) -> None:
        self._jobs, self._job_id = jobs, job_id

    def is_fresh(self, chunk: Chunk) -> bool:
        """As `Reader`."""
        with self._jobs.use(self._job_id) as session:
            return session.is_fresh(chunk)

    @property
    def newest_ms(self) -> int | None:
        """As `Reader`."""
        with self._jobs.use(self._job_id) as session:
            return session.newest_ms
