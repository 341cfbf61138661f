"""A history that expires: what goes, what a replay makes of the rest, and what can no longer be asked."""

import re
from datetime import UTC
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import InputError
from barograph.config.moment import iso_text
from barograph.engine.exclusions import Exclusion
from barograph.jobs.forget import forget
from barograph.jobs.replay import replay
from barograph.jobs.views.explain import explain
from barograph.store.query import Query
from barograph.store.snapshots import SavedSnapshot
from barograph.store.store import Store
from tests.engine.events import START, job, requests
from tests.jobs.replays import DAY, all_of, assert_same, feed, files, listed

KEPT_DAYS = 2


@pytest.fixture
def cut(store: Store) -> tuple[Store, int]:
    """A job of five days of which the history of two is kept, and the first bucket of these."""
    feed(store, job(history_retention_days=KEPT_DAYS), requests(days=5.0))
    newest = store.buckets("requests", Query(size=1, descending=True)).rows["timestamp"][0]
    assert store.expire("requests").values > 0
    return store, newest - KEPT_DAYS * DAY


def test_only_what_is_too_old_goes_and_nothing_is_left_on_the_disk(store: Store) -> None:
    feed(store, job(history_retention_days=KEPT_DAYS), requests(days=5.0))
    before = all_of(store)
    done = store.expire("requests")
    after = all_of(store)
    begins = before["buckets"]["timestamp"][-1] - KEPT_DAYS * DAY
    gone = 0
    for name in ("bucket_values", "influencer_shares"):
        kept = before[name].filter(pl.col("timestamp") >= begins)
        assert_frame_equal(after.pop(name), kept, check_exact=True)
        gone += before.pop(name).height - kept.height
    assert done.values == gone > 1000
    assert_same(after, before)
    assert files(store) == listed(store)
    assert store.history_from("requests") == begins
    assert store.expire("requests").values == 0


def test_nothing_expires_unasked(store: Store) -> None:
    feed(store, frame=requests()[:2_000])
    before = all_of(store)
    assert store.expire("requests").values == 0
    assert store.history_from("requests") is None
    assert_same(all_of(store), before)


def test_a_replay_learns_what_is_left_and_leaves_what_came_before(cut: tuple[Store, int]) -> None:
    store, begins = cut
    before = all_of(store)
    replay(store, "requests")
    after = all_of(store)
    for name in ("buckets", "records", "influencers", "bucket_influencers"):
        older = [
            one[name].filter(pl.col("timestamp") < begins).drop(pl.selectors.ends_with("score")) for one in (after, before)
        ]
        assert_frame_equal(*older, check_exact=True)
        assert after[name]["timestamp"].max() >= before[name]["timestamp"].max() - DAY
    early = [one for one in before["snapshots"] if one.latest_bucket_timestamp < begins]
    assert early
    assert after["snapshots"][: len(early)] == early
    again = replay(store, "requests")
    assert again.records == again.records_before
    assert files(store) == listed(store)


def test_its_models_are_those_that_never_saw_what_has_expired(cut: tuple[Store, int], tmp_path: Path) -> None:
    store, begins = cut
    replay(store, "requests")
    with Store.open(None, tmp_path / "other") as other:
        feed(other, frame=requests(days=5.0))
        forget(other, "requests", Exclusion(START, begins))
        mine, wanted = (one.resume("requests").snapshot.arrays for one in (store, other))
    names = [name for name in wanted if name.startswith("model")]
    assert len(names) > 3
    for name in names:
        assert np.asarray(mine[name]).tobytes() == np.asarray(wanted[name]).tobytes(), name


def test_what_has_expired_cannot_be_forgotten_or_explained(cut: tuple[Store, int]) -> None:
    store, begins = cut
    with pytest.raises(
        InputError, match=f"wanted a start at or after {re.escape(iso_text(begins, UTC))}; bucket values before it have expired"
    ):
        forget(store, "requests", Exclusion(begins - 1, begins + DAY))
    forget(store, "requests", Exclusion(begins, begins + DAY // 2))
    oldest: SavedSnapshot = store.snapshots("requests")[0]
    assert oldest.latest_bucket_timestamp is not None
    with pytest.raises(InputError, match="wanted a bucket with a snapshot of the models before it"):
        explain(store, "requests", oldest.latest_bucket_timestamp)
    newest = store.buckets("requests", Query(size=1, descending=True)).rows["timestamp"][0]
    assert explain(store, "requests", newest).explanations
