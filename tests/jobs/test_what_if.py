"""Which alerts there would have been: stricter settings never give more."""

from datetime import UTC

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.config.errors import InputError
from barograph.config.load import load_job
from barograph.config.rule import SIGNS, Condition, Rule, Scope
from barograph.config.rule_text import parse_rule
from barograph.engine import Engine
from barograph.jobs.views.what_if import AlertSettings, matches, what_if
from barograph.results import schema
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import job, requests
from tests.known_results import JOB, frame, known_results, record

DAY = 86_400_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(None, tmp_path_factory.mktemp("what-if")) as opened:
        opened.create_job(job(), 1)
        engine = Engine.build(job())
        opened.commit("requests", engine.add(requests()), engine.snapshot(), [])
        yield opened


def test_an_alert_is_an_episode(store: Store) -> None:
    found = what_if(store, "requests", AlertSettings(min_score=50))
    episodes = store.buckets("requests", Query()).rows.filter(pl.col("episode_start").is_not_null())["episode_start"].n_unique()
    assert 0 < found.alerts.height <= episodes + found.alerts.filter(pl.col("records") == 1).height
    assert found.alerts["alert_start"].is_sorted()
    assert found.alerts["alert_score"].min() >= 50
    assert found.steps[50.0] == found.alerts.height


@pytest.mark.parametrize(("scores", "again"), [((60.0, 74.9, 80.0, 95.0), 2), ((80.0, 95.0), None), ((60.0, 30.0), None)])
def test_an_alert_that_becomes_critical_says_when(tmp_path, scores: tuple[float, ...], again: int | None) -> None:
    results, span_ms = known_results(), 300_000
    records = frame(schema.RECORDS, [record(at, score) for at, score in enumerate(scores)])
    with Store.open(None, tmp_path) as opened:
        opened.create_job(load_job(JOB), 1)
        opened.commit("web", results.but(records=records), Engine.build(load_job(JOB)).snapshot(), [])
        (alert,) = what_if(opened, "web", AlertSettings(min_score=50)).alerts.rows(named=True)
    assert alert["alert_again"] == (None if again is None else alert["alert_start"] + again * span_ms)


@settings(max_examples=25)
@given(scores=st.tuples(st.floats(0, 100), st.floats(0, 100)), changes=st.tuples(st.floats(0, 30), st.floats(0, 30)))
def test_stricter_settings_never_give_more_alerts(store: Store, scores: tuple, changes: tuple) -> None:
    lax = what_if(store, "requests", AlertSettings(min_score=min(scores), min_change=min(changes)))
    strict = what_if(store, "requests", AlertSettings(min_score=max(scores), min_change=max(changes)))
    assert strict.alerts.height <= lax.alerts.height


def test_the_score_of_an_alert_is_of_the_series_that_is_shown(store: Store) -> None:
    series = ["detector_index", "function_description", "partition_field_value", "by_field_value", "over_field_value"]
    alerts = what_if(store, "requests", AlertSettings(min_score=0, days=3_650)).alerts
    records = store.records("requests", Query()).rows
    for alert in alerts.iter_rows(named=True):
        inside = records.filter(pl.col("timestamp").is_between(alert["alert_start"], alert["alert_end"], closed="left"))
        same = inside.filter(pl.col(name).eq_missing(pl.lit(alert[name])) for name in series)
        assert alert["alert_score"] == same["record_score"].max()


def test_nothing_is_left_out_at_score_zero(store: Store) -> None:
    found = what_if(store, "requests", AlertSettings(min_score=0, days=3_650))
    assert found.alerts["records"].sum() == store.records("requests", Query(size=0)).total


def test_an_entity_is_a_series_or_who_is_to_blame(store: Store) -> None:
    whole = what_if(store, "requests", AlertSettings(min_score=0)).alerts["records"].sum()
    by_host = [
        what_if(store, "requests", AlertSettings(min_score=0, entity=(("host", f"host-{at}"),))).alerts for at in range(4)
    ]
    assert all(one["records"].sum() < whole for one in by_host)
    assert by_host[2]["records"].sum() > 0  # the host that is flooded
    flood = what_if(store, "requests", AlertSettings(min_score=50, entity=(("host", "host-2"), ("user", "user-7")))).alerts
    assert flood.height > 0
    named = [
        f"{one['influencer_field_name']}={value}" for one in flood["influencers"][0] for value in one["influencer_field_values"]
    ]
    assert "user=user-7" in named


def test_only_the_days_asked_for_count(store: Store) -> None:
    newest = store.summary("requests").counts.latest_bucket_timestamp
    found = what_if(store, "requests", AlertSettings(min_score=0, days=0.5))
    assert found.end_ms == newest + 900_000
    assert found.start_ms == found.end_ms - DAY // 2
    assert found.alerts["alert_start"].min() >= found.start_ms


NAMES = ("actual", "typical", "diff_from_typical", "change")
rules = st.one_of(
    st.builds(
        lambda name, sign, value: Rule((Condition(name, sign, value),)),
        st.sampled_from(NAMES),
        st.sampled_from(list(SIGNS)),
        st.floats(0, 3_000),
    ),
    st.builds(
        lambda host, exclude, value: Rule((Condition("actual", "gt", value),), (Scope("host", (f"host-{host}",), exclude),)),
        st.integers(0, 4),
        st.booleans(),
        st.floats(0, 3_000),
    ),
)


@settings(max_examples=25)
@given(some=st.lists(rules, max_size=3), more=rules, score=st.floats(0, 90))
def test_one_more_rule_never_gives_more_alerts(store: Store, some: list, more: Rule, score: float) -> None:
    before = what_if(store, "requests", AlertSettings(score, rules=tuple(some)))
    after = what_if(store, "requests", AlertSettings(score, rules=(*some, more)))
    assert after.alerts.height <= before.alerts.height
    assert after.alerts["records"].sum() <= before.alerts["records"].sum()
    assert after.without_rules == before.without_rules >= before.alerts.height
    assert all(after.steps[step] <= before.steps[step] for step in before.steps)


def test_what_a_rule_silences_is_listed(store: Store) -> None:
    rule = Rule((Condition("actual", "gte", 100.0),), (Scope("host", ("host-2",)),))
    none = what_if(store, "requests", AlertSettings(min_score=0, days=3_650))
    found = what_if(store, "requests", AlertSettings(min_score=0, days=3_650, rules=(rule,)))
    (silenced,) = found.silenced
    every = store.records("requests", Query(sort="timestamp", descending=False)).rows
    host = (pl.col("partition_field_value") == "host-2") | (
        (pl.col("by_field_name") == "host") & (pl.col("by_field_value") == "host-2")
    )
    expected = every.filter(host & (pl.col("actual") >= 100.0))
    assert 0 < silenced.records.height < every.height
    assert silenced.records.sort("timestamp", "seq")["seq"].to_list() == expected.sort("timestamp", "seq")["seq"].to_list()
    assert found.alerts["records"].sum() == none.alerts["records"].sum() - expected.height
    assert silenced.alerts == none.alerts.height - found.alerts.height
    assert found.without_rules == none.alerts.height


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("actual < 10", [True, False, False, False]),
        ("actual <= 10", [True, True, False, False]),
        ("typical > 0", [True, False, True, False]),
        ("diff_from_typical >= 10", [False, True, True, False]),
        ("change > 9900 %", [False, True, False, False]),  # from zero everything is infinitely far
        ("change <= 50 %", [True, False, False, False]),
        ("time >= 2", [False, False, True, True]),
        ("host in (a)", [True, False, False, False]),
        ("host not in (a)", [False, True, False, False]),  # no host is not another host
    ],
)
def test_a_rule_matches_what_it_says(text: str, matched: list[bool]) -> None:
    records = pl.DataFrame(
        {
            "timestamp": [0, 1000, 2000, 3000],
            "actual": [5.0, 10.0, 40.0, None],
            "typical": [4.0, 0.0, 20.0, None],
            "partition_field_name": ["host", "host", None, "site"],
            "partition_field_value": ["a", "b", None, "a"],
            "over_field_name": pl.Series([None] * 4, dtype=pl.String),
            "over_field_value": pl.Series([None] * 4, dtype=pl.String),
            "by_field_name": pl.Series([None] * 4, dtype=pl.String),
            "by_field_value": pl.Series([None] * 4, dtype=pl.String),
        }
    )
    assert records.select(matches(parse_rule(text, UTC))).to_series().to_list() == matched


def test_a_scope_that_no_series_has_is_refused(store: Store) -> None:
    rule = Rule(scope=(Scope("user", ("user-7",)),))
    with pytest.raises(
        InputError, match=r"rule 'user in \(user-7\)': field='user': wanted a partition or by field \(host, status\)"
    ):
        what_if(store, "requests", AlertSettings(rules=(rule,)))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"min_score": 101.0}, "min_score=101: wanted 0 to 100"),
        ({"min_change": -1.0}, "min_change=-1: wanted 0 or more"),
        ({"days": 0.0}, "days=0: wanted more than 0"),
    ],
)
def test_settings_out_of_range_are_named(given: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        AlertSettings(**given)


def test_a_job_that_has_finished_no_bucket_could_not_alert(store: Store) -> None:
    store.create_job(job(job_id="new"), 1)
    with pytest.raises(InputError, match="it could not have alerted yet"):
        what_if(store, "new", AlertSettings())
