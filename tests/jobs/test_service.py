"""The service, as a server or another program drives it: many open jobs, from any thread, resumed after a restart."""

import threading
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import Conflict, NotFound, StorageFailure, UnreadableInput
from barograph.config.load import load_job
from barograph.jobs.service import JobState, Query, Service
from barograph.sources.read import read_files
from barograph.store.errors import JobBusy, NoSuchJob
from barograph.store.store import Store

ORDER = Query(sort="timestamp", descending=False)


@pytest.fixture
def serve(tmp_path, fake):
    """Opens a service of one data directory, any number of times."""
    services = []

    def start(build=fake.FakeEngine.build) -> Service:
        services.append(Service(Store.open(None, tmp_path / "data"), build=build))
        return services[-1]

    yield start
    for service in services:
        service.close()


@pytest.fixture
def service(serve, make):
    service = serve()
    service.create(make.job())
    return service


def rows(first: int, end: int) -> pl.DataFrame:
    numbers = range(first, end)
    return pl.DataFrame({"time": [n * 60_000 for n in numbers], "value": [n * 37 % 101 / 7 for n in numbers]})


def scores(service: Service, job_id: str = "web") -> pl.DataFrame:
    return service.buckets(job_id, ORDER).rows.select("timestamp", "anomaly_score")


def test_a_job_is_created_opened_fed_and_closed(service, fake):
    service.open_job("web")
    assert service.opened() == ["web"]
    assert service.summary("web").state is JobState.OPENED
    progress = service.feed("web", rows(0, 100))
    assert (progress.rows, progress.rows_committed) == (100, 0)
    assert service.commit("web").rows_committed == 100
    service.feed("web", rows(100, 300))
    service.close_job("web")
    assert (service.opened(), service.summary("web").state) == ([], JobState.CLOSED)
    whole = fake.FakeEngine().add(rows(0, 300))
    assert_frame_equal(scores(service), whole.buckets.select("timestamp", "anomaly_score"))


def test_frames_of_other_libraries_are_rows_too(service):
    service.open_job("web")
    assert service.feed("web", rows(0, 10).to_arrow()).rows == 10
    with pytest.raises(UnreadableInput, match="wanted a table that speaks Arrow"):
        service.feed("web", [1, 2, 3])
    assert service.opened() == ["web"]


def test_chunks_of_files_are_read_once_however_often_they_come(service, make, fake, tmp_path):
    path = fake.write(tmp_path / "rows.ndjson", 0, 200)
    service.open_job("web")
    for _ in range(2):
        for chunk in read_files([path], make.job().data_description, fields=["value"]):
            service.feed("web", chunk)
    assert service.commit("web").rows == 200


def test_whatever_needs_an_open_job_names_it(service):
    for call in (service.flush, service.judge_open, service.commit, service.close_job):
        with pytest.raises(Conflict, match="job_id='web': wanted an open job; open it first"):
            call("web")
        with pytest.raises(NoSuchJob):
            call("wob")


def test_what_writes_to_a_job_is_refused_while_it_is_open(service, make):
    service.open_job("web")
    calls = (
        service.open_job,
        service.reset,
        service.delete,
        service.replay,
        service.expire,
        lambda job_id: service.revert(job_id, "x"),
        lambda _: service.run(make.job(), []),
    )
    for call in calls:
        with pytest.raises(Conflict, match="job_id='web': wanted a job that is not open; close it first"):
            call("web")


def test_a_job_that_is_deleted_while_it_is_being_opened_stays_deleted(service, serve, monkeypatch):
    lock = service._store.lock

    def lock_late(job_id):
        serve().delete("web")
        return lock(job_id)

    monkeypatch.setattr(service._store, "lock", lock_late)
    with pytest.raises(NoSuchJob):
        service.open_job("web")
    assert service.jobs() == []


def test_another_process_is_refused_while_it_is_open(service, serve):
    service.open_job("web")
    other = serve()
    for call in (other.open_job, other.delete, other.reset):
        with pytest.raises(JobBusy):
            call("web")
    assert other.summary("web").state is JobState.OPENED
    service.close_job("web")
    other.open_job("web")


def test_after_a_restart_the_state_says_which_jobs_to_open_again(serve, make, fake):
    first = serve()
    for job_id in ("web", "db", "idle"):
        first.create(make.job(job_id))
    for job_id in ("web", "db"):
        first.open_job(job_id)
        first.feed(job_id, rows(0, 120))
        first.commit(job_id)
        first.feed(job_id, rows(120, 130))  # never committed: whoever sent them sends them again
    for lock in list(first._store._locks.values()):  # as the end of the process would
        lock.release()
    second = serve()
    again = [summary.job.job_id for summary in second.jobs() if summary.state is JobState.OPENED]
    assert again == ["db", "web"]
    for job_id in again:
        second.open_job(job_id)
        second.feed(job_id, rows(120, 300))
        second.close_job(job_id)
        assert_frame_equal(
            scores(second, job_id), fake.FakeEngine().add(rows(0, 300)).buckets.select("timestamp", "anomaly_score")
        )
    first._open._held.clear()
    first._store._locks.clear()


def test_closing_the_service_closes_its_jobs_with_a_commit(serve, make):
    with serve() as first:
        first.create(make.job())
        first.open_job("web")
        first.feed("web", rows(0, 100))
    second = serve()
    assert second.summary("web").state is JobState.CLOSED
    assert second.summary("web").counts.input_record_count == 100


def test_a_job_that_fails_says_why_and_takes_no_other_with_it(service, make, monkeypatch):
    service.create(make.job("db"))
    for job_id in ("web", "db"):
        service.open_job(job_id)
        service.feed(job_id, rows(0, 50))

    full_disk = "'/data': wanted to write a file there (No space left on device)"

    def full(*_):
        raise StorageFailure(full_disk)

    with monkeypatch.context() as patch:
        patch.setattr(service._store, "commit", full)
        with pytest.raises(StorageFailure):
            service.commit("web")
    assert service.opened() == ["db"]
    summary = service.summary("web")
    assert (summary.state, summary.failure) == (
        JobState.FAILED,
        "'/data': wanted to write a file there (No space left on device)",
    )
    service.commit("db")
    service.open_job("web")
    assert service.feed("web", rows(0, 50)).rows == 50


def test_many_threads_may_feed_many_jobs(service, make):
    ids = ["web", *(f"job-{number}" for number in range(5))]
    for job_id in ids[1:]:
        service.create(make.job(job_id))
    for job_id in ids:
        service.open_job(job_id)
    turn = threading.Lock()
    nexts = dict.fromkeys(ids, 0)

    def feed(at: int) -> None:
        job_id = ids[at % len(ids)]
        with turn:
            first, nexts[job_id] = nexts[job_id], nexts[job_id] + 10
            service.feed(job_id, rows(first, first + 10))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(feed, range(len(ids) * 12)))
    for job_id in ids:
        service.close_job(job_id)
        assert service.summary(job_id).counts.input_record_count == 120


def test_results_and_questions_of_a_real_job(tmp_path):
    job = load_job(
        {
            "job_id": "ms",
            "analysis_config": {"bucket_span": "5m", "detectors": [{"function": "mean", "field_name": "value"}]},
            "data_description": {"time_format": "epoch_ms"},
        }
    )
    with Service.open(None, tmp_path / "data") as service:
        assert service.create(job)
        assert not service.create(job)
        service.open_job("ms")
        service.feed("ms", rows(1, 3000))
        service.judge_open("ms")
        interim = service.buckets("ms", Query(exclude_interim=False)).rows["is_interim"].sum()
        service.flush("ms", 3010 * 60_000)
        service.close_job("ms")
        assert interim == 1
        assert service.summary("ms").counts.latest_bucket_timestamp == 3005 * 60_000
        newest = service.buckets("ms", ORDER).rows["timestamp"][-2]
        assert service.explain("ms", newest).explanations
        assert service.describe("ms").known.series == 1
        assert [snapshot.number for snapshot in service.snapshots("ms")] == [1, 2]
        with pytest.raises(NotFound, match="forecast_id='x': wanted none"):
            service.kept_forecast("ms", "x")
        done = service.replay("ms")
        assert done.buckets == service.buckets("ms").total
        service.delete("ms")
        assert service.jobs() == []
