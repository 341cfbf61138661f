"""A store as a whole: jobs come and go, and what is gone or damaged is named."""

import pytest

from barograph.config.errors import BadRequest, NotFound, StorageFailure
from barograph.store.job_rows import InputProgress
from barograph.store.store import Store


def test_creating_a_job_again_goes_on_with_it(store, make):
    assert store.create_job(make.job(), now_ms=1)
    assert not store.create_job(make.job(), now_ms=2)
    assert [(one.job.job_id, one.create_time, one.counts) for one in store.jobs()] == [("web", 1, None)]


def test_a_reset_job_keeps_its_configuration_only(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.create_job(make.job("other"), now_ms=1)
    for job_id in ("web", "other"):
        store.commit(job_id, make.results(), make.snapshot(1), [InputProgress("/a", 1, "00", 1)])
    store.reset_job("web")
    assert store.job("web") == make.job()
    assert store.resume("web") is None
    assert store.records("web").total == 0
    assert store.bucket_values("web").is_empty()
    assert {path.parent.name for path in (tmp_path / "data").glob("files/*/*/*")} == {"other"}
    store.commit("web", make.results(), make.snapshot(1), [])
    assert store.records("web").total == store.records("other").total == 12


def test_a_deleted_job_leaves_nothing(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [InputProgress("/a", 1, "00", 1)])
    store.delete_job("web")
    assert store.jobs() == []
    assert not list((tmp_path / "data" / "files").glob("*/*/*"))
    assert store.create_job(make.job(), now_ms=2)
    assert store.resume("web") is None


def test_a_damaged_snapshot_is_named(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    (path,) = (tmp_path / "data").glob("files/*/web/snapshot-*")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StorageFailure, match=f"{path.name}.*is damaged"):
        store.resume("web")
    path.unlink()
    with pytest.raises(StorageFailure, match=rf"wanted the file .*{path.name}.*, which is gone"):
        store.resume("web")


def test_a_missing_history_file_is_named(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    (path,) = (tmp_path / "data").glob("files/*/web/bucket_values-*")
    path.unlink()
    with pytest.raises(StorageFailure, match=f"{path.name}.*, which is gone"):
        store.bucket_values("web")


def test_what_is_not_a_store_is_refused(tmp_path):
    with pytest.raises(NotFound, match="nothing has been run there yet"):
        Store.open(None, tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()
    parts = "postgresql://a:sec@ret:s3cret@b/c"  # a password with signs that a URL needs otherwise
    for url in ("mysql://a:s3cret@b/c", "mysql://b/c?password=s3cret", "a:s3cret@b/c", parts):
        with pytest.raises(BadRequest, match="wanted postgresql://") as caught:
            Store.open(url, tmp_path)
        assert "s3cret" not in str(caught.value)
    with pytest.raises(StorageFailure, match=r"127\.0\.0\.1"):
        Store.open("postgresql://a:secret@127.0.0.1:1/c", tmp_path)
    (tmp_path / "barograph.sqlite").write_text("this is a text, and not a database at all " * 100)
    with pytest.raises(StorageFailure, match="not a database"):
        Store.open(None, tmp_path)


def test_a_directory_that_may_not_be_written_can_be_read(make, tmp_path, monkeypatch):
    with Store.open(None, tmp_path) as store:
        store.create_job(make.job(), now_ms=1)
        store.commit("web", make.results(0, 5), make.snapshot(1), [])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.setattr("os.access", lambda *_: False)
    with Store.open(None, tmp_path, create=False) as store:
        assert store.buckets("web").total == 5
        assert store.resume("web") is not None
        with pytest.raises(StorageFailure, match="wanted a directory to write to; it may only be read"):
            store.create_job(make.job("other"), now_ms=2)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
