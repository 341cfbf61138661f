"""The one way to alerts for whoever shows them, changes their rules, or runs them: the command line, a server."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from barograph.alerts import words
from barograph.alerts.book import Book
from barograph.alerts.delivery import Delivery
from barograph.alerts.judge import WEEK_MS, Judge, Judged
from barograph.alerts.past import Tried, tried
from barograph.alerts.rows import shown
from barograph.alerts.rules import UNTIL_UNMUTED, KeptRule, Mute, Rules
from barograph.alerts.senders import SendFailed, sender, sent
from barograph.alerts.worker import AlertWorker
from barograph.config.alert_rule import AlertRule
from barograph.config.channels import KINDS, Channel, LogChannel
from barograph.config.duration import DAY_MS
from barograph.config.errors import BadRequest, Conflict, NotFound, named
from barograph.config.job import Job
from barograph.engine.exclusions import Exclusion
from barograph.jobs.knowledge.calendars import Calendar, Event, names_of
from barograph.jobs.service import Service
from barograph.store import alert_events, alert_outbox, alerts
from barograph.store.alert_rows import STATUSES, AlertEvent, AlertRow, AlertsQuery, OutMessage, Status
from barograph.store.alerts import OfRule

__all__ = [
    "STATUSES",
    "UNTIL_UNMUTED",
    "AlertRow",
    "Alerts",
    "AlertsQuery",
    "Judged",
    "KeptRule",
    "Mute",
    "OfRule",
    "OutMessage",
    "ToldRule",
    "Tried",
]

_LOOKED_AT: Final = 10_000
_EMPTY: Final[dict[str, int]] = dict.fromkeys((*STATUSES, "week"), 0)


@dataclass(frozen=True)
class ToldRule:
    """A rule with what has come of it.

    Attributes:
        kept: the rule.
        job_ids: the jobs that it is for now.
        counts: its alerts by status.
        week: how many it has raised in the last 7 days.
    """

    kept: KeptRule
    job_ids: tuple[str, ...]
    counts: dict[str, int]
    week: int

    @property
    def over_budget(self) -> str | None:
        """That it raises more than is wanted; None where it does not."""
        return words.over_budget(self.kept.rule, self.week)


@dataclass(frozen=True)
class ToldAlert:
    """An alert with what is shown of it, and how many of its messages are out, wait, or were given up."""

    row: AlertRow
    shown: dict[str, Any]
    sent: int
    waiting: int
    failed: int


@dataclass(frozen=True)
class Histogram:
    """Alerts over time: `cells` has (job, column, active, recovered, untracked), `rules` the alerts of each rule."""

    start_ms: int
    end_ms: int
    step_ms: int
    cells: tuple[tuple[str, int, int, int, int], ...]
    rules: tuple[OfRule, ...]


class Alerts:
    """The alerts of a store, their rules and channels."""

    def __init__(self, service: Service, channels: Mapping[str, Channel] | None = None, page: str = "") -> None:
        """Alerts beside jobs.

        Args:
            service: the jobs.
            channels: over which is told, by name; `log` alone unless given.
            page: address of the page, which links in messages begin with.
        """
        self._service, self._store = service, service.store
        self.channels: dict[str, Channel] = dict(channels or {"log": LogChannel()})
        self.rules = Rules(self._store, service.now_ms)
        self._judge = Judge(self._store, self.rules, service.now_ms, page)
        self.page = page

    def now_ms(self) -> int:
        """Epoch ms, wall clock."""
        return self._service.now_ms()

    # running

    def worker(self) -> AlertWorker:
        """What judges and sends as long as it runs."""
        return AlertWorker(self._store, self._judge, Delivery(self._store, self.channels, self._service.now_ms))

    def run_once(self) -> tuple[Judged, int]:
        """Judge what is new, and send what is due; returns that, and how many messages were sent.

        Raises:
            Conflict: a server does it already.
        """
        with self._store.lock_alerts() as is_ours:
            if not is_ours:
                raise Conflict(f"store={self._store.name!r}: wanted one whose alerts no other process sends; a server does")
            judged = self._judge.step()
            delivery = Delivery(self._store, self.channels, self._service.now_ms)
            try:
                sent = delivery.step()
            finally:
                delivery.close()
        return judged, sent

    def look(self) -> list[dict[str, Any]]:
        """What `run_once` would send, and what waits to be sent already, as documents; nothing is kept or sent."""
        judged = self._judge.step(keep=False)
        with self._store.reading() as connection:
            waiting = alert_outbox.due(connection, self._service.now_ms(), _LOOKED_AT)
        return [json.loads(message.body) | {"channel": message.channel} for message in (*waiting, *judged.messages)]

    def try_channel(self, channel_id: str) -> tuple[bool, str]:
        """Send a sample over a channel; returns whether that worked, and what the receiver said or why it did not.

        Raises:
            NotFound: there is no such channel.
        """
        if channel_id not in self.channels:
            raise NotFound(f"channel_id={channel_id!r}: wanted one of {named(list(self.channels))}")
        now = self._service.now_ms()
        text = "This is a sample: Barograph can reach you over this channel."
        alert = {"alert_id": f"sample~{now}", "rule_id": "sample", "job_id": "sample", "status": "active", "title": text}
        body = {"id": f"sample~{now}/raised/{channel_id}", "what": "raised", "title": text, "text": text}
        message = {**body, "link": f"{self.page}/alerts", "alert": alert}
        try:
            return True, sent(sender(self.channels[channel_id]), json.dumps(message).encode())
        except SendFailed as error:
            return False, str(error)

    def told_channels(self) -> list[dict[str, str]]:
        """The channels without their secrets."""
        channels = self.channels.copy()  # others change them meanwhile
        return [{"channel_id": name, "kind": KINDS[type(one)], "to": one.to} for name, one in channels.items()]

    def send(self, messages: Sequence[OutMessage]) -> None:
        """Have messages sent, at least once, whose alerts are kept elsewhere; those that wait already wait on."""
        with self._store.writing() as connection:
            alert_outbox.send(connection, messages)

    def unsend(self, alert_id: str) -> None:
        """Take back what is still to be sent of an alert."""
        with self._store.writing() as connection:
            alert_outbox.unsend(connection, alert_id)

    # rules

    def check(self, rule: AlertRule) -> AlertRule:
        """A rule itself, if it can be.

        Raises:
            BadRequest: it names a channel or a calendar that is not there, or groups by a field that none of its jobs has.
        """
        calendars = [one.calendar_id for one in self._service.calendars.all()]
        for field, given, known in (("channels", rule.channels, list(self.channels)), ("calendars", rule.calendars, calendars)):
            unknown = [name for name in given if name not in known]
            if unknown:
                wanted = f"one of {named(known)}" if known else "none: there are none"
                raise BadRequest(f"rule.{field}={unknown[0]!r}: wanted {wanted}")
        if rule.group_by is not None:
            _refuse_unknown_field(rule.group_by, _meant(rule, [summary.job for summary in self._service.jobs()]))
        return rule

    def told_rules(self, kept: Sequence[KeptRule] | None = None) -> list[ToldRule]:
        """Rules with what has come of them; all of them, by id, unless given."""
        rules = list(self.rules.all().values()) if kept is None else list(kept)
        jobs = [summary.job for summary in self._service.jobs()]
        with self._store.reading() as connection:
            numbers = alerts.by_rule(connection, self._service.now_ms() - WEEK_MS)
        told = []
        for one in rules:
            of = numbers.get(one.rule.rule_id, _EMPTY)
            ids = tuple(job.job_id for job in _meant(one.rule, jobs))
            told.append(ToldRule(one, ids, {status: of[status] for status in STATUSES}, of["week"]))
        return told

    def test(self, rule: AlertRule, span: tuple[int | None, int | None] = (None, None), last_ms: int = 30 * DAY_MS) -> Tried:
        """Which alerts a rule would have given: see `past.tried`. `last_ms`: how far back from the end, without a start.

        Raises:
            BadRequest: it names what is not there, or no job of it has finished a bucket.
        """
        self.check(rule)
        jobs = _meant(rule, [summary.job for summary in self._service.jobs()])
        events = self._service.calendars.events(rule.calendars) if rule.calendars else []
        return tried(self._store, KeptRule(rule, 0), jobs, span, events, last_ms)

    # alerts

    def find(self, query: AlertsQuery) -> tuple[dict[Status, int], list[ToldAlert]]:
        """Alerts, those that are active first, then the newest; and how many are in each state, whichever are asked for."""
        with self._store.reading() as connection:
            return alerts.counted(connection, query), self._told(connection, alerts.found(connection, query))

    def get(self, alert_id: str) -> tuple[ToldAlert, list[AlertEvent]]:
        """One of them, with what happened to it.

        Raises:
            NotFound: there is none of this id.
        """
        with self._store.reading() as connection:
            row = alerts.one(connection, alert_id)
            return self._told(connection, [row])[0], alert_events.history(connection, alert_id)

    def _told(self, connection: Any, rows: Sequence[AlertRow]) -> list[ToldAlert]:
        ids = [row.alert_id for row in rows]
        waiting = alert_outbox.waiting(connection, ids)
        sent, failed = (alert_events.event_counts(connection, ids, what) for what in ("sent", "failed"))
        numbers = (sent, waiting, failed)
        return [ToldAlert(row, self.shown(row), *(of.get(row.alert_id, 0) for of in numbers)) for row in rows]

    def shown(self, row: AlertRow) -> dict[str, Any]:
        """An alert as it is shown; its link is without the page's address."""
        done = None
        if row.acknowledged_ms is not None:
            done = {"time": row.acknowledged_ms, "by": row.acknowledged_by, "note": row.note or ""}
        return {**shown(row, words.link(row)), "acknowledged": done}

    def histogram(self, query: AlertsQuery, step_ms: int) -> Histogram:
        """Alerts by job and column of time; an alert is in the column of the bucket that raised it.

        Raises:
            BadRequest: a time is missing, or the step is not above 0.
        """
        if query.start_ms is None or query.end_ms is None or query.start_ms >= query.end_ms:
            raise BadRequest(f"from={query.start_ms}, to={query.end_ms}: wanted both, the end after the start")
        if step_ms < 1:
            raise BadRequest(f"step={step_ms}: wanted 1 or more")
        start, end = query.start_ms // step_ms * step_ms, -(-query.end_ms // step_ms) * step_ms
        inside = replace(query, start_ms=start, end_ms=end)
        with self._store.reading() as connection:
            counted, rules = alerts.over_time(connection, inside, step_ms), alerts.of_rules(connection, inside)
        cells: dict[tuple[str, int], dict[str, int]] = {}
        for job_id, column, status, number in counted:
            cells.setdefault((job_id, column - start // step_ms), dict.fromkeys(STATUSES, 0))[status] = number
        told = tuple((job, column, of["active"], of["recovered"], of["untracked"]) for (job, column), of in cells.items())
        return Histogram(start, end, step_ms, told, tuple(rules))

    def version(self) -> str | None:
        """Another one whenever alerts have changed, whatever process has changed them."""
        with self._store.reading() as connection:
            return alert_events.version(connection)

    def counts(self, query: AlertsQuery) -> dict[Status, int]:
        """How many alerts are in each state, whichever are asked for."""
        with self._store.reading() as connection:
            return alerts.counted(connection, query)

    def acknowledge(self, alert_id: str, by: str | None, note: str = "") -> None:
        """Note that somebody knows: nothing more is said of an alert.

        Raises:
            NotFound: there is none of this id.
        """
        now = self._service.now_ms()
        with self._store.writing() as connection:
            row = alerts.one(connection, alert_id)
            changed = replace(row, acknowledged_ms=now, acknowledged_by=by, note=note)
            alerts.change(connection, changed, "acknowledged_ms", "acknowledged_by", "note")
            alert_outbox.unsend(connection, alert_id)
            alert_events.add_events(connection, [AlertEvent(alert_id, now, "acknowledged", note, by)])

    def unacknowledge(self, alert_id: str, by: str | None) -> None:
        """Take that back. Raises as `acknowledge`."""
        now = self._service.now_ms()
        with self._store.writing() as connection:
            row = alerts.one(connection, alert_id)
            changed = replace(row, acknowledged_ms=None, acknowledged_by=None, note=None)
            alerts.change(connection, changed, "acknowledged_ms", "acknowledged_by", "note")
            alert_events.add_events(connection, [AlertEvent(alert_id, now, "unacknowledged", "", by)])

    def forget(self, alert_id: str, by: str | None) -> None:
        """Teach that an alert was expected: its job's models forget its time. Raises as `Service.forget`, and `NotFound`."""
        with self._store.reading() as connection:
            row = alerts.one(connection, alert_id)
        self._service.forget(row.job_id, Exclusion(row.start_ms, row.end_ms))
        self._expect(row, "forgotten", "the job has forgotten its time", by)

    def plan(self, alert_id: str, calendar_id: str | None, description: str, by: str | None) -> Event:
        """Teach that an alert was expected: its time is planned in a calendar.

        Args:
            alert_id: the alert.
            calendar_id: the calendar; None is one of the job's own, which is made where it is not there.
            description: what it was; empty: that it was expected.
            by: who says so.

        Raises:
            NotFound: there is no such alert, or no such calendar.
            BadRequest: the calendar is not for the alert's job, so that nothing would come of it.
        """
        with self._store.reading() as connection:
            row = alerts.one(connection, alert_id)
        calendars, own = self._service.calendars, f"{row.job_id[:55]}-expected"
        if calendar_id is None:
            calendars.create(Calendar(own, (row.job_id,), f"what was expected of {row.job_id}"))
            calendars.change_jobs(own, lambda jobs: (*jobs, row.job_id))  # it is not for one that was removed and made anew
        else:
            self._refuse_other(calendars.get(calendar_id), row.job_id)
        event = Event("", calendar_id or own, description or "expected", row.start_ms, row.end_ms).checked()
        (made,) = calendars.add_events([event])
        self._expect(row, "planned", f"its time is planned in {made.calendar_id}", by)
        return made

    def _refuse_other(self, calendar: Calendar, job_id: str) -> None:
        job = next((one.job for one in self._service.jobs() if one.job.job_id == job_id), None)
        meant = {job_id} if job is None else names_of(job)
        if not meant.intersection(calendar.job_ids):
            has = f"is for {named(list(calendar.job_ids))}" if calendar.job_ids else "is for no job"
            raise BadRequest(f"calendar_id={calendar.calendar_id!r}: wanted a calendar that is for {job_id}; this one {has}")

    def _expect(self, row: AlertRow, how: Literal["forgotten", "planned"], text: str, by: str | None) -> None:
        with self._store.writing() as connection:
            alerts.change(connection, replace(row, expected=how), "expected")
            alert_events.add_events(connection, [AlertEvent(row.alert_id, self._service.now_ms(), "expected", text, by)])


def _refuse_unknown_field(name: str, jobs: Sequence[Job]) -> None:
    """Refuse a field that no record of some jobs has a value of: a rule that groups by it would never say anything."""
    known = {field for job in jobs for field in (*job.influencers, *(f for one in job.detectors for f in one.splits.values()))}
    if jobs and name not in known:
        wanted = f"one of {named(sorted(known))}" if known else "none, as its jobs know no entities"
        raise BadRequest(f"rule.group_by={name!r}: wanted {wanted}")


def _meant(rule: AlertRule, jobs: Sequence[Job]) -> list[Job]:
    """The jobs that a rule is for, also while it is switched off; names of none are of jobs that are still to come."""
    book = Book([KeptRule(rule.model_copy(update={"enabled": True}), 0)])
    return [job for job in jobs if book.rules_of(job)]
