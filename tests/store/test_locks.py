"""One writer a job, whoever asks."""

import pytest

from barograph.store.errors import JobBusy, NoSuchJob
from barograph.store.store import Store


def test_a_job_has_one_writer(opened, make):
    one, other = opened(), opened()
    one.create_job(make.job(), now_ms=1)
    with one.lock("web"):
        one.commit("web", make.results(), make.snapshot(1), [])
        with pytest.raises(JobBusy, match="job 'web' is being run by another process"), other.lock("web", wait_s=0):
            pass
        assert other.records("web").total == 12  # reading is free
    with other.lock("web", wait_s=0):
        other.commit("web", make.results(4), make.snapshot(2), [])
    assert one.records("web").total == 24


def test_two_jobs_have_two_writers(opened, make):
    one, other = opened(), opened()
    for job_id in ("web", "db"):
        one.create_job(make.job(job_id), now_ms=1)
    with one.lock("web"), other.lock("db", wait_s=0):
        one.commit("web", make.results(), make.snapshot(1), [])
        other.commit("db", make.results(), make.snapshot(1), [])


def test_an_id_that_no_job_can_have_makes_no_file_elsewhere(opened, tmp_path):
    store = opened()
    for job_id in ("../../../elsewhere", str(tmp_path / "elsewhere")):
        for call in (store.delete_job, store.reset_job, store.expire):
            with pytest.raises(NoSuchJob):
                call(job_id)
    assert not [*tmp_path.parent.glob("*elsewhere*"), *tmp_path.rglob("*elsewhere*")]


def test_two_databases_in_one_directory_do_not_touch_each_others_files(make, tmp_path, postgres):
    for url in (None, postgres()):
        with Store.open(url, tmp_path) as one:
            one.create_job(make.job(), now_ms=1)
            one.commit("web", make.results(), make.snapshot(1), [])
    with Store.open(None, tmp_path) as one:
        assert len(one.bucket_values("web")) == 12
