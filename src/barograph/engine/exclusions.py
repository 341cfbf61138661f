"""Spans of time that a job's models are not to have seen."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from barograph.buckets import KnownSeries
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.moment import iso_text
from barograph.engine.entity import Entity, check_entity, of_entity
from barograph.results.arrays import Bools


@dataclass(frozen=True)
class Exclusion:
    """A span that is not learned: of all series, or of those that one entity's field values name.

    Attributes:
        start_ms: epoch ms, inclusive.
        end_ms: epoch ms, exclusive. Half a bucket cannot be forgotten: every bucket that the span touches is.
        entity: values of partition or by fields, by field name; a series must have them all. Empty is every series.
    """

    start_ms: int
    end_ms: int
    entity: Entity = ()

    def buckets(self, span_ms: int, early_ms: int = 0) -> tuple[int, int]:
        """The numbers of the first bucket and of the one behind the last, of those that begin so many ms early."""
        return buckets_within(self.start_ms, self.end_ms, span_ms, early_ms)

    def check(self, job: Job) -> None:
        """Refuse what no series of the job could be.

        Raises:
            BadRequest: the span is empty, or no detector is split by all fields of the entity.
        """
        if self.start_ms >= self.end_ms:
            raise BadRequest(f"span={self.told(job)}: wanted an end after the start")
        check_entity(job, self.entity)

    def told(self, job: Job) -> str:
        """The span in the job's time zone, for a message."""
        zone = ZoneInfo(job.time_zone)
        return f"{iso_text(self.start_ms, zone)} to {iso_text(self.end_ms, zone)}"

    def series(self, job: Job, detector_index: int, known: KnownSeries, count: int) -> Bools:
        """Which of the first `count` series of a detector it names."""
        return of_entity(job, detector_index, self.entity, known.names, count)


def buckets_within(start_ms: int, end_ms: int, span_ms: int, early_ms: int = 0) -> tuple[int, int]:
    """The first bucket that shares a time with `[start_ms, end_ms)`, and the one behind the last, where each of them begins
    `early_ms` before its number times the span."""
    return (start_ms + early_ms) // span_ms, -(-(end_ms + early_ms) // span_ms)
