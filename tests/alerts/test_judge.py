"""What is raised, what goes on, what is over: over results that are given score by score."""

from collections.abc import Iterator

import pytest

from barograph.alerts import past, words
from barograph.store import alert_standings
from barograph.store.alert_rows import AlertsQuery
from tests.alerts.making import SPAN, Made, Odd, at, job, rule


@pytest.fixture
def made(tmp_path) -> Iterator[Made]:
    one = Made(tmp_path / "data")
    one.add(job())
    yield one
    one.close()


OUTAGE: Odd = {30: {"a": 80.0, "b": 90.0}, 31: {"a": 95.0, "b": 60.0, "c": 77.0}, 33: {"a": 30.0}, 60: {"b": 99.0}}


RULES = [
    rule("incidents"),
    rule("by-host", group_by="host"),
    rule("buckets", on="buckets"),
    rule("records", on="records", group_by="host"),
    rule("blamed", on="influencers", group_by="host"),
]


def seen(row) -> tuple:
    return row.alert_id, row.status, row.time, row.start_ms, row.end_ms, row.max_score, row.recovered_ms


def judged(made: Made, cuts: list[int]) -> list[tuple]:
    made.alerts.rules.put_all(RULES)
    for last in cuts:
        made.commit(last, OUTAGE)
        made.judge.step()
    return sorted(map(seen, made.rows()))


def test_the_same_alerts_come_of_the_same_results_however_they_are_cut(tmp_path):
    found = []
    for name, cuts in (
        ("one", [29, *range(30, 36), *range(42, 46), *range(59, 75)]),
        ("some", [30, 32, 61, 74]),
        ("all", [74]),
    ):
        one = Made(tmp_path / name)
        one.add(job())
        found.append(judged(one, cuts))
        past = [row for of in RULES for row in one.alerts.test(of, (at(0), at(75))).alerts]
        one.close()
    assert found[0] == found[1] == found[2] == sorted(map(seen, past))
    numbers = {of.rule_id: sum(row[0].startswith(f"{of.rule_id}~") for row in found[0]) for of in RULES}
    # The outage and what comes later: two; of hosts a, b and c, and of b again: four.
    assert numbers == {"incidents": 2, "by-host": 4, "buckets": 2, "records": 4, "blamed": 4}


def test_an_incident_is_one_alert_however_many_series_it_has(made):
    odd = {40: {f"host-{n}": 80.0 for n in range(40)}, 41: {f"host-{n}": 85.0 for n in range(20, 60)}}
    made.alerts.rules.create(rule())
    for last in range(38, 44):
        made.commit(last, odd)
        made.judge.step()
    (alert,) = made.rows()
    assert (alert.series, alert.status) == (60, "active")
    (message,) = waiting(made)
    assert "40 series" in message["text"]


def test_who_is_to_blame_for_all_of_a_series_each_is_told_without_shares():
    blamed = [{"field_name": "host", "field_value": name, "influence": 1.0} for name in ("a", "b")]
    assert words.names(blamed) == "host=a, host=b"
    assert words.names(blamed[:1]) == "host=a (100 %)"
    assert words.names([blamed[0], {**blamed[1], "influence": 0.4}]) == "host=a (100 %), host=b (40 %)"


@pytest.mark.parametrize(
    ("series", "told"),
    [
        ("host=web", ""),
        ("host=web url=/pay", "url=/pay, "),
        ("url=/pay host=web", "url=/pay, "),
        ("vhost=web-1", "vhost=web-1, "),
        ("host=web-1 vhost=web", "host=web-1 vhost=web, "),
        ("host=web 1 url=/pay", "host=web 1 url=/pay, "),
    ],
)
def test_a_title_names_what_it_is_grouped_by_once_and_cuts_no_other_name(series, told):
    worst = {"series": series, "what": "load", "how": "3x higher"}
    assert words.headline({"host": "web"}, {"worst": worst, "series": 1}) == f"host=web: {told}load: 3x higher"
    more = words.headline({}, {"worst": worst, "series": 3, "summary": ""})
    assert more == f"{series}, load: 3x higher, and 2 more series"


def waiting(made: Made) -> list[dict]:
    import json  # noqa: PLC0415

    from barograph.store import alert_outbox  # noqa: PLC0415

    with made.service.store.reading() as connection:
        return [json.loads(message.body) for message in alert_outbox.due(connection, 1 << 60, 1000)]


def test_a_message_says_what_a_person_needs(made):
    made.alerts.rules.create(rule(min_score="major"))
    made.commit(50, {50: {"web-3": 80.0}})
    made.judge.step()
    (message,) = waiting(made)
    assert message["title"] == "Critical in web: host=web-3, mean of load: 3.2x higher than usual (320 instead of 100)"
    assert message["text"].splitlines() == [
        message["title"],
        "",
        "since:    Thu 2025-10-09 13:05 (UTC), 5m so far",
        "to blame: user=eve (90 %)",
        "how sure: score 80 of 100 (critical); by chance 1 in 3×10⁴³",
        "rule:     odd: incidents from 50 (major)",
        "see:      https://barograph.example/explorer?job=web&from=2025-10-09T09:05Z&to=2025-10-09T17:10Z",
    ]


def test_what_is_renormalised_later_changes_no_alert(made):
    made.alerts.rules.create(rule())
    made.commit(40, {40: {"a": 80.0}}, renormalised=0.1)
    made.judge.step()
    (alert,) = made.rows()
    assert (alert.score, alert.max_score) == (80.0, 80.0)
    made.done["web"] = 39
    made.commit(45, {40: {"a": 3.0}})  # late rows: the bucket is written anew
    made.judge.step()
    (same,) = made.rows()
    assert (same.title, same.text, same.score) == (alert.title, alert.text, 80.0)
    assert len(waiting(made)) == 1


def test_it_is_over_when_enough_buckets_were_quiet_and_says_so_only_to_who_wants_that(made):
    made.alerts.rules.create(rule("new", resolve_after=3))
    made.alerts.rules.create(rule("all", resolve_after=3, only_new=False, min_score=60))
    made.commit(40, {40: {"a": 70.0}})
    made.judge.step()
    made.commit(42, {41: {"a": 96.0}})
    made.judge.step()
    assert [row.status for row in made.rows()] == ["active", "active"]
    made.commit(44, {})
    made.judge.step()
    rows = {row.rule_id: row for row in made.rows()}
    assert {row.status for row in rows.values()} == {"recovered"}
    assert rows["all"].recovered_ms == at(42) + 3 * SPAN
    assert [(message["alert"]["rule_id"], message["what"]) for message in waiting(made)] == [
        ("all", "raised"),
        ("all", "worse"),
        ("new", "raised"),
        ("all", "recovered"),
    ]
    assert waiting(made)[3]["text"].startswith("Over since Thu 2025-10-09 12:25 (UTC), after 10m: Major in web: host=a")


def test_a_rule_raises_nothing_of_what_was_there_before_it_and_looks_back_so_far(made):
    made.commit(40, {40: {"a": 99.0}})
    made.alerts.rules.create(rule())
    made.judge.step()
    assert made.rows() == []
    made.add(job("other"))
    made.commit(400, {1: {"a": 99.0}, 399: {"a": 99.0}}, "other")  # a new job, whose first rows are more than a day old
    made.judge.step()
    assert [row.time for row in made.rows()] == [at(399)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda made: made.alerts.rules.delete("odd"), "the rule odd was removed"),
        (lambda made: made.alerts.rules.change(rule(enabled=False)), "the rule odd was switched off"),
        (lambda made: made.alerts.rules.change(rule(jobs=["others"])), "the rule odd is not for web any more"),
        (lambda made: made.service.delete("web"), "the job web was removed"),
        (lambda made: made.service.reset("web"), "the results of web are not there any more"),
    ],
)
def test_an_alert_that_nobody_follows_any_more_is_untracked_and_says_why(made, change, reason):
    made.alerts.rules.create(rule())
    made.commit(40, {40: {"a": 99.0}})
    made.judge.step()
    change(made)
    made.judge.step()
    (alert,) = made.rows()
    assert alert.status == "untracked"
    assert made.alerts.get(alert.alert_id)[1][-1].text == reason


def test_what_is_held_back_is_told_when_nothing_holds_it_any_more_unless_it_is_over(made):
    hours = [{"from": "11:00", "to": "12:30"}]
    made.alerts.rules.create(rule("held", quiet_hours=hours))
    made.alerts.rules.create(rule("over", quiet_hours=hours, resolve_after=1))
    made.commit(40, {40: {"a": 99.0}})  # 12:15 in UTC
    made.judge.step()
    assert [row.held for row in made.rows()] == ["quiet hours", "quiet hours"]
    assert waiting(made) == []
    made.commit(41, {})
    made.judge.step()
    made.commit(44, {})
    made.judge.step()
    (message,) = waiting(made)
    assert message["alert"]["rule_id"] == "held"
    assert "held:     until now by quiet hours" in message["text"]


def test_what_is_muted_is_kept_and_not_told(made):
    from barograph.alerts.service import Mute  # noqa: PLC0415

    made.alerts.rules.create(rule(group_by="host"))
    made.alerts.rules.mute("odd", Mute({"host": "a"}))
    made.commit(40, {40: {"a": 99.0, "b": 98.0}})
    made.judge.step()
    assert {(row.entity["host"], row.held) for row in made.rows()} == {("a", "muted"), ("b", None)}
    assert [message["alert"]["entity"] for message in waiting(made)] == [{"host": "b"}]
    made.alerts.rules.unmute("odd", {"host": "a"})
    made.judge.step()
    assert len(waiting(made)) == 2


def test_an_acknowledged_alert_says_nothing_more(made):
    made.alerts.rules.create(rule(only_new=False, resolve_after=1))
    made.commit(40, {40: {"a": 80.0}})
    made.judge.step()
    (alert,) = made.rows()
    made.alerts.acknowledge(alert.alert_id, "ada", "known")
    made.commit(43, {})
    made.judge.step()
    (told,), events = made.alerts.find(AlertsQuery())[1], made.alerts.get(alert.alert_id)[1]
    assert (told.row.status, told.row.acknowledged_by, told.waiting) == ("recovered", "ada", 0)
    assert [(event.what, event.by) for event in events] == [("raised", None), ("acknowledged", "ada"), ("recovered", None)]


def test_open_buckets_raise_alerts_for_who_wants_that_and_once(made):
    made.alerts.rules.create(rule("final"))
    made.alerts.rules.create(rule("early", interim=True))
    made.commit(39, {})
    made.judge.step()
    made.commit(40, {40: {"a": 99.0}}, interim=True)
    made.judge.step()
    assert [(row.rule_id, row.interim) for row in made.rows()] == [("early", True)]
    assert "the bucket is still open" in waiting(made)[0]["text"]
    made.commit(40, {40: {"a": 98.0}})
    made.judge.step()
    assert sorted(row.rule_id for row in made.rows()) == ["early", "final"]
    assert len(waiting(made)) == 2


def test_whoever_acknowledges_an_alert_while_it_is_judged_hears_no_more_of_it(made, monkeypatch):
    made.alerts.rules.create(rule(only_new=False))
    made.commit(40, {40: {"a": 80.0}})
    made.judge.step()
    (alert,) = made.rows()
    made.commit(41, {41: {"a": 99.0}})
    judged = made.judge._round

    def meanwhile(*given):
        found = judged(*given)
        made.alerts.acknowledge(alert.alert_id, "ada")
        return found

    monkeypatch.setattr(made.judge, "_round", meanwhile)
    made.commit(60, {})
    made.judge.step()
    assert waiting(made) == []
    assert made.rows()[0].status == "recovered"


def test_a_job_that_cannot_be_judged_keeps_no_other_from_it(made, monkeypatch):
    made.alerts.rules.create(rule())
    made.add(job("broken"))
    judged = made.judge._judge_job

    def break_one(now_round, one, standing):
        if one.job_id == "broken":
            raise ValueError("no results of this kind")
        judged(now_round, one, standing)

    monkeypatch.setattr(made.judge, "_judge_job", break_one)
    for job_id in ("broken", "web"):
        made.commit(40, {40: {"a": 99.0}}, job_id)
    made.judge.step()
    assert [row.job_id for row in made.rows()] == ["web"]
    monkeypatch.undo()
    made.commit(41, {}, "broken")
    made.judge.step()
    assert sorted(row.job_id for row in made.rows()) == ["broken", "web"]


@pytest.mark.parametrize("meanwhile", ["between", "while it is judged"])
def test_what_a_job_finds_after_it_was_reset_is_judged_however_soon_it_comes(made, monkeypatch, meanwhile):
    made.alerts.rules.create(rule())
    made.commit(40, {})
    if meanwhile == "between":
        made.judge.step()
        made.service.reset("web")
    else:
        judged = made.judge._round

        def reset(*given):
            found = judged(*given)
            made.service.reset("web")
            return found

        made.judge.step()
        made.commit(41, {})
        monkeypatch.setattr(made.judge, "_round", reset)
        made.judge.step()
        monkeypatch.undo()
    made.done.clear()
    made.commit(45, {30: {"a": 99.0}})
    made.judge.step()
    assert [row.time for row in made.rows()] == [at(30)]


def test_a_job_of_a_name_that_another_had_is_judged_from_its_beginning(made):
    made.alerts.rules.create(rule())
    made.commit(40, {})
    made.judge.step()
    made.service.delete("web")
    made.add(job())
    made.done.clear()
    made.commit(45, {30: {"a": 99.0}})
    made.judge.step()
    assert [row.time for row in made.rows()] == [at(30)]


def test_the_history_of_an_alert_says_since_when_it_is_over(made):
    made.alerts.rules.create(rule(resolve_after=1))
    made.commit(42, {40: {"a": 99.0}})
    made.judge.step()
    assert made.alerts.get(made.rows()[0].alert_id)[1][-1].text == "Over since Thu 2025-10-09 12:20 (UTC), after 5m"


def test_what_was_expected_is_planned_for_a_job_that_was_made_anew_too(made):
    made.alerts.rules.create(rule())
    for _ in range(2):
        made.commit(40, {40: {"a": 99.0}})
        made.judge.step()
        event = made.alerts.plan(made.rows()[0].alert_id, None, "", "ada")
        assert made.service.calendars.get(event.calendar_id).job_ids == ("web",)
        made.service.delete("web")
        made.add(job())
        made.done.clear()


def test_of_many_jobs_the_worst_are_replayed_and_the_others_counted(made, monkeypatch):
    made.add(*(job(job_id) for job_id in ("bad", "worse", "quiet")))
    for job_id, odd in (("bad", {10: {"a": 80.0}}), ("worse", {10: {"a": 90.0}}), ("quiet", {})):
        made.commit(20, odd, job_id)
    three = rule(jobs=["bad", "worse", "quiet"])
    whole = made.alerts.test(three)
    assert (len(whole.alerts), whole.jobs, whole.left_out) == (2, 3, 0)
    assert "left out" not in whole.sentence
    monkeypatch.setattr(past, "MOST_JOBS", 1)
    part = made.alerts.test(three)
    assert [row.job_id for row in part.alerts] == ["worse"]
    assert part.sentence.endswith("(of the 2 worst jobs; 1 with scores as high or lower is left out)")


def test_nothing_is_within_a_budget_while_jobs_are_left_out(made, monkeypatch):
    names = ["a", "b", "c"]
    made.add(*(job(job_id) for job_id in names))
    for job_id in names:
        made.commit(20, {10: {"a": 80.0}}, job_id)
    whole = made.alerts.test(rule(jobs=names, budget=1))
    assert (whole.suggested, whole.is_over_budget) == (90.0, True)
    monkeypatch.setattr(past, "MOST_JOBS", 1)
    part = made.alerts.test(rule(jobs=names, budget=1))
    assert (part.suggested, part.is_over_budget) == (None, False)
    assert "budget" not in part.sentence
    assert "over the budget" in made.alerts.test(rule(jobs=names, budget=0.5)).sentence


def test_only_the_jobs_of_a_rule_are_looked_at(made):
    made.add(job("other"))
    made.commit(20, {10: {"a": 80.0}})
    made.commit(20, {10: {"a": 80.0}}, "other")
    with made.service.store.reading() as connection:
        assert set(alert_standings.highest_between(connection, ["web"], 0, at(30))) == {"web"}
