"""What rules see of a job: its results with the scores that they had when they were first written.

Those never change, so whatever is renormalised later, the same alerts come of the same results.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, TypeVar

import polars as pl

from barograph.config.alert_rule import On
from barograph.config.job import Job
from barograph.jobs.views.incidents import incidents_with_records
from barograph.results import schema
from barograph.scoring.incidents import incidents
from barograph.store.alert_standings import Highest
from barograph.store.job_rows import JobSummary
from barograph.store.query import Page, Query
from barograph.store.store import Store

Row = dict[str, Any]
T = TypeVar("T")

GRADED: Final = ("timestamp", "partition_field_value", "by_field_value")
"""What tells the grades of a forest from each other: its features have one together."""


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

    def graded(self, job_id: str, asked: Query) -> pl.DataFrame:
        """What its forest has found from a grade on, which stands beside the score and is never changed."""
        asked = replace(asked, exclude_interim=not self._interim)
        return self._store.forest_results(job_id, asked, anomalies_only=True).rows

    def _first(self, asked: Query) -> Query:
        end = self._until_ms if asked.end_ms is None else min(asked.end_ms, self._until_ms)
        return replace(asked, min_score=0.0, min_initial_score=asked.min_score, end_ms=end, exclude_interim=not self._interim)


class Seen:
    """The results of a job from a time on, each read when it is first asked for, and once for all rules that look at it.

    Attributes:
        job: the job.
        start_ms: the first bucket that may raise something, epoch ms.
        until_ms: results end there, epoch ms, exclusive.
    """

    def __init__(self, store: Store, job: Job, start_ms: int, until_ms: int, interim: bool = False) -> None:
        self.job, self.start_ms, self.until_ms = job, start_ms, until_ms
        self._results = FirstScores(store, until_ms, interim)
        self._read: dict[tuple[object, ...], Any] = {}

    @property
    def span_ms(self) -> int:
        """Length of a bucket, ms."""
        return self.job.bucket_span_ms

    @cached_property
    def _touching(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The incidents of the time as they are in the end, and the records around."""
        return incidents_with_records(self._results, self.job.job_id, self.start_ms, self.until_ms)

    @cached_property
    def anomalous(self) -> pl.DataFrame:
        """Records that open incidents or go on with them, by time, from the start of the first that touches the time on."""
        touching, records = self._touching
        first = min([self.start_ms, *touching["start"].to_list()])
        return records.filter(pl.col("timestamp") >= first)

    @cached_property
    def _times(self) -> list[int]:
        return self.anomalous["timestamp"].to_list()

    def incidents_at(self, time_ms: int) -> list[Row]:
        """The incidents as they are when the bucket that starts at a time has been judged, as rows of `schema.INCIDENTS`."""
        known = bisect_right(self._times, time_ms)
        return self._once(("incidents", known), lambda: self._incidents(known).to_dicts())

    def _incidents(self, known: int) -> pl.DataFrame:
        """The incidents of the first `known` records."""
        is_all = known == len(self._times)
        return self._touching[0] if is_all else incidents(self.anomalous.head(known), self.span_ms)

    def of_incident(self, incident: Row, time_ms: int) -> pl.DataFrame:
        """The records of an incident that `incidents_at` has given for a time, up to then."""

        def chosen() -> pl.DataFrame:
            members = {series_of(member) for member in incident["members"]}
            rows = self.anomalous.filter(pl.col("timestamp").is_between(incident["start"], time_ms))
            return rows.filter([series_of(one) in members for one in rows.iter_rows(named=True)])

        return self._once(("of incident", incident["incident_id"], time_ms), chosen)

    def hits(self, min_score: float, min_grade: float | None = None) -> list[tuple[int, list[Row]]]:
        """Anomalous records from a score on, in buckets from that score on, as `by_time` gives them.

        Those of forest detectors also from a grade on, 0 to 1; None is any.

        Of a thousand series one is odd at nearly any time by chance. The score of the bucket knows how many there are.
        """

        def found() -> list[tuple[int, list[Row]]]:
            odd = self.buckets(min_score)["timestamp"]
            hits = self.anomalous.filter(pl.col("record_score") >= min_score, pl.col("timestamp").is_in(odd.implode()))
            return by_time(self._graded(hits, min_grade), "record_score")

        return self._once(("hits", min_score, min_grade), found)

    def records(self, min_score: float, min_grade: float | None = None) -> pl.DataFrame:
        """Records from a score and a grade on, as in `hits`, by time."""
        asked = Query(self.start_ms, self.until_ms, min_score, sort="timestamp", descending=False)
        rows = self._once(("records", min_score), lambda: self._results.records(self.job.job_id, asked).rows)
        return self._graded(rows, min_grade)

    def _graded(self, records: pl.DataFrame, min_grade: float | None) -> pl.DataFrame:
        """Those of records whose entity has a grade from `min_grade` on; all of a job that gives no grades."""
        if min_grade is None or self.job.forest_config is None or records.is_empty():
            return records
        span = Query(records["timestamp"].item(0), self.until_ms, min_grade)
        grades = self._once(("grades", span), lambda: self._results.graded(self.job.job_id, span))
        return records.join(grades.select(GRADED), on=GRADED, how="semi", nulls_equal=True, maintain_order="left")

    def records_at(self, time_ms: int) -> pl.DataFrame:
        """The records of a bucket."""
        asked = Query(time_ms, time_ms + self.span_ms)
        return self._once(("records at", time_ms), lambda: self._results.records(self.job.job_id, asked).rows)

    def buckets(self, min_score: float) -> pl.DataFrame:
        """Buckets from a score on, by time."""
        asked = Query(self.start_ms, self.until_ms, min_score)
        return self._once(("buckets", min_score), lambda: self._results.buckets(self.job.job_id, asked).rows)

    def influencers(self, min_score: float) -> pl.DataFrame:
        """Influencers from a score on, by time."""
        asked = Query(self.start_ms, self.until_ms, min_score, sort="timestamp", descending=False)
        return self._once(("influencers", min_score), lambda: self._results.influencers(self.job.job_id, asked).rows)

    def _once(self, what: tuple[object, ...], read: Callable[[], T]) -> T:
        if what not in self._read:
            self._read[what] = read()
        found: T = self._read[what]
        return found


def reach(on: On, highest: Highest) -> float:
    """The highest score from which on a rule could find something, by the highest scores that there are."""
    records, buckets, influencers = highest
    if on == "incidents":
        return min(records, buckets)
    return buckets if on == "buckets" else influencers if on == "influencers" else records


def series_of(row: Row) -> tuple[object, ...]:
    """What tells the series of a record, or of a member of an incident, from the others of its job."""
    return tuple(row[name] for name in schema.SERIES_KEY)


def by_time(rows: pl.DataFrame, score: str) -> list[tuple[int, list[Row]]]:
    """Rows by the start of their bucket, in order of time, the worst of a bucket first."""
    ordered = rows.sort("timestamp", score, descending=[False, True], maintain_order=True)
    return [(time, list(of)) for time, of in groupby(ordered.iter_rows(named=True), key=itemgetter("timestamp"))]
