"""Ctrl-C and SIGTERM end a run between two chunks, with a commit of what is done; or at once where that takes too long."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Self

from barograph.config.errors import Stopped

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
GRACE_S: Final = 1.0
"""How long a chunk, and the commit after it, may go on after a signal. Whoever pressed Ctrl-C presses it again soon after."""


class Interrupts:
    """Notes the first signal, and raises it only where a run waits for input; after a while, or at a second one, anywhere.

    An exception in the middle of a chunk leaves the engine with half of it, so it is good for nothing more: the run ends at its
    last commit, which is told as `Stopped`. Signals reach the main thread only; in another one this does nothing.
    """

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self.received: str | None = None
        self._grace_s = grace_s
        self._waiting = False
        self._before: dict[signal.Signals, signal.Handlers | object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
            self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._too_long)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._before:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        if kind is KeyboardInterrupt and self.received is not None:
            raise Stopped(self.received)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Waiting for input: nothing is half done here, so a signal may end it at once."""
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False

    @contextmanager
    def working(self) -> Iterator[None]:
        """Something that must be done whole while input is waited for; a signal ends the wait behind it."""
        self._waiting = False
        yield
        self._waiting = True
        if self.received is not None:
            raise KeyboardInterrupt

    def note(self) -> None:
        """Note an interrupt that came as an exception."""
        self.received = self.received or signal.SIGINT.name

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        again = self.received is not None
        self.received = signal.Signals(number).name
        if again or self._waiting:
            raise KeyboardInterrupt
        signal.setitimer(signal.ITIMER_REAL, self._grace_s)

    def _too_long(self, _number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt
