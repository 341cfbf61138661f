"""A store that is damaged says so, changes nothing by itself, and goes on with the rest when told to."""

from pathlib import Path

import pytest

from barograph.config.errors import StorageFailure
from barograph.engine import Engine
from barograph.engine.exclusions import Exclusion
from barograph.jobs import store_check
from barograph.jobs.forget import forget
from barograph.jobs.replay import replay
from barograph.store.lost import StoreLost
from barograph.store.store import Store
from tests.engine.events import job, requests
from tests.jobs.replays import FROM, TO, all_of, assert_same, feed, files, listed


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with Store.open(None, tmp_path / "data") as store:
        feed(store)
    return tmp_path / "data"


def damage(data: Path, kind: str, at: int = 0) -> Path:
    """Change four bytes of one of the files of a kind, in the order of their names."""
    path = sorted(data.glob(f"files/*/*/{kind}-*"))[at]
    changed = bytearray(path.read_bytes())
    changed[60:64] = bytes(byte ^ 0x55 for byte in changed[60:64])
    path.write_bytes(changed)
    return path


@pytest.mark.parametrize("kind", ["bucket_values", "influencer_shares"])
@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_a_replay_that_cannot_read_all_of_its_past_changes_nothing(data: Path, kind: str, how: str) -> None:
    with Store.open(None, data) as store:
        before, replayed = all_of(store), store.summary("requests").replay_time
    path = damage(data, kind, at=-2)
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    with Store.open(None, data) as store:
        with pytest.raises(StorageFailure, match=path.name):
            replay(store, "requests")
        with pytest.raises(StorageFailure, match=path.name):
            forget(store, "requests", Exclusion(FROM, TO))
        assert store.summary("requests").replay_time == replayed
        assert store.forgotten("requests") == ()
        assert files(store) == listed(store) - ({path.name} if how == "gone" else set())
    whole = bytearray(whole)
    whole[60:64] = bytes(byte ^ 0x55 for byte in whole[60:64])
    path.write_bytes(whole)
    with Store.open(None, data) as store:
        assert_same(all_of(store), before)


def test_a_whole_store_is_whole(data: Path) -> None:
    found = store_check.check(None, data)
    assert found.whole
    (only,) = found.jobs
    assert (only.job_id, only.unchecked, only.resumable) == ("requests", 0, True)
    assert only.files == len(list(data.glob("files/*/requests/*")))
    assert store_check.drop(None, data, found) == []


def test_what_is_damaged_or_gone_is_named(data: Path) -> None:
    paths = [damage(data, "bucket_values", at=0), damage(data, "influencer_shares", at=2), damage(data, "snapshot", at=1)]
    paths[1].unlink()
    found = store_check.check(None, data)
    (only,) = found.jobs
    assert {one.name: one.reason for one in only.unusable} == {
        paths[0].name: "damaged",
        paths[1].name: "gone",
        paths[2].name: "damaged",
    }


def test_a_job_goes_on_without_the_values_that_are_given_up(data: Path) -> None:
    with Store.open(None, data) as store:
        kept = [one for one in store.history_files("requests") if one.kind == "bucket_values"]
    damage(data, "bucket_values", at=1)
    (done,) = store_check.drop(None, data, store_check.check(None, data))
    assert (done.files, done.reverted_to, done.reset) == (1, None, False)
    assert done.history_from == kept[1].last_timestamp + job().bucket_span_ms
    assert store_check.check(None, data).whole
    with Store.open(None, data) as store:
        assert store.bucket_values("requests").height == sum(one.rows for one in kept) - kept[1].rows
        before = store.buckets("requests").total
        replay(store, "requests")
        assert store.buckets("requests").total == before
        assert store.history_from("requests") == done.history_from


def test_a_job_whose_newest_snapshot_is_damaged_goes_back_to_the_last_whole_one(data: Path) -> None:
    with Store.open(None, data) as store:
        newest, previous = store.snapshots("requests")[-1], store.snapshots("requests")[-2]
        before = all_of(store)
    (path,) = data.glob(f"files/*/*/{newest.file}")
    path.write_bytes(b"")
    (done,) = store_check.drop(None, data, store_check.check(None, data))
    assert done.reverted_to == previous
    with Store.open(None, data) as store:
        saved = store.resume("requests")
        frame = requests()[saved.counts.input_record_count :]
        engine = Engine.build(job(), saved.snapshot)
        store.commit("requests", engine.add(frame), engine.snapshot(), [])
        after = all_of(store)
        assert_same({name: after[name] for name in ("bucket_values", "records", "counts")}, before)


def test_a_job_without_a_whole_snapshot_begins_anew(data: Path) -> None:
    for path in data.glob("files/*/*/snapshot-*"):
        path.unlink()
    (done,) = store_check.drop(None, data, store_check.check(None, data))
    assert done.reset
    with Store.open(None, data) as store:
        assert store.resume("requests") is None
        feed(store)


@pytest.mark.parametrize("how", ["deleted", "emptied"])
@pytest.mark.parametrize("create", [True, False])
def test_a_store_whose_database_is_gone_is_told_and_not_begun_anew(data: Path, how: str, create: bool) -> None:
    for path in data.glob("barograph.sqlite*"):
        path.unlink()
    if how == "emptied":
        (data / "barograph.sqlite").touch()
    before = sorted(data.rglob("*"))
    with pytest.raises(StoreLost, match=r"gone or empty.*files of job requests.*store check --drop"):
        Store.open(None, data, create=create)
    assert sorted(path for path in data.rglob("*") if not path.name.endswith(("-wal", "-shm"))) == before
    found = store_check.check(None, data)
    assert [lost.job_ids for lost in found.lost] == [("requests",)]
    store_check.drop(None, data, found)
    with Store.open(None, data) as store:
        feed(store)


def test_another_database_in_the_same_directory_is_no_lost_one(tmp_path: Path, postgres) -> None:
    url = postgres()
    with Store.open(url, tmp_path / "data") as store:
        feed(store)
    with Store.open(None, tmp_path / "data") as store:
        assert store.jobs() == []
    assert store_check.check(url, tmp_path / "data").whole
    with Store.open(url, tmp_path / "data") as store:
        assert len(store.jobs()) == 1


def test_files_of_an_older_database_beside_this_one_are_named(data: Path) -> None:
    (old,) = (data / "files").iterdir()
    (data / "files" / "old").mkdir()
    (data / "files" / "old" / "web").mkdir()
    (data / "files" / "old" / "web" / "bucket_values-0000000001-0.parquet").touch()
    found = store_check.check(None, data)
    assert [lost.path.name for lost in found.lost] == ["old"]
    store_check.drop(None, data, found)
    assert [path.name for path in (data / "files").iterdir()] == [old.name]


def test_a_damaged_database_is_not_taken_for_an_empty_one(data: Path) -> None:
    path = data / "barograph.sqlite"
    content = bytearray(path.read_bytes())
    content[3 * 4096 + 8 : 3 * 4096 + 400] = bytes(392)  # the page of the store's id
    path.write_bytes(content)
    with pytest.raises(StorageFailure, match="the database is damaged"):
        Store.open(None, data)
    assert list(data.glob("files/*/requests/*"))
