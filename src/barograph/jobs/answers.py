"""What can be asked about the jobs of a store. Nothing here waits for whoever writes, or changes anything."""

from collections.abc import Sequence

import polars as pl

from barograph.config.job import Job
from barograph.config.splits import ROLES
from barograph.engine.entity import Entity
from barograph.engine.exclusions import Exclusion
from barograph.jobs.forecasts import forecast_series
from barograph.jobs.forecasts.forecast_series import ForecastSeries
from barograph.jobs.knowledge.calendars import Calendars
from barograph.jobs.views import (
    categories,
    describe,
    entities,
    explain,
    forest_models,
    found,
    incident_list,
    incidents,
    lanes,
    memory,
    overall,
    scatter,
    scope,
    selection,
    series,
    silenced,
    status,
    what_if,
)
from barograph.jobs.views.categories import JobCategories
from barograph.jobs.views.describe import Described
from barograph.jobs.views.entities import EntitiesQuery, KnownNames
from barograph.jobs.views.explain import Explained
from barograph.jobs.views.forest_models import ForestModel
from barograph.jobs.views.found import BlamedAsked, Found, RecordsAsked
from barograph.jobs.views.incident_list import IncidentList, IncidentsQuery
from barograph.jobs.views.lanes import Lanes, LanesQuery
from barograph.jobs.views.memory import Memory
from barograph.jobs.views.one_series import OneSeries
from barograph.jobs.views.overall import OverallQuery
from barograph.jobs.views.scatter import Scatter, ScatterQuery
from barograph.jobs.views.scope import Fields
from barograph.jobs.views.series import SeriesQuery, SeriesValues
from barograph.jobs.views.status import Status
from barograph.jobs.views.what_if import Alerts, AlertSettings
from barograph.results.causes import are_several, wanted, with_causes
from barograph.results.silenced import Silenced
from barograph.store.documents import LEVELS, Level, Message
from barograph.store.forecasts import SavedForecast
from barograph.store.forest_results import TopQuery
from barograph.store.history import Span
from barograph.store.job_rows import JobSummary
from barograph.store.parts import Marks
from barograph.store.query import Page, Query
from barograph.store.snapshots import SavedSnapshot
from barograph.store.store import Store
from barograph.store.timing import Timing

_ALL = Query()
_ALWAYS = Span()
_OVERALL = OverallQuery()
_AT_ONCE = 1_000
"""Buckets, and members in them, that one query names: databases take some ten thousand values in one."""


class Answers:
    """Questions about jobs. They see what is committed, also of a job that is open.

    Every method that takes a `job_id` raises `NoSuchJob` when there is no such job, and `StorageFailure` when the database or
    the disk fails.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known_names = KnownNames(store)
        self._categories: dict[str, tuple[str, JobCategories]] = {}
        self._split_counts: dict[str, tuple[str, dict[str, int]]] = {}
        self._memory: dict[str, tuple[str, Memory]] = {}
        self._silenced: dict[str, tuple[str, tuple[Silenced, ...]]] = {}
        self._forests: dict[str, tuple[str, list[ForestModel]]] = {}
        self._incidents: dict[str, tuple[object, pl.DataFrame]] = {}

    @property
    def store_id(self) -> str:
        """The name of the store, which no other has."""
        return self._store.store_id

    # jobs

    def job(self, job_id: str) -> Job:
        """A job's configuration."""
        return self._store.job(job_id)

    def jobs(self, expressions: Sequence[str] = ("_all",)) -> list[JobSummary]:
        """Jobs by id, with their states and counts.

        Args:
            expressions: job ids, groups, either with `*` for any text, or `_all`.

        Raises:
            NoSuchJob: an expression without a wildcard names nothing.
        """
        summaries = {summary.job.job_id: summary for summary in self._store.jobs()}
        named = selection.matching([summary.job for summary in summaries.values()], expressions)
        return [summaries[job.job_id] for job in named]

    def ids(self) -> dict[str, tuple[str, ...]]:
        """The groups of every job, by its id."""
        return {summary.job.job_id: summary.job.groups for summary in self._store.jobs()}

    def users_of_filter(self, filter_id: str) -> list[str]:
        """The jobs with a rule that refers to a filter, by id."""
        return [summary.job.job_id for summary in self._store.jobs() if filter_id in _filters_of(summary.job)]

    def messages(
        self, job_ids: Sequence[str], most: int, levels: Sequence[Level] = LEVELS
    ) -> tuple[list[tuple[str, Message]], int]:
        """What happened to jobs, newest first: `most` of it, each with its job, and how much there is."""
        return self._store.messages(job_ids, levels, most)

    def summary(self, job_id: str) -> JobSummary:
        """One job as `jobs` lists it."""
        return self._store.summary(job_id)

    def version(self, job_id: str) -> tuple[int, int]:
        """Differs from any earlier one if the job's results may differ."""
        return self._store.summary(job_id).create_time, self._store.commits(job_id)

    def parts(self, job_id: str, part_ms: int) -> dict[int, Marks]:
        """Of each part of time with results, by its start, what differs from any earlier time if they do.

        Only as long as the job's `create_time` and `replay_time` are the same, too.
        """
        return self._store.parts(job_id, part_ms)

    def finished_until(self, job_id: str) -> int:
        """Where the newest finished bucket ends, epoch ms; before the first, where the open one starts; 0 without rows."""
        summary = self._store.summary(job_id)
        counts, span_ms = summary.counts, summary.job.bucket_span_ms
        if counts is None or counts.latest_record_timestamp is None:
            return 0
        if counts.latest_bucket_timestamp is not None:
            return counts.latest_bucket_timestamp + span_ms
        return counts.latest_record_timestamp // span_ms * span_ms

    # results

    def records(self, job_id: str, query: Query = _ALL) -> Page:
        """Records, the highest scores first unless asked otherwise; columns as `schema.RECORDS`."""
        self._check(job_id, query)
        return self._store.records(job_id, query)

    def with_causes(self, job_id: str, records: pl.DataFrame) -> pl.DataFrame:
        """Records with what else the same member of a population did in their buckets; see `results.causes`."""
        if not are_several(records):
            return with_causes(records, records)
        asked = (Query(times=times, members=of, exclude_interim=False) for times, of in wanted(records, _AT_ONCE))
        return with_causes(records, pl.concat([self.records(job_id, one).rows for one in asked]))

    def buckets(self, job_id: str, query: Query = _ALL) -> Page:
        """Buckets, in the order of time unless asked otherwise; columns as `schema.BUCKETS`."""
        self._check(job_id, query)
        return self._store.buckets(job_id, query)

    def influencers(self, job_id: str, query: Query = _ALL) -> Page:
        """Influencers, the highest scores first unless asked otherwise; columns as `schema.INFLUENCERS`."""
        self._check(job_id, query)
        return self._store.influencers(job_id, query)

    def bucket_influencers(self, job_id: str, query: Query = _ALL) -> Page:
        """Bucket influencers, in the order of time unless asked otherwise; columns as `schema.BUCKET_INFLUENCERS`."""
        return self._store.bucket_influencers(job_id, query)

    def annotations(self, job_id: str, query: Query = _ALL) -> Page:
        """Annotations, in the order of time unless asked otherwise; columns as `schema.ANNOTATIONS`."""
        self._check(job_id, query)
        return self._store.annotations(job_id, query)

    def forest_results(self, job_id: str, query: Query = _ALL, *, anomalies_only: bool = False) -> Page:
        """What a forest detector has found of each entity and bucket, in the order of time unless asked otherwise; columns
        as `schema.FOREST_RESULTS`. `min_score` is the lowest grade; `anomalies_only` leaves out those of grade 0.

        Raises:
            BadRequest: the job is no forest detector.
        """
        forest_models.forest_settings(self._store.job(job_id))
        self._check(job_id, query)
        return self._store.forest_results(job_id, query, anomalies_only=anomalies_only)

    def forest_top(self, job_id: str, query: TopQuery) -> pl.DataFrame:
        """The entities of a forest detector with the worst anomalies, or the most: a column of values for each field (as in
        `schema.FOREST_RESULTS`), `max_anomaly_grade` and `anomalies`.

        Raises:
            BadRequest: the job is no forest detector, or has no such category field.
        """
        return forest_models.top(self._store, job_id, query)

    def forest_models(self, job_id: str) -> list[ForestModel]:
        """The forests of a forest detector, and how far each is from its first score. See `jobs.forest_models`."""
        snapshots = self._store.snapshots(job_id)
        newest = snapshots[-1].snapshot_id if snapshots else ""
        known = self._forests.get(job_id)
        if known is None or known[0] != newest:  # a large job's snapshot takes seconds to read
            known = self._forests[job_id] = (newest, forest_models.forest_models(self._store, job_id))
        return known[1]

    def _check(self, job_id: str, query: Query) -> None:
        if query.entity or query.detector_index is not None:
            selection.check_query(self._store.job(job_id), query)

    def incidents(
        self, job_id: str, start_ms: int | None = None, end_ms: int | None = None, min_score: float = 0.0
    ) -> pl.DataFrame:
        """What went wrong together, by start; columns as `schema.INCIDENTS`. See `jobs.incidents`."""
        return incidents.job_incidents(self._store, job_id, start_ms, end_ms, min_score)

    def incident_list(self, query: IncidentsQuery) -> IncidentList:
        """What went wrong in several jobs, what goes on first, the worst first. See `jobs.incident_list`.

        Raises:
            NoSuchJob: an expression without a wildcard names nothing.
        """
        return incident_list.listed(self.jobs(query.expressions), lambda job_id: self._known_incidents(job_id, query), query)

    def _known_incidents(self, job_id: str, query: IncidentsQuery) -> pl.DataFrame:
        """A job's incidents, told anew only when its results or the question are others: whoever watches asks every second."""
        asked = (self.version(job_id), query.start_ms, query.end_ms, query.min_score)
        known = self._incidents.get(job_id)
        if known is None or known[0] != asked:
            known = self._incidents[job_id] = (asked, self.incidents(job_id, *asked[1:]))
        return known[1]

    def overall_buckets(
        self, expressions: Sequence[str], query: OverallQuery = _OVERALL, others: overall.Others | None = None
    ) -> pl.DataFrame:
        """How odd the times were over several jobs together; columns as `schema.OVERALL_BUCKETS`. See `jobs.overall`."""
        return overall.overall_buckets(self._store, expressions, query, others)

    def bucket_values(self, job_id: str, span: Span = _ALWAYS) -> pl.DataFrame:
        """The values that the models have learned from, in the order of time; columns as `schema.BUCKET_VALUES`."""
        return self._store.bucket_values(job_id, span)

    # what a chart shows

    def lanes(self, query: LanesQuery) -> Lanes:
        """How odd each of several things was, in columns of time. See `jobs.lanes`."""
        jobs = [summary.job for summary in self.jobs(query.asked.expressions)]
        planned = Calendars(self._store).planned(jobs, query.start_ms, query.end_ms)
        return lanes.lanes(self._store, query, planned)

    def fields(self, expressions: Sequence[str]) -> Fields:
        """What jobs can be looked at by. See `jobs.scope`."""
        return scope.fields([summary.job for summary in self.jobs(expressions)])

    def found_records(self, query: RecordsAsked) -> Found:
        """Records of several jobs, a page at a time. See `jobs.found`."""
        return found.records(self._store, query)

    def blamed(self, query: BlamedAsked) -> pl.DataFrame:
        """Who is to blame over several jobs. See `jobs.found`."""
        return found.blamed(self._store, query)

    def series(self, job_id: str, query: SeriesQuery) -> SeriesValues:
        """The values of one series over time. See `jobs.series`."""
        return series.series_values(self._store, job_id, query)

    def scatter(self, job_id: str, query: ScatterQuery) -> Scatter:
        """The values of all series of a detector as points. See `jobs.scatter`."""
        return scatter.scatter(self._store, job_id, query)

    def entities(self, job_id: str, query: EntitiesQuery) -> tuple[pl.DataFrame, int]:
        """The values of a field that splits a detector, and how many there are. See `jobs.entities`."""
        return entities.entities(self._store, job_id, query, self._known_names)

    def forecast_series(self, job_id: str, forecast_id: str, series: OneSeries, most: int = 5000) -> ForecastSeries:
        """One series of a forecast, and how far it was off. See `jobs.forecast_series`."""
        return forecast_series.forecast_series(self._store, job_id, forecast_id, series, most)

    # what a job costs, and how it is doing

    def status(self, summary: JobSummary, now_ms: int) -> Status:
        """How a job is doing, as a sentence."""
        return status.status(self._store, summary, now_ms)

    def memory(self, job_id: str) -> Memory:
        """What its models take, part by part; looked at anew only when its newest snapshot or its limit is another one."""
        snapshots, limit = self._store.snapshots(job_id), self._store.job(job_id).analysis_limits.model_memory_limit
        newest = f"{snapshots[-1].snapshot_id if snapshots else ''} {limit}"
        known = self._memory.get(job_id)
        if known is None or known[0] != newest:
            known = self._memory[job_id] = (newest, memory.memory(self._store, job_id))
        return known[1]

    def timing(self, job_id: str) -> Timing:
        """How long its finished buckets took."""
        return self._store.timing(job_id)

    def split_counts(self, job_id: str) -> dict[str, int]:
        """How many values of `partition` fields, series by `by` fields and values of `over` fields its models know."""
        snapshots = self._store.snapshots(job_id)
        if not snapshots:
            return dict.fromkeys(ROLES, 0)
        newest = snapshots[-1].snapshot_id
        known = self._split_counts.get(job_id)
        if known is None or known[0] != newest:
            known = self._split_counts[job_id] = (newest, describe.split_counts(self._store, job_id))
        return known[1]

    def silenced(self, job_id: str) -> tuple[Silenced, ...]:
        """What rules and planned times have silenced, what did so most first; read when its newest snapshot is another one."""
        snapshots = self._store.snapshots(job_id)
        newest = snapshots[-1].snapshot_id if snapshots else ""
        known = self._silenced.get(job_id)
        if known is None or known[0] != newest:
            known = self._silenced[job_id] = (newest, silenced.silenced(self._store, job_id))
        return known[1]

    def categories(self, job_id: str) -> JobCategories:
        """The categories of its messages, and how well they fit; made anew only when its newest snapshot is another one."""
        snapshots = self._store.snapshots(job_id)
        newest = snapshots[-1].snapshot_id if snapshots else ""
        known = self._categories.get(job_id)
        if known is None or known[0] != newest:
            known = self._categories[job_id] = (newest, categories.categories(self._store, job_id))
        return known[1]

    # models

    def describe(self, job_id: str, entity: Entity = (), most: int | None = None) -> Described:
        """What the models have learned. See `jobs.describe`."""
        return describe.describe(self._store, job_id, entity, most)

    def explain(self, job_id: str, time_ms: int, entity: Entity = (), *, size: int = 1) -> Explained:
        """Why a bucket scores what it scores, also a normal one. See `jobs.explain`."""
        return explain.explain(self._store, job_id, time_ms, entity, size=size)

    def explain_one(self, job_id: str, time_ms: int, asked: OneSeries) -> Explained:
        """The same of one series. Raises `BadRequest` also where the job has no such series to chart."""
        job = self._store.job(job_id)
        series = asked.of(job)
        measured = series.detector_index, series.function or ""
        return explain.explain(self._store, job_id, time_ms, series.entity(job), measured=measured)

    def what_if(self, job_id: str, settings: AlertSettings) -> Alerts:
        """Which alerts there would have been. See `jobs.what_if`."""
        return what_if.what_if(self._store, job_id, settings)

    def snapshots(self, job_id: str) -> list[SavedSnapshot]:
        """The snapshots that are kept, oldest first; the last is where the job goes on."""
        return self._store.snapshots(job_id)

    def forgotten(self, job_id: str) -> tuple[Exclusion, ...]:
        """What the models are not to have seen, in the order in which it was forgotten."""
        return self._store.forgotten(job_id)

    def forecasts(self, job_id: str) -> list[SavedForecast]:
        """The forecasts that are kept, oldest first."""
        return self._store.forecasts(job_id)

    def kept_forecast(self, job_id: str, forecast_id: str | None = None) -> tuple[SavedForecast, pl.DataFrame]:
        """One of the forecasts that are kept, the newest unless it is named, with its rows: columns as `schema.FORECASTS`.

        Raises:
            NotFound: the job has no such forecast.
        """
        return self._store.forecast(job_id, forecast_id)


def _filters_of(job: Job) -> set[str]:
    """The filters that a job's rules refer to."""
    rules = [rule for detector in job.detectors for rule in detector.custom_rules or ()]
    return {scope.filter_id for rule in rules for scope in (rule.scope or {}).values()}
