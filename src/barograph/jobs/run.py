"""Running a job on inputs that end: rows in, commits out, and the same results however often it is interrupted."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import polars as pl

from barograph.config.errors import InputError
from barograph.config.job import Job
from barograph.engine import Engine
from barograph.jobs.commit_timer import Clock
from barograph.jobs.drafts import predict
from barograph.jobs.drafts.advice import LOOKED_AT, advised
from barograph.jobs.file_checks import checked, joined
from barograph.jobs.input_check import refuse_useless
from barograph.jobs.interrupts import Interrupts
from barograph.jobs.open_jobs import Tell, opened
from barograph.jobs.session import Build, Session
from barograph.jobs.summary import Progress, RunSummary
from barograph.sources.chunk import Chunk
from barograph.sources.read import read_files
from barograph.store.errors import NoSuchJob
from barograph.store.store import Store

OnProgress = Callable[[Progress], None]

OnRecords = Callable[[pl.DataFrame], None]
"""Takes new records, columns as `schema.RECORDS`."""


class IdleTime:
    """The time in which a pipe brings nothing. Who waits calls it; what a run does with the time is its `work`."""

    def __init__(self) -> None:
        self.work: Callable[[], None] = lambda: None

    def __call__(self) -> None:
        """Use it; about once a second."""
        self.work()


def run_job(
    store: Store,
    job: Job,
    chunks: Iterable[Chunk],
    on_progress: OnProgress | None = None,
    *,
    flush: bool = False,
    interim: bool = False,
    build: Build = Engine.build,
    clock: Clock = time.monotonic,
    now: Clock = time.time,
    tell: Tell = lambda _: None,
    idle: IdleTime | None = None,
    on_records: OnRecords = lambda _: None,
) -> RunSummary:
    """Create a job or go on with it, and feed it all rows of `chunks` that it has not read yet.

    Commits every few seconds and at the end, also when Ctrl-C, SIGTERM or a broken input ends the run early: rows count as read
    only when a commit holds them. Killed at any instant and run again on the same inputs, a job has the results, history and
    snapshot of an undisturbed run. The last bucket stays open: more rows may come.

    Args:
        store: where the job lives.
        job: its configuration; a job of this id that exists must have the same analysis settings.
        chunks: rows of one or more sources; each source from its beginning, in its order.
        on_progress: called after each chunk, and after the last commit when a broken input ends the run.
        flush: at the end of the input, finish the buckets that only the latency keeps open; their later rows are out of order.
        interim: at the end of the input, judge the buckets that are still open; kept until newer results take its place.
        build: makes the engine, or brings it back from a snapshot.
        clock: seconds on a clock that only goes forward.
        now: epoch seconds, wall clock.
        tell: told before the job's history is replayed because another version has learned its models, and of files whose rows
            had to be sorted.
        idle: of the pipe among the inputs, as `chunks_for` was given it; used to commit what came within ten seconds.
        on_records: given new records as soon as they are found, once the pipe has been waited for.

    Raises:
        JobBusy: another process is running the job.
        JobChanged: the job exists with other analysis settings.
        ConfigError: the engine cannot run this job.
        UnreadableInput: an input cannot be read (on), is not what the job needs, or most rows of a file cannot be used; what
            was read before is committed, and a new job that has read nothing is not kept.
    """
    show = on_progress or (lambda _: None)
    is_new = not _is_there(store, job.job_id)
    with Interrupts() as interrupts, opened(store, job, build=build, clock=clock, now=now, tell=tell) as session:
        session.watch(on_records)
        if idle is not None:
            idle.work = partial(_use_idle_time, session, interrupts, show)
        failure = _feed_and_close(session, chunks, checked(job, chunks, session, tell), interrupts, show)
        if failure is None and interrupts.received is None:
            _end_input(session, flush=flush, interim=interim)
        session.commit()
        if failure is None:
            return session.summary(interrupts.received)
        show(session.progress())
        kept = session.progress().rows_committed
    if is_new and not kept:
        store.delete_job(job.job_id)  # mended, it may have other settings
    raise failure


def _feed_and_close(
    session: Session, given: Iterable[Chunk], chunks: Iterator[Chunk], interrupts: Interrupts, tell: OnProgress
) -> Exception | None:
    try:
        return _feed_all(session, chunks, interrupts, tell)
    finally:
        close = getattr(given, "close", None)  # generators hold files open
        if close is not None:
            close()


def _end_input(session: Session, *, flush: bool, interim: bool) -> None:
    if flush:
        session.flush()
    if interim:
        session.judge_open()


def _use_idle_time(session: Session, interrupts: Interrupts, tell: OnProgress) -> None:
    with interrupts.working():
        session.use_idle_time()
        tell(session.progress())


def _feed_all(session: Session, chunks: Iterator[Chunk], interrupts: Interrupts, tell: OnProgress) -> Exception | None:
    """Feed until the input ends, breaks or a signal comes; returns what broke the input."""
    while interrupts.received is None:
        try:
            with interrupts.waiting():
                chunk = next(chunks, None)
        except KeyboardInterrupt:
            interrupts.note()
            return None
        except Exception as error:  # whatever broke the input: the rows before it are sound
            return error
        if chunk is None:
            return None
        try:
            session.feed(chunk)
        except InputError as error:  # the chunk was refused before any of it was taken
            return error
        tell(session.progress())
    return None


def chunks_for(
    store: Store, job: Job, paths: Iterable[str], tell: Callable[[str], None], idle: IdleTime | None = None
) -> Iterator[Chunk]:
    """The rows of files in chunks, with the fields that a job needs as it needs them; a new job's are checked.

    Args:
        store: where the job lives, if it is there yet.
        job: the job.
        paths: files, `-` for standard input.
        tell: takes sentences about what is left to a later run, and about fields that the first rows of a new job lack, and
            settings that mislead for them.
        idle: used while a pipe is waited for; give it to `run_job` as well.

    Raises:
        UnreadableInput: while it is iterated: a file cannot be read, or not on.
        ConfigError: while it is iterated: no row of a new job's first chunk is of use to any of its detectors.
    """
    return looked_at(store, job, _rows_of(job, paths, tell, idle), tell)


def looked_at(store: Store, job: Job, chunks: Iterator[Chunk], tell: Callable[[str], None]) -> Iterator[Chunk]:
    """The same chunks; a new job's are checked as `chunks_for` says, and raise as it does."""
    return chunks if _has_read(store, job.job_id) else advised(job, refuse_useless(job, chunks, tell), tell)


def look_at(job: Job, paths: Iterable[str], tell: Callable[[str], None]) -> None:
    """Look at the first rows of files as a new job would, and keep nothing.

    Args:
        job: the job.
        paths: files, `-` for standard input.
        tell: takes what a run would say of the files, of settings that mislead for them, and what it would take in memory.

    Raises:
        UnreadableInput: as `run_job`.
        ConfigError: as `chunks_for`.
    """
    rows, seen = 0, list[Chunk]()
    for chunk in checked(job, advised(job, refuse_useless(job, _rows_of(job, paths, tell), tell), tell), _NothingRead(), tell):
        rows += chunk.rows
        seen.append(chunk)
        if rows > 2 * LOOKED_AT:  # by then it is told
            break
    tell(predict.of_rows(job, joined(seen)).sentence)


class _NothingRead:
    newest_ms = None

    def is_fresh(self, _: Chunk) -> bool:
        return True


def _rows_of(job: Job, paths: Iterable[str], tell: Callable[[str], None], idle: IdleTime | None = None) -> Iterator[Chunk]:
    # A field that is read as text too must look the same whether the numbers around it are all whole or not.
    numbers = [name for name in job.number_fields if name not in job.text_fields]
    waiting = idle or IdleTime()
    return read_files(paths, job.data_description, fields=job.fields, number_fields=numbers, tell=tell, idle=waiting)


def _is_there(store: Store, job_id: str) -> bool:
    try:
        store.job(job_id)
    except NoSuchJob:
        return False
    return True


def _has_read(store: Store, job_id: str) -> bool:
    try:
        counts = store.summary(job_id).counts
    except NoSuchJob:
        return False
    return counts is not None and counts.input_record_count > 0
