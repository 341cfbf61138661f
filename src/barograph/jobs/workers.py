"""A thread for each job that is worked on, with a bounded queue: one job's work is done in order, whatever others do."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Final, TypeVar

from barograph.config.errors import Conflict

MOST_WAITING: Final = 16
"""Tasks of one job that may wait. Chosen: enough to keep it busy, few enough to be told soon that it is behind."""

T = TypeVar("T")


class Overloaded(Conflict):
    """More is asked of a job than it can do. Send it again, later."""

    def __init__(self, job_id: str, waiting: int) -> None:
        super().__init__(f"job_id={job_id!r}: wanted fewer than {waiting} requests that wait for it; send this one again later")


class Workers:
    """The workers of jobs, each made when it is first needed. Any thread may call."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most = most_waiting
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._waiting: dict[str, int] = {}
        self._lock = Lock()
        self._closed = False

    def submit(self, job_id: str, task: Callable[[], T]) -> "Future[T]":
        """Have something done by a job's worker, after all that it was given before.

        Raises:
            Overloaded: too much waits for it already.
            Conflict: the workers are being closed.
        """
        with self._lock:
            if self._closed:
                raise Conflict("server: wanted one that is not shutting down; send it to the next one")
            waiting = self._waiting.get(job_id, 0)
            if waiting >= self._most:
                raise Overloaded(job_id, self._most)
            thread = self._threads.get(job_id)
            if thread is None:
                thread = self._threads[job_id] = ThreadPoolExecutor(1, thread_name_prefix=f"job {job_id}")
            self._waiting[job_id] = waiting + 1
            future = thread.submit(task)
        future.add_done_callback(lambda _: self._done(job_id))
        return future

    def waiting(self) -> int:
        """Tasks that wait or are being done."""
        return sum(self._waiting.values())

    def close(self) -> None:
        """Take nothing more, and return when all that was taken is done."""
        with self._lock:
            self._closed = True
            threads = list(self._threads.values())
        for thread in threads:
            thread.shutdown(wait=True)

    def _done(self, job_id: str) -> None:
        with self._lock:
            left = self._waiting[job_id] - 1
            if left:
                self._waiting[job_id] = left
                return
            # Nobody waits: the thread goes, so that a thousand jobs that are asked now and then do not keep a thousand threads.
            del self._waiting[job_id]
            self._threads.pop(job_id).shutdown(wait=False)
