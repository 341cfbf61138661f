"""How a job is doing, as a sentence."""

from dataclasses import replace

import pytest

from barograph.config.load import load_job
from barograph.jobs.views.status import status
from barograph.results.counts import DataCounts
from barograph.store.job_rows import JobState, JobSummary
from barograph.store.query import Page, Query
from barograph.store.store import Store

DAY = 86_400_000
JOB = load_job({"job_id": "web", "time_zone": "Europe/Berlin", "analysis_config": {"detectors": [{"function": "count"}]}})
NEWEST = 20_000 * DAY + 9 * 3_600_000
FED = DataCounts(input_record_count=1234, latest_bucket_timestamp=NEWEST)


class Counting:
    """A store that has so many records of each day, and says what it was asked."""

    def __init__(self, records: int) -> None:
        self.records_of_day = records
        self.asked: list[Query] = []

    def records(self, _: str, asked: Query) -> Page:
        self.asked.append(asked)
        return Page(None, self.records_of_day)  # type: ignore[arg-type]


def told(summary: JobSummary, records: int = 0, now: int = NEWEST + 60_000) -> str:
    store: Store = Counting(records)  # type: ignore[assignment]
    return status(store, summary, now).sentence


@pytest.mark.parametrize(
    ("state", "counts", "records", "text"),
    [
        (JobState.CLOSED, None, 0, "closed, has read nothing yet"),
        (JobState.OPENED, DataCounts(input_record_count=1), 0, "running, 1 row read, no bucket is finished yet"),
        (JobState.OPENED, FED, 3, "running, newest bucket 11:00, 3 anomalies today"),
        (JobState.OPENED, FED, 1, "running, newest bucket 11:00, 1 anomaly today"),
        (JobState.CLOSING, FED, 0, "being closed, newest bucket 11:00, no anomalies today"),
    ],
)
def test_a_state_is_a_sentence(state: JobState, counts: DataCounts | None, records: int, text: str) -> None:
    assert told(JobSummary(JOB, 0, counts, state=state), records) == text


def test_an_old_job_says_which_day() -> None:
    summary = JobSummary(JOB, 0, FED, state=JobState.CLOSED)
    assert told(summary, 2, NEWEST + 5 * DAY) == "closed, newest bucket Fri 2024-10-04 11:00, 2 anomalies that day"


def test_a_failed_job_says_why() -> None:
    summary = replace(JobSummary(JOB, 0, FED), state=JobState.FAILED, failure="the disk is full")
    assert told(summary) == "failed: the disk is full"


def test_days_are_those_of_the_jobs_zone() -> None:
    store = Counting(0)
    found = status(store, JobSummary(JOB, 0, FED), NEWEST)  # type: ignore[arg-type]
    assert found.day_ms == 20_000 * DAY - 2 * 3_600_000
    assert store.asked[0].start_ms == found.day_ms
