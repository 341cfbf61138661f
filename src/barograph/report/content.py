"""What a report tells: read from the store, worked out, and put into the order in which it is read."""

from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.splits import SPLIT_VALUES
from barograph.jobs.service import JobSummary, LanesQuery, Query, SeriesQuery, Service
from barograph.jobs.views.filter_text import quoted
from barograph.jobs.views.lanes import Lanes
from barograph.jobs.views.one_series import OneSeries
from barograph.jobs.views.scope import OVERALL, Asked
from barograph.results import charted
from barograph.results.charted import ChartedLanes, ChartedSeries
from barograph.results.chosen import lane_fields
from barograph.results.severity import MINOR

RECORDS: Final = 50
INCIDENTS: Final = 20
CHARTS: Final = 6
LANES: Final = 20
"""How many of each are shown at most, the worst first; what is left out is counted."""

_COLUMNS: Final = 140
_AROUND: Final = 240
"""Buckets that a chart of an incident shows, and three times as long as the incident, if that is more."""
_WHOLE_POINTS: Final = 1_600


@dataclass(frozen=True)
class ReportQuery:
    """What a report is about.

    Attributes:
        job_id: the job.
        start_ms: first bucket, epoch ms, inclusive; None is the first there is.
        end_ms: epoch ms, exclusive; None is to the end.
        min_score: lowest score of a record, an incident, or a cell of a lane.
        entity: (field, value) pairs that all of it must be of.
    """

    job_id: str
    start_ms: int | None = None
    end_ms: int | None = None
    min_score: float = 0.0
    entity: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Closeup:
    """The worst series of an incident, around it.

    Attributes:
        incident: a row of `schema.INCIDENTS`.
        chart: its worst series.
    """

    incident: dict[str, Any]
    chart: ChartedSeries


@dataclass(frozen=True)
class Report:
    """What a report tells.

    Attributes:
        asked: what it is about.
        summary: the job and its counts.
        zone: the job's time zone, in which all times are told.
        start_ms: start of the first bucket, epoch ms.
        end_ms: end of the last one.
        buckets: how many there are.
        highest: the highest score of a bucket.
        incidents: rows of `schema.INCIDENTS`, the worst first.
        lanes: the whole job, and below it the field that tells most.
        lane_kind: what the scores of that field's lanes are of.
        whole: the worst series over all of the time; None where a close-up shows as much, or nothing is odd.
        closeups: the worst incidents.
        records: the worst records, as `schema.RECORDS`.
        record_total: how many there are.
        made_ms: when it was made, epoch ms.
    """

    asked: ReportQuery
    summary: JobSummary
    zone: ZoneInfo
    start_ms: int
    end_ms: int
    buckets: int
    highest: float
    incidents: pl.DataFrame
    lanes: ChartedLanes
    lane_kind: str
    whole: ChartedSeries | None
    closeups: tuple[Closeup, ...]
    records: pl.DataFrame
    record_total: int
    made_ms: int

    @property
    def job(self) -> Job:
        """The job."""
        return self.summary.job


def report(service: Service, asked: ReportQuery) -> Report:
    """Gather a report.

    Raises:
        NotFound: there is no such job.
        BadRequest: the job has no bucket in this time, or nothing of it can be of the entity.
    """
    summary = service.summary(asked.job_id)
    job, zone = summary.job, ZoneInfo(summary.job.time_zone)
    start, end, buckets, highest = _extent(service, asked, job.bucket_span_ms)
    wanted = Query(start, end, asked.min_score, size=RECORDS, entity=asked.entity)
    records = service.records(asked.job_id, wanted)
    incidents = _incidents(service, asked, start, end)
    charts = _Charts(service, job, zone, start, end, asked.min_score)
    closeups = tuple(charts.closeup(incident) for incident in incidents.head(CHARTS).iter_rows(named=True))
    lanes, kind = _lanes(service, asked, zone, start, end)
    whole = charts.whole(records.rows, closeups)
    now, found = service.now_ms(), (records.rows, records.total)
    return Report(
        asked, summary, zone, start, end, buckets, highest, incidents, lanes, kind, whole, closeups, *found, now
    )  # fmt: skip


def _extent(service: Service, asked: ReportQuery, span_ms: int) -> tuple[int, int, int, float]:
    def one(sort: str, descending: bool) -> dict[str, Any] | None:
        query = Query(asked.start_ms, asked.end_ms, sort=sort, descending=descending, size=1)
        return next(service.buckets(asked.job_id, query).rows.iter_rows(named=True), None)

    first, last, worst = one("timestamp", False), one("timestamp", True), one("anomaly_score", True)
    if first is None or last is None or worst is None:
        raise BadRequest(f"job {asked.job_id!r}: wanted a job with a finished bucket in this time; there is nothing to report")
    total = service.buckets(asked.job_id, Query(asked.start_ms, asked.end_ms, size=0)).total
    return first["timestamp"], last["timestamp"] + span_ms, total, worst["anomaly_score"]


def _incidents(service: Service, asked: ReportQuery, start_ms: int, end_ms: int) -> pl.DataFrame:
    found = service.incidents(asked.job_id, start_ms, end_ms, asked.min_score)
    worst_first = found.sort("score", "start", descending=[True, False])
    own = [all(_is_of(incident, *pair) for pair in asked.entity) for incident in worst_first.iter_rows(named=True)]
    return worst_first.filter(pl.Series(own, dtype=pl.Boolean))


def _is_of(incident: dict[str, Any], field: str, value: str) -> bool:
    """Whether a series of an incident is split by, or all of them share, an entity."""
    splits = [(f"{role}_field_name", f"{role}_field_value") for role in ("partition", "by")]
    of_members = any(member[name] == field and member[of] == value for member in incident["members"] for name, of in splits)
    return of_members or any(one["field_name"] == field and one["field_value"] == value for one in incident["entities"])


def _lanes(service: Service, asked: ReportQuery, zone: ZoneInfo, start_ms: int, end_ms: int) -> tuple[ChartedLanes, str]:
    def read(by: str, text: str = "") -> Lanes:
        of = Asked([asked.job_id], text=text, by=by)
        return service.lanes(
            LanesQuery(of, start_ms, end_ms, _COLUMNS, size=LANES, min_score=asked.min_score, exclude_interim=True)
        )

    whole = read(OVERALL)
    field = next(iter(lane_fields(service.job(asked.job_id))), None)
    parts = [whole]
    if field is not None:
        by = f":{field}" if field in ("overall", "job", "detector") or field.startswith(":") else field
        parts.append(read(by, " and ".join(f"{quoted(name)}:{quoted(value)}" for name, value in asked.entity)))
    names = [charted.WHOLE_JOB, *(name for part in parts[1:] for name, _ in part.lanes)]
    found = [(lane + at, column, score) for at, part in enumerate(parts) for lane, column, score, _ in part.cells]
    frame = pl.DataFrame(found, schema={"lane": pl.Int64, "column": pl.Int64, "score": pl.Float64}, orient="row")
    cells = charted.cells(frame, whole.start_ms, whole.step_ms, names, zone)
    left_out = sum(part.total - len(part.lanes) for part in parts[1:])
    lanes = ChartedLanes(field, zone, whole.start_ms, whole.end_ms, whole.step_ms, names, cells, left_out)
    return lanes, parts[-1].kind


class _Charts:
    """Charts of single series of one job."""

    def __init__(self, service: Service, job: Job, zone: ZoneInfo, start_ms: int, end_ms: int, min_score: float) -> None:
        self._service, self._job, self._zone = service, job, zone
        self._start, self._end, self._min_score = start_ms, end_ms, min_score

    def closeup(self, incident: dict[str, Any]) -> Closeup:
        """The worst series of an incident, around it."""
        worst = max(incident["members"], key=lambda member: member["score"])
        span_ms = self._job.bucket_span_ms
        length = min(max(_AROUND * span_ms, 3 * (incident["end"] - incident["start"])), self._end - self._start)
        middle = (incident["start"] + incident["end"]) // 2
        start = min(max((middle - length // 2) // span_ms * span_ms, self._start), self._end - length)
        return Closeup(incident, self._chart(worst, start, start + length, _AROUND * 8))

    def whole(self, records: pl.DataFrame, closeups: tuple[Closeup, ...]) -> ChartedSeries | None:
        """The worst series over all of the time."""
        if records.is_empty():
            return None
        chart = self._chart(records.row(0, named=True), self._start, self._end, _WHOLE_POINTS)
        seen = closeups[0].chart if closeups else None
        if seen is not None and (seen.start_ms, seen.end_ms) == (self._start, self._end):
            return None
        # Among thousands of buckets, weak records and the bounds of strong ones hide the line.
        bare = chart.marks.filter(pl.col("score") >= MINOR).with_columns(lower_bound=None, upper_bound=None)
        return replace(chart, marks=bare.cast(chart.marks.schema))

    def _chart(self, row: dict[str, Any], start_ms: int, end_ms: int, most: int) -> ChartedSeries:
        splits = tuple(row[name] for name in SPLIT_VALUES)
        one = OneSeries(row["detector_index"], row["function_description"], splits)
        series = self._service.series(self._job.job_id, SeriesQuery(one, start_ms, end_ms, most))
        asked = Query(start_ms, end_ms, self._min_score, entity=one.entity(self._job), detector_index=one.detector_index)
        records = self._service.records(self._job.job_id, asked).rows.filter(one.rows())
        buckets = (end_ms - start_ms) // self._job.bucket_span_ms if series.thinned else None
        shown = charted.marks(records, self._zone, series.origin)
        span_ms = self._job.bucket_span_ms
        return ChartedSeries(
            charted.title(row, series.origin), self._zone, span_ms, start_ms, end_ms, series.rows, shown, buckets
        )
