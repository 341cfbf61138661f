"""What the dialect keeps beside the jobs themselves: what only it knows of them, and which of them are being sent rows."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.vault import KEY_FILE, Vault
from barograph.api.server import Server
from barograph.config.errors import NotFound
from barograph.jobs.workers import Overloaded

T = TypeVar("T")
Extras = dict[str, Any]
_AGAIN_S: Final = 0.05
MOST_UPLOADS: Final = 128
"""Uploads at a time, each with a thread and some megabytes. Chosen: more than a machine of some cores can work at."""


class State:
    """What the dialect keeps. Any thread may call.

    Attributes:
        server: the server that speaks it.
        used: told of a job whose data nobody has to himself any more; who closes idle jobs sets it.
        vault: what passwords are kept in.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.used: Callable[[str], None] = lambda _: None
        self.vault = Vault(server.config.data_dir / KEY_FILE)
        self._kept = server.service.kept("engine_job")
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def extras(self, job_id: str) -> Extras:
        """What only this dialect knows of a job; empty for one that another has made.

        Of a job that has gone and come again, what was known of the former is forgotten.

        Raises:
            NoSuchJob: there is no such job.
        """
        found = self._kept.find(job_id) or {}
        return found if found.get("created") == self.server.service.summary(job_id).create_time else {}

    def change(self, job_id: str, changes: Mapping[str, Any]) -> None:
        """Know more of a job, or other things. Raises as `extras`."""
        with self._kept.changing:
            created = self.server.service.summary(job_id).create_time
            self._kept.put(job_id, {**self.extras(job_id), **changes, "created": created})

    def rewrite(self, changed: Callable[[Extras], Extras]) -> None:
        """Keep what is known of each job as something else where that is another."""
        with self._kept.changing:
            known = self._kept.all()
            new = {job_id: changed(extras) for job_id, extras in known.items()}
            self._kept.put_all({job_id: extras for job_id, extras in new.items() if extras != known[job_id]})

    def forget(self, job_id: str) -> None:
        """Know nothing of a job any more."""
        self._kept.delete(job_id)

    def is_started(self, job_id: str) -> bool:
        """Whether a job is reading its rows itself at the moment."""
        try:
            return self.server.datafeeds.stats(job_id).is_started
        except NotFound:  # another dialect has removed what reads them
            return False

    def is_read(self, job_id: str) -> bool:
        """Whether a datafeed reads a job's rows at the moment, whichever dialect has made it."""
        datafeed = self.server.datafeeds.of_job(job_id)
        try:
            return datafeed is not None and self.server.datafeeds.stats(datafeed.datafeed_id).is_started
        except NotFound:
            return False

    @contextmanager
    def alone(self, job_id: str) -> Iterator[None]:
        """Have a job's data to oneself.

        Raises:
            EngineError: somebody else has (40103), or far too many jobs are being sent rows (30106).
        """
        with self._lock:
            if job_id in self._busy:
                raise EngineError(
                    Code.CONCURRENT_USE,
                    f"Cannot use job '{job_id}' while another connection sends it data: wanted one connection a job at a time",
                )
            if len(self._busy) >= MOST_UPLOADS:
                raise EngineError(
                    Code.TOO_MANY_JOBS, f"wanted fewer than {MOST_UPLOADS} jobs in use at a time; try again later"
                )
            self._busy.add(job_id)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(job_id)
            self.used(job_id)

    def in_worker(self, job_id: str, task: Callable[[], T]) -> T:
        """Have a job's worker do something, and wait for it; while it is busy with others, also for that.

        Raises:
            Exception: whatever the task raises.
        """
        again = threading.Event()
        while True:
            try:
                return self.server.workers.submit(job_id, task).result()
            except Overloaded:
                again.wait(_AGAIN_S)
