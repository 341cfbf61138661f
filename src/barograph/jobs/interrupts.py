"""Ctrl-C and SIGTERM end a run between two chunks, with a commit of what is done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Self

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Notes the first signal, and raises it only where a run waits for input; raises a second one anywhere.

    An exception in the middle of a chunk would leave the engine with half of it. Signals reach the main thread only; in another
    one this does nothing.
    """

    def __init__(self) -> None:
        self.received: str | None = None
        self._waiting = False
        self._before: dict[signal.Signals, signal.Handlers | object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

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
