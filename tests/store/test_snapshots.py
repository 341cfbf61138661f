"""Which snapshots stay."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.store.snapshots import DAY_MS, INTERVAL_MS, SavedSnapshot, content_name, outlived

HOUR_MS = 3_600_000


def saved(number: int, time: int | None) -> SavedSnapshot:
    return SavedSnapshot(f"s{number}", number, 1, time, None)


def kept(times: list[int], job) -> list[int]:
    """Times that stay when a snapshot is taken at each of `times`, with the cleaning that each commit does."""
    listed: list[SavedSnapshot] = []
    for number, time in enumerate(times):
        listed.append(saved(number, time))
        gone = outlived(listed, job)
        listed = [one for one in listed if one not in gone]
    return [one.latest_record_timestamp for one in listed]


def test_the_name_is_that_of_the_snapshot(make):
    assert content_name(hashlib.sha256(make.snapshot(1).to_bytes()).hexdigest()) == make.snapshot(1).name()


def test_a_year_of_commits_leaves_restore_points_by_hour_then_by_day(make):
    times = list(range(0, 30 * DAY_MS, 10 * 60_000))
    found = kept(times, make.job())
    ages = [times[-1] - one for one in found]
    assert ages[-1] == 0
    assert max(ages) <= 10 * DAY_MS
    recent = [one for one in ages if one <= DAY_MS]
    assert 8 <= len(recent) <= 10  # every three hours
    days = [one // DAY_MS for one in found if times[-1] - one > DAY_MS]
    assert len(days) == len(set(days))
    assert 8 <= len(days) <= 10


def test_the_jobs_own_interval_spaces_the_restore_points(make):
    times = list(range(0, DAY_MS, 10 * 60_000))
    found = kept(times, make.job(background_persist_interval="1h"))
    assert [one // HOUR_MS for one in found[:-1]] == list(range(24))
    assert found[-1] == times[-1]


def test_without_retention_only_the_newest_stays(make):
    assert kept(list(range(0, 3 * DAY_MS, HOUR_MS)), make.job(model_snapshot_retention_days=0)) == [3 * DAY_MS - HOUR_MS]


def test_a_snapshot_before_any_row_is_kept_while_it_is_the_newest(make):
    assert outlived([saved(1, None)], make.job()) == []
    assert outlived([], make.job()) == []


@given(
    steps=st.lists(st.integers(0, 2 * DAY_MS), min_size=1, max_size=60),
    days=st.integers(0, 12),
    daily=st.integers(0, 12),
)
def test_what_stays_is_bounded_and_holds_the_newest(make, steps, days, daily):
    job = make.job(model_snapshot_retention_days=max(days, daily), daily_model_snapshot_retention_after_days=daily)
    times = [sum(steps[: n + 1]) for n in range(len(steps))]
    found = kept(times, job)
    assert found[-1] == times[-1]
    assert len(found) <= 2 + daily * (DAY_MS // INTERVAL_MS + 1) + max(days, daily) + 1
    assert all(times[-1] - one <= max(days, daily) * DAY_MS for one in found[:-1])


@pytest.mark.parametrize("days", [0, 1, 10])
def test_the_store_lists_and_keeps_what_outlives_nothing(store, make, tmp_path, days):
    store.create_job(make.job(model_snapshot_retention_days=days, daily_model_snapshot_retention_after_days=0), now_ms=1)
    per_day = DAY_MS // make.SPAN_MS
    for number in range(4):
        found = make.results(number * per_day, 1)
        store.commit("web", found, make.snapshot(number), [])
    listed = store.snapshots("web")
    assert len(listed) == {0: 1, 1: 2, 10: 4}[days]
    assert listed[-1].snapshot_id == make.snapshot(3).name()
    assert {path.name for path in (tmp_path / "data").glob("files/*/web/snapshot-*")} == {one.file for one in listed}
