"""Listing, describing, resetting and deleting jobs."""

import pytest

from barograph.jobs.life import delete, describe, list_jobs, reset
from barograph.store.documents import InputProgress
from barograph.store.errors import NoSuchJob


@pytest.fixture
def filled(store, make):
    store.create_job(make.job(), now_ms=7)
    store.commit("web", make.results(0, 10), make.snapshot(1), [InputProgress("/a", 1, "00", 100)])
    store.commit("web", make.results(10, 10), make.snapshot(2), [])
    return store


def test_jobs_are_listed_by_id(filled, make):
    filled.create_job(make.job("app"), now_ms=8)
    assert [(one.job.job_id, one.create_time) for one in list_jobs(filled)] == [("app", 8), ("web", 7)]
    assert list_jobs(filled)[0].counts is None
    assert list_jobs(filled)[1].counts == make.counts(20)


def test_a_description_holds_all_about_a_job(filled, make, tmp_path):
    found = describe(filled, "web")
    assert found.job == make.job()
    assert found.create_time == 7
    assert found.counts == make.counts(20)
    assert found.last_bucket_ms == 19 * make.SPAN_MS
    assert found.results == {"buckets": 20, "records": 60, "influencers": 60, "bucket_influencers": 40}
    assert [one.snapshot_id for one in found.snapshots][-1] == make.snapshot(2).name()
    assert found.inputs["/a"].rows_done == 100
    assert found.history_rows == 120
    files = [path.stat().st_size for path in (tmp_path / "data").glob("files/*/web/*")]
    assert found.history_bytes + found.snapshot_bytes == sum(files)


def test_a_new_job_is_described_too(store, make):
    store.create_job(make.job(), now_ms=7)
    found = describe(store, "web")
    assert (found.last_bucket_ms, found.snapshots, found.history_bytes) == (None, (), 0)
    assert found.counts.input_record_count == 0


def test_a_job_is_reset_and_deleted(filled):
    reset(filled, "web")
    assert describe(filled, "web").results["records"] == 0
    delete(filled, "web")
    assert list_jobs(filled) == []
    for act in (describe, reset, delete):
        with pytest.raises(NoSuchJob):
            act(filled, "web")
