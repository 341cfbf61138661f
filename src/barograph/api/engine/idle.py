"""Jobs that are sent no rows for as long as their `timeout` says are closed: they open again by the next rows."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from barograph.api.engine.errors import EngineError
from barograph.api.engine.state import Extras, State
from barograph.config.errors import BarographError

_LOOK_S: Final = 1.0


class IdleJobs:
    """Closes what waits too long, in a thread of its own, from `resume` to `close`. Any thread may call `used`.

    `now` is a clock in seconds.
    """

    def __init__(self, state: State, now: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._now = now
        self._until: dict[str, tuple[float, int]] = {}  # and how many rows the job had when it began to wait
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="idle jobs", daemon=True)

    def resume(self) -> None:
        """Begin; the jobs that are open wait from now on."""
        for job_id in self._state.server.service.opened():
            self.used(job_id)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def used(self, job_id: str) -> None:
        """A job was sent something, or is told to wait otherwise: it waits from now on."""
        wait, rows = self._wait_s(job_id), self._state.server.service.rows_fed(job_id)
        with self._lock:
            if wait:
                self._until[job_id] = self._now() + wait, rows
            else:
                self._until.pop(job_id, None)

    def _wait_s(self, job_id: str) -> int:
        """How long a job waits for rows, seconds; 0: for ever, since it is closed, scheduled or of another dialect."""
        if job_id not in self._state.server.service.opened():
            return 0
        extras: Extras = {}
        with suppress(BarographError):  # it is gone; or the database fails, which is no failure of rows that are safe already
            extras = self._state.extras(job_id)
        return 0 if not extras or "scheduler" in extras else int(extras["timeout"])

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_S):
            self.look()

    def look(self) -> None:
        """Close what has waited too long by now."""
        for job_id, rows in self._due().items():
            try:
                self._close(job_id, rows)
            except (BarographError, EngineError) as error:  # it is used, or gone: whoever does that says how it ends
                structlog.get_logger().info("engine.not_closed", job=job_id, reason=str(error))

    def _due(self) -> dict[str, int]:
        now = self._now()
        with self._lock:
            found = {job_id: rows for job_id, (until, rows) in self._until.items() if until <= now}
            for job_id in found:
                del self._until[job_id]
        return found

    def _close(self, job_id: str, rows: int) -> None:
        """Close a job. One that is being sent rows, or has more than so many, is not: it waits anew when this is done."""
        with self._state.alone(job_id):
            self._state.in_worker(job_id, lambda: self._close_unused(job_id, rows))

    def _close_unused(self, job_id: str, rows: int) -> None:
        service = self._state.server.service
        # Other dialects send rows, too; and a datafeed that finds none at the moment has a job all the same.
        if job_id in service.opened() and service.rows_fed(job_id) == rows and not self._state.is_read(job_id):
            service.close_job(job_id)
            service.tell(job_id, "info", "Job is closed: it was sent nothing for as long as its timeout")
