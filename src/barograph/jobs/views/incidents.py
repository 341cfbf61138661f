"""The incidents of a job, told from its records; they are not stored, as the next records may make them grow or join."""

from typing import Protocol

import polars as pl

from barograph.results.counts import DataCounts
from barograph.scoring.episodes import OPENING_SCORE, QUIET_BUCKETS
from barograph.scoring.incidents import incidents
from barograph.scoring.linking import GAP_BUCKETS
from barograph.store.job_rows import JobSummary
from barograph.store.query import Page, Query

_FURTHER = 8  # times as far to look when an incident reaches to the end of what was read


class JobResults(Protocol):
    """What is asked of a store."""

    def summary(self, job_id: str) -> JobSummary:
        """A job."""

    def records(self, job_id: str, asked: Query) -> Page:
        """Its records."""

    def buckets(self, job_id: str, asked: Query) -> Page:
        """Its buckets."""


def job_incidents(
    store: JobResults, job_id: str, start_ms: int | None = None, end_ms: int | None = None, min_score: float = 0.0
) -> pl.DataFrame:
    """What went wrong together, by start; columns as `schema.INCIDENTS`.

    Incidents that touch the time are given whole, as far as results are kept (`is_whole` says when they may not be): what came
    before and after is read as far as it needs.

    Args:
        store: where the job lives.
        job_id: the job.
        start_ms: epoch ms, inclusive; None is from the beginning.
        end_ms: epoch ms, exclusive; None is to the end.
        min_score: lowest score of an incident, 0 to 100.

    Raises:
        NoSuchJob: there is none of this id.
    """
    return incidents_with_records(store, job_id, start_ms, end_ms)[0].filter(pl.col("score") >= min_score)


def incidents_with_records(
    store: JobResults, job_id: str, start_ms: int | None, end_ms: int | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """As `job_incidents`; and the records, by time, that were read for it: those of these incidents, and others around them."""
    summary = store.summary(job_id)
    span_ms, known_ms = summary.job.bucket_span_ms, _known_from(store, summary)
    reach = 2 * QUIET_BUCKETS * span_ms
    before = after = reach
    while True:
        first = None if start_ms is None else start_ms - before
        last = None if end_ms is None else end_ms + after
        asked = Query(first, last, OPENING_SCORE, sort="timestamp", descending=False)
        records = store.records(job_id, asked).rows
        told = incidents(records, span_ms, known_ms)
        inside = pl.lit(True) if start_ms is None else pl.col("end") > start_ms
        inside &= pl.lit(True) if end_ms is None else pl.col("start") < end_ms
        # A record that was not read can make a difference only if there is something all the way between it and one of these.
        spans = _with_spans(told, span_ms).filter(inside.any().over("span"))
        early = first is not None and first > known_ms and (spans["start"] < first + reach).any()
        late = last is not None and last <= _newest(summary.counts) and (spans["end"] > last - reach).any()
        if not early and not late:
            return told.filter(inside), records
        before, after = (before * _FURTHER if early else before), (after * _FURTHER if late else after)


def _with_spans(told: pl.DataFrame, bucket_span_ms: int) -> pl.DataFrame:
    """Incidents by start, with the number of the `span` of time that each is in; between two spans nothing touches."""
    before = pl.col("end").cum_max().shift()
    apart = before.is_null() | (pl.col("start") > before + GAP_BUCKETS * bucket_span_ms)
    return told.with_columns(span=apart.cum_sum())


def _known_from(store: JobResults, summary: JobSummary) -> int:
    """The start of the oldest bucket whose results are kept; -1 when no results have expired."""
    oldest = store.buckets(summary.job.job_id, Query(size=1)).rows["timestamp"].to_list()
    first = summary.counts.earliest_record_timestamp if summary.counts else None
    # A first bucket that began before the first row has no result: that one is not missing.
    if not oldest or first is None or oldest[0] <= first + summary.job.bucket_span_ms:
        return -1
    return int(oldest[0])


def _newest(counts: DataCounts | None) -> int:
    newest = counts.latest_bucket_timestamp if counts else None
    return -1 if newest is None else newest
