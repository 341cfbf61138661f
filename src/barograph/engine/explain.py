"""Why any bucket of any series scores what it scores, also a normal one: the model of that time judges it once more."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, cast
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from barograph.buckets import KnownSeries
from barograph.config.errors import BadRequest, OtherModels
from barograph.config.functions import Side
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge
from barograph.config.moment import iso_text
from barograph.config.splits import SPLIT_NAMES, SPLIT_VALUES
from barograph.engine.among_others import Learned, Others
from barograph.engine.exclusions import Exclusion
from barograph.engine.frequent import OFTEN, roles_of, share_of
from barograph.engine.replay import known_series
from barograph.engine.series_stage import measures_of, model_config, model_of, prune_of
from barograph.engine.silence import Silence
from barograph.engine.skips import DetectorSkips, planned_actions
from barograph.kernels.elementary import e_to
from barograph.models import Model, Together
from barograph.models.skips import PLANNED, Skips
from barograph.results.arrays import Floats, Ints
from barograph.results.points import POINTS
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot, under
from barograph.scoring import quantiles
from barograph.scoring.explain import Explainer, Factor, WouldScore, gate
from barograph.scoring.leaves import Measure
from barograph.scoring.normalise import Quantiles
from barograph.scoring.records import anomaly_type

_BY_ITSELF: Final = (
    "It is a feature of a forest detector: so it would score by itself. What is told is what the features are together, "
    "without what the rules ignore."
)


class Past(Protocol):
    """What is kept of a job."""

    @property
    def forgotten(self) -> Sequence[Exclusion]:
        """What the models have not seen."""

    @property
    def knowledge(self) -> Knowledge:
        """What the user knows."""

    @property
    def kept_from(self) -> int | None:
        """The first bucket, epoch ms, of which all values are kept; None when none have expired."""

    def values(self, measure: Measure, split_values: tuple[str | None, ...], start_ms: int, end_ms: int) -> pl.DataFrame:
        """The bucket values of the series of a measure with these split values: `timestamp`, `series`, `actual`, `weight`.

        Where a split value is None, that of a series may be any.
        """

    def quantiles(self, kind: str, time_ms: int) -> Quantiles | None:
        """Those that held then; None before the first day had ended."""

    def snapshot_before(self, time_ms: int) -> tuple[Snapshot, int] | None:
        """A snapshot that had finished no bucket at or after this time, and where the first begins that it had not finished."""


class InResults:
    """The past as `Past`, in the results that an engine has handed out."""

    forgotten: Sequence[Exclusion] = ()
    kept_from: int | None = None

    def __init__(self, results: Results, time_ms: int, job: Job, knowledge: Knowledge) -> None:
        finished = results.buckets.filter(~pl.col("is_interim"))["timestamp"]
        end = int(finished[-1]) + job.bucket_span_ms if len(finished) else None
        if end is None:
            raise BadRequest("job has no finished bucket: there is nothing to explain yet")
        if time_ms >= end:
            raise not_finished(job, time_ms, end)
        self._results = results
        self.knowledge = knowledge

    def values(self, measure: Measure, split_values: tuple[str | None, ...], start_ms: int, end_ms: int) -> pl.DataFrame:
        """Those of the results."""
        return self._results.bucket_values.filter(
            pl.col("timestamp").is_between(start_ms, end_ms, closed="left"),
            pl.col("detector_index") == measure.detector_index,
            pl.col("function_description") == measure.function_description,
            *(pl.col(name) == value for name, value in zip(SPLIT_VALUES, split_values, strict=True) if value is not None),
        )

    def quantiles(self, kind: str, time_ms: int) -> Quantiles | None:
        """Those of the results."""
        rows = self._results.quantiles.filter(pl.col("kind") == kind, pl.col("timestamp") <= time_ms)
        return Quantiles.of_row(rows.row(-1, named=True)) if len(rows) else None

    def snapshot_before(self, time_ms: int) -> None:
        """None is kept: the model learns from the first value on."""


@dataclass(frozen=True)
class Explanation:
    """One bucket of one series, explained.

    Attributes:
        timestamp: start of the bucket, epoch ms.
        measure: what was measured, and under which split fields.
        partition_field_value: value of the partition field.
        by_field_value: value of the by field.
        over_field_value: value of the over field.
        actual: the bucket value; None: no data.
        typical: the model's centre; None before it had an idea.
        lower: lower end of the usual range (95 %).
        upper: upper end of it.
        probability: what the score is made of, 0 to 1; None without data.
        log_probability: its natural logarithm.
        score: what a record of it scores when it is first written.
        factors: what adds up to the score.
        anomaly_type: spike, dip, change, still or missing; None where there is no record.
        gate: what kept it from becoming a record; None when nothing did.
        would_score: which values would have scored how much.
        values_before: how many values the model had seen.
        model: what it believed, in sentences.
    """

    timestamp: int
    measure: Measure
    partition_field_value: str | None
    by_field_value: str | None
    over_field_value: str | None
    actual: float | None
    typical: float | None
    lower: float | None
    upper: float | None
    probability: float | None
    log_probability: float | None
    score: float
    factors: tuple[Factor, ...]
    anomaly_type: str | None
    gate: str | None
    would_score: tuple[WouldScore, ...]
    values_before: int
    model: tuple[str, ...]


@dataclass(frozen=True)
class _Series:
    """One series of one measure."""

    position: int
    measure: Measure
    side: Side
    row: int
    split_values: tuple[str | None, ...]
    first_bucket: int
    partition: int
    partition_began: int

    @property
    def measured(self) -> tuple[int, str]:
        """Its detector, and what that measures of it."""
        return self.measure.detector_index, self.measure.function_description

    @property
    def fields(self) -> tuple[str | None, ...]:
        """The names of the split fields."""
        return tuple(getattr(self.measure, name) for name in SPLIT_NAMES)


def explain(
    job: Job,
    newest: Snapshot,
    past: Past,
    time_ms: int,
    entity: Sequence[tuple[str, str]] = (),
    measured: tuple[int, str] | None = None,
) -> Iterator[Explanation]:
    """Explain the bucket that a time lies in, for every series of an entity, one after the other.

    Args:
        job: the job.
        newest: its newest snapshot: which series there are.
        past: what is kept of it.
        time_ms: epoch ms.
        entity: values of partition or by fields, by field name; a series must have them all. Empty is every series.
        measured: index of a detector, and what of its measures; None is all of all.

    Raises:
        BadRequest: no detector has such a field, no series such a value, or the series had not begun yet.
    """
    span = job.bucket_span_ms
    series_of_entity = [one for one in _series(job, newest, entity) if measured is None or one.measured == measured]
    if not series_of_entity:
        said = ", ".join(f"{field}={value}" for field, value in entity)
        raise BadRequest(f"entity={said!r}: wanted an entity that the job has seen")
    begun = [series for series in series_of_entity if series.first_bucket <= time_ms // span]
    if not begun:
        first = min(series.first_bucket for series in series_of_entity) * span
        asked, begin = (iso_text(ms, ZoneInfo(job.time_zone)) for ms in (time_ms, first))
        raise BadRequest(f"time={asked}: wanted a time at or after {begin}, where the series begins")
    partitions = _Partitions()
    for series in sorted(begun, key=lambda one: (one.position, one.partition if model_of(job, one.measure).TOGETHER else 0)):
        yield _explain(job, newest, past, time_ms // span, series, partitions)


def _series(job: Job, newest: Snapshot, entity: Sequence[tuple[str, str]]) -> Iterator[_Series]:
    Exclusion(0, 1, tuple(entity)).check(job)
    known = known_series(job, newest)
    for position, (measure, side) in enumerate(measures_of(job)):
        if measure.detector_index >= len(known):
            continue
        of: KnownSeries = known[measure.detector_index]
        count = len(of)
        chosen = np.flatnonzero(Exclusion(0, 1, tuple(entity)).series(job, measure.detector_index, of, count))
        names = of.names(chosen.astype(np.int32))
        for row, split_values in zip(chosen.tolist(), names.iter_rows(), strict=True):
            partition = int(of.partition[row])
            began = int(of.first_bucket[of.partition == partition].min())
            yield _Series(position, measure, side, row, split_values, int(of.first_bucket[row]), partition, began)


class _Partitions:
    """Models of series that are judged by each other: a partition learns once for all of it that is explained in a row."""

    def __init__(self) -> None:
        self._of: tuple[int, int] | None = None
        self._learned: Learned | None = None

    def learned(self, series: _Series, learn: Callable[[], Learned]) -> Learned:
        """Those of the partition of a series."""
        of = (series.position, series.partition)
        if self._learned is None or of != self._of:
            self._of, self._learned = of, learn()
        return self._learned


def _explain(job: Job, newest: Snapshot, past: Past, bucket: int, series: _Series, partitions: _Partitions) -> Explanation:
    span = job.bucket_span_ms
    model, actual, weight = _model_before(job, newest, past, bucket, series, partitions)
    skips = DetectorSkips(job, series.measure.detector_index, past.knowledge).of_one(series.split_values, bucket, bucket + 1)
    explainer = Explainer(
        lambda values: model.try_values(values, bucket * span, skips.shifts, weight),
        past.quantiles(quantiles.record(series.position), bucket * span),
        span,
    )
    data = not math.isnan(actual)
    skipped = _skipped(job, past.knowledge, series, skips, model, actual, weight, bucket) if data else None
    skipped = skipped or (_too_frequent(job, newest, past, series, bucket) if weight > 0.0 else None)
    tried = model.try_values(np.array([actual if data else 0.0]), bucket * span, skips.shifts, weight)
    leaf, has_idea = tried.leaves, tried.has_idea
    factors = explainer.factors(tried) if data else ()
    reason = gate(tried, factors, series.side) if data else "There is no data in this bucket, so there is nothing to judge."
    if data and reason is None and job.forest_config is not None:
        reason = _BY_ITSELF
    reason = skipped or reason
    is_point = np.array([series.measure.statistic in POINTS])
    typical, lower, upper, ln_p = (float(leaf[name][0]) for name in ("typical", "lower", "upper", "ln_evidence"))
    return Explanation(
        timestamp=bucket * span,
        measure=series.measure,
        **dict(zip(SPLIT_VALUES, series.split_values, strict=True)),
        actual=actual if data else None,
        typical=typical if has_idea else None,
        lower=None if not has_idea or math.isnan(lower) else lower,
        upper=None if not has_idea or math.isnan(upper) else upper,
        probability=max(e_to(ln_p), sys.float_info.min) if data else None,
        log_probability=ln_p if data else None,
        score=float(explainer.score(leaf)[0]) if data and not skipped else 0.0,
        factors=factors,
        anomaly_type=anomaly_type(leaf, np.array([weight]), is_point)[0] if data and reason is None else None,
        gate=reason,
        would_score=explainer.would_score(tried, whole=model.config.integer) if has_idea and tried.on_a_line else (),
        values_before=int(leaf["count"][0]),
        model=model.describe(0).sentences,
    )


def _skipped(
    job: Job,
    knowledge: Knowledge,
    series: _Series,
    skips: Skips,
    model: Model,
    actual: float,
    weight: float,
    bucket: int,
) -> str | None:
    """Why the user wants no result of a value, as a sentence; None where one is wanted."""
    index, span = series.measure.detector_index, job.bucket_span_ms
    by = model.judge(np.array([actual]), bucket * span, skips=skips, weights=np.array([weight])).skipped.by.tolist()
    if not by:
        return None
    if by != [PLANNED]:
        return f"A rule of the detector skips its result: {knowledge.rules[index][by[0]]}."
    early_ms = job.early_ms(index)
    planned = [time for time in knowledge.planned if planned_actions((time,), bucket, bucket + 1, span, early_ms).any()]
    return f"It is in a planned time: {', '.join(time.description for time in planned)}."


def _too_frequent(job: Job, newest: Snapshot, past: Past, series: _Series, bucket: int) -> str | None:
    """That its value comes too often for a detector that leaves out frequent ones, as a sentence."""
    span, index = job.bucket_span_ms, series.measure.detector_index
    for role in roles_of(job.detectors[index]):
        columns = ("partition_field_value", f"{role}_field_value")
        value = dict(zip(SPLIT_VALUES, series.split_values, strict=True))
        known = known_series(job, newest)[index]
        has_it = pl.all_horizontal(pl.col(name).eq_missing(pl.lit(value[name], pl.String)) for name in columns)
        having = known.names(np.arange(len(known), dtype=np.int32)).select(has_it).to_series().arg_true()
        wanted = tuple(value[name] if name in columns else None for name in SPLIT_VALUES)
        rows = past.values(series.measure, wanted, series.partition_began * span, bucket * span).filter(
            pl.col("weight") > 0, pl.col("series").is_in(having.implode())
        )
        judged = Silence.build(span, under("silence", newest.arrays)).awake_within(series.partition_began, bucket)
        share = share_of(job, rows["timestamp"].to_numpy() // span, judged)
        if share > OFTEN:
            return f"Its value is frequent, in {100 * share:.0f} % of buckets: exclude_frequent leaves it out."
    return None


def not_finished(job: Job, time_ms: int, end_ms: int) -> BadRequest:
    """That a time lies behind all finished buckets, which end at `end_ms`."""
    asked, end = (iso_text(ms, ZoneInfo(job.time_zone)) for ms in (time_ms, end_ms))
    return BadRequest(f"time={asked}: wanted a time before {end}, where the newest finished bucket ends")


def _model_before(
    job: Job, newest: Snapshot, past: Past, bucket: int, series: _Series, partitions: _Partitions
) -> tuple[Model, float, float]:
    """The model of a series as it was before a bucket, the value of that bucket, and the rows behind it."""
    config = replace(model_config(job, series.measure, series.side), ln_threshold=0.0, bounds_percentile=None)
    span, name, kind = job.bucket_span_ms, f"model{series.position}", model_of(job, series.measure)
    skips = DetectorSkips(job, series.measure.detector_index, past.knowledge)
    saved = past.snapshot_before(bucket * span)
    learned = under(name, newest.arrays)
    if kind.TOGETHER:
        index = series.measure.detector_index
        others = Others(
            job,
            index,
            cast("type[Together]", kind),
            config,
            known_series(job, newest)[index],
            series.row,
            skips,
            past.forgotten,
        )
        return partitions.learned(series, lambda: _learned(others, newest, past, bucket, series)).one(series.row)
    model = kind.of_one(config, under(name, saved[0].arrays), series.row, learned) if saved is not None else None
    old = model is not None
    start = saved[1] // span if saved is not None and old else series.first_bucket
    if not old:
        _check_kept(job, past, series.first_bucket, bucket)
    numbers = _judged_buckets(job, newest, start, bucket)
    values, weights = _cells(job, past, series, numbers)
    actual, weight = float(values[-1]), float(weights[-1])
    for exclusion in past.forgotten:
        first, last = exclusion.buckets(span, job.early_ms(series.measure.detector_index))
        if all(pair in zip(series.fields, series.split_values, strict=True) for pair in exclusion.entity):
            hidden = (numbers >= first) & (numbers < last)
            values[hidden], weights[hidden] = np.nan, 0.0
    if model is None:
        if not kind.readable(learned):
            raise OtherModels(job.job_id)
        known = np.flatnonzero((weights[:-1] > 0) & ~np.isnan(values[:-1]))
        birth = int(known[0]) if len(known) else len(values) - 1
        values[:birth] = np.nan
        model = kind.at_birth(config, learned, series.row, float(values[birth]))
    pruned = under(name, saved[0].arrays) if saved is not None and old else None
    prune = prune_of(job, series.measure, series.row, pruned)
    for stretch in np.split(np.arange(len(numbers) - 1), np.flatnonzero(np.diff(numbers[:-1]) > 1) + 1):
        if len(stretch):
            first, end = int(numbers[stretch[0]]), int(numbers[stretch[-1]]) + 1
            told = skips.of_one(series.split_values, first, end)
            if prune is not None:
                forgotten = prune.forget_and_learn(weights[None, stretch], first)
                values[stretch[forgotten.gone[0]]] = np.nan
                told = replace(told, resets=forgotten.resets)
            model.advance(values[None, stretch], first * span, skips=told, weights=weights[None, stretch])
    if prune is not None:
        forgotten = prune.forget_and_learn(weights[None, -1:], bucket)
        if forgotten.gone.any():
            return model, math.nan, 0.0
        if forgotten.resets.any():
            model = kind.at_birth(config, learned, series.row, actual)
    return model, actual, weight


def _learned(others: Others, newest: Snapshot, past: Past, bucket: int, series: _Series) -> Learned:
    """The models of the partition of a series as they were before a bucket."""
    job, span, name = others.job, others.job.bucket_span_ms, f"model{series.position}"
    saved = past.snapshot_before(bucket * span)
    state = None if saved is None else under(name, saved[0].arrays)
    if saved is None or state is None or not others.kind.readable(state):
        state, start = None, others.first_bucket
        _check_kept(job, past, start, bucket)
    else:
        start = saved[1] // span
    numbers = _judged_buckets(job, newest, start, bucket)
    first_ms, end_ms = int(numbers[0]) * span, (bucket + 1) * span
    values = past.values(series.measure, others.split_values, first_ms, end_ms).filter(pl.col("weight") > 0)
    return others.learned(state, numbers, values, under(name, newest.arrays), prune_of(job, series.measure, None, state))


def _check_kept(job: Job, past: Past, first_bucket: int, bucket: int) -> None:
    """Refuse to explain a bucket where the values that would lead to its model, from the first bucket on, have expired."""
    if past.kept_from is None or first_bucket * job.bucket_span_ms >= past.kept_from:
        return
    asked, kept_from = (iso_text(ms, ZoneInfo(job.time_zone)) for ms in (bucket * job.bucket_span_ms, past.kept_from))
    raise BadRequest(
        f"time={asked}: wanted a bucket with a snapshot of the models before it; the bucket values before {kept_from},"
        " which would lead to them, have expired"
    )


def _judged_buckets(job: Job, newest: Snapshot, start: int, bucket: int) -> Ints:
    """The numbers of the buckets from one to another, without those that the job has slept through.

    Raises:
        BadRequest: it has slept through the last of them.
    """
    numbers = Silence.build(job.bucket_span_ms, under("silence", newest.arrays)).awake_within(start, bucket + 1)
    if not len(numbers) or numbers[-1] != bucket:
        asked = iso_text(bucket * job.bucket_span_ms, ZoneInfo(job.time_zone))
        raise BadRequest(f"time={asked}: wanted a bucket that was judged; the job had had no value for long, and has none here")
    return numbers


def _cells(job: Job, past: Past, series: _Series, numbers: Ints) -> tuple[Floats, Floats]:
    """The values of buckets as the model was given them, and the rows behind each."""
    span = job.bucket_span_ms
    rows = past.values(series.measure, series.split_values, int(numbers[0]) * span, (int(numbers[-1]) + 1) * span).filter(
        pl.col("weight") > 0, pl.col("series") == series.row
    )
    zeros = job.detectors[series.measure.detector_index].spec.empty == "zero"
    values, weights = np.full(len(numbers), 0.0 if zeros else np.nan), np.zeros(len(numbers))
    at = np.searchsorted(numbers, rows["timestamp"].to_numpy() // span)
    values[at], weights[at] = rows["actual"].to_numpy(), rows["weight"].to_numpy()
    return values, weights
