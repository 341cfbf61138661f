"""Opening a job and closing it: who holds it, and what the store says of its state."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from barograph.config.errors import BarographError
from barograph.config.job import Job
from barograph.engine import Engine
from barograph.jobs.commit_timer import Clock
from barograph.jobs.session import Build, Session
from barograph.store.job_rows import JobState
from barograph.store.store import Store


@contextmanager
def opened(store: Store, job: Job, *, build: Build = Engine.build, clock: Clock = time.monotonic) -> Iterator[Session]:
    """Create a job or go on with it, and hold it open: its one writer until the end, which commits what is left.

    The store says in what state the job is. An error inside the block leaves the job `failed`, with the reason, at its last
    commit; a session that goes on from there has the results of an undisturbed one.

    Args:
        store: where the job lives.
        job: its configuration; a job of this id that exists must have the same analysis settings.
        build: makes the engine, or brings it back from a snapshot.
        clock: seconds on a clock that only goes forward.

    Raises:
        JobBusy: somebody else has it open.
        JobChanged: the job exists with other analysis settings.
        ConfigError: the engine cannot run this job.
        OtherVersion: another version has learned the job's models.
        StorageFailure: the database or the disk failed.
    """
    with store.lock(job.job_id):
        engine = build(job, None)  # before the job is created: what cannot run should not be listed
        store.create_job(job, now_ms=time.time_ns() // 1_000_000)
        job = store.job(job.job_id)
        with _states(store, job.job_id):
            saved = store.resume(job.job_id)
            session = Session(store, job, engine if saved is None else build(job, saved.snapshot), saved, clock)
            store.set_state(job.job_id, JobState.OPENED)
            yield session
            store.set_state(job.job_id, JobState.CLOSING)
            session.commit()


@contextmanager
def _states(store: Store, job_id: str) -> Iterator[None]:
    """Note in the store that a job is being opened, and how it ended."""
    store.set_state(job_id, JobState.OPENING)
    try:
        yield
    except Exception as error:
        with suppress(BarographError):  # the storage may be what failed
            store.set_state(job_id, JobState.FAILED, str(error) or type(error).__name__)
        raise
    except BaseException:
        with suppress(BarographError):
            store.set_state(job_id, JobState.CLOSED)
        raise
    store.set_state(job_id, JobState.CLOSED)
