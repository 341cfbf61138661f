"""What `/metrics` tells, in Prometheus' text form. Each server has its own registry."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from barograph.jobs.summary import dropped
from barograph.results.counts import DataCounts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "barograph_requests", "Requests, by method, route and status", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "barograph_request_seconds", "Time to answer, by route", ("route",), buckets=_SECONDS, registry=registry
        )
        self.body_bytes = Counter("barograph_body_bytes", "Bytes of request bodies, unpacked", registry=registry)
        self.rows = Counter("barograph_rows", "Rows that jobs were given", registry=registry)
        self.refused = Counter(
            "barograph_refused_rows", "Rows that jobs could not use, by the reason", ("reason",), registry=registry
        )
        self._open = Gauge("barograph_open_jobs", "Jobs that are open", registry=registry)
        self._waiting = Gauge("barograph_waiting_tasks", "Requests that wait for a job, or are being done", registry=registry)

    def watch(self, opened: Callable[[], int], waiting: Callable[[], int]) -> None:
        """Ask these whenever somebody looks."""
        self._open.set_function(opened)
        self._waiting.set_function(waiting)

    def count_rows(self, before: DataCounts, after: DataCounts) -> None:
        """Count the rows that a job was given between two counts of it, and those that it could not use."""
        self.rows.inc(after.input_record_count - before.input_record_count)
        for reason, number in dropped(before, after).items():
            self.refused.labels(reason).inc(number)

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self.registry)
