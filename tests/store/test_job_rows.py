"""The small tables: a job is one query by its key."""

import pytest
import sqlalchemy as sa

from barograph.store.errors import NoSuchJob
from barograph.store.job_rows import JobState


def test_an_unknown_job_is_named_with_the_nearest(store, make):
    store.create_job(make.job("web-logs"), now_ms=1)
    for ask in (store.job, store.resume, store.records, store.bucket_values, store.delete_job, store.reset_job):
        with pytest.raises(NoSuchJob, match="job_id='web-log': wanted the id of a job in this store; did you mean 'web-logs'"):
            ask("web-log")


@pytest.mark.parametrize("ask", ["job", "summary", "history_from"])
def test_a_job_is_one_query_that_reads_nothing_of_its_files(store, make, ask):
    store.create_job(make.job(), now_ms=1)
    for number in range(3):
        store.commit("web", make.results(number), make.snapshot(number), [])
    asked = list[str]()

    @sa.event.listens_for(store._database.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    getattr(store, ask)("web")
    selects = [statement for statement in asked if statement.startswith("SELECT")]
    assert len(selects) == 1
    assert not any(table in selects[0] for table in ("snapshot", "history_file"))


def test_a_state_is_kept_with_its_reason(store, make):
    store.create_job(make.job(), now_ms=1)
    with store.lock("web"):
        store.set_state("web", JobState.FAILED, 7, "no space left on device")
    (listed,) = store.jobs()
    assert (listed.state, listed.failure, listed.state_time) == (JobState.FAILED, "no space left on device", 7)
