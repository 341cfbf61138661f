"""What a run says about itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from barograph.results.counts import DataCounts

_DROPPED: Final = {
    "malformed": "malformed_record_count",
    "invalid_date": "invalid_date_count",
    "missing_field": "missing_field_count",
    "not_a_number": "not_a_number_count",
    "out_of_order": "out_of_order_timestamp_count",
}
"""The count of each of `results.counts.REASONS`."""


def dropped(before: DataCounts, after: DataCounts) -> dict[str, int]:
    """How many rows (or values) were dropped between two counts, by reason; reasons without any are left out."""
    numbers = {reason: getattr(after, name) - getattr(before, name) for reason, name in _DROPPED.items()}
    return {reason: number for reason, number in numbers.items() if number}


@dataclass(frozen=True)
class Progress:
    """A run under way. Only what is committed is safe.

    Attributes:
        source: the input being read, as it was given.
        rows: input rows read by this run.
        rows_committed: those of them that a commit holds.
        bytes: their length in the input.
        buckets: finished by this run.
        records: found by this run.
        latest_ms: start of the newest finished bucket, epoch ms; None before the first.
        seconds: since the run began.
    """

    source: str
    rows: int
    rows_committed: int
    bytes: int
    buckets: int
    records: int
    latest_ms: int | None
    seconds: float


@dataclass(frozen=True)
class RunSummary:
    """A run that is over; all of it is committed.

    Attributes:
        job_id: the job.
        rows: input rows read, those dropped too; rows that an earlier run had read are not counted.
        dropped: how many of them were dropped and why, under the names of `results.counts.REASONS`.
        buckets: buckets finished.
        values: bucket values judged.
        records: records found.
        first_ms: start of the first bucket that this run finished, epoch ms; None if it finished none.
        last_ms: start of the last one.
        interim: start of each bucket that is still open and was judged at the end, epoch ms.
        seconds: how long it took.
        commits: how many there were.
        resumed: whether it went on from an earlier run.
        skipped: inputs, as they were given, in which nothing was new.
        interrupted: the signal that ended it early (`SIGINT`, `SIGTERM`); None when all input was read.
        counts: the job's counts since it was created.
        refused_rows: rows of new series since then, for which the job's memory limit has no room.
    """

    job_id: str
    rows: int
    dropped: Mapping[str, int]
    buckets: int
    values: int
    records: int
    first_ms: int | None
    last_ms: int | None
    interim: tuple[int, ...]
    seconds: float
    commits: int
    resumed: bool
    skipped: tuple[str, ...]
    interrupted: str | None
    counts: DataCounts
    refused_rows: int
