"""What rules see of a job: its results with the scores that they had when they were first written.

Those never change, so whatever is renormalised later, the same alerts come of the same results.
"""

from dataclasses import replace
from functools import cached_property
from typing import Any

import polars as pl

from barograph.config.job import Job
from barograph.jobs.incidents import job_incidents
from barograph.results import schema
from barograph.scoring.episodes import OPENING_SCORE
from barograph.scoring.incidents import incidents
from barograph.store.job_rows import JobSummary
from barograph.store.query import Page, Query
from barograph.store.store import Store

Row = dict[str, Any]


class FirstScores:
    """A store whose records have their first scores for scores, up to a time."""

    def __init__(self, store: Store, until_ms: int, interim: bool) -> None:
        self._store, self._until_ms, self._interim = store, until_ms, interim

    def summary(self, job_id: str) -> JobSummary:
        """A job."""
        return self._store.summary(job_id)

    def buckets(self, job_id: str, asked: Query) -> Page:
        """Its buckets; `anomaly_score` is the first one."""
        page = self._store.buckets(job_id, self._first(asked))
        return Page(page.rows.with_columns(anomaly_score="initial_anomaly_score"), page.total)

    def records(self, job_id: str, asked: Query) -> Page:
        """Its records; `record_score` is the first one."""
        page = self._store.records(job_id, self._first(asked))
        return Page(page.rows.with_columns(record_score="initial_record_score"), page.total)

    def influencers(self, job_id: str, asked: Query) -> Page:
        """Its influencers; `influencer_score` is the first one."""
        page = self._store.influencers(job_id, self._first(asked))
        return Page(page.rows.with_columns(influencer_score="initial_influencer_score"), page.total)

    def _first(self, asked: Query) -> Query:
        end = self._until_ms if asked.end_ms is None else min(asked.end_ms, self._until_ms)
        return replace(asked, min_score=0.0, min_initial_score=asked.min_score, end_ms=end, exclude_interim=not self._interim)


class Seen:
    """The results of a job from a time on, each kind read when it is first asked for.

    Attributes:
        job: the job.
        start_ms: the first bucket that may raise something, epoch ms.
        until_ms: results end there, epoch ms, exclusive.
    """

    def __init__(self, store: Store, job: Job, start_ms: int, until_ms: int, interim: bool = False) -> None:
        self.job, self.start_ms, self.until_ms = job, start_ms, until_ms
        self._results = FirstScores(store, until_ms, interim)
        self._incidents: dict[int, list[Row]] = {}  # by how many records were known

    @property
    def span_ms(self) -> int:
        """Length of a bucket, ms."""
        return self.job.bucket_span_ms

    @cached_property
    def _touching(self) -> pl.DataFrame:
        return job_incidents(self._results, self.job.job_id, self.start_ms, self.until_ms)

    @cached_property
    def anomalous(self) -> pl.DataFrame:
        """Records that open incidents or go on with them, by time, from the start of the first that touches the time on."""
        touching = self._touching
        first = min([self.start_ms, *touching["start"].to_list()])
        asked = Query(first, self.until_ms, OPENING_SCORE, sort="timestamp", descending=False)
        return self._results.records(self.job.job_id, asked).rows

    def incidents_at(self, time_ms: int) -> list[Row]:
        """The incidents as they are when the bucket that starts at a time has been judged, as rows of `schema.INCIDENTS`."""
        known = self.anomalous.filter(pl.col("timestamp") <= time_ms)
        if known.height not in self._incidents:
            self._incidents[known.height] = incidents(known, self.span_ms).to_dicts()
        return self._incidents[known.height]

    def records(self, min_score: float) -> pl.DataFrame:
        """Records from a score on, by time."""
        asked = Query(self.start_ms, self.until_ms, min_score, sort="timestamp", descending=False)
        return self._results.records(self.job.job_id, asked).rows

    def records_at(self, time_ms: int) -> pl.DataFrame:
        """The records of a bucket."""
        return self._results.records(self.job.job_id, Query(time_ms, time_ms + self.span_ms)).rows

    def buckets(self, min_score: float) -> pl.DataFrame:
        """Buckets from a score on, by time."""
        return self._results.buckets(self.job.job_id, Query(self.start_ms, self.until_ms, min_score)).rows

    def influencers(self, min_score: float) -> pl.DataFrame:
        """Influencers from a score on, by time."""
        asked = Query(self.start_ms, self.until_ms, min_score, sort="timestamp", descending=False)
        return self._results.influencers(self.job.job_id, asked).rows


def series_of(row: Row) -> tuple[object, ...]:
    """What tells the series of a record, or of a member of an incident, from the others of its job."""
    return tuple(row[name] for name in schema.SERIES_KEY)
