"""What is kept of alerts, in SQLite and in PostgreSQL: found, counted over time, sent in order, gone when nobody needs it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from barograph.alerts.delivery import Delivery
from barograph.alerts.judge import GONE_MS
from barograph.alerts.rules import Rules
from barograph.alerts.senders import SendFailed
from barograph.alerts.service import AlertsQuery, Mute
from barograph.config.errors import BadRequest, Conflict
from barograph.jobs.knowledge.calendars import Calendar
from barograph.store import alert_events, alert_outbox, alerts
from barograph.store.alert_rows import OutMessage
from barograph.store.store import Store
from tests.alerts.making import SPAN, Made, at, job, rule
from tests.store import postgres as servers

HOURS = 12 * SPAN


both = pytest.mark.parametrize("made", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def made(request, pytestconfig, tmp_path):
    """Two jobs, each with an alert of two rules in bucket 40, of which one rule lets them be over at once."""
    url = servers.shared(pytestconfig).new_database() if getattr(request, "param", "sqlite") == "postgresql" else None
    one = Made(tmp_path / "data", url=url)
    one.add(job("db"), job("web"))
    one.alerts.rules.put_all([rule("long"), rule("short", resolve_after=1, only_new=False, channels=["a", "b"])])
    for job_id in ("db", "web"):
        one.commit(40, {40: {"a": 99.0}}, job_id)
    one.judge.step()
    for job_id in ("db", "web"):
        one.commit(43, {}, job_id)
    one.judge.step()
    yield one
    one.close()


@both
def test_alerts_are_found_and_counted_over_time(made):
    counts, found = made.alerts.find(AlertsQuery(("web",), text="WEB"))
    assert counts == {"active": 1, "recovered": 1, "untracked": 0}
    assert [one.row.rule_id for one in found] == ["long", "short"]  # what goes on comes first
    assert made.alerts.find(AlertsQuery(None, ("short",), ("recovered",), size=1, offset=1))[1][0].row.job_id == "web"
    told = made.alerts.histogram(AlertsQuery(start_ms=at(40) - HOURS, end_ms=at(41)), HOURS)
    column = (at(40) - told.start_ms) // HOURS
    assert told.cells == (("db", column, 1, 1, 0), ("web", column, 1, 1, 0))
    assert [(one.rule_id, one.counts["active"], one.last_time, one.last_duration) for one in told.rules] == [
        ("long", 2, at(40), SPAN),
        ("short", 0, at(40), SPAN),
    ]
    assert told.rules[1].last_end == at(42)
    assert made.alerts.histogram(AlertsQuery(start_ms=at(41), end_ms=at(41) + 1), SPAN).cells == ()
    before_1970 = made.alerts.histogram(AlertsQuery(start_ms=-HOURS, end_ms=at(41)), HOURS)
    assert (before_1970.cells[0][1] - column) * HOURS == told.start_ms - before_1970.start_ms


def test_the_version_changes_with_alerts_and_with_what_is_done_about_them_only(made):
    first = made.alerts.version()
    made.judge.step()
    assert made.alerts.version() == first
    made.alerts.acknowledge(made.rows()[0].alert_id, "ada")
    assert made.alerts.version() != first


def test_nobody_hears_that_an_alert_is_over_before_that_it_began(made):
    tried, got = [], []

    def send(body, _):
        if body["alert"]["job_id"] == "db" and body["what"] == "raised" and len(tried) < 2:
            tried.append(body["id"])
            raise SendFailed("busy")
        got.append((body["alert"]["job_id"], body["what"], body["id"].rpartition("/")[2]))
        return "ok"

    delivery = Delivery(made.service.store, {"a": None, "b": None, "log": None}, made.service.now_ms, lambda _: send)
    for _ in range(3):
        delivery.step()
        made.now_ms += 6_000
    delivery.close()
    for name in ("a", "b"):
        assert [what for job_id, what, channel in got if (job_id, channel) == ("db", name)] == ["raised", "recovered"]
    assert len(got) == 2 * 4 + 2


def test_of_what_was_made_at_one_time_worse_comes_before_over(made):
    (row, *_) = made.rows()
    late = [OutMessage(f"{row.alert_id}/{what}/c", row.alert_id, "c", "{}", 5, 5) for what in ("recovered:1", "worse:x")]
    with made.service.store.writing() as connection:
        alert_outbox.add(connection, late)
        (first,) = alert_outbox.due_first(connection, 5, 10)
    assert first.message_id == f"{row.alert_id}/worse:x/c"


@both
def test_rules_that_several_processes_change_at_once_keep_all_of_it(made):
    stores = [Store.open(made.url, made.path) for _ in range(4)]

    def mute(n):
        rules = Rules(stores[n % 4], made.service.now_ms)
        rules.mute("long", Mute({"host": str(n)}))
        if n % 3 == 0:
            rules.change(rule("long", min_score=n))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(mute, range(12)))
    kept = made.alerts.rules.get("long")
    assert {mute.entity["host"] for mute in kept.mutes} == {str(n) for n in range(12)}
    assert kept.rule.min_score in {0, 3, 6, 9}
    with pytest.raises(Conflict, match="rule_id='long': wanted an id that no rule has"):
        Rules(stores[0], made.service.now_ms).create(rule("long"))
    for store in stores:
        store.close()


def _add_many(made, number, channel):
    """Messages of so many alerts that are kept elsewhere."""
    many = [OutMessage(f"{n}/raised/{channel}", str(n), channel, "{}", made.now_ms, 5) for n in range(number)]
    with made.service.store.writing() as connection:
        alert_outbox.send(connection, many)


def test_what_is_due_first_costs_as_much_for_each_of_many_messages_as_of_few(made):
    costs = []
    for number in (250, 1000):
        _add_many(made, number, "c")
        steps: list[int] = []
        with made.service.store.reading() as connection:
            database = connection.connection.driver_connection
            database.set_progress_handler(lambda steps=steps: steps.append(1), 100)
            assert len(alert_outbox.due_first(connection, 5, 50)) == 50
            database.set_progress_handler(None, 0)
        costs.append(len(steps))
    assert costs[1] < 6 * costs[0]


def test_many_messages_of_a_dead_channel_keep_no_other_waiting(made):
    _add_many(made, 60, "dead")
    asked = []

    def make(name):
        def send(body, _):
            asked.append(name)
            if name == "dead":
                raise SendFailed("busy")
            return "ok"

        return send

    delivery = Delivery(made.service.store, {name: name for name in ("a", "b", "dead", "log")}, made.service.now_ms, make)
    assert (delivery.step(), asked.count("dead")) == (10, 1)
    delivery.close()


@both
def test_of_two_first_rules_the_second_takes_nothing_from_the_first(made):
    rules, store = made.alerts.rules, made.service.store
    for rule_id in ("long", "short"):
        rules.delete(rule_id)
    first, second = Rules(store, made.service.now_ms), Rules(store, made.service.now_ms)
    second.all()  # as it is when both begin
    second.all = lambda: {}
    first.create(rule("first"))
    made.commit(60, {50: {"a": 99.0}}, "web")
    second.create(rule("second"))
    made.judge.step()
    assert ("first", 50) in {(row.rule_id, (row.time - at(0)) // SPAN) for row in made.rows()}


@both
def test_what_is_over_goes_with_the_results_of_its_job(made):
    store = made.service.store
    made.service.update("web", lambda job: job.model_copy(update={"results_retention_days": 1}))
    made.commit(41 + 24 * 12, {}, "web")
    assert {(row.job_id, row.rule_id) for row in made.rows()} == {("db", "long"), ("db", "short"), ("web", "long")}
    made.judge.step()  # quiet for long enough now
    made.commit(42 + 24 * 12, {}, "web")
    assert {row.job_id for row in made.rows()} == {"db"}
    with store.reading() as connection:
        assert {message.alert_id.split("~")[1] for message in alert_outbox.due(connection, 1 << 60, 100)} == {"db"}


def test_what_is_left_of_rules_and_jobs_that_are_gone_is_kept_for_a_month(made, monkeypatch):
    made.alerts.rules.delete("short")
    made.service.delete("web")
    made.judge.step()
    assert len(made.rows()) == 4
    made.now_ms += GONE_MS + 1
    said: list[str] = []
    for room, name in ((alerts, "_remove_those"), (alert_events, "changed")):
        told = getattr(room, name)
        monkeypatch.setattr(room, name, lambda *given, name=name, told=told: said.append(name) or told(*given))
    made.judge.step()
    assert said == ["_remove_those", "_remove_those", "changed"]  # nobody waits for alerts who has the version
    assert [(row.job_id, row.rule_id, row.status) for row in made.rows()] == [("db", "long", "active")]


def test_what_was_expected_is_not_planned_where_nothing_comes_of_it(made):
    alert = next(row for row in made.rows() if row.job_id == "web")
    calendars = made.service.calendars
    calendars.create(Calendar("others", ("db",)))
    calendars.create(Calendar("nobodys"))
    calendars.create(Calendar("everybodys", ("_all",)))
    for name, has in (("others", "this one is for db"), ("nobodys", "this one is for no job")):
        with pytest.raises(BadRequest, match=f"calendar_id='{name}': wanted a calendar that is for web; {has}"):
            made.alerts.plan(alert.alert_id, name, "", None)
    assert made.alerts.plan(alert.alert_id, "everybodys", "", None).calendar_id == "everybodys"
