"""Rows for jobs that are open: opened, fed, flushed, committed, closed."""

from collections.abc import Callable, Iterator

from barograph.config.errors import BadRequest
from barograph.intake.frames import as_frame
from barograph.jobs import run
from barograph.jobs.answers import Answers
from barograph.jobs.file_checks import checked
from barograph.jobs.knowledge.calendars import Calendars
from barograph.jobs.knowledge.downtime import forget_downtime, plan_downtime
from barograph.jobs.open_jobs import Means, OpenJobs, OpenReader, Tell
from barograph.jobs.summary import Progress
from barograph.sources.chunk import Chunk
from barograph.store.store import Store


class Feeding(Answers):
    """The jobs of a store that are open here, and what is done with their rows."""

    def __init__(self, store: Store, means: Means) -> None:
        super().__init__(store)
        self.calendars = Calendars(store)
        self._open = OpenJobs(store, means)

    def open_job(self, job_id: str, tell: Tell = lambda _: None) -> None:
        """Open a job for rows: it goes on from its last commit, and nobody else can write to it until it is closed.

        Args:
            job_id: the job.
            tell: told before its history is replayed because another version has learned its models.

        Raises:
            NotFound: there is no such job.
            JobBusy: somebody else has it open.
            Conflict: it is open here already.
        """
        self._open.open(job_id, tell)

    def opened(self) -> list[str]:
        """The ids of the jobs that are open here."""
        return self._open.ids()

    def rows_fed(self, job_id: str) -> int:
        """How many rows a job has been given since it was opened here, whoever did so; 0 where it is not."""
        return self._open.rows(job_id)

    def feed(self, job_id: str, rows: Chunk | object) -> Progress:
        """Give an open job rows. They are safe once `rows_committed` counts them, which a commit every few seconds sees to.

        Args:
            job_id: the job.
            rows: a chunk of a file, of which those are left out that the job has read already; or a frame of any library that
                speaks Arrow, of which all are new.

        Raises:
            Conflict: the job is not open here.
            UnreadableInput: they have not what the job needs; none was taken, and the job stays open.
            StorageFailure: a commit failed, and with it the job; it can be opened again, and goes on from its last commit.
        """
        frame = None if isinstance(rows, Chunk) else as_frame(rows)
        with self._open.use(job_id) as session:
            if frame is not None:
                session.feed_frame(frame)
            elif isinstance(rows, Chunk):
                session.feed(rows)
            return session.progress()

    def whole(self, job_id: str, chunks: Iterator[Chunk], tell: Callable[[str], None]) -> Iterator[Chunk]:
        """Chunks of whole files for an open job, checked as `run` checks them: see `jobs.file_checks` and `jobs.input_check`.

        Raises:
            Conflict: while it is iterated: the job is not open here.
            UnreadableInput: while it is iterated: most rows of a file cannot be used, or are older than what the job has read.
            ConfigError: while it is iterated: no row of a new job's first chunk is of use to any of its detectors.
        """
        job = self.job(job_id)
        return checked(job, run.looked_at(self._store, job, chunks, tell), OpenReader(self._open, job_id), tell)

    def take(self, job_id: str, chunk: Chunk) -> None:
        """Give an open job rows that are all new, and commit them: all are safe when this returns. Raises as `feed`."""
        with self._open.use(job_id) as session:
            session.take(chunk)
            session.commit()

    def flush(self, job_id: str, until_ms: int | None = None) -> Progress:
        """Finish the buckets that only the latency keeps open, or all that end by a time, and commit. Raises as `feed`.

        Rows that come for them later are out of order.
        """
        with self._open.use(job_id) as session:
            session.flush(until_ms)
            session.commit()
            return session.progress()

    def skip(self, job_id: str, until_ms: int) -> None:
        """Leave out what is open and all buckets that start before a time. See `Engine.skip`.

        Once buckets are finished, that time is planned as downtime: nothing is found in it, and nothing learned from it.

        Raises:
            BadRequest: it is no time of this job, as for `Engine.flush`; nothing is planned then. Others as `feed`.
        """
        self.commit(job_id)
        finished, span_ms = self.finished_until(job_id), self.job(job_id).bucket_span_ms
        end_ms = -(-until_ms // span_ms) * span_ms
        if self._has_finished(job_id) and end_ms > finished:
            plan_downtime(self.calendars, job_id, finished, end_ms)
        try:
            with self._open.use(job_id) as session:
                session.skip(until_ms)
        except BadRequest:  # nothing was left out: the job is to hear of that time
            forget_downtime(self.calendars, job_id, finished)
            raise

    def _has_finished(self, job_id: str) -> bool:
        """Whether a bucket of a job is finished."""
        counts = self.summary(job_id).counts
        return counts is not None and counts.latest_bucket_timestamp is not None

    def empty_open(self, job_id: str, start_ms: int, end_ms: int) -> None:
        """Take the rows of buckets that the latency keeps open out again, for others that take their place.

        Args:
            job_id: the job.
            start_ms: epoch ms; the bucket that it lies in is the first that is emptied.
            end_ms: epoch ms, exclusive.

        Raises:
            BadRequest: a bucket of this time is finished. Others as `feed`.
        """
        with self._open.use(job_id) as session:
            session.commit()
            span, finished = session.job.bucket_span_ms, self.finished_until(job_id)
            if self._has_finished(job_id) and start_ms // span * span < finished:
                raise BadRequest(f"start={start_ms}: wanted a time from {finished} on, as the buckets before are finished")
            session.empty(start_ms, end_ms)

    def judge_open(self, job_id: str) -> Progress:
        """Judge the buckets that are still open by what they are likely to become, and commit that. Raises as `feed`."""
        with self._open.use(job_id) as session:
            session.judge_open()
            return session.progress()

    def commit(self, job_id: str) -> Progress:
        """Make all that an open job was given durable, and its results visible. Raises as `feed`."""
        with self._open.use(job_id) as session:
            session.commit()
            return session.progress()

    def close_job(self, job_id: str) -> None:
        """Close a job that is open here, with a commit of what is left.

        Raises:
            Conflict: it is not open here.
            StorageFailure: the commit failed.
        """
        self._open.close(job_id)
