"""What all requests share: the service, the workers of the jobs, the settings, and whether the server is ready."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar

import structlog

from barograph.alerts.service import Alerts
from barograph.alerts.worker import AlertWorker
from barograph.api.metrics import Metrics
from barograph.config.channels import Channel
from barograph.config.datafeed import Datafeed
from barograph.config.errors import BarographError
from barograph.config.job import Job
from barograph.config.server import ServerConfig
from barograph.config.sources import Source
from barograph.index.documents import INDEX_FILE, Documents
from barograph.jobs.annotations import annotate
from barograph.jobs.datafeeds import Datafeeds
from barograph.jobs.drafts.uploads import Uploads
from barograph.jobs.service import Service
from barograph.jobs.workers import Workers
from barograph.sources.feed import Feed
from barograph.sources.feeds import open_feed

T = TypeVar("T")


@dataclass
class InFlight:
    """How many bytes of bodies are in memory, over all requests."""

    bytes: int = 0


@dataclass(frozen=True)
class Looks:
    """When something looks at what has come for a job.

    Attributes:
        every_ms: how often.
        next_ms: the next time, epoch ms; None: not any more.
        window: the span of data that was looked at last, epoch ms; None: that is not known.
        ran: when that was begun and ended, epoch ms.
    """

    every_ms: int
    next_ms: int | None
    window: tuple[int, int] | None = None
    ran: tuple[int, int] | None = None


class Beside(Protocol):
    """What goes on beside the requests."""

    def resume(self) -> None:
        """Go on with what an earlier process left; the jobs are open."""

    def close(self) -> None:
        """End, while jobs still take rows."""


@dataclass
class Server:
    """A server from its opening to its end.

    Attributes:
        config: its settings.
        service: the jobs.
        documents: the built-in index.
        workers: what is asked of one job goes through its worker, in order.
        metrics: what `/metrics` tells.
        in_flight: bodies that are in memory.
        sources: what datafeeds read beside the index, by name.
        channels: over which alerts are told, by name.
        alerts: alerts and their rules.
        uploads: files that were uploaded, to be looked at.
        ready: the jobs that an earlier process left open are open again.
        is_ending: it was told to end: who waits for something is answered at once.
        own_feed: the source of a datafeed that a dialect has made for itself, else None; the dialect sets it.
        own_looks: when a dialect looks at what has come for a job that it feeds, else None; the dialect sets it.
        bring_results_up_to_date: makes the index show the results of now; a dialect that shows them there sets it.
        beside: what dialects have going on beside the requests.
        datafeeds: what feeds jobs from sources.
    """

    config: ServerConfig
    service: Service
    documents: Documents
    workers: Workers = field(default_factory=Workers)
    metrics: Metrics = field(default_factory=Metrics)
    in_flight: InFlight = field(default_factory=InFlight)
    sources: Mapping[str, Source] = field(default_factory=dict)
    ready: bool = False
    is_ending: bool = False
    own_feed: Callable[[Datafeed, Job], Feed | None] = lambda _datafeed, _job: None
    own_looks: Callable[[str], Looks | None] = lambda _job_id: None
    bring_results_up_to_date: Callable[[], None] = lambda: None
    beside: list[Beside] = field(default_factory=list)
    datafeeds: Datafeeds = field(init=False)
    uploads: Uploads = field(init=False)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    alerts: Alerts = field(init=False)
    _alerting: AlertWorker = field(init=False)

    def __post_init__(self) -> None:
        """Datafeeds read from the index, and feed the jobs; uploads lie beside the jobs' files."""
        self.uploads = Uploads(self.config.data_dir / "uploads", self.config.max_uploads_bytes)
        self.alerts = Alerts(self.service, self.channels, self.config.page)
        self._alerting = self.alerts.worker()
        self.datafeeds = Datafeeds(
            self.service,
            self.workers,
            lambda datafeed, job: self.own_feed(datafeed, job) or open_feed(self.documents, self.sources, datafeed, job),
            lambda job_id, start_ms, end_ms, text: annotate(self.documents, job_id, (start_ms, end_ms), text),
            self.metrics.count_rows,
        )

    @classmethod
    def open(
        cls,
        config: ServerConfig,
        sources: Mapping[str, Source] | None = None,
        channels: Mapping[str, Channel] | None = None,
    ) -> Self:
        """A server on a data directory that no other server uses.

        Raises:
            Conflict: another server is running there.
            StorageFailure: the store cannot be reached.
            OtherVersion: a newer version wrote it.
        """
        url = None if config.store is None else config.store.get_secret_value()
        service = Service.open(url, config.data_dir)
        try:
            service.serve_alone()
            documents = Documents(config.data_dir / INDEX_FILE, service.now_ms)
        except BarographError:
            service.close()
            raise
        server = cls(config, service, documents, sources=sources or {}, channels=channels or {})
        server.metrics.watch(lambda: len(service.opened()), server.workers.waiting)
        return server

    def reopen(self) -> None:
        """Open the jobs that an earlier process left open. One that cannot be opened has failed, and takes no other with it."""
        log = structlog.get_logger()
        for job_id in self.service.left_open():
            try:
                self.service.open_job(job_id, lambda note: log.info("job.replayed", note=note))
                log.info("job.reopened", job_id=job_id)
            except Exception as error:  # whatever it is, the store has it as the job's failure, and the next job is opened
                log.error("job.not_reopened", job_id=job_id, error=str(error))
        self.datafeeds.resume()
        for one in self.beside:
            one.resume()
        self._alerting.start()
        self.ready = True

    def close(self) -> None:
        """Finish what was taken, commit, and let go; jobs that are open stay open in the store."""
        self.ready = False
        self._alerting.close()
        self.datafeeds.close()
        for one in self.beside:
            one.close()
        self.workers.close()
        self.documents.close()
        self.uploads.close()
        self.service.suspend()

    def looks(self, job_id: str) -> Looks | None:
        """When a dialect or a datafeed looks at what has come for a job; None where nothing does."""
        own, datafeed = self.own_looks(job_id), self.datafeeds.of_job(job_id)
        if own is not None or datafeed is None:
            return own
        due = self.datafeeds.due_ms(datafeed.datafeed_id)
        return None if due is None else Looks(datafeed.every_ms(self.service.job(job_id)), due)

    async def in_worker(self, job_id: str, task: Callable[[], T]) -> T:
        """What a task gives that a job's worker does, without holding up other requests.

        Raises:
            Overloaded: too much waits for the job already.
        """
        future: asyncio.Future[Any] = asyncio.wrap_future(self.workers.submit(job_id, task))
        result: T = await asyncio.shield(future)  # a client that goes away does not end what was begun
        return result
