"""Alerts as the store keeps them: they, what happened to each, messages to be sent, and how far jobs have been judged."""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final, Literal

import sqlalchemy as sa

from barograph.config.errors import NotFound
from barograph.config.job import Job
from barograph.store import documents, tables

Status = Literal["active", "recovered", "untracked"]
STATUSES: Final[tuple[Status, ...]] = ("active", "recovered", "untracked")

FIRST_MS: Final = -62_135_596_800_000
"""Before the first bucket of any job: the year 1."""

_ALERT, _EVENT, _MESSAGE, _JUDGED = tables.ALERT, tables.ALERT_EVENT, tables.ALERT_MESSAGE, tables.ALERT_JUDGED
_AS_JSON: Final = ("entity", "anchor", "about")
_FOLLOWED: Final = (
    *("status", "start_ms", "end_ms", "recovered_ms", "ended_ms", "max_score", "series", "records"),
    *("held", "told"),
)
"""What changes as an alert goes on. Who has acknowledged it, and what it said, does not."""
_VERSION: Final = "alerts"
"""Kind and name of the document that is another whenever an alert, or what happened to one, is."""
_AT_ONCE: Final = 500  # ids in one statement; far below the databases' limits on parameters


@dataclass(frozen=True)
class AlertRow:
    """An alert; see `tables.ALERT` for what the columns mean. Times are epoch ms."""

    alert_id: str
    rule_id: str
    job_id: str
    kind: str
    key: str
    entity: dict[str, str]
    anchor: list[Any]
    status: Status
    time: int
    start_ms: int
    end_ms: int
    recovered_ms: int | None
    triggered_ms: int
    ended_ms: int | None
    score: float
    max_score: float
    interim: bool
    series: int
    records: int
    title: str
    text: str
    about: dict[str, Any]
    held: str | None
    told: bool
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    expected: str | None = None


@dataclass(frozen=True)
class AlertEvent:
    """Something that happened to an alert; `by`: who did it, None where the rule did."""

    alert_id: str
    time_ms: int
    what: str
    text: str
    by: str | None = None


@dataclass(frozen=True)
class OutMessage:
    """A message to be sent, or sent again; its id and its body never change."""

    message_id: str
    alert_id: str
    channel: str
    body: str
    created_ms: int
    next_ms: int
    attempts: int = 0


@dataclass(frozen=True)
class Standing:
    """How far a job is, and how far it has been judged (None: never); epoch ms, ends of finished buckets."""

    job_id: str
    commits: int
    latest_bucket_ms: int | None
    judged_commits: int | None
    judged_until_ms: int | None

    def until_ms(self, bucket_span_ms: int) -> int:
        """Where its last finished bucket ends; before all time without one."""
        return FIRST_MS if self.latest_bucket_ms is None else self.latest_bucket_ms + bucket_span_ms


@dataclass
class Judgement:
    """What judging some jobs has led to, written all at once.

    Attributes:
        judged: (job, commits up to which it had been judged, commits, until) of each job that was looked at; None: never.
        raised: new alerts.
        changed: alerts that were there, as they are now.
        events: what happened to them.
        messages: what is to be sent.
    """

    judged: list[tuple[str, int | None, int, int]] = field(default_factory=list)
    raised: list[AlertRow] = field(default_factory=list)
    changed: list[AlertRow] = field(default_factory=list)
    events: list[AlertEvent] = field(default_factory=list)
    messages: list[OutMessage] = field(default_factory=list)

    def add(self, other: "Judgement") -> None:
        """What others have led to, too."""
        for one in fields(self):
            getattr(self, one.name).extend(getattr(other, one.name))


@dataclass(frozen=True)
class AlertsQuery:
    """Which alerts.

    Attributes:
        job_ids: of these jobs; None is of all, also of those that are gone.
        rule_ids: of these rules; empty is of all.
        statuses: in one of these states; empty is in any.
        start_ms: raised by a bucket that starts then or later; None is from the beginning.
        end_ms: ... and before then; None is to the end.
        text: with this in their title, in whatever case.
        offset: alerts to leave out at the start.
        size: alerts to return at most; None is all.
    """

    job_ids: tuple[str, ...] | None = None
    rule_ids: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    start_ms: int | None = None
    end_ms: int | None = None
    text: str = ""
    offset: int = 0
    size: int | None = None

    def where(self) -> "list[sa.ColumnElement[bool]]":
        """Its conditions."""
        c = _ALERT.c
        found: list[sa.ColumnElement[bool]] = []
        found += [] if self.job_ids is None else [c.job_id.in_(self.job_ids)]
        found += [c.rule_id.in_(self.rule_ids)] if self.rule_ids else []
        found += [c.status.in_(self.statuses)] if self.statuses else []
        found += [] if self.start_ms is None else [c.time >= self.start_ms]
        found += [] if self.end_ms is None else [c.time < self.end_ms]
        return found + ([sa.func.lower(c.title).contains(self.text.lower(), autoescape=True)] if self.text else [])


def standings(connection: sa.Connection) -> list[Standing]:
    """How far every job is, by id."""
    job, counts = tables.JOB, tables.DATA_COUNTS
    chosen = (
        sa.select(job.c.job_id, job.c.commits, counts.c.latest_bucket_timestamp, _JUDGED.c.commits, _JUDGED.c.until_ms)
        .select_from(
            job.outerjoin(counts, counts.c.job_id == job.c.job_id).outerjoin(_JUDGED, _JUDGED.c.job_id == job.c.job_id)
        )
        .order_by(job.c.job_id)
    )
    return [Standing(*row) for row in connection.execute(chosen)]


def highest(connection: sa.Connection) -> dict[str, tuple[float, float, float]]:
    """The highest first scores of each job's records, buckets and influencers behind what has been judged, interim ones too."""
    found: dict[str, list[float]] = {}
    kinds = (
        (tables.RECORD, "initial_record_score"),
        (tables.BUCKET, "initial_anomaly_score"),
        (tables.INFLUENCER, "initial_influencer_score"),
    )
    for place, (table, score) in enumerate(kinds):
        behind = sa.and_(table.c.job_id == _JUDGED.c.job_id, table.c.timestamp >= _JUDGED.c.until_ms)
        chosen = sa.select(table.c.job_id, sa.func.max(table.c[score])).select_from(_JUDGED.join(table, behind))
        for job_id, most in connection.execute(chosen.group_by(table.c.job_id)):
            found.setdefault(job_id, [-1.0, -1.0, -1.0])[place] = most
    return {job_id: (of[0], of[1], of[2]) for job_id, of in found.items()}


def bucket_spans(connection: sa.Connection) -> dict[str, int]:
    """The bucket spans of all jobs, ms, by id."""
    return {job_id: Job.model_validate_json(text).bucket_span_ms for job_id, text in configs(connection).items()}


def configs(connection: sa.Connection, job_ids: Sequence[str] | None = None) -> dict[str, str]:
    """The configurations of jobs as text, by id."""
    job = tables.JOB
    chosen = sa.select(job.c.job_id, job.c.config)
    if job_ids is not None:
        chosen = chosen.where(job.c.job_id.in_(job_ids))
    return {row.job_id: row.config for row in connection.execute(chosen)}


def begin(connection: sa.Connection) -> None:
    """Note that all jobs have been judged as far as they are."""
    spans = bucket_spans(connection)
    begin_at(connection, [(one.job_id, one.commits, one.until_ms(spans[one.job_id])) for one in standings(connection)])


def begin_at(connection: sa.Connection, standing: Iterable[tuple[str, int, int]]) -> None:
    """Note how far jobs have been judged."""
    values = [{"job_id": job_id, "commits": commits, "until_ms": until} for job_id, commits, until in standing]
    if not values:
        return
    known = {row.job_id for row in connection.execute(sa.select(_JUDGED.c.job_id))}
    new = [value for value in values if value["job_id"] not in known]
    old = [{"of": value["job_id"], **value} for value in values if value["job_id"] in known]
    if new:
        connection.execute(_JUDGED.insert(), new)
    if old:
        changed: dict[str, Any] = {"commits": sa.bindparam("commits"), "until_ms": sa.bindparam("until_ms")}
        connection.execute(_JUDGED.update().where(_JUDGED.c.job_id == sa.bindparam("of")).values(**changed), old)


def write(connection: sa.Connection, judgement: Judgement) -> None:
    """Keep a judgement: what is raised, with its messages, or nothing of it."""
    _judge(connection, judgement.judged)
    if judgement.raised:
        connection.execute(_ALERT.insert(), [_stored(alert) for alert in judgement.raised])
    for alert in judgement.changed:
        change(connection, alert, *_FOLLOWED)
    add_events(connection, judgement.events)
    if judgement.raised or judgement.changed:
        _changed(connection)
    # Whoever has acknowledged an alert while it was judged hears no more of it.
    known = with_ids(connection, list({message.alert_id for message in judgement.messages}))
    wanted = [asdict(message) for message in judgement.messages if known[message.alert_id].acknowledged_ms is None]
    if wanted:
        connection.execute(_MESSAGE.insert(), wanted)


def _judge(connection: sa.Connection, judged: Sequence[tuple[str, int | None, int, int]]) -> None:
    """Note how far jobs have been judged. One that was reset, reverted or removed meanwhile stays as that has left it."""
    new = [(job_id, now, until) for job_id, before, now, until in judged if before is None]
    there = configs(connection, [job_id for job_id, *_ in new]) if new else {}
    begin_at(connection, [one for one in new if one[0] in there])
    old = [one for one in judged if one[1] is not None]
    rest = [{"of": job_id, "before": before, "now": now, "until": until} for job_id, before, now, until in old]
    if rest:
        same = sa.and_(_JUDGED.c.job_id == sa.bindparam("of"), _JUDGED.c.commits == sa.bindparam("before"))
        changed: dict[str, Any] = {"commits": sa.bindparam("now"), "until_ms": sa.bindparam("until")}
        connection.execute(_JUDGED.update().where(same).values(**changed), rest)


def judge_again(connection: sa.Connection, job_id: str, until_ms: int) -> None:
    """What a job finds from a time on is judged, though it was judged before."""
    behind = sa.and_(_JUDGED.c.job_id == job_id, _JUDGED.c.until_ms > until_ms)
    connection.execute(_JUDGED.update().where(behind).values(commits=-1, until_ms=until_ms))


def change(connection: sa.Connection, alert: AlertRow, *names: str) -> None:
    """Keep some columns of an alert as they are now. What somebody else changes meanwhile stays."""
    values = _stored(alert)
    statement = _ALERT.update().where(_ALERT.c.alert_id == alert.alert_id)
    connection.execute(statement.values(**{name: values[name] for name in names}))


def add_events(connection: sa.Connection, events: Sequence[AlertEvent]) -> None:
    """Note what happened to alerts, behind all that was noted."""
    newest = _newest_events(connection, list({event.alert_id for event in events}))
    rows = []
    for event in events:
        number = newest[event.alert_id] = newest.get(event.alert_id, -1) + 1
        rows.append({"number": number, **asdict(event)})
    if rows:
        connection.execute(_EVENT.insert(), rows)
        _changed(connection)


def _changed(connection: sa.Connection) -> None:
    documents.put(connection, _VERSION, _VERSION, uuid.uuid4().hex)


def version(connection: sa.Connection) -> str | None:
    """Another one whenever alerts have changed; None before there was any."""
    return documents.one(connection, _VERSION, _VERSION)


def _newest_events(connection: sa.Connection, alert_ids: Sequence[str]) -> dict[str, int]:
    """The number of the newest event of each of some alerts."""
    found: dict[str, int] = {}
    for start in range(0, len(alert_ids), _AT_ONCE):
        some = _EVENT.c.alert_id.in_(alert_ids[start : start + _AT_ONCE])
        newest = sa.select(_EVENT.c.alert_id, sa.func.max(_EVENT.c.number)).where(some).group_by(_EVENT.c.alert_id)
        found |= {row[0]: row[1] for row in connection.execute(newest)}
    return found


def with_ids(connection: sa.Connection, alert_ids: Sequence[str]) -> dict[str, AlertRow]:
    """Those of some alerts that are there."""
    found: dict[str, AlertRow] = {}
    for start in range(0, len(alert_ids), _AT_ONCE):
        some = sa.select(_ALERT).where(_ALERT.c.alert_id.in_(alert_ids[start : start + _AT_ONCE]))
        found |= {row.alert_id: _alert(row) for row in connection.execute(some)}
    return found


def active(connection: sa.Connection) -> list[AlertRow]:
    """The alerts that are active, by rule and job."""
    chosen = sa.select(_ALERT).where(_ALERT.c.status == "active").order_by(_ALERT.c.rule_id, _ALERT.c.job_id, _ALERT.c.alert_id)
    return [_alert(row) for row in connection.execute(chosen)]


def ended_since(connection: sa.Connection, job_id: str, end_ms: int) -> list[AlertRow]:
    """Alerts of a job that are not active, and have an anomalous bucket that ends behind a time."""
    c = _ALERT.c
    chosen = sa.select(_ALERT).where(c.job_id == job_id, c.status != "active", c.end_ms >= end_ms)
    return [_alert(row) for row in connection.execute(chosen.order_by(c.alert_id))]


def found(connection: sa.Connection, query: AlertsQuery) -> list[AlertRow]:
    """Alerts: those that are active first, then the newest."""
    c = _ALERT.c
    order = (sa.case((c.status == "active", 0), else_=1), c.time.desc(), c.alert_id)
    chosen = sa.select(_ALERT).where(*query.where()).order_by(*order).offset(query.offset or None).limit(query.size)
    return [_alert(row) for row in connection.execute(chosen)]


def counted(connection: sa.Connection, query: AlertsQuery) -> dict[Status, int]:
    """How many alerts of a query are in each state, whatever states it asks for."""
    c = _ALERT.c
    chosen = sa.select(c.status, sa.func.count()).where(*replace(query, statuses=()).where()).group_by(c.status)
    numbers = {row[0]: row[1] for row in connection.execute(chosen)}
    return {status: numbers.get(status, 0) for status in STATUSES}


def over_time(connection: sa.Connection, query: AlertsQuery, step_ms: int) -> list[tuple[str, int, Status, int]]:
    """How many alerts of a query there are, by job, column of time (a time divided by the step) and state."""
    c = _ALERT.c
    # -1 // 2 is 0 in SQL: without what is left of the division times before 1970 are in the column that they begin in, too
    rest = ((c.time % step_ms) + step_ms) % step_ms
    column = (c.time - rest) // step_ms
    groups = (c.job_id, column, c.status)
    chosen = sa.select(*groups, sa.func.count()).where(*query.where()).group_by(*groups).order_by(c.job_id, column)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(chosen)]


@dataclass(frozen=True)
class OfRule:
    """The alerts of a rule by state, and when its last one was raised, when it was over, and how long it was; epoch ms."""

    rule_id: str
    counts: dict[Status, int]
    last_time: int
    last_end: int | None
    last_duration: int


def of_rules(connection: sa.Connection, query: AlertsQuery) -> list[OfRule]:
    """The alerts of a query by rule, in the order of their ids."""
    c = _ALERT.c
    numbers: dict[str, dict[Status, int]] = {}
    chosen = sa.select(c.rule_id, c.status, sa.func.count()).where(*query.where()).group_by(c.rule_id, c.status)
    for rule_id, status, number in connection.execute(chosen):
        numbers.setdefault(rule_id, dict.fromkeys(STATUSES, 0))[status] = number
    place = sa.func.row_number().over(partition_by=c.rule_id, order_by=(c.time.desc(), c.alert_id)).label("place")
    ranked = sa.select(c.rule_id, c.time, c.recovered_ms, (c.end_ms - c.start_ms).label("duration"), place).where(
        *query.where()
    )
    of = ranked.subquery()
    last = sa.select(of.c.rule_id, of.c.time, of.c.recovered_ms, of.c.duration).where(of.c.place == 1).order_by(of.c.rule_id)
    return [OfRule(row[0], numbers[row[0]], row[1], row[2], row[3]) for row in connection.execute(last)]


def by_rule(connection: sa.Connection, since_ms: int) -> dict[str, dict[str, int]]:
    """Of each rule how many alerts are in each state, and how many (`week`) were raised since a time on the wall clock."""
    c = _ALERT.c
    lately = sa.func.sum(sa.case((c.triggered_ms >= since_ms, 1), else_=0))
    numbers: dict[str, dict[str, int]] = {}
    for rule_id, status, number, week in connection.execute(
        sa.select(c.rule_id, c.status, sa.func.count(), lately).group_by(c.rule_id, c.status)
    ):
        of = numbers.setdefault(rule_id, dict.fromkeys((*STATUSES, "week"), 0))
        of[status] = number
        of["week"] += week
    return numbers


def one(connection: sa.Connection, alert_id: str) -> AlertRow:
    """An alert.

    Raises:
        NotFound: there is none of this id.
    """
    found = with_ids(connection, [alert_id]).get(alert_id)
    if found is None:
        raise NotFound(f"alert_id={alert_id!r}: wanted the id of an alert")
    return found


def history(connection: sa.Connection, alert_id: str) -> list[AlertEvent]:
    """What happened to an alert, oldest first."""
    chosen = sa.select(_EVENT).where(_EVENT.c.alert_id == alert_id).order_by(_EVENT.c.number)
    names = [one.name for one in fields(AlertEvent)]
    return [AlertEvent(**{name: row[name] for name in names}) for row in connection.execute(chosen).mappings()]


def waiting(connection: sa.Connection, alert_ids: Sequence[str]) -> dict[str, int]:
    """How many messages of alerts are still to be sent."""
    found: dict[str, int] = {}
    for start in range(0, len(alert_ids), _AT_ONCE):
        some = _MESSAGE.c.alert_id.in_(alert_ids[start : start + _AT_ONCE])
        chosen = sa.select(_MESSAGE.c.alert_id, sa.func.count()).where(some).group_by(_MESSAGE.c.alert_id)
        found |= {row[0]: row[1] for row in connection.execute(chosen)}
    return found


def waiting_for(connection: sa.Connection) -> dict[str, int]:
    """How many messages are still to be sent over each channel."""
    chosen = sa.select(_MESSAGE.c.channel, sa.func.count()).group_by(_MESSAGE.c.channel)
    return {row[0]: row[1] for row in connection.execute(chosen)}


def event_counts(connection: sa.Connection, alert_ids: Sequence[str], what: str) -> dict[str, int]:
    """How often something happened to alerts."""
    found: dict[str, int] = {}
    for start in range(0, len(alert_ids), _AT_ONCE):
        some = _EVENT.c.alert_id.in_(alert_ids[start : start + _AT_ONCE])
        chosen = sa.select(_EVENT.c.alert_id, sa.func.count()).where(some, _EVENT.c.what == what).group_by(_EVENT.c.alert_id)
        found |= {row[0]: row[1] for row in connection.execute(chosen)}
    return found


def due(connection: sa.Connection, now_ms: int, size: int) -> list[OutMessage]:
    """Messages whose time has come, the oldest first, those of an alert in their order."""
    return _messages(connection, size, _MESSAGE.c.next_ms <= now_ms)


def due_first(connection: sa.Connection, now_ms: int, size: int, but: Iterable[str] = ()) -> list[OutMessage]:
    """Those of them that may be sent now, without those of some channels.

    Of an alert that is one for each channel, its first: nobody hears that it is over before that it began.
    """
    c, before = _MESSAGE.c, _MESSAGE.alias()
    came_first = sa.or_(
        before.c.created_ms < c.created_ms,
        sa.and_(before.c.created_ms == c.created_ms, _place(before.c) < _place(c)),
    )
    earlier = sa.exists().where(before.c.alert_id == c.alert_id, before.c.channel == c.channel, came_first)
    return _messages(connection, size, c.next_ms <= now_ms, c.channel.not_in(list(but)), ~earlier)


def _messages(connection: sa.Connection, size: int, *which: "sa.ColumnElement[bool]") -> list[OutMessage]:
    c = _MESSAGE.c
    order = (c.next_ms, c.created_ms, c.alert_id, _place(c), c.message_id)
    chosen = sa.select(_MESSAGE).where(*which).order_by(*order).limit(size)
    return [OutMessage(**row) for row in connection.execute(chosen).mappings()]


def _place(columns: "sa.sql.base.ReadOnlyColumnCollection[str, sa.Column[Any]]") -> "sa.Case[Any]":
    """The place of a message among those of its alert that were made at one time; ids say what is told behind the alert's."""
    what = sa.func.substr(columns.message_id, sa.func.length(columns.alert_id) + 2, 5)
    return sa.case((what == "raise", 0), (what == "worse", 1), else_=2)


def send(connection: sa.Connection, messages: Sequence[OutMessage]) -> None:
    """Have messages sent whose alerts are kept elsewhere; those that wait already wait on."""
    for message in messages:
        if not is_waiting(connection, message.message_id):
            connection.execute(_MESSAGE.insert().values(**asdict(message)))


def delivered(connection: sa.Connection, message: OutMessage, event: AlertEvent) -> None:
    """A message is out, or given up; alerts that are kept elsewhere have no history here."""
    connection.execute(_MESSAGE.delete().where(_MESSAGE.c.message_id == message.message_id))
    if with_ids(connection, [message.alert_id]):
        add_events(connection, [event])


def again(connection: sa.Connection, message: OutMessage, next_ms: int) -> None:
    """A message could not be sent: try it again at a time."""
    changed = _MESSAGE.update().where(_MESSAGE.c.message_id == message.message_id)
    connection.execute(changed.values(next_ms=next_ms, attempts=message.attempts + 1))


def is_waiting(connection: sa.Connection, message_id: str) -> bool:
    """Whether a message is still to be sent."""
    return connection.execute(sa.select(_MESSAGE.c.message_id).where(_MESSAGE.c.message_id == message_id)).first() is not None


def expire(connection: sa.Connection, job_id: str, before_ms: int) -> int:
    """Remove the alerts of a job that are not active and whose last anomalous bucket ended before a time; returns how many."""
    c = _ALERT.c
    return _remove(connection, sa.and_(c.job_id == job_id, c.status != "active", c.end_ms <= before_ms))


def forget_gone(connection: sa.Connection, rule_ids: Iterable[str], before_ms: int) -> int:
    """Remove alerts that have ended before a time on the wall clock and whose rule or job is gone; returns how many.

    Args:
        connection: of a transaction that writes.
        rule_ids: the rules that there are.
        before_ms: epoch ms.
    """
    c, rules, jobs = _ALERT.c, frozenset(rule_ids), sa.select(tables.JOB.c.job_id)
    known = connection.execute(sa.select(c.rule_id).distinct().where(c.ended_ms < before_ms)).scalars().all()
    gone = [rule_id for rule_id in known if rule_id not in rules]
    some = (gone[start : start + _AT_ONCE] for start in range(0, len(gone), _AT_ONCE))
    over = c.ended_ms < before_ms
    return _remove(connection, sa.and_(over, c.job_id.not_in(jobs)), *(sa.and_(over, c.rule_id.in_(ids)) for ids in some))


def _remove(connection: sa.Connection, *which: "sa.ColumnElement[bool]") -> int:
    """Remove alerts of which one of several conditions is true; returns how many."""
    removed = sum(_remove_those(connection, one) for one in which)
    if removed:  # last: whoever has the version waits for no alert that another, who waits for the version, has
        _changed(connection)
    return removed


def _remove_those(connection: sa.Connection, which: "sa.ColumnElement[bool]") -> int:
    chosen = sa.select(_ALERT.c.alert_id).where(which)
    for table in (_EVENT, _MESSAGE):
        connection.execute(table.delete().where(table.c.alert_id.in_(chosen)))
    return connection.execute(_ALERT.delete().where(which)).rowcount


def unsend(connection: sa.Connection, alert_id: str) -> int:
    """Take back what is still to be sent of an alert; returns how much that was."""
    return connection.execute(_MESSAGE.delete().where(_MESSAGE.c.alert_id == alert_id)).rowcount


def _stored(alert: AlertRow) -> dict[str, Any]:
    # `asdict` would copy what is inside, and these are many
    values = {one.name: getattr(alert, one.name) for one in fields(alert)}
    return values | {name: json.dumps(values[name]) for name in _AS_JSON}


def _alert(row: "sa.Row[Any]") -> AlertRow:
    values = dict(row._mapping)
    return AlertRow(**(values | {name: json.loads(values[name]) for name in _AS_JSON}))
