"""Commits are a few seconds apart, and further when they cost more."""

import pytest

from barograph.jobs.commit_timer import MOST_WAITING_ROWS, CommitTimer


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_first_commit_waits_two_seconds():
    clock = Clock()
    timer = CommitTimer(clock)
    clock.now += 1.9
    assert not timer.due(0)
    clock.now += 0.2
    assert timer.due(0)


@pytest.mark.parametrize("cost", [0.001, 0.05, 0.3, 2.0, 30.0])
def test_commits_take_at_most_a_twentieth_of_the_time(cost):
    clock = Clock()
    timer = CommitTimer(clock)
    commits, started = 0, clock.now
    while commits < 20:
        clock.now += 0.01 + cost / 10
        if timer.due(0):
            begun = clock.now
            clock.now += cost
            timer.committed(begun)
            commits += 1
    assert commits * cost / (clock.now - started) <= 0.08  # the first one comes before its cost is known
    assert (commits - 1) * cost / (clock.now - started) <= 0.05


@pytest.mark.parametrize("cost", [0.3, 2.0, 30.0])
def test_a_costly_commit_is_waited_for_no_longer_than_its_share_needs(cost):
    clock = Clock()
    timer = CommitTimer(clock)
    begun = clock.now
    clock.now += cost
    timer.committed(begun)
    clock.now += 18.99 * cost
    assert not timer.due(0)
    clock.now += 0.02 * cost
    assert timer.due(0)  # 1 s of work in 20 is 5 %


def test_many_waiting_rows_do_not_wait():
    timer = CommitTimer(Clock())
    assert timer.due(MOST_WAITING_ROWS)
    assert not timer.due(MOST_WAITING_ROWS - 1)


def test_rows_that_come_as_they_happen_are_committed_within_ten_seconds():
    clock = Clock()
    timer = CommitTimer(clock)
    begun = clock.now
    clock.now += 30.0
    timer.committed(begun)
    clock.now += 9.9
    assert not timer.due(0, live=True)
    clock.now += 0.2
    assert timer.due(0, live=True)
    assert not timer.due(0)
