"""Jobs of detectors: fed with what the index makes of an interval; what they find goes back into the index."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from barograph.api.opensearch.features import enabled
from barograph.api.opensearch.result_documents import Origin, Result, documents, flattened
from barograph.api.opensearch.shelves import (
    ensure_results,
    flattened_alias,
    results_alias,
    write_many,
)
from barograph.api.opensearch.windows import Span, Window
from barograph.api.server import Server
from barograph.config.detector_document import DetectorDocument
from barograph.config.errors import Conflict, NotFound
from barograph.config.job import Job
from barograph.jobs.service import Query

T = TypeVar("T")


def job_of(job_id: str, detector: Any) -> Job:
    """The job that a detector is; its rows are what the index has computed of each interval."""
    return DetectorDocument.model_validate(detector).job(job_id, summarised=True)


@dataclass(frozen=True)
class Feeding:
    """The job of a detector, in its worker.

    Attributes:
        server: who has it.
        job_id: the job.
        window: what it is fed with.
    """

    server: Server
    job_id: str
    window: Window

    def open(self) -> bool:
        """Open the job, made anew where there is none or one of other settings; whether it is new."""
        service, job = self.server.service, job_of(self.job_id, self.window.detector)
        if self.job_id in service.opened():
            return False
        try:
            is_new = self._do(lambda: service.create(job))
        except Conflict:  # its forests have learned under other settings
            self._do(lambda: service.delete(self.job_id))
            is_new = self._do(lambda: service.create(job))
        self._do(lambda: service.open_job(self.job_id))
        return is_new

    def take(self, span: Span) -> set[int]:
        """Feed a span of whole intervals, and finish them; the beginnings of those that have values.

        Raises:
            BarographError: the index cannot be asked, or the job takes no rows.
            NoNumber: a feature is no number.
        """
        service, rows = self.server.service, self.window.points(span)
        until = span[1] - self.window.phase_ms
        if rows.height:
            self._do(lambda: service.feed(self.job_id, rows))
        self._do(lambda: service.flush(self.job_id, until))
        starts = rows[self.window.detector["time_field"]].dt.epoch("ms") + self.window.phase_ms
        return set(starts.to_list())

    def tell(self, span: Span, origin: Origin) -> int:
        """Write what was found in a span into the index of results; how many results there are."""
        phase = self.window.phase_ms
        query = Query(start_ms=span[0] - phase, end_ms=span[1] - phase, size=None)
        found = list(documents(self.server.service.forest_results(self.job_id, query).rows, origin))
        self.write(found)
        return len(found)

    def write(self, made: Iterable[tuple[str, Result]]) -> None:
        """Write results, and flattened copies where they are wanted."""
        detector, listed = self.window.detector, list(made)
        index = self.server.documents
        alias, flat = results_alias(detector), flattened_alias(detector)
        ensure_results(index, alias)
        write_many(index, alias, listed)
        if flat is not None:
            ensure_results(index, flat, is_flat=True)
            features = enabled(detector)
            write_many(index, flat, [(key, flattened(document, features)) for key, document in listed])

    def newest_end(self) -> int | None:
        """The end of the newest interval with a result; None without one."""
        query = Query(size=1, sort="timestamp", descending=True)
        rows = self.server.service.forest_results(self.job_id, query).rows
        return None if rows.is_empty() else int(rows["timestamp"][0]) + self.window.phase_ms + self.window.step_ms

    def close(self) -> None:
        """Close the job, if it is open."""
        if self.job_id in self.server.service.opened():
            self._do(lambda: self.server.service.close_job(self.job_id))

    def _do(self, task: Callable[[], T]) -> T:
        """Have something done in the job's worker, behind whatever else is asked of it."""
        return self.server.workers.submit(self.job_id, task).result()


def remove_job(server: Server, job_id: str) -> None:
    """Remove a job with all that it has found; nothing where there is none."""
    try:
        if job_id in server.service.opened():
            server.workers.submit(job_id, lambda: server.service.close_job(job_id)).result()
        server.workers.submit(job_id, lambda: server.service.delete(job_id)).result()
    except NotFound:
        return
