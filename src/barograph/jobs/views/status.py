"""How a job is doing, as a sentence: a state by itself says neither since when, nor why, nor whether anything is wrong."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from barograph.config.job import Job
from barograph.results.labels import counted, when
from barograph.results.severity import MAJOR
from barograph.store.job_rows import JobState, JobSummary
from barograph.store.query import Query
from barograph.store.store import Store

ANOMALY_SCORE: Final = MAJOR
"""A record from here on counts as an anomaly of the day: what `AlertSettings` would tell of unless asked otherwise."""

_WORDS: Final = {
    JobState.CLOSED: "closed",
    JobState.OPENING: "being opened",
    JobState.OPENED: "running",
    JobState.CLOSING: "being closed",
}


@dataclass(frozen=True)
class Status:
    """How a job is doing.

    Attributes:
        sentence: all of it, as `running, newest bucket 10:15, 3 anomalies today`; times in the job's zone.
        anomalies: records of at least `ANOMALY_SCORE` on the day of its newest bucket, as its time zone has days.
        day_ms: start of that day, epoch ms; None before the first bucket.
    """

    sentence: str
    anomalies: int = 0
    day_ms: int | None = None


def status(store: Store, summary: JobSummary, now_ms: int) -> Status:
    """How a job is doing at a time."""
    if summary.state is JobState.FAILED:
        return Status(f"failed: {summary.failure}")
    word, counts = _WORDS[summary.state], summary.counts
    if counts is None or not counts.input_record_count:
        return Status(f"{word}, has read nothing yet")
    newest = counts.latest_bucket_timestamp
    if newest is None:
        return Status(f"{word}, {counted(counts.input_record_count, 'row')} read, no bucket is finished yet")
    day_ms = _day_start(newest, summary.job)
    asked = Query(start_ms=day_ms, min_score=ANOMALY_SCORE, size=0)
    anomalies = store.records(summary.job.job_id, asked).total
    today = _day_start(now_ms, summary.job) == day_ms
    zone = ZoneInfo(summary.job.time_zone)
    bucket = f"{datetime.fromtimestamp(newest / 1000, UTC).astimezone(zone):%H:%M}" if today else when(newest, zone)
    found = f"{counted(anomalies, 'anomaly', 'anomalies') if anomalies else 'no anomalies'} {'today' if today else 'that day'}"
    return Status(f"{word}, newest bucket {bucket}, {found}", anomalies, day_ms)


def _day_start(epoch_ms: int, job: Job) -> int:
    """The midnight before a time in the job's zone, epoch ms."""
    zone = ZoneInfo(job.time_zone)
    day = datetime.fromtimestamp(epoch_ms / 1000, UTC).astimezone(zone).date()
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)
