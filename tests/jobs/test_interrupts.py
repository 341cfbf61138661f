"""A signal ends a run soon, wherever it is."""

import os
import signal
import time

import pytest

from barograph.config.errors import Stopped
from barograph.jobs.interrupts import Interrupts


def busy(*signals: signal.Signals) -> None:
    """What a long chunk is, with signals that come in it: a loop that ends by itself, so that a failing test does."""
    for number in signals:
        os.kill(os.getpid(), number)
    until = time.process_time() + 20
    while time.process_time() < until:
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_long_chunk_ends_it_after_a_while(number):
    started = time.process_time()
    with pytest.raises(Stopped, match=f"stopped by {number.name}: what was committed is kept"), Interrupts(0.05):
        busy(number)
    assert time.process_time() - started < 2


def test_a_short_chunk_ends_by_itself_and_is_committed():
    with Interrupts(0.05) as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.received == "SIGINT"
    busy_until = time.process_time() + 0.1
    while time.process_time() < busy_until:  # nothing comes any more: the timer is off
        pass


def test_a_second_signal_ends_it_at_once():
    with pytest.raises(Stopped), Interrupts():
        busy(signal.SIGINT, signal.SIGINT)


def test_a_signal_while_input_is_waited_for_ends_the_wait_at_once():
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt), interrupts.waiting():
            busy(signal.SIGTERM)
        assert interrupts.received == "SIGTERM"


def test_the_handlers_of_before_come_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    with Interrupts():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)] == before
