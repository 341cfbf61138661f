"""Datafeeds: kept, started, stopped; each that runs has a thread of its own."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import polars as pl
import structlog

from barograph.config.datafeed import Datafeed
from barograph.config.errors import BarographError, Conflict, NotFound
from barograph.config.job import Job
from barograph.engine.engine import FARTHEST_MS
from barograph.jobs.feeder import Feeder, Searches
from barograph.jobs.kept import Kept
from barograph.jobs.service import Service
from barograph.jobs.workers import Overloaded, Workers
from barograph.results.counts import DataCounts
from barograph.sources.feed import Feed
from barograph.store.query import Query

Annotate = Callable[[str, int, int, str], None]
"""(job id, first ms, first ms behind it, text)"""
OnRows = Callable[[DataCounts, DataCounts], None]
_AGAIN_S: Final = 0.05
_MOST_WAIT_S: Final = 60.0
_FAILURES: Final = 10
"""Failures one after the other that end a datafeed which has an end; one without goes on trying."""


class NoSuchDatafeed(NotFound):
    """There is no datafeed of this id."""

    def __init__(self, datafeed_id: str) -> None:
        super().__init__(f"No datafeed with id [{datafeed_id}] exists")


@dataclass
class _Running:
    """A datafeed that runs."""

    feeder: Feeder
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    due_ms: int | None = None
    """When it looks next; None before its first look."""


@dataclass(frozen=True)
class FeedStats:
    """How a datafeed does.

    Attributes:
        datafeed: which.
        is_started: whether it runs.
        searches: what its searches cost, since it was made.
        is_live: it has read the past.
        has_end: it was given an end.
    """

    datafeed: Datafeed
    is_started: bool
    searches: Searches
    is_live: bool
    has_end: bool


class Datafeeds:
    """The datafeeds of a store. Any thread may call."""

    def __init__(
        self,
        service: Service,
        workers: Workers,
        open_feed: Callable[[Datafeed, Job], Feed],
        annotate: Annotate,
        on_rows: OnRows = lambda _before, _after: None,
    ) -> None:
        """Datafeeds of a service.

        Args:
            service: the jobs.
            workers: rows go through the worker of their job.
            open_feed: the source of a datafeed.
            annotate: keeps a note of a span.
            on_rows: told what a job had read before and after some rows.
        """
        self._service, self._workers = service, workers
        self._open_feed, self._annotate, self._on_rows = open_feed, annotate, on_rows
        self._kept: Kept[dict[str, Any]] = service.kept("datafeed")
        self._runs: Kept[dict[str, Any]] = service.kept("datafeed_run")
        self._running: dict[str, _Running] = {}
        self._lock = threading.RLock()

    def source(self, datafeed: Datafeed, job: Job) -> Feed:
        """The source of a datafeed, which need not be kept.

        Raises:
            BadRequest: it is not there, or has not what the job needs.
        """
        return self._open_feed(datafeed, job)

    # kept

    def all(self) -> list[Datafeed]:
        """All of them, by id."""
        return [Datafeed.model_validate(document) for document in self._kept.all().values()]

    def get(self, datafeed_id: str) -> Datafeed:
        """One of them.

        Raises:
            NoSuchDatafeed: there is none of this id.
        """
        found = self._kept.find(datafeed_id)
        if found is None:
            raise NoSuchDatafeed(datafeed_id)
        return Datafeed.model_validate(found)

    def of_job(self, job_id: str) -> Datafeed | None:
        """The datafeed of a job, or None."""
        return next((one for one in self.all() if one.job_id == job_id), None)

    def create(self, datafeed: Datafeed) -> bool:
        """Keep a datafeed; False when there is one of its id.

        Raises:
            Conflict: its job has one.
            NotFound: there is no such job.
        """
        with self._lock:
            self._service.job(datafeed.job_id)
            if self._kept.find(datafeed.datafeed_id) is not None:
                return False
            other = self.of_job(datafeed.job_id)
            if other is not None:
                raise Conflict(f"A datafeed [{other.datafeed_id}] already exists for job [{datafeed.job_id}]")
            self._kept.put(datafeed.datafeed_id, _saved(datafeed))
            return True

    def update(self, datafeed_id: str, change: Callable[[Datafeed], Datafeed]) -> Datafeed:
        """Change a datafeed that is stopped.

        Raises:
            NoSuchDatafeed: there is none of this id.
            Conflict: it runs.
        """
        with self._lock:
            changed = change(self.get(datafeed_id))
            self._refuse_started(datafeed_id, "update")
            self._kept.put(datafeed_id, _saved(changed))
            return changed

    def delete(self, datafeed_id: str, *, force: bool = False) -> None:
        """Remove a datafeed; `force` stops it before. Raises as `update`."""
        with self._lock:
            self.get(datafeed_id)
            if not force:
                self._refuse_started(datafeed_id, "delete")
        self.stop(datafeed_id)
        self._kept.delete(datafeed_id)
        self._runs.delete(datafeed_id)

    def _refuse_started(self, datafeed_id: str, action: str) -> None:
        if datafeed_id in self._running:
            raise Conflict(f"Cannot {action} datafeed [{datafeed_id}] while its status is started")

    # running

    def start(self, datafeed_id: str, start_ms: int = 0, end_ms: int | None = None) -> None:
        """Start a datafeed. It goes on behind what its job has read, if that is later than `start_ms`.

        Raises:
            NoSuchDatafeed: there is none of this id.
            Conflict: it runs already, or its job is not open.
            BadRequest: its source cannot be read.
        """
        with self._lock:
            datafeed = self.get(datafeed_id)
            if datafeed_id in self._running:
                raise Conflict(f"cannot start datafeed [{datafeed_id}] because it has already been started")
            job_id = datafeed.job_id
            if job_id not in self._service.opened():
                state = self._service.summary(job_id).state.value
                raise Conflict(f"cannot start datafeed [{datafeed_id}] because job [{job_id}] is {state}")
            job = self._service.job(job_id)
            feed = self._open_feed(datafeed, job)
            self._workers.submit(job_id, lambda: self._service.commit(job_id)).result()  # so that what it has read is counted
            sink = _JobSink(job, self._service, self._workers, self._annotate, self._on_rows)
            feeder = Feeder(datafeed, job, feed, sink, start_ms, end_ms, self._searches(datafeed_id))
            running = self._running[datafeed_id] = _Running(feeder)
            self._save_run(datafeed_id, is_started=True)
            name = f"datafeed {datafeed_id}"
            running.thread = threading.Thread(target=self._run, args=(datafeed_id, running), name=name, daemon=True)
            running.thread.start()
            since = "real time" if end_ms is None else f"up to {end_ms}"
            self._service.tell(job_id, "info", f"Datafeed [{datafeed_id}] started from {feeder.position_ms}, {since}")

    def stop(self, datafeed_id: str) -> None:
        """Stop a datafeed; one that is stopped stays so. It starts again behind the last row that it gave."""
        self._halt(datafeed_id)
        with self._lock:
            if self._kept.find(datafeed_id) is not None and self._is_saved_as_started(datafeed_id):
                self._save_run(datafeed_id, is_started=False)
                self._service.tell(self.get(datafeed_id).job_id, "info", f"Datafeed [{datafeed_id}] stopped")

    def _halt(self, datafeed_id: str) -> None:
        """End the thread of a datafeed, and wait for it."""
        with self._lock:
            running = self._running.get(datafeed_id)
        if running is not None:
            job_id = running.feeder.job.job_id
            running.stop.set()
            if running.thread is not None and running.thread is not threading.current_thread():
                running.thread.join()
            if job_id in self._service.opened():
                self._workers.submit(job_id, lambda: self._service.commit(job_id)).result()
            with self._lock:
                if self._running.get(datafeed_id) is running:
                    self._save_searches(datafeed_id, running.feeder.searches)
                    del self._running[datafeed_id]

    def resume(self) -> None:
        """Start again what ran when the last process ended. One that cannot be started says why, and keeps no other from it."""
        for datafeed_id, run in self._runs.all().items():
            if run.get("is_started") and datafeed_id not in self._running:
                try:
                    self.start(datafeed_id, run["start_ms"], run.get("end_ms"))
                except BarographError as error:
                    structlog.get_logger().error("datafeed.not_resumed", datafeed_id=datafeed_id, error=str(error))
                    self._save_run(datafeed_id, is_started=False)

    def close(self) -> None:
        """Let all threads end; what runs now runs on with the next process."""
        for datafeed_id in list(self._running):
            self._halt(datafeed_id)

    def stats(self, datafeed_id: str) -> FeedStats:
        """How a datafeed does. Raises as `get`."""
        datafeed = self.get(datafeed_id)
        running = self._running.get(datafeed_id)
        if running is None:
            return FeedStats(datafeed, False, self._searches(datafeed_id), False, False)
        feeder = running.feeder
        return FeedStats(datafeed, True, feeder.searches, feeder.is_live, feeder.end_ms is not None)

    def due_ms(self, datafeed_id: str) -> int | None:
        """When a datafeed looks next for what has come, epoch ms; None where it does not run."""
        running = self._running.get(datafeed_id)
        return None if running is None else running.due_ms

    def _run(self, datafeed_id: str, running: _Running) -> None:
        """The thread of a datafeed."""
        failures = 0
        while not running.stop.is_set():
            try:
                due = running.feeder.step(self._service.now_ms())
                failures = 0
            except Exception as error:  # whatever it is, it is told, and tried again; a job that is not open ends it
                failures += 1
                if not self._is_fed(running, error, failures):
                    break
                due = self._service.now_ms() + min(1000 * 2**failures, int(_MOST_WAIT_S * 1000))
            if due is None:
                break
            running.due_ms = due
            running.stop.wait(min(max(0.0, (due - self._service.now_ms()) / 1000), _MOST_WAIT_S))
        if not running.stop.is_set():  # it came to its end by itself
            with self._lock:
                self._save_searches(datafeed_id, running.feeder.searches)
                self._running.pop(datafeed_id, None)
                self._save_run(datafeed_id, is_started=False)

    def _is_fed(self, running: _Running, error: Exception, failures: int) -> bool:
        """Whether a datafeed that failed goes on."""
        feeder = running.feeder
        text = f"Datafeed [{feeder.datafeed.datafeed_id}] failed: {error}"
        structlog.get_logger().error("datafeed.failed", datafeed_id=feeder.datafeed.datafeed_id, error=str(error))
        if feeder.job.job_id not in self._service.opened():
            self._service.tell(feeder.job.job_id, "error", f"{text}; the job is not open, so it is stopped")
            return False
        if failures in (1, _FAILURES):
            self._service.tell(feeder.job.job_id, "error", text)
        return feeder.end_ms is None or failures < _FAILURES

    # what is kept of runs

    def _is_saved_as_started(self, datafeed_id: str) -> bool:
        return bool((self._runs.find(datafeed_id) or {}).get("is_started"))

    def _searches(self, datafeed_id: str) -> Searches:
        run = self._runs.find(datafeed_id) or {}
        return Searches(run.get("count", 0), run.get("ms", 0.0), run.get("mean_ms", 0.0))

    def _save_searches(self, datafeed_id: str, searches: Searches) -> None:
        run = self._runs.find(datafeed_id) or {}
        self._runs.put(datafeed_id, run | {"count": searches.count, "ms": searches.ms, "mean_ms": searches.mean_ms})

    def _save_run(self, datafeed_id: str, *, is_started: bool) -> None:
        run = self._runs.find(datafeed_id) or {}
        running = self._running.get(datafeed_id)
        if is_started and running is not None:
            run |= {"start_ms": running.feeder.position_ms, "end_ms": running.feeder.end_ms}
        self._runs.put(datafeed_id, run | {"is_started": is_started})


def _saved(datafeed: Datafeed) -> dict[str, Any]:
    return datafeed.model_dump(mode="json", exclude_none=True)


@dataclass
class _JobSink:
    """A job of the service, as a feeder sees it."""

    job: Job
    service: Service
    workers: Workers
    note: Annotate
    on_rows: OnRows

    def take(self, frame: pl.DataFrame) -> None:
        before = self._counts()
        self._in_worker(lambda: self.service.feed(self.job.job_id, frame))
        self.on_rows(before, self._counts())

    def finish(self, until_ms: int, *, interim: bool) -> None:
        self._in_worker(lambda: self.service.commit(self.job.job_id))
        newest = self.newest_ms()
        if newest is None:
            return
        # A job whose rows ended years ago is not led through all the empty buckets up to now.
        self._in_worker(lambda: self.service.flush(self.job.job_id, min(until_ms, newest + FARTHEST_MS)))
        if interim:
            self._in_worker(lambda: self.service.judge_open(self.job.job_id))

    def newest_ms(self) -> int | None:
        return self._counts().latest_record_timestamp

    def counts(self, start_ms: int, end_ms: int) -> dict[int, int]:
        query = Query(start_ms=start_ms, end_ms=end_ms, size=10_000, exclude_interim=True)
        rows = self.service.buckets(self.job.job_id, query).rows
        return dict(zip(rows["timestamp"].to_list(), rows["event_count"].to_list(), strict=True))

    def close(self) -> None:
        self._in_worker(lambda: self.service.close_job(self.job.job_id))

    def tell(self, level: Literal["info", "warning", "error"], text: str) -> None:
        self.service.tell(self.job.job_id, level, text)

    def annotate(self, start_ms: int, end_ms: int, text: str) -> None:
        self.note(self.job.job_id, start_ms, end_ms, text)

    def _counts(self) -> DataCounts:
        return self.service.summary(self.job.job_id).counts or DataCounts()

    def _in_worker(self, task: Callable[[], object]) -> None:
        """Have the job's worker do something; while it is busy with others, wait."""
        waiting = threading.Event()
        while True:
            try:
                self.workers.submit(self.job.job_id, task).result()
                return
            except Overloaded:
                waiting.wait(_AGAIN_S)
