"""A file that is not what was written is told, and never used."""

import resource
import shutil
import signal

import pytest

from barograph.config.errors import StorageFailure
from barograph.store import history
from barograph.store.database import Database
from barograph.store.history import Span


@pytest.fixture
def filled(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    return store


def change(path, at: int = -40) -> None:
    """Change four bytes in the middle of the data, which Parquet itself does not notice."""
    data = bytearray(path.read_bytes())
    data[at : at + 4] = bytes(byte ^ 0x55 for byte in data[at : at + 4])
    path.write_bytes(data)


def file_of(tmp_path, kind: str):
    (path,) = (tmp_path / "data").glob(f"files/*/web/{kind}-*")
    return path


@pytest.mark.parametrize("at", [10, 60, 200])
@pytest.mark.parametrize("kind", ["bucket_values", "influencer_shares"])
def test_changed_bytes_of_the_history_are_told_wherever_they_are(filled, tmp_path, kind, at):
    path = file_of(tmp_path, kind)
    change(path, at)
    with pytest.raises(StorageFailure, match=f"{path.name}.*is damaged.*barograph store check"):
        getattr(filled, kind)("web")


def test_a_file_that_was_whole_once_is_checked_again_when_it_changes(filled, tmp_path):
    assert filled.bucket_values("web").height
    change(file_of(tmp_path, "bucket_values"))
    with pytest.raises(StorageFailure, match="is damaged"):
        filled.bucket_values("web")


def test_a_merge_does_not_make_a_damaged_file_whole(store, make, tmp_path, monkeypatch):
    monkeypatch.setattr(history, "MERGE", 3)
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0, 1), make.snapshot(0), [])
    change(file_of(tmp_path, "bucket_values"))
    store.commit("web", make.results(1, 1), make.snapshot(1), [])
    before = store.history_files("web")
    with pytest.raises(StorageFailure, match="is damaged"):
        store.commit("web", make.results(2, 1), make.snapshot(2), [])
    assert store.history_files("web") == before
    assert store.summary("web").counts.bucket_count == 2


@pytest.mark.parametrize("how", ["expire", "revert"])
def test_neither_does_what_cuts_the_history(store, make, tmp_path, how):
    store.create_job(make.job(history_retention_days=1, model_snapshot_retention_days=1000), now_ms=1)
    store.commit("web", make.results(0, 4), make.snapshot(0), [])
    store.commit("web", make.results(4, 300), make.snapshot(1), [])
    first = store.snapshots("web")[0].snapshot_id
    for path in (tmp_path / "data").glob("files/*/web/bucket_values-*"):
        change(path)
    with pytest.raises(StorageFailure, match="is damaged"):
        store.expire("web") if how == "expire" else store.revert("web", first)
    assert len(store.snapshots("web")) == 2


def test_files_that_an_old_version_wrote_are_read(filled, make):
    with filled._database.write() as connection:
        connection.exec_driver_sql("UPDATE history_file SET sha256 = NULL")
    assert filled.bucket_values("web", Span()).height == make.results().bucket_values.height


def test_a_copy_of_the_data_directory_is_whole(filled, tmp_path, url, make):
    if url is None:
        shutil.copytree(tmp_path / "data", tmp_path / "copy")
        with type(filled).open(None, tmp_path / "copy") as copy:
            assert copy.bucket_values("web").height == make.results().bucket_values.height


def test_a_full_disk_is_told_and_loses_nothing(filled, make):
    before = filled.history_files("web"), filled.snapshots("web")
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with pytest.raises(StorageFailure, match=r"wanted to write a file there .*; what was committed before is kept"):
            filled.commit("web", make.results(4, 100), make.snapshot(2), [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (filled.history_files("web"), filled.snapshots("web")) == before
    filled.commit("web", make.results(4, 100), make.snapshot(2), [])
    assert filled.bucket_values("web").height == make.results(0, 104).bucket_values.height


def test_a_database_that_has_no_room_is_told_to_have_lost_nothing(tmp_path):
    database = Database.sqlite(tmp_path / "one.sqlite")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    told = "store='.*one.sqlite': database or disk is full: wanted a disk .* room on it; what was committed before is kept"
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 3")
    with database.write() as connection, pytest.raises(StorageFailure, match=told), database.told():
        connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(100000))")
    database.engine.dispose()
