"""The one way to jobs for whoever drives them: the command line, a server, another program.

A service holds a store and the jobs that it has open. Any thread may call it. Answers never wait; what writes to a job has it
for itself, and is refused (`Conflict`) while somebody else does. Errors are those of `config.errors`.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Literal, Self

from barograph.config.errors import NotFound
from barograph.config.job import Job
from barograph.engine import Engine
from barograph.engine.entity import check_entity
from barograph.engine.exclusions import Exclusion
from barograph.engine.forecast import check_forecast
from barograph.jobs import forget, replay, run
from barograph.jobs.commit_timer import Clock
from barograph.jobs.feeding import Feeding
from barograph.jobs.forecasts import forecast
from barograph.jobs.forecasts.forecast import ForecastRequest, MadeForecast
from barograph.jobs.forecasts.forecast_runs import ForecastRun, ForecastRuns
from barograph.jobs.kept import Kept
from barograph.jobs.keys import Keys
from barograph.jobs.knowledge.calendars import Event
from barograph.jobs.knowledge.downtime import forget_downtime
from barograph.jobs.knowledge.filters import Filters
from barograph.jobs.knowledge.holidays import HolidaysAsked, add_holidays
from barograph.jobs.knowledge.knowledge import knowledge_of
from barograph.jobs.knowledge.notes import Notes
from barograph.jobs.open_jobs import Means, Tell
from barograph.jobs.replay import Replayed
from barograph.jobs.room import waits_for_room
from barograph.jobs.session import Build
from barograph.jobs.summary import RunSummary
from barograph.jobs.views.describe import Described
from barograph.jobs.views.entities import EntitiesQuery
from barograph.jobs.views.forest_models import ForestModel
from barograph.jobs.views.found import BlamedAsked, RecordsAsked
from barograph.jobs.views.incident_list import IncidentsQuery, ListedIncident
from barograph.jobs.views.lanes import LanesQuery
from barograph.jobs.views.one_series import OneSeries
from barograph.jobs.views.overall import OverallQuery
from barograph.jobs.views.scope import Asked
from barograph.jobs.views.series import SeriesQuery
from barograph.jobs.views.what_if import AlertSettings
from barograph.sources.chunk import Chunk
from barograph.sources.posted import posted_chunk
from barograph.store.documents import LEVELS, Level, Message
from barograph.store.errors import NoSuchJob
from barograph.store.forecasts import SavedForecast
from barograph.store.forest_results import TopQuery
from barograph.store.job_rows import JobState, JobSummary
from barograph.store.parts import Marks
from barograph.store.query import Page, Query
from barograph.store.retention import Expired
from barograph.store.revert import Reverted
from barograph.store.snapshots import SavedSnapshot
from barograph.store.store import Store

__all__ = [
    "LEVELS",
    "AlertSettings",
    "Asked",
    "BlamedAsked",
    "Described",
    "EntitiesQuery",
    "Expired",
    "ForecastRequest",
    "ForecastRun",
    "ForestModel",
    "HolidaysAsked",
    "IncidentsQuery",
    "JobState",
    "JobSummary",
    "LanesQuery",
    "Level",
    "ListedIncident",
    "MadeForecast",
    "Marks",
    "Message",
    "NoSuchJob",
    "OneSeries",
    "OverallQuery",
    "Page",
    "Query",
    "RecordsAsked",
    "Replayed",
    "Reverted",
    "SavedForecast",
    "SavedSnapshot",
    "SeriesQuery",
    "Service",
    "TopQuery",
    "posted_chunk",
]
"""The service, and what goes into it and comes out: whoever drives jobs needs nothing of the store itself."""

OnBuckets = Callable[[int, int], None]
"""(buckets done, buckets in all)"""


class Service(Feeding):
    """Jobs, from their creation to their end; rows of open ones are in `Feeding`, questions about them in `Answers`."""

    def __init__(
        self, store: Store, *, build: Build = Engine.build, clock: Clock = time.monotonic, now: Clock = time.time
    ) -> None:
        """A service of a store, which it closes at its end.

        Args:
            store: where the jobs live.
            build: makes the engine of a job, or brings it back from a snapshot.
            clock: seconds on a clock that only goes forward.
            now: epoch seconds, wall clock.
        """
        super().__init__(store, Means(build, clock, now))
        self.filters, self.keys = Filters(store), Keys(store)
        self.notes = Notes(store)
        self.settings: Kept[dict[str, Any]] = Kept(store, "setting", dict)
        self._changing = RLock()
        self._build = build
        self._clock = clock
        self._now = now
        self.forecast_runs = ForecastRuns(self._run_forecast, self._tell_failed)

    @property
    def store(self) -> Store:
        """Where the jobs live, for a room that keeps tables of its own there."""
        return self._store

    def kept(self, kind: str) -> Kept[dict[str, Any]]:
        """Documents of a kind that belong to no job, for whoever stands beside the service and keeps some."""
        return Kept(self._store, kind, dict)

    @classmethod
    def open(cls, url: str | None, data_dir: Path, *, create: bool = True) -> Self:
        """A service of the store at a place.

        Args:
            url: `postgresql://...`, or None for SQLite in the data directory.
            data_dir: where history and snapshots lie (and SQLite).
            create: make a SQLite store that is not there yet.

        Raises:
            NotFound: it is not there.
            StorageFailure: it cannot be reached.
            OtherVersion: a newer version wrote it.
        """
        return cls(Store.open(url, data_dir, create=create))

    def close(self) -> None:
        """Close all jobs that are open here, each with a commit, then the store."""
        self.forecast_runs.close()
        try:
            self._open.close_all()
        finally:
            self._store.close()

    def suspend(self) -> None:
        """As `close`, but the jobs that are open here stay open in the store: `left_open` names them to the next service."""
        self.forecast_runs.close()
        try:
            self._open.suspend_all()
        finally:
            self._store.close()

    def serve_alone(self) -> None:
        """Be the one server of this store until it is closed; whoever runs single jobs beside it is not kept out.

        Raises:
            Conflict: another server is.
        """
        self._store.lock_server()

    def left_open(self) -> list[str]:
        """The jobs that the store says are open while nobody may have them open: a process that ended left them so."""
        open_states = {JobState.OPENING, JobState.OPENED, JobState.CLOSING}
        ours = frozenset(self.opened())
        left = [one.job.job_id for one in self.jobs() if one.state in open_states and not waits_for_room(one.job)]
        return [job_id for job_id in left if job_id not in ours]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # a job's life

    def create(self, job: Job) -> bool:
        """Create a job, or take over what may change of one that is there; returns whether it is new.

        Raises:
            JobChanged: a job of this id has learned under other settings.
            ConfigError: the engine cannot run it.
        """
        self._build(job, None, knowledge_of(self._store, job), self._store.scratch(job.job_id))
        return self._store.create_job(job, self.now_ms())

    def put(self, job: Job) -> bool:
        """Create a job; False when there is one of its id. Whether this version can run it is asked when it is opened."""
        with self._changing:
            if job.job_id in self.ids():
                return False
            return self._store.create_job(job, self.now_ms())

    def update(self, job_id: str, change: Callable[[Job], Job]) -> Job:
        """Change a job's settings, also while it is open; returns it.

        Raises:
            JobChanged: its models have learned under what is to be changed.
            ConfigError: a rule refers to a filter that does not exist.
        """
        with self._changing:
            changed = change(self.job(job_id))
            knowledge_of(self._store, changed)  # before it is kept: an open job would refuse all rows from there on
            self._store.create_job(changed, self.now_ms())
            return changed

    def tell(self, job_id: str, level: Literal["info", "warning", "error"], text: str) -> None:
        """Note something that happened to a job, for whoever asks for its messages."""
        self._store.add_message(job_id, Message(self.now_ms(), level, text))

    def add_holidays(self, calendar_id: str, asked: HolidaysAsked) -> list[Event]:
        """Plan the public holidays of a country that a calendar does not have yet. See `jobs.holidays`."""
        return add_holidays(self.calendars, calendar_id, asked, [summary.job for summary in self.jobs()])

    def reset(self, job_id: str) -> None:
        """Remove all that a job has read, learned and found; its configuration stays.

        Raises:
            JobBusy: somebody else has it open.
            Conflict: it is open here.
        """
        self._open.refuse(job_id)
        self._store.reset_job(job_id)
        forget_downtime(self.calendars, job_id)

    def empty(self, job_id: str, *, delete_results: bool = False) -> None:
        """Give a job the models of one that has read nothing; its results stay unless they are to go. Raises as `reset`."""
        self._open.refuse(job_id)
        self._store.empty_job(job_id, delete_results=delete_results)
        forget_downtime(self.calendars, job_id)

    def delete(self, job_id: str) -> None:
        """Remove a job with all that it has read, learned and found. Raises as `reset`."""
        self._open.refuse(job_id)
        self._store.delete_job(job_id)
        forget_downtime(self.calendars, job_id)
        self.calendars.forget_job(job_id)
        self.notes.forget_job(job_id)

    def defer(self, job_id: str) -> None:
        """Say of a job that it is being opened: it waits for room, and has no worker until there is some.

        Raises:
            JobBusy: somebody else has it open.
            Conflict: it is open here.
        """
        self._say(job_id, JobState.OPENING)

    def settle(self, job_id: str) -> None:
        """Say of a job that has failed, or that a killed process left open, that it is closed.

        Raises:
            JobBusy: somebody else has it open.
            Conflict: it is open here.
        """
        self._say(job_id, JobState.CLOSED)

    def _say(self, job_id: str, state: JobState) -> None:
        self._open.refuse(job_id)
        self._store.job(job_id)
        with self._store.lock(job_id):
            self._store.set_state(job_id, state, self.now_ms())

    # rows

    def chunks(
        self, job: Job, paths: Iterable[str], tell: Callable[[str], None], idle: run.IdleTime | None = None
    ) -> Iterator[Chunk]:
        """The rows of files, read for a job. See `jobs.run.chunks_for`."""
        return run.chunks_for(self._store, job, paths, tell, idle)

    def run(
        self,
        job: Job,
        chunks: Iterable[Chunk],
        on_progress: run.OnProgress | None = None,
        *,
        flush: bool = False,
        interim: bool = False,
        tell: Tell = lambda _: None,
        idle: run.IdleTime | None = None,
        on_records: run.OnRecords = lambda _: None,
    ) -> RunSummary:
        """Create a job or go on with it, feed it until the input ends or a signal comes, and close it. See `jobs.run`.

        `tell` is told before its history is replayed because another version has learned its models.
        """
        self._open.refuse(job.job_id)
        return run.run_job(
            self._store,
            job,
            chunks,
            on_progress,
            flush=flush,
            interim=interim,
            build=self._build,
            clock=self._clock,
            now=self._now,
            tell=tell,
            idle=idle,
            on_records=on_records,
        )

    # models

    def forecast(self, job_id: str, request: ForecastRequest) -> MadeForecast:
        """Forecast all series of a job that can be, and keep it; the job may be open. See `jobs.forecast`."""
        return forecast.forecast(self._store, job_id, request, self.now_ms())

    def start_forecast(self, job_id: str, request: ForecastRequest) -> ForecastRun:
        """Begin to forecast a job, and wait for nothing: `forecast_runs` knows how far it is, `forecasts` has it in the end.

        Raises:
            BadRequest: the request cannot be.
            Conflict: as many are being made already.
        """
        job = self.job(job_id)
        check_forecast(job, request.duration, request.percentile)
        check_entity(job, request.entity)
        return self.forecast_runs.start(job_id, request, self.now_ms())

    def _run_forecast(self, run: ForecastRun) -> None:
        made = forecast.forecast(self._store, run.job_id, run.request, run.create_time, run.forecast_id, run.tell)
        if run.stop.is_set():  # at the last moment; who stopped it may have been faster
            with suppress(NotFound):
                self._store.delete_forecast(run.job_id, made.saved.forecast_id)

    def _tell_failed(self, run: ForecastRun) -> None:
        with suppress(NotFound):  # the job was deleted meanwhile
            self.tell(run.job_id, "warning", f"Forecast [{run.forecast_id}] failed: {run.failure}")

    def delete_forecast(self, job_id: str, forecast_id: str) -> None:
        """Remove a forecast; one that is being made is stopped.

        Raises:
            NotFound: the job has no such forecast.
        """
        if not self.forecast_runs.remove(job_id, forecast_id):
            self._store.delete_forecast(job_id, forecast_id)
            return
        with suppress(NotFound):  # it may have been kept just before it was stopped
            self._store.delete_forecast(job_id, forecast_id)

    def replay(self, job_id: str, on_progress: OnBuckets | None = None) -> Replayed:
        """Make models, results and snapshots anew from the kept bucket values. See `jobs.replay`."""
        self._open.refuse(job_id)
        return replay.replay(self._store, job_id, on_progress, clock=self._clock, now=self._now)

    def forget(self, job_id: str, span: Exclusion, on_progress: OnBuckets | None = None) -> Replayed:
        """Give a job the models that never saw a span. See `jobs.forget`."""
        self._open.refuse(job_id)
        return forget.forget(self._store, job_id, span, on_progress, now=self._now)

    def remember(self, job_id: str, span: Exclusion, on_progress: OnBuckets | None = None) -> Replayed:
        """Undo `forget`. See `jobs.forget`."""
        self._open.refuse(job_id)
        return forget.remember(self._store, job_id, span, on_progress, now=self._now)

    def revert(self, job_id: str, snapshot_id: str, *, delete_later_results: bool = False) -> Reverted:
        """Take a job back to one of its snapshots, as if the rows that came after it had not been read.

        Raises:
            JobBusy: somebody else has it open.
            Conflict: it is open here.
            NotFound: it has no such snapshot.
        """
        self._open.refuse(job_id)
        back = self._store.revert(job_id, snapshot_id, delete_later_results=delete_later_results)
        forget_downtime(self.calendars, job_id, self.finished_until(job_id))
        return back

    def note_snapshot(self, job_id: str, snapshot_id: str, description: str | None = None, retain: bool | None = None) -> None:
        """Note something of a snapshot, or say whether it is kept beyond the job's retention; None leaves it as it is.

        Raises:
            NotFound: there is no such snapshot.
        """
        self._store.note_snapshot(job_id, snapshot_id, description, retain)

    def delete_snapshot(self, job_id: str, snapshot_id: str) -> None:
        """Remove a snapshot.

        Raises:
            NotFound: there is no such snapshot.
            BadRequest: it is the one that the job goes on from.
            JobBusy: another process has the job open.
        """
        self._store.delete_snapshot(job_id, snapshot_id)

    def expire(self, job_id: str) -> tuple[Expired, int]:
        """Remove what a job no longer wants kept; returns that, and how many forecasts went whose time was over.

        Raises:
            JobBusy: somebody else has it open.
            Conflict: it is open here.
        """
        self._open.refuse(job_id)
        return self._store.expire(job_id), self._store.expire_forecasts(job_id, self.now_ms())

    def now_ms(self) -> int:
        """Epoch ms, wall clock."""
        return int(self._now() * 1000)
