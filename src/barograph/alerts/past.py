"""A rule tried on what is there already: which alerts it would have given, and how many another severity would give."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from barograph.alerts import rows
from barograph.alerts.held import held_by
from barograph.alerts.rules import KeptRule
from barograph.alerts.seen import Seen, reach
from barograph.alerts.sightings import sightings
from barograph.config.alert_rule import AlertRule
from barograph.config.duration import DAY_MS
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.knowledge.calendars import Event
from barograph.results import labels
from barograph.results.severity import CRITICAL, MAJOR, MINOR
from barograph.store import alert_standings
from barograph.store.alert_rows import AlertRow
from barograph.store.query import Query
from barograph.store.store import Store

STEPS: Final = (MINOR, MAJOR, CRITICAL, 90.0)
"""Severities for which the number of alerts is told, so that one can be chosen."""


MOST_JOBS: Final = 100
"""Jobs that are replayed. Chosen: 30 days of one that gives an alert a day take 0.7 s of CPU, and somebody waits at a page."""


@dataclass(frozen=True)
class Tried:
    """What a rule would have given.

    Attributes:
        start_ms: from when on, epoch ms.
        end_ms: until when, exclusive.
        alerts: they, the newest first; those that are not over by then are active.
        by_score: how many alerts each of `STEPS` would have given.
        jobs: how many jobs it was tried on.
        left_out: how many jobs could have given alerts as well, and were not replayed: no score of theirs is higher.
        budget: how many alerts a week are wanted; None: no matter.
        time_zone: the one that all of these jobs have, else UTC.
    """

    start_ms: int
    end_ms: int
    alerts: tuple[AlertRow, ...]
    by_score: dict[float, int]
    jobs: int
    left_out: int
    budget: float | None
    time_zone: str

    @property
    def told(self) -> int:
        """How many of them nothing would have held back."""
        return sum(alert.held is None for alert in self.alerts)

    @property
    def weeks(self) -> float:
        """How long that was, a week at least: two alerts on one day say nothing of a week."""
        return max(1.0, (self.end_ms - self.start_ms) / (7 * DAY_MS))

    @property
    def per_week(self) -> float:
        """Alerts a week that somebody would have been told of."""
        return self.told / self.weeks

    @property
    def suggested(self) -> float | None:
        """The lowest of `STEPS` that keeps the budget; None where none does, there is no budget, or jobs are left out."""
        if self.budget is None or self.left_out:
            return None
        return next((step for step, number in self.by_score.items() if number <= self.budget * self.weeks), None)

    @property
    def is_over_budget(self) -> bool:
        """Whether that is more than is wanted; where jobs are left out there may be more still."""
        return self.budget is not None and self.per_week > self.budget

    @property
    def sentence(self) -> str:
        """It in one line."""
        days = f"{(self.end_ms - self.start_ms) / DAY_MS:.3g} days"
        told = f"{labels.counted(self.told, 'alert')} in {days}"
        told += f", {self.per_week:.2g} a week" if self.weeks > 1 else ""
        if self.is_over_budget or (self.budget is not None and not self.left_out):
            told += f": {'over' if self.is_over_budget else 'within'} the budget of {self.budget:g} a week"
        if not self.left_out:
            return told
        others = f"{self.left_out:,} with scores as high or lower {'is' if self.left_out == 1 else 'are'} left out"
        return f"{told} (of the {labels.counted(self.jobs, 'worst job')}; {others})"


def tried(
    store: Store,
    kept: KeptRule,
    jobs: Sequence[Job],
    span: tuple[int | None, int | None] = (None, None),
    events: Sequence[Event] = (),
    default_ms: int = 30 * DAY_MS,
) -> Tried:
    """Try a rule; nothing is kept or sent. How far the rule looks back does not matter here: the past is replayed as it came.

    Args:
        store: where the jobs are.
        kept: the rule, and what is muted of it.
        jobs: those that it is for.
        span: `[start, end)`, epoch ms, as far as there are results; None: up to the newest finished bucket of the jobs, and
            `default_ms` before that.
        events: those of its calendars.
        default_ms: see `span`.

    Raises:
        BadRequest: no job has finished a bucket, or none in this time.
    """
    ends = {job.job_id: _until(store, job) for job in jobs}
    newest = max((end for end in ends.values() if end is not None), default=None)
    if newest is None:
        raise BadRequest(
            f"jobs={list(kept.rule.jobs)!r}: wanted a job that has finished a bucket; it could not have alerted yet"
        )
    if span[0] is not None and span[1] is not None and span[0] >= span[1]:
        raise BadRequest(f"from={span[0]}: wanted a time before to ({span[1]})")
    # Beyond the newest bucket nothing could have been found, and a time without alerts would look like a good rule.
    end_ms = newest if span[1] is None else min(span[1], newest)
    oldest = _oldest(store, jobs, newest)
    start_ms = max(end_ms - default_ms if span[0] is None else span[0], oldest)
    if start_ms >= end_ms:
        name, given = ("from", span[0]) if span[0] is not None and span[0] >= newest else ("to", span[1])
        raise BadRequest(f"{name}={given}: wanted a time in which there are results, from {oldest} to {newest}")
    worth, left_out = _worth(store, kept.rule, jobs, start_ms, end_ms)
    found: list[AlertRow] = []
    by_score = dict.fromkeys(STEPS, 0)
    for job in worth:
        until = ends[job.job_id]
        if until is None or until <= start_ms:
            continue
        first = -(-start_ms // job.bucket_span_ms) * job.bucket_span_ms
        seen = Seen(store, job, first, min(until, end_ms))
        found += [_as_it_came(kept, events, job, one) for one in _alerts(kept.rule, job, seen)]
        for step in STEPS:
            by_score[step] += len(sightings(kept.rule.model_copy(update={"min_score": step}), seen))
    found.sort(key=lambda row: (-row.time, row.alert_id))
    zones = {job.time_zone for job in jobs}
    time_zone = zones.pop() if len(zones) == 1 else "UTC"
    return Tried(start_ms, end_ms, tuple(found), by_score, len(jobs) - left_out, left_out, kept.rule.budget, time_zone)


def _worth(store: Store, rule: AlertRule, jobs: Sequence[Job], start_ms: int, end_ms: int) -> tuple[list[Job], int]:
    """The jobs that could give an alert at any of the scores that are told, the worst first, and how many are left out."""
    with store.reading() as connection:
        highest = alert_standings.highest_between(connection, [job.job_id for job in jobs], start_ms, end_ms)
    scores = {job.job_id: reach(rule.on, highest[job.job_id]) for job in jobs if job.job_id in highest}
    least = min(rule.min_score, *STEPS)
    worth = sorted((job for job in jobs if scores.get(job.job_id, -1.0) >= least), key=lambda job: -scores[job.job_id])
    return worth[:MOST_JOBS], max(0, len(worth) - MOST_JOBS)


def _until(store: Store, job: Job) -> int | None:
    counts = store.summary(job.job_id).counts
    newest = None if counts is None else counts.latest_bucket_timestamp
    return None if newest is None else newest + job.bucket_span_ms


def _oldest(store: Store, jobs: Sequence[Job], end_ms: int) -> int:
    """Start of the first bucket that any of the jobs has: before that no rule could have found anything."""
    firsts = [store.buckets(job.job_id, Query(size=1)).rows["timestamp"].to_list() for job in jobs]
    return min((time for of in firsts for time in of), default=end_ms - 1)


def _alerts(rule: AlertRule, job: Job, seen: Seen) -> list[AlertRow]:
    made = [rows.raised(rule, job, one, one.time + job.bucket_span_ms) for one in sightings(rule, seen)]
    return [
        rows.over(rule, job, row, rows.over_from(rule, job, row)) if rows.over_from(rule, job, row) <= seen.until_ms else row
        for row in made
    ]


def _as_it_came(kept: KeptRule, events: Sequence[Event], job: Job, row: AlertRow) -> AlertRow:
    """The alert with what would have held it back when its bucket ended. What is muted now was not muted for good then."""
    held = held_by(replace(kept, mutes=()), row.entity, row.time + job.bucket_span_ms, events)
    return replace(row, held=held, told=held is None)
