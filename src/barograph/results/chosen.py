"""Which series, lanes and time of a job's results a chart shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.moment import epoch_ms
from barograph.config.splits import SPLIT_VALUES, SPLITS
from barograph.results import charted, schema
from barograph.results.charted import ChartedLanes, ChartedSeries

if TYPE_CHECKING:
    from barograph.results.results import Entity, Results, Time

_MOST_POINTS: Final = 4_000
"""Of a chart: more than it has pixels, and fewer than the 5,000 rows from which Altair refuses a frame."""
_MOST_COLUMNS: Final = 140


@dataclass(frozen=True)
class SeriesChoice:
    """A series: of what is None or empty, the one with the highest score is meant.

    Attributes:
        detector: position of the detector in the job, from 0.
        entity: (field, value) pairs of its splits.
        function: what is measured.
    """

    detector: int | None
    entity: tuple[tuple[str, str], ...]
    function: str | None

    def condition(self, job: Job) -> pl.Expr:
        """The rows of bucket values or records that can be meant.

        Raises:
            BadRequest: the job has no such detector or split field.
        """
        detectors = range(len(job.detectors))
        if self.detector is not None and self.detector not in detectors:
            raise BadRequest(f"detector={self.detector}: wanted 0 to {len(job.detectors) - 1}")
        of_entity = [_splits_by(job, at, self.entity) for at in detectors]
        if self.entity and not any(expression is not None for expression in of_entity):
            fields = sorted({field for one in job.detectors for field in one.splits.values()})
            raise BadRequest(
                f"entity={dict(self.entity)!r}: wanted a detector that is split by it; fields: {', '.join(fields) or 'none'}"
            )
        any_of = [
            (pl.col("detector_index") == at) & expression for at, expression in enumerate(of_entity) if expression is not None
        ]
        condition = pl.any_horizontal(any_of)
        if self.detector is not None:
            condition &= pl.col("detector_index") == self.detector
        return condition if self.function is None else condition & (pl.col("function_description") == self.function)


@dataclass(frozen=True)
class TimeChoice:
    """From when to when, as somebody gave it; None is the first bucket, or the last."""

    start: "Time | None" = None
    end: "Time | None" = None

    def of(self, zone: ZoneInfo, first_ms: int, end_ms: int) -> tuple[int, int]:
        """Start and end as epoch ms, within those of the results.

        Raises:
            BadRequest: they are no times, or there is nothing between them.
        """
        start = first_ms if self.start is None else _moment("start", self.start, zone)
        end = end_ms if self.end is None else _moment("end", self.end, zone)
        if max(start, first_ms) >= min(end, end_ms):
            times = f"start={self.start!r}, end={self.end!r}"
            raise BadRequest(f"{times}: wanted some time of the results, epoch ms {first_ms} to {end_ms}")
        return max(start, first_ms), min(end, end_ms)


def pairs(entity: "Entity") -> tuple[tuple[str, str], ...]:
    """The (field, value) pairs of an entity."""
    return tuple(entity.items() if isinstance(entity, Mapping) else entity)


def series(results: "Results", asked: SeriesChoice, time: TimeChoice, min_score: float) -> ChartedSeries:
    """The chart of a series; see `Results.plot_series`."""
    job = _job(results)
    zone, span_ms = ZoneInfo(job.time_zone), job.bucket_span_ms
    start, end = time.of(zone, *_times(results, span_ms))
    meant = asked.condition(job)
    values = results.coded_values.filter(meant)
    if values.is_empty():
        raise BadRequest(f"{_asked(asked)}: wanted a series of the job that has a value")
    inside = pl.col("timestamp").is_between(start, end, closed="left")
    records = results.records.filter(meant & inside)
    key = _key(records, values.filter(inside) if values.filter(inside).height else values)
    same = pl.all_horizontal(pl.col(name).cast(pl.String).eq_missing(pl.lit(value, pl.String)) for name, value in key.items())
    empty = 0.0 if job.detectors[int(key["detector_index"] or 0)].spec.empty == "zero" else None
    rows = charted.every_bucket(values.filter(same), span_ms, empty).filter(inside)
    own = records.filter(same & (pl.col("record_score") >= min_score))
    function = str(key["function_description"])
    origin = charted.origin_of(rows, function)
    shown = charted.on_a_line(charted.thinned(rows, _MOST_POINTS), function, origin)
    return ChartedSeries(
        charted.title(_named(job, key), origin),
        zone,
        span_ms,
        start,
        end,
        shown,
        charted.marks(own, zone, origin),
        rows.height if shown.height < rows.height else None,
    )


def lanes(results: "Results", by: str | None, time: TimeChoice, min_score: float, size: int) -> ChartedLanes:
    """The lanes of a job; see `Results.plot_lanes`."""
    job = _job(results)
    zone, span_ms = ZoneInfo(job.time_zone), job.bucket_span_ms
    start, end = time.of(zone, *_times(results, span_ms))
    field = _lane_field(job, by)
    step = -(-(end - start) // (_MOST_COLUMNS * span_ms)) * span_ms
    first = start // step * step
    found = _scores(results, field).filter(
        pl.col("timestamp").is_between(start, end, closed="left"), pl.col("score") >= min_score
    )
    blocks = found.group_by("name", column=(pl.col("timestamp") - first) // step).agg(pl.max("score"))
    ranked = blocks.filter(pl.col("name").is_not_null()).group_by("name").agg(pl.max("score"))
    shown = ranked.sort("score", "name", descending=[True, False])["name"].head(size).to_list()
    names = [charted.WHOLE_JOB, *shown]
    order = pl.DataFrame({"name": [None, *shown], "lane": range(len(names))}, schema={"name": pl.String, "lane": pl.Int64})
    placed = blocks.join(order, on="name", nulls_equal=True).sort("lane", "column")
    drawn = charted.cells(placed, first, step, names, zone)
    last = first + -(-(end - first) // step) * step
    return ChartedLanes(field, zone, first, last, step, names, drawn, ranked.height - len(shown))


def _scores(results: "Results", field: str | None) -> pl.DataFrame:
    """`timestamp`, `name` and `score`: of buckets, whose name is null, and of the values of a field."""
    whole = results.buckets.select("timestamp", name=pl.lit(None, pl.String), score="anomaly_score")
    if field is None:
        return whole
    blamed = results.influencers.filter(pl.col("influencer_field_name") == field)
    parts = [whole, blamed.select("timestamp", name="influencer_field_value", score="influencer_score")]
    for name, value in SPLITS:
        split = results.records.filter(pl.col(name) == field, pl.col(value).is_not_null())
        parts.append(split.select("timestamp", name=value, score="record_score"))
    return pl.concat(parts)


def lane_fields(job: Job) -> tuple[str, ...]:
    """The fields whose values can be lanes: influencers, then splits."""
    splits = (field for detector in job.detectors for field in detector.splits.values())
    return tuple(dict.fromkeys([*job.influencers, *splits]))


def _lane_field(job: Job, by: str | None) -> str | None:
    fields = lane_fields(job)
    if by is not None and by not in fields:
        raise BadRequest(f"by={by!r}: wanted an influencer or split field of the job: {', '.join(fields) or 'it has none'}")
    return by or next(iter(fields), None)


def _job(results: "Results") -> Job:
    if results.job is None:
        raise BadRequest("results: wanted those of a job, with their bucket values")
    return results.job


def _times(results: "Results", span_ms: int) -> tuple[int, int]:
    times = results.buckets["timestamp"]
    first, last = times.min(), times.max()
    if not isinstance(first, int) or not isinstance(last, int):
        raise BadRequest("results: wanted at least one finished bucket")
    return first, last + span_ms


def _key(records: pl.DataFrame, values: pl.DataFrame) -> dict[str, str | None]:
    """The series of the worst record, or of the first value where there is no record; all its names as text."""
    worst = records.sort("record_score", "log_probability", descending=[True, False], maintain_order=True)
    row = (worst if worst.height else values).select(schema.SERIES_KEY).cast(pl.String).row(0, named=True)
    return dict(row)


def _named(job: Job, key: Mapping[str, str | None]) -> dict[str, str | None]:
    detector = job.detectors[int(key["detector_index"] or 0)]
    names = {name: detector.splits.get(name.removesuffix("_field_name")) for name, _ in SPLITS}
    return {**key, **names, "field_name": detector.field_name}


def _splits_by(job: Job, at: int, entity: Iterable[tuple[str, str]]) -> pl.Expr | None:
    """What rows of a detector must hold to be of an entity; None when it is not split by all of its fields."""
    columns = {job.detectors[at].splits.get(value.removesuffix("_field_value")): value for value in SPLIT_VALUES}
    wanted = pl.lit(True)
    for field, value in entity:
        if field not in columns:
            return None
        wanted &= pl.col(columns[field]).cast(pl.String) == value
    return wanted


def _moment(name: str, time: "Time", zone: ZoneInfo) -> int:
    if isinstance(time, datetime):
        return round((time if time.tzinfo else time.replace(tzinfo=zone)).timestamp() * 1000)
    return epoch_ms(name, str(time), zone)


def _asked(asked: SeriesChoice) -> str:
    given = {"detector": asked.detector, "entity": dict(asked.entity) or None, "function": asked.function}
    return ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None) or "series"
