"""Judging results by the rules: what is raised, what goes on, what is over, written together with what is to be sent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from barograph.alerts import outbox, rows
from barograph.alerts.book import Book, KnownJobs
from barograph.alerts.held import held_by
from barograph.alerts.rules import KeptRule, Rules
from barograph.alerts.seen import Seen, reach
from barograph.alerts.sightings import Sighting, sightings
from barograph.config.duration import DAY_MS
from barograph.config.errors import StorageFailure
from barograph.config.job import Job
from barograph.jobs.knowledge.calendars import Calendars
from barograph.results.severity import severity
from barograph.scoring.episodes import OPENING_SCORE
from barograph.store import alert_standings, alerts
from barograph.store.alert_rows import FIRST_MS, AlertEvent, AlertRow, Judgement, OutMessage, Standing
from barograph.store.alert_standings import Highest
from barograph.store.store import Store

WEEK_MS: Final = 7 * DAY_MS
_OPEN_TOO_MS: Final = 1 << 53
"""Behind all buckets, also those that are still open."""
_NOTHING: Final = (-1.0, -1.0, -1.0)
_ANYTHING: Final = (100.0, 100.0, 100.0)
GONE_MS: Final = 30 * DAY_MS
"""How long an alert whose rule or job is gone is kept. Chosen: who looks back at a month still finds it."""
_TIDY_MS: Final = 3_600_000
_AT_ONCE: Final = 500  # jobs whose judgement is one transaction


@dataclass(frozen=True)
class Judged:
    """What one round has done: jobs that had something new, alerts that were raised, messages that are to be sent."""

    jobs: int
    raised: tuple[AlertRow, ...]
    messages: tuple[OutMessage, ...]


@dataclass
class _Round:
    """What is known, and what has been decided, while some jobs are judged."""

    now_ms: int
    highest: dict[str, Highest]
    active: dict[tuple[str, str], list[AlertRow]]
    weeks: dict[str, int]
    made: Judgement
    seen: dict[tuple[int, bool], Seen] = field(default_factory=dict)
    """Of the job that is being judged, by where it begins and whether open buckets are in it: rules share what was read."""
    ended: dict[int, list[AlertRow]] = field(default_factory=dict)
    """Alerts of that job that are not active, by since when they have ended."""


class Judge:
    """Judges what jobs have found since it last looked. One at a time may, of all processes on a store."""

    def __init__(self, store: Store, rules: Rules, now_ms: Callable[[], int], page: str = "") -> None:
        """A judge.

        Args:
            store: where jobs and alerts are.
            rules: the rules.
            now_ms: epoch ms, wall clock.
            page: address of the page, which links in messages begin with.
        """
        self._store, self._rules, self._now_ms, self._page = store, rules, now_ms, page
        self._jobs, self._calendars = KnownJobs(), Calendars(store)
        self._book: tuple[object, Book] = (None, Book(()))
        self._tidied_ms = FIRST_MS

    def step(self, *, keep: bool = True) -> Judged:
        """Judge all jobs that have committed something since the last time.

        Args:
            keep: write what is judged; else nothing changes, and the same is judged again next time.

        Raises:
            StorageFailure: the database failed; what is not written is judged again.
        """
        rules = self._rules.all()
        if self._book[0] is not rules:
            self._book = (rules, Book(rules.values()))
        if keep:
            self._tidy(rules)
        with self._store.reading() as connection:
            active = alerts.active(connection)
            if not active and not any(kept.rule.enabled for kept in rules.values()):
                return Judged(0, (), ())
            changed = [one for one in alert_standings.standings(connection) if one.commits != one.judged_commits]
            jobs = self._jobs.of(alert_standings.configs(connection, _ids(changed, active)))
        done = [self._kept(self._watch(rules, jobs, active), keep)]
        done += [self._kept(self._round(jobs, some), keep) for some in _parts(changed)]
        raised = tuple(alert for made in done for alert in made.raised)
        return Judged(len(changed), raised, tuple(message for made in done for message in made.messages))

    def _kept(self, made: Judgement, keep: bool) -> Judgement:
        if keep and (made.judged or made.changed):
            with self._store.writing() as connection:
                alerts.write(connection, made)
        return made

    def _tidy(self, rules: Iterable[str]) -> None:
        """Remove, once an hour, what was left of rules and jobs that are gone."""
        now = self._now_ms()
        if now - self._tidied_ms < _TIDY_MS:
            return
        with self._store.writing() as connection:
            alerts.forget_gone(connection, rules, now - GONE_MS)
        self._tidied_ms = now

    # new results

    def _round(self, jobs: dict[str, Job], some: Sequence[Standing]) -> Judgement:
        """Judge some jobs."""
        now = self._now_ms()
        with self._store.reading() as connection:
            weeks = {rule_id: of["week"] for rule_id, of in alerts.by_rule(connection, now - WEEK_MS).items()}
            now_round = _Round(now, alert_standings.highest(connection), {}, weeks, Judgement())
            for row in alerts.active(connection):
                now_round.active.setdefault((row.job_id, row.rule_id), []).append(row)
        whole = Judgement()
        for one in some:
            now_round.made = Judgement()
            try:
                self._judge_job(now_round, jobs[one.job_id], one)
            except StorageFailure:
                raise
            except Exception as error:  # whatever it is, the others are judged; this one again when it commits
                structlog.get_logger().error("alerts.job_not_judged", job=one.job_id, error=f"{type(error).__name__}: {error}")
                until = FIRST_MS if one.judged_until_ms is None else one.judged_until_ms
                now_round.made = Judgement([(one.job_id, one.judged_commits, one.commits, until)])
            whole.add(now_round.made)
        return whole

    def _judge_job(self, now_round: _Round, job: Job, standing: Standing) -> None:
        now_round.seen.clear()
        now_round.ended.clear()
        until = standing.until_ms(job.bucket_span_ms)
        before = FIRST_MS if standing.judged_until_ms is None else min(standing.judged_until_ms, until)
        # Of a job that is looked at for the first time nothing is known before it is looked at.
        highest = now_round.highest.get(job.job_id, _ANYTHING if standing.judged_until_ms is None else _NOTHING)
        for kept in self._book[1].rules_of(job):
            active = now_round.active.get((job.job_id, kept.rule.rule_id), [])
            if _may_matter(kept, highest, active):
                self._judge(now_round, kept, job, before, until)
            else:
                for row in active:
                    self._follow(now_round, kept, job, row, row, until)
        now_round.made.judged.append((job.job_id, standing.judged_commits, standing.commits, until))

    def _judge(self, now_round: _Round, kept: KeptRule, job: Job, before: int, until: int) -> None:
        """One rule and one job: what has come since the job was judged, as far as the rule looks back."""
        rule, span = kept.rule, job.bucket_span_ms
        # A bucket that ends as long ago as the rule looks back is the oldest that raises something.
        oldest = FIRST_MS if rule.lookback is None else (now_round.now_ms - rule.lookback.ms) // span * span - span
        start = max(before, oldest)
        seen = now_round.seen.get((start, rule.interim))
        if seen is None:
            seen = Seen(self._store, job, start, _OPEN_TOO_MS if rule.interim else until, rule.interim)
            now_round.seen[start, rule.interim] = seen
        known = {row.alert_id: row for row in now_round.active.get((job.job_id, rule.rule_id), [])}
        since = start - rule.resolve_after * span
        with self._store.reading() as connection:
            if since not in now_round.ended:
                now_round.ended[since] = alerts.ended_since(connection, job.job_id, since)
            known |= {row.alert_id: row for row in now_round.ended[since] if row.rule_id == rule.rule_id}
            found = sightings(rule, seen, known.values())
            known |= alerts.with_ids(connection, [one.alert_id for one in found if one.alert_id not in known])
        for one in found:
            if one.alert_id in known:
                row = known[one.alert_id]
                self._follow(now_round, kept, job, row, rows.grown(row, one), until)
            else:
                self._raise(now_round, kept, job, one, until)

    def _raise(self, now_round: _Round, kept: KeptRule, job: Job, one: Sighting, until: int) -> None:
        made, rule, now = now_round.made, kept.rule, now_round.now_ms
        week = now_round.weeks[rule.rule_id] = now_round.weeks.get(rule.rule_id, 0) + 1
        held = self._held(kept, rows.entity_of(rule, one), now)
        row = replace(rows.raised(rule, job, one, now, week), held=held, told=held is None)
        made.events.append(AlertEvent(row.alert_id, now, "raised", row.title))
        if held is None:
            made.messages += outbox.messages(rule, row, "raised", row.text, now, self._page)
        else:
            made.events.append(AlertEvent(row.alert_id, now, "held", f"nobody is told: {held}"))
        if until >= rows.over_from(rule, job, row):
            row = self._end(now_round, kept, job, row)
        made.raised.append(row)

    def _follow(self, now_round: _Round, kept: KeptRule, job: Job, before: AlertRow, row: AlertRow, until: int) -> None:
        """An alert that is there: it has grown, has come back, or is over."""
        made, rule, now = now_round.made, kept.rule, now_round.now_ms
        if row.status != "active" and row.end_ms > before.end_ms:
            row = replace(row, status="active", recovered_ms=None, ended_ms=None)
            made.events.append(AlertEvent(row.alert_id, now, "again", "it goes on"))
        if severity(row.max_score) != severity(before.max_score):
            word = severity(row.max_score)
            made.events.append(AlertEvent(row.alert_id, now, "worse", f"now {word}"))
            self._say(now_round, kept, row, f"worse:{word}", outbox.worse_text(row))
        if row.status == "active" and until >= rows.over_from(rule, job, row):
            row = self._end(now_round, kept, job, row)
        if row != before:
            made.changed.append(row)

    def _end(self, now_round: _Round, kept: KeptRule, job: Job, row: AlertRow) -> AlertRow:
        ended = rows.over(kept.rule, job, row, now_round.now_ms)
        since = outbox.over_since(ended, job)
        now_round.made.events.append(AlertEvent(row.alert_id, now_round.now_ms, "recovered", since))
        self._say(now_round, kept, ended, f"recovered:{ended.end_ms}", outbox.recovered_text(ended, job))
        return ended

    def _say(self, now_round: _Round, kept: KeptRule, row: AlertRow, what: str, text: str) -> None:
        """Say something further of an alert, where the rule wants that and nobody knows of it yet."""
        now = now_round.now_ms
        if kept.rule.only_new or not row.told or row.acknowledged_ms is not None or self._held(kept, row.entity, now):
            return
        now_round.made.messages += outbox.messages(kept.rule, row, what, text, now, self._page)

    def _held(self, kept: KeptRule, entity: dict[str, str], now_ms: int) -> str | None:
        named = kept.rule.calendars
        return held_by(kept, entity, now_ms, self._calendars.events(named, now_ms, now_ms + 1) if named else ())

    # what is there

    def _watch(self, rules: dict[str, KeptRule], jobs: dict[str, Job], active: Sequence[AlertRow]) -> Judgement:
        """What active alerts need whatever their jobs do: rules and results that are gone, and what holds them back no more."""
        made, now = Judgement(), self._now_ms()
        with self._store.reading() as connection:
            ends = {one.job_id: one for one in alert_standings.standings(connection)} if active else {}
        for row in active:
            kept, job = rules.get(row.rule_id), jobs.get(row.job_id)
            gone = self._why_gone(kept, job, row, ends.get(row.job_id))
            if gone is not None or kept is None or job is None:
                made.changed.append(replace(row, status="untracked", ended_ms=now))
                made.events.append(AlertEvent(row.alert_id, now, "untracked", gone or ""))
            elif row.held is not None and row.acknowledged_ms is None:
                held = self._held(kept, row.entity, now)
                if held is None:
                    text = f"{row.text}\nheld:     until now by {row.held}"
                    made.messages += outbox.messages(kept.rule, row, "raised", text, now, self._page)
                if held != row.held:
                    made.changed.append(replace(row, held=held, told=held is None))
        return made

    def _why_gone(self, kept: KeptRule | None, job: Job | None, row: AlertRow, standing: Standing | None) -> str | None:
        """Why nobody follows an alert any more; None when it is followed."""
        if kept is None:
            return f"the rule {row.rule_id} was removed"
        if job is None or standing is None:
            return f"the job {row.job_id} was removed"
        if not kept.rule.enabled:
            return f"the rule {row.rule_id} was switched off"
        if kept not in self._book[1].rules_of(job):
            return f"the rule {row.rule_id} is not for {row.job_id} any more"
        if not row.interim and row.time >= standing.until_ms(job.bucket_span_ms):
            return f"the results of {row.job_id} are not there any more"
        return None


def _ids(changed: Iterable[Standing], active: Iterable[AlertRow]) -> list[str]:
    return sorted({one.job_id for one in changed} | {row.job_id for row in active})


def _parts(changed: Sequence[Standing]) -> list[Sequence[Standing]]:
    return [changed[start : start + _AT_ONCE] for start in range(0, len(changed), _AT_ONCE)]


def _may_matter(kept: KeptRule, highest: Highest, active: Sequence[AlertRow]) -> bool:
    """Whether results that have come can matter to a rule: some are bad enough to raise something, or to go on with it."""
    goes_on = kept.rule.on == "incidents" and bool(active) and highest[0] >= OPENING_SCORE
    return goes_on or reach(kept.rule.on, highest) >= kept.rule.min_score
