"""Forecasts that are being made: nobody waits for one, anybody may see how far it is, or stop it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Final, Literal

import structlog

from barograph.config.errors import BarographError, Conflict
from barograph.jobs.forecasts.forecast import ForecastRequest, new_id

MOST_AT_ONCE: Final = 3
"""Of one job."""
_THREADS: Final = 2
_FAILURES_KEPT: Final = 20
"""Of all jobs; each is a message of its job as well, which stays."""

RunState = Literal["waiting", "running", "failed"]


@dataclass
class ForecastRun:
    """A forecast from when it is asked for until it is kept; one that failed stays until it is removed.

    Attributes:
        forecast_id: what it will be called.
        job_id: the job.
        request: what is forecast.
        create_time: when it was asked for, wall clock, epoch ms.
        state: one that is made is no run any more.
        progress: share of its series that are done, 0 to 1.
        failure: why it failed.
    """

    forecast_id: str
    job_id: str
    request: ForecastRequest
    create_time: int
    state: RunState = "waiting"
    progress: float = 0.0
    failure: str | None = None
    stop: Event = field(default_factory=Event, repr=False, compare=False)

    def tell(self, done: int, total: int) -> None:
        """Note how far it is.

        Raises:
            Stopped: nobody wants it any more.
        """
        if self.stop.is_set():
            raise Stopped
        self.progress = done / max(total, 1)


class Stopped(Exception):
    """Nobody wants a forecast any more."""


Make = Callable[[ForecastRun], None]
Fail = Callable[[ForecastRun], None]


class ForecastRuns:
    """The forecasts of a service that are being made. Any thread may call."""

    def __init__(self, make: Make, tell_failure: Fail) -> None:
        """Runs.

        Args:
            make: makes a forecast and keeps it.
            tell_failure: told of one that failed.
        """
        self._make = make
        self._tell_failure = tell_failure
        self._runs: dict[str, ForecastRun] = {}
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="forecast")

    def start(self, job_id: str, request: ForecastRequest, now_ms: int) -> ForecastRun:
        """Begin one.

        Raises:
            Conflict: as many of the job are being made already.
        """
        run = ForecastRun(new_id(), job_id, request, now_ms)
        with self._lock:
            if sum(one.job_id == job_id and one.state != "failed" for one in self._runs.values()) >= MOST_AT_ONCE:
                raise Conflict(
                    f"job_id={job_id!r}: wanted fewer than {MOST_AT_ONCE} forecasts that are being made; wait for one"
                )
            self._runs[run.forecast_id] = run
            self._threads.submit(self._run, run)
        return run

    def of(self, job_id: str) -> list[ForecastRun]:
        """Those of a job, oldest first."""
        with self._lock:
            return [run for run in self._runs.values() if run.job_id == job_id]

    def remove(self, job_id: str, forecast_id: str) -> bool:
        """Stop one, or forget that it failed; False: there is none of this id."""
        with self._lock:
            run = self._runs.get(forecast_id)
            if run is None or run.job_id != job_id:
                return False
            run.stop.set()
            del self._runs[forecast_id]
            return True

    def close(self) -> None:
        """Stop all, and return when they have stopped."""
        with self._lock:
            for run in self._runs.values():
                run.stop.set()
        self._threads.shutdown(wait=True)

    def _run(self, run: ForecastRun) -> None:
        run.state = "running"
        try:
            run.tell(0, 1)
            self._make(run)
        except Stopped:
            pass
        except BarographError as error:
            self._fail(run, str(error))
            return
        except Exception as error:  # nobody waits for this thread, so nobody else would see it
            structlog.get_logger().error("forecast.failed", job_id=run.job_id, forecast_id=run.forecast_id, exc_info=error)
            self._fail(run, "the server failed")
            return
        with self._lock:
            self._runs.pop(run.forecast_id, None)

    def _fail(self, run: ForecastRun, failure: str) -> None:
        run.failure = failure
        try:
            self._tell_failure(run)
        except BarographError as error:  # the storage may be what failed
            structlog.get_logger().error("forecast.not_told", job_id=run.job_id, forecast_id=run.forecast_id, error=str(error))
        finally:  # whoever sees the state finds the message; and one that goes on for ever would keep others from being begun
            run.state = "failed"
        with self._lock:
            failed = [one.forecast_id for one in self._runs.values() if one.state == "failed"]
            for forecast_id in failed[:-_FAILURES_KEPT]:
                del self._runs[forecast_id]
