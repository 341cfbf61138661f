"""Workers: one job's tasks in order, others beside it, and a bound."""

import threading

import pytest

from barograph.config.errors import Conflict
from barograph.jobs.workers import Overloaded, Workers


def test_the_tasks_of_a_job_are_done_in_order() -> None:
    workers, done = Workers(), list[int]()
    for number in range(10):
        workers.submit("a", lambda number=number: done.append(number))  # type: ignore[misc]
    workers.close()
    assert done == list(range(10))


def test_a_job_that_is_behind_refuses_more_and_holds_up_no_other() -> None:
    workers, go = Workers(most_waiting=2), threading.Event()
    waiting = [workers.submit("slow", go.wait) for _ in range(2)]
    with pytest.raises(Overloaded, match="job_id='slow'"):
        workers.submit("slow", go.wait)
    assert workers.submit("quick", lambda: 1).result(timeout=10) == 1
    go.set()
    assert [future.result(timeout=10) for future in waiting] == [True, True]
    workers.close()


def test_an_error_is_the_callers_and_the_worker_goes_on() -> None:
    workers = Workers()
    with pytest.raises(ZeroDivisionError):
        workers.submit("a", lambda: 1 // 0).result(timeout=10)
    assert workers.submit("a", lambda: 2).result(timeout=10) == 2
    workers.close()


def test_after_the_end_nothing_is_taken() -> None:
    workers = Workers()
    workers.close()
    with pytest.raises(Conflict, match="shutting down"):
        workers.submit("a", lambda: 1)
