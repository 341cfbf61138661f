"""How often a job would have alerted under other settings, told from its results; nothing is written."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.config.duration import DAY_MS
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.rule import Rule
from barograph.config.splits import SPLITS
from barograph.engine.replay import known_series
from barograph.engine.skips import in_scope
from barograph.results import schema
from barograph.results.severity import CRITICAL, MAJOR, MINOR
from barograph.scoring.episodes import with_episodes
from barograph.store.query import Query
from barograph.store.store import Store

STEPS: Final = (MINOR, MAJOR, CRITICAL, 90.0)
"""Scores for which the number of alerts is told as well, so that another can be chosen."""

_METHODS: Final = {"lt": "lt", "lte": "le", "gt": "gt", "gte": "ge"}


@dataclass(frozen=True)
class AlertSettings:
    """What is worth an alert.

    Attributes:
        min_score: lowest record score, 0 to 100.
        min_change: how far the actual value must be from the typical one at least, as a share of the typical one (0.2 is 20 %);
            where the typical value is zero, anything else is far enough.
        entity: values of partition, by or influencer fields, by field name; a record must have them all.
        rules: a record that one of them matches is not worth an alert.
        days: how many days to look back from the end of the newest bucket, > 0.

    Raises:
        BadRequest: a number is out of its range.
    """

    min_score: float = MAJOR
    min_change: float = 0.0
    entity: tuple[tuple[str, str], ...] = ()
    days: float = 30.0
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        for name, value, ok, wanted in (
            ("min_score", self.min_score, 0 <= self.min_score <= 100, "0 to 100"),
            ("min_change", self.min_change, self.min_change >= 0, "0 or more"),
            ("days", self.days, self.days > 0, "more than 0"),
        ):
            if not ok:
                raise BadRequest(f"{name}={value:g}: wanted {wanted}")


@dataclass(frozen=True)
class Silenced:
    """What one rule would have silenced by itself.

    Attributes:
        rule: the rule.
        records: the records that are worth an alert but for it, by time: the columns of `schema.RECORDS`.
        alerts: alerts of which nothing would have been left.
    """

    rule: Rule
    records: pl.DataFrame
    alerts: int


@dataclass(frozen=True)
class Alerts:
    """The alerts that there would have been.

    An alert is an episode (`scoring.episodes.with_episodes`) with a record that is worth one: what goes on is not news, but
    for the first record of it that is critical. Stricter settings never give more alerts.

    Attributes:
        alerts: one row an alert, in the order of time: the columns of `schema.RECORDS` of the least likely record that is worth
            it, of the series with the highest score; `alert_start`, `alert_end` (epoch ms, exclusive), `alert_again` (when
            it first became critical after the start; else null), `alert_score` (the highest), `records` (that are worth it).
        steps: alerts at each of `STEPS`, all else as in the settings.
        start_ms: from when on, epoch ms.
        end_ms: until when, exclusive.
        without_rules: how many alerts there are when no rule holds.
        silenced: one a rule, in their order.
        unseen: the split values, as `FIELD=VALUE`, that the settings name and no series has.
    """

    alerts: pl.DataFrame
    steps: dict[float, int]
    start_ms: int
    end_ms: int
    without_rules: int
    silenced: tuple[Silenced, ...]
    unseen: tuple[str, ...]


def what_if(store: Store, job_id: str, settings: AlertSettings) -> Alerts:
    """Which alerts a job would have raised.

    Raises:
        NoSuchJob: there is none of this id.
        BadRequest: it has not finished a bucket yet, or has no such field.
    """
    summary = store.summary(job_id)
    newest = summary.counts.latest_bucket_timestamp if summary.counts else None
    if newest is None:
        raise BadRequest(f"job {job_id!r}: wanted a job that has finished a bucket; it could not have alerted yet")
    _check(summary.job, settings)
    end_ms = newest + summary.job.bucket_span_ms
    start_ms = max(end_ms - round(settings.days * DAY_MS), _oldest(store, job_id, end_ms))
    query = Query(start_ms=start_ms, end_ms=end_ms, sort="timestamp", descending=False)
    buckets = store.buckets(job_id, query).rows
    records = with_episodes(store.records(job_id, query).rows, buckets, summary.job.bucket_span_ms)
    worth = records.filter(_large(settings), _of(settings.entity))
    loud = worth.filter(pl.col("record_score") >= settings.min_score)
    silenced = tuple(_silenced(rule, loud) for rule in settings.rules)
    # Every rule has a say in what is left, so that one more never gives more alerts.
    for rule in settings.rules:
        worth = worth.filter(~matches(rule))
    steps = {step: worth.filter(pl.col("record_score") >= step)["episode"].n_unique() for step in STEPS}
    alerts = _alerts(worth.filter(pl.col("record_score") >= settings.min_score), summary.job.bucket_span_ms)
    unseen = _unseen(summary.job, store, settings)
    return Alerts(alerts, steps, start_ms, end_ms, loud["episode"].n_unique(), silenced, unseen)


def _oldest(store: Store, job_id: str, end_ms: int) -> int:
    """Start of the first bucket whose results are kept; the end when all have expired."""
    times: list[int] = store.buckets(job_id, Query(size=1)).rows["timestamp"].to_list()
    return min([end_ms, *times])


def _check(job: Job, settings: AlertSettings) -> None:
    known = sorted({*job.influencers, *(field for detector in job.detectors for field in detector.splits.values())})
    splits = sorted({field for detector in job.detectors for field in detector.splits.values()})
    for rule in settings.rules:
        for condition in rule.scope:
            if condition.field not in splits:
                wanted = f"a partition or by field ({', '.join(splits)})" if splits else "no scope: the job has no split"
                raise BadRequest(f"rule {str(rule)!r}: field={condition.field!r}: wanted {wanted}")
    for field, value in settings.entity:
        if field not in known:
            wanted = (
                f"a partition, by or influencer field ({', '.join(known)})" if known else "no entity: the job has no such field"
            )
            raise BadRequest(f"entity={field}={value!r}: wanted {wanted}")


def _unseen(job: Job, store: Store, settings: AlertSettings) -> tuple[str, ...]:
    named = [
        *settings.entity,
        *((condition.field, value) for rule in settings.rules for condition in rule.scope for value in condition.values),
    ]
    saved = store.resume(job.job_id) if named else None
    if saved is None:
        return ()
    seen: dict[str, set[str | None]] = {}
    for detector, known in zip(job.detectors, known_series(job, saved.snapshot), strict=True):
        columns = known.names(np.arange(len(known), dtype=np.int32))
        for name, value in SPLITS:
            if (field := getattr(detector, name)) is not None:
                seen.setdefault(field, set()).update(columns[value].unique())
    return tuple(f"{field}={value}" for field, value in dict.fromkeys(named) if field in seen and value not in seen[field])


def matches(rule: Rule) -> pl.Expr:
    """Records (columns as `schema.RECORDS`) that a rule skips; one without the number that is compared is not skipped."""
    difference = (pl.col("actual") - pl.col("typical")).abs()
    size = pl.col("typical").abs()
    numbers = {
        "actual": pl.col("actual"),
        "typical": pl.col("typical"),
        "diff_from_typical": difference,
        "change": pl.when(difference == 0).then(0.0).otherwise(difference / size),
        "time": pl.col("timestamp").cast(pl.Float64),
    }
    conditions = [
        getattr(numbers[condition.applies_to], _METHODS[condition.operator])(condition.value) for condition in rule.conditions
    ]
    for scope in rule.scope:
        inside = [(pl.col(name) == scope.field) & in_scope(scope, pl.col(value)) for name, value in SPLITS]
        conditions.append(pl.any_horizontal(part.fill_null(False) for part in inside))
    return pl.all_horizontal(part.fill_null(False) for part in conditions)


def _silenced(rule: Rule, loud: pl.DataFrame) -> Silenced:
    matched = loud.select(matches(rule)).to_series()
    left = loud.filter(~matched)["episode"].n_unique()
    records = loud.filter(matched).drop("episode")
    return Silenced(rule, records, loud["episode"].n_unique() - left)


def _large(settings: AlertSettings) -> pl.Expr:
    difference = (pl.col("actual") - pl.col("typical")).abs()
    return (difference >= settings.min_change * pl.col("typical").abs()).fill_null(True)


def _of(entity: tuple[tuple[str, str], ...]) -> pl.Expr:
    """Records of an entity: its series, or those that it is to blame for."""
    inside = pl.lit(True)
    for field, value in entity:
        named = [(pl.col(name) == field) & (pl.col(column) == value) for name, column in SPLITS]
        blamed = pl.element().struct.field("influencer_field_values").list.contains(value)
        here = pl.element().struct.field("influencer_field_name") == field
        inside &= pl.any_horizontal(*named, pl.col("influencers").list.eval(here & blamed).list.any()).fill_null(False)
    return inside


def _alerts(records: pl.DataFrame, span_ms: int) -> pl.DataFrame:
    critical = pl.when(pl.col("record_score") >= CRITICAL).then("timestamp").min().over("episode")
    over = [
        pl.min("timestamp").over("episode").alias("alert_start"),
        pl.when(critical > pl.min("timestamp").over("episode")).then(critical).alias("alert_again"),
        (pl.max("timestamp").over("episode") + span_ms).alias("alert_end"),
        pl.max("record_score").over("episode").alias("alert_score"),
        pl.len().over("episode").cast(pl.Int64).alias("records"),
    ]
    # Of the series that the score is from, so that the numbers beside it are of nobody else.
    loudest = pl.max("record_score").over("episode", *schema.SERIES_KEY)
    worst = records.with_columns(over).sort(-loudest, "log_probability", "timestamp", "seq", maintain_order=True)
    return worst.unique("episode", keep="first", maintain_order=True).sort("alert_start").drop("episode")
