"""A job's state, as the store tells it while a job is opened, fed, closed, and when that fails."""

import polars as pl
import pytest

from barograph.config.errors import StorageFailure
from barograph.jobs.open_jobs import opened
from barograph.store.errors import JobBusy, JobChanged
from barograph.store.job_rows import JobState
from barograph.store.store import Store


@pytest.fixture
def states(store, monkeypatch):
    """All states that the job goes through, in order."""
    seen = []

    def noting(job_id, state, now_ms, failure=None):
        seen.append(state)
        return Store.set_state(store, job_id, state, now_ms, failure)

    monkeypatch.setattr(store, "set_state", noting)
    return seen


def told(store) -> tuple[JobState, str | None]:
    summary = store.summary("web")
    return summary.state, summary.failure


def test_a_job_is_opening_opened_closing_and_closed(store, make, fake, states):
    with opened(store, make.job(), build=fake.FakeEngine.build):
        assert told(store) == (JobState.OPENED, None)
    assert told(store) == (JobState.CLOSED, None)
    assert states == [JobState.OPENING, JobState.OPENED, JobState.CLOSING, JobState.CLOSED]


def test_a_job_that_was_never_opened_is_closed(store, make):
    store.create_job(make.job(), now_ms=1)
    assert told(store) == (JobState.CLOSED, None)


def test_a_failed_job_says_why_and_can_be_opened_again(store, make, fake):
    with pytest.raises(ZeroDivisionError), opened(store, make.job(), build=fake.FakeEngine.build):
        raise ZeroDivisionError("division by zero")
    assert told(store) == (JobState.FAILED, "division by zero")
    with opened(store, make.job(), build=fake.FakeEngine.build):
        assert told(store) == (JobState.OPENED, None)


def test_an_error_without_words_is_named(store, make, fake):
    with pytest.raises(MemoryError), opened(store, make.job(), build=fake.FakeEngine.build):
        raise MemoryError
    assert told(store) == (JobState.FAILED, "MemoryError")


def test_a_job_whose_models_cannot_be_read_has_failed(store, make, fake):
    with opened(store, make.job(), build=fake.FakeEngine.build) as session:
        session.feed_frame(fake_rows(0, 30))

    def build(job, state, _knowledge, _disk):
        if state is not None:
            raise StorageFailure("snapshot 'x' is damaged")
        return fake.FakeEngine()

    with pytest.raises(StorageFailure), opened(store, make.job(), build=build):
        pass
    assert told(store) == (JobState.FAILED, "snapshot 'x' is damaged")


def test_whoever_is_refused_changes_no_state(store, make, fake, tmp_path):
    with opened(store, make.job(), build=fake.FakeEngine.build) as session:
        session.feed_frame(fake_rows(0, 30))
        with Store.open(None, tmp_path / "data") as other, pytest.raises(JobBusy), opened(other, make.job()):
            pass
        assert told(store) == (JobState.OPENED, None)
    with pytest.raises(JobChanged), opened(store, make.job(seed=5), build=fake.FakeEngine.build):
        pass
    assert told(store) == (JobState.CLOSED, None)


def test_a_reset_job_has_no_failure_left(store, make, fake):
    with pytest.raises(MemoryError), opened(store, make.job(), build=fake.FakeEngine.build):
        raise MemoryError
    store.reset_job("web")
    assert told(store) == (JobState.CLOSED, None)


def test_leaving_with_ctrl_c_is_no_failure(store, make, fake):
    with pytest.raises(KeyboardInterrupt), opened(store, make.job(), build=fake.FakeEngine.build):
        raise KeyboardInterrupt
    assert told(store) == (JobState.CLOSED, None)


def fake_rows(first: int, end: int):
    return pl.DataFrame({"time": [n * 60_000 for n in range(first, end)], "value": [float(n % 11) for n in range(first, end)]})
