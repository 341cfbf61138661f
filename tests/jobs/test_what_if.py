"""Which alerts there would have been: stricter settings never give more."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.config.errors import InputError
from barograph.engine import Engine
from barograph.jobs.what_if import Settings, what_if
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import job, requests

DAY = 86_400_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(None, tmp_path_factory.mktemp("what-if")) as opened:
        opened.create_job(job(), 1)
        engine = Engine.build(job())
        opened.commit("requests", engine.add(requests()), engine.snapshot(), [])
        yield opened


def test_an_alert_is_an_episode(store: Store) -> None:
    found = what_if(store, "requests", Settings(min_score=50))
    episodes = store.buckets("requests", Query()).rows.filter(pl.col("episode_start").is_not_null())["episode_start"].n_unique()
    assert 0 < found.alerts.height <= episodes + found.alerts.filter(pl.col("records") == 1).height
    assert found.alerts["alert_start"].is_sorted()
    assert found.alerts["alert_score"].min() >= 50
    assert found.steps[50.0] == found.alerts.height


@settings(max_examples=25)
@given(scores=st.tuples(st.floats(0, 100), st.floats(0, 100)), changes=st.tuples(st.floats(0, 30), st.floats(0, 30)))
def test_stricter_settings_never_give_more_alerts(store: Store, scores: tuple, changes: tuple) -> None:
    lax = what_if(store, "requests", Settings(min_score=min(scores), min_change=min(changes)))
    strict = what_if(store, "requests", Settings(min_score=max(scores), min_change=max(changes)))
    assert strict.alerts.height <= lax.alerts.height


def test_nothing_is_left_out_at_score_zero(store: Store) -> None:
    found = what_if(store, "requests", Settings(min_score=0, days=3_650))
    assert found.alerts["records"].sum() == store.records("requests", Query(size=0)).total


def test_an_entity_is_a_series_or_who_is_to_blame(store: Store) -> None:
    whole = what_if(store, "requests", Settings(min_score=0)).alerts["records"].sum()
    by_host = [what_if(store, "requests", Settings(min_score=0, entity=(("host", f"host-{at}"),))).alerts for at in range(4)]
    assert all(0 < one["records"].sum() < whole for one in by_host)
    flood = what_if(store, "requests", Settings(min_score=50, entity=(("host", "host-2"), ("user", "user-7")))).alerts
    assert flood.height > 0
    named = [
        f"{one['influencer_field_name']}={value}" for one in flood["influencers"][0] for value in one["influencer_field_values"]
    ]
    assert "user=user-7" in named


def test_only_the_days_asked_for_count(store: Store) -> None:
    newest = store.summary("requests").counts.latest_bucket_timestamp
    found = what_if(store, "requests", Settings(min_score=0, days=0.5))
    assert found.end_ms == newest + 900_000
    assert found.start_ms == found.end_ms - DAY // 2
    assert found.alerts["alert_start"].min() >= found.start_ms


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
        Settings(**given)


def test_a_job_that_has_finished_no_bucket_could_not_alert(store: Store) -> None:
    store.create_job(job(job_id="new"), 1)
    with pytest.raises(InputError, match="it could not have alerted yet"):
        what_if(store, "new", Settings())
