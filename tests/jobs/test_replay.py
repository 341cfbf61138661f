"""Replay and forget on a store: what is replayed is what was, and readers see the old or the new, never half."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import InputError, OtherModels
from barograph.engine import Engine
from barograph.engine.exclusions import Exclusion
from barograph.jobs.forget import forget
from barograph.jobs.open_jobs import opened
from barograph.jobs.replay import replay
from barograph.store.history import Span
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import START, job, requests
from tests.jobs.replays import DAY, FROM, HOUR, NOW, TO, all_of, assert_same, feed, files, listed


def test_a_replay_of_an_unchanged_job_changes_nothing_but_the_time_of_the_replay(store: Store) -> None:
    feed(store)
    before = all_of(store)
    assert len(before["snapshots"]) > 3
    done = replay(store, "requests", now=lambda: NOW / 1000)
    assert_same(all_of(store), before)
    assert done.records == done.records_before == before["records"].height
    assert done.buckets == before["buckets"].height
    assert store.summary("requests").replay_time == NOW
    assert files(store) == listed(store)


def test_a_replay_ends_what_the_models_before_it_told_of_open_buckets(store: Store) -> None:
    engine = feed(store, frame=requests()[:2_000])
    before = all_of(store)
    store.commit("requests", engine.flush(calc_interim=True), engine.snapshot(), [])
    assert store.buckets("requests", Query(exclude_interim=False)).total == before["buckets"].height + 1
    replay(store, "requests")
    assert_same(all_of(store) | {"snapshots": before["snapshots"]}, before)
    assert store.buckets("requests", Query(exclude_interim=False)).total == before["buckets"].height


def test_a_replayed_job_goes_on_as_if_it_had_not_been(store: Store, tmp_path: Path) -> None:
    frame = requests()
    feed(store, frame=frame[:4_000])
    replay(store, "requests")
    engine = Engine.build(job(), store.resume("requests").snapshot)
    store.commit("requests", engine.add(frame[4_000:]), engine.snapshot(), [])
    with Store.open(None, tmp_path / "other") as other:
        feed(other, frame=frame[:4_000])
        resumed = Engine.build(job(), other.resume("requests").snapshot)
        other.commit("requests", resumed.add(frame[4_000:]), resumed.snapshot(), [])
        expected = {name: value for name, value in all_of(other).items() if name != "snapshots"}
        assert_same(expected, all_of(store))
        assert [one.snapshot_id for one in store.snapshots("requests")] == [
            one.snapshot_id for one in other.snapshots("requests")
        ]


@pytest.fixture
def another_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with monkeypatch.context() as patched:
        patched.setattr("barograph.models.series.VERSION", 1)
        yield patched


def test_a_job_of_another_version_goes_on_by_a_replay_and_says_so(
    store: Store, tmp_path: Path, another_version: pytest.MonkeyPatch
) -> None:
    frame, told = requests(), list[str]()
    feed(store, frame=frame[:4_000])
    another_version.undo()
    with pytest.raises(OtherModels):
        Engine.build(job(), store.resume("requests").snapshot)
    with opened(store, job(), tell=told.append, clock=lambda: 0.0, now=lambda: NOW / 1000) as session:
        session.feed_frame(frame[4_000:])
    assert len(told) == 1
    assert "another version of Barograph has learned its models" in told[0]
    assert store.summary("requests").replay_time == NOW
    with Store.open(None, tmp_path / "other") as other:
        feed(other, frame=frame[:4_000])
        with opened(other, job(), tell=told.append, clock=lambda: 0.0) as session:
            session.feed_frame(frame[4_000:])
        ours, theirs = all_of(store), all_of(other)
        assert_same({name: ours[name] for name in theirs if name != "snapshots"}, theirs)
    assert len(told) == 1


def test_a_job_of_another_version_that_has_finished_nothing_just_goes_on(
    store: Store, another_version: pytest.MonkeyPatch
) -> None:
    frame, told = requests(), list[str]()
    feed(store, frame=frame[:5], pieces=1)
    assert store.resume("requests").counts.latest_bucket_timestamp is None
    another_version.undo()
    with opened(store, job(), tell=told.append) as session:
        session.feed_frame(frame[5:])
    assert told == []
    assert store.records("requests", Query(size=0)).total > 0


def test_readers_see_the_old_results_until_all_new_ones_are_there(store: Store, tmp_path: Path) -> None:
    feed(store)
    before = all_of(store)
    seen = []

    def look(_done: int, _of: int) -> None:
        with Store.open(None, tmp_path / "data") as reader:
            seen.append(all_of(reader))

    forget(store, "requests", Exclusion(START + DAY, START + DAY + 6 * HOUR), look)
    assert len(seen) > 3
    for one in seen:
        assert_same(one, before)


class Killed(BaseException):
    """Ends a replay where nothing can catch it."""


def test_a_replay_that_is_cut_short_leaves_everything_as_it_was(store: Store) -> None:
    feed(store)
    before = all_of(store)

    def stop(done: int, _of: int) -> None:
        if done > 50:
            raise Killed

    with pytest.raises(Killed):
        replay(store, "requests", on_progress=stop)
    assert_same(all_of(store), before)
    assert files(store) == listed(store)


def test_results_that_have_expired_do_not_come_back(store: Store) -> None:
    of = job(results_retention_days=1)
    feed(store, of)
    before = all_of(store)
    assert before["buckets"]["timestamp"][0] > before["bucket_values"]["timestamp"][0]
    replay(store, "requests")
    assert_same(all_of(store), before)


def test_a_job_whose_results_have_all_expired_is_replayed_without_them(store: Store) -> None:
    feed(store)
    with store._database.write() as connection:
        for table in ("bucket", "bucket_series", "record", "record_influencer", "influencer", "bucket_influencer"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    before = all_of(store)
    assert replay(store, "requests").records == 0
    assert_same(all_of(store), before)


def test_a_job_without_a_finished_bucket_has_nothing_to_replay(store: Store) -> None:
    store.create_job(job(), NOW)
    with pytest.raises(InputError, match="wanted a job that has finished a bucket"):
        replay(store, "requests")
    feed(store, frame=requests()[:2], pieces=1)
    with pytest.raises(InputError, match="wanted a job that has finished a bucket"):
        replay(store, "requests")


def test_reset_forgets_that_there_was_a_replay(store: Store) -> None:
    feed(store)
    forget(store, "requests", Exclusion(FROM, TO))
    store.reset_job("requests")
    assert store.summary("requests").replay_time is None
    assert store.forgotten("requests") == ()


def test_history_of_a_replayed_job_is_read_by_series(store: Store) -> None:
    feed(store)
    before = store.bucket_values("requests", Span(detector_index=1, split_values=("host-2",)))
    replay(store, "requests")
    assert_frame_equal(
        store.bucket_values("requests", Span(detector_index=1, split_values=("host-2",))), before, check_exact=True
    )
