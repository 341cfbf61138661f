"""A commit is all or nothing; interim results end with it, and old ones go."""

from dataclasses import replace

import polars as pl
import pytest

from barograph.config.errors import StorageFailure
from barograph.results.results import Results
from barograph.store.job_rows import InputProgress
from barograph.store.query import Query
from tests.store.comparing import ALL, assert_same


def test_a_job_resumes_with_what_was_committed_together(store, make):
    store.create_job(make.job(), now_ms=1)
    assert store.resume("web") is None
    first = InputProgress("/data/a.csv", 100, "ab" * 32, 50)
    store.commit("web", make.results(0), make.snapshot(1), [first])
    second = InputProgress("/data/b.csv", 10, "cd" * 32, 5)
    store.commit("web", make.results(4), make.snapshot(2), [second, replace(first, rows_done=70)])
    saved = store.resume("web")
    assert saved.snapshot.to_bytes() == make.snapshot(2).to_bytes()
    assert saved.counts == make.results(4).counts
    assert saved.progress == {"/data/a.csv": replace(first, rows_done=70), "/data/b.csv": second}


def test_a_failed_commit_is_invisible_and_leaves_no_file(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0), make.snapshot(1), [])
    files = sorted((tmp_path / "data").glob("files/*/web/*"))
    twice = make.results(4)
    twice = replace(twice, records=pl.concat([twice.records, twice.records]))  # breaks the key
    with pytest.raises(StorageFailure):
        store.commit("web", twice, make.snapshot(2), [InputProgress("/a", 1, "00", 1)])
    assert sorted((tmp_path / "data").glob("files/*/web/*")) == files
    saved = store.resume("web")
    assert saved.counts == make.results(0).counts
    assert saved.snapshot.to_bytes() == make.snapshot(1).to_bytes()
    assert saved.progress == {}
    assert_same(store.bucket_values("web"), make.results(0).bucket_values)
    store.commit("web", make.results(4), make.snapshot(2), [])
    assert store.records("web").total == 24


def test_a_full_disk_is_told_and_costs_the_commit_only(store, make, monkeypatch):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0), make.snapshot(1), [])
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StorageFailure, match=r"web'?: wanted to write a file there .*No space left on device"):
        store.commit("web", make.results(4), make.snapshot(2), [])
    monkeypatch.undo()
    assert store.records("web").total == 12
    store.commit("web", make.results(4), make.snapshot(2), [])
    assert store.records("web").total == 24


BOTH = replace(ALL, exclude_interim=False)


def interim(make, first: int, buckets: int) -> Results:
    """Interim results; the counts are those of the finished buckets."""
    return replace(make.results(first, buckets).as_interim(), counts=make.counts(first))


def rows_of(store) -> dict[str, list[int]]:
    """The buckets that each table has rows of; the influencers of records are asked for beside the records."""
    found = {name: getattr(store, name)("web", BOTH).rows["timestamp"] for name in ("buckets", "records", "influencers")}
    found["bucket_influencers"] = store.bucket_influencers("web", BOTH).rows["timestamp"]
    with store._database.read() as connection:
        found["record_influencers"] = pl.Series(connection.exec_driver_sql("SELECT timestamp FROM record_influencer").scalars())
    return {name: sorted(set(times.to_list())) for name, times in found.items()}


def test_interim_results_are_shown_to_who_asks_for_them(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0, 2), make.snapshot(1), [])
    told = interim(make, 2, 3)
    store.commit("web", told, make.snapshot(1), [])
    for name in ("records", "buckets", "influencers", "bucket_influencers"):
        read = getattr(store, name)
        assert_same(read("web", ALL).rows, getattr(make.results(0, 2), name))
        assert_same(read("web", BOTH).rows, pl.concat([getattr(make.results(0, 2), name), getattr(told, name)]))
    assert store.summary("web").counts.bucket_count == 2
    assert store.bucket_values("web")["timestamp"].max() == make.SPAN_MS


@pytest.mark.parametrize(
    ("newer", "left"),
    [
        ("results", 2),  # the final ones of two of three: what was told of the third knew less
        ("interim", 3),
        ("interim", 1),
    ],
)
def test_newer_results_replace_all_interim_ones(store, make, newer: str, left: int):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0, 2), make.snapshot(1), [])
    store.commit("web", interim(make, 2, 3), make.snapshot(1), [])
    follow = make.results(2, left) if newer == "results" else interim(make, 2, left)
    store.commit("web", follow, make.snapshot(2), [])
    expected = [bucket * make.SPAN_MS for bucket in range(2 + left)]
    found = rows_of(store)
    assert all(set(times) <= set(expected) for times in found.values())
    assert found["buckets"] == found["records"] == found["influencers"] == found["bucket_influencers"] == expected
    assert_same(store.records("web", BOTH).rows, pl.concat([make.results(0, 2).records, follow.records]))


def test_a_commit_without_results_leaves_interim_ones(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", interim(make, 0, 1), make.snapshot(1), [])
    store.commit("web", Results(counts=make.counts(0)), make.snapshot(2), [])
    assert store.buckets("web", BOTH).total == 1


@pytest.mark.parametrize("delete_later", [True, False])
def test_a_revert_ends_what_was_told_of_open_buckets(store, make, delete_later: bool):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0, 2), make.snapshot(1), [])
    store.commit("web", interim(make, 2, 1), make.snapshot(1), [])
    store.revert("web", store.snapshots("web")[-1].snapshot_id, delete_later_results=delete_later)
    assert store.buckets("web", BOTH).total == 2


def test_results_older_than_their_retention_go(store, make):
    day = 86_400_000 // make.SPAN_MS
    store.create_job(make.job(results_retention_days=1), now_ms=1)
    store.commit("web", make.results(0, 10), make.snapshot(1), [])
    store.commit("web", make.results(10, day), make.snapshot(2), [])
    newest = store.buckets("web", Query(descending=True, size=1)).rows["timestamp"][0]
    for read in (store.records, store.buckets, store.influencers, store.bucket_influencers, store.annotations):
        assert read("web", ALL).rows["timestamp"].min() == newest - 86_400_000
    assert store.bucket_values("web")["timestamp"].min() == 0  # the truth that models are replayed from stays


def test_an_empty_commit_moves_the_snapshot_only(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", Results(), make.snapshot(1), [])
    store.commit("web", Results(), make.snapshot(1), [])
    assert [one.number for one in store.snapshots("web")] == [2]
    assert store.history_files("web") == []
    assert store.resume("web").snapshot.to_bytes() == make.snapshot(1).to_bytes()
