"""Standard input and other pipes, whose rows may come one by one: what is there is handed on, without waiting for a block."""

import io
import os
import select
import time
from collections.abc import Callable
from typing import Final

Idle = Callable[[], None]
"""Called about once a second while rows are waited for."""

IDLE_S: Final = 1.0
_PAUSE_S: Final = 0.05
"""A writer that is silent for so long has said all for now. Chosen: longer than a busy writer needs to fill its pipe."""
_TOGETHER_S: Final = 0.25
"""What comes within it is read at once: small enough for who watches, large enough for the reader to be at full speed."""


class Pipe(io.RawIOBase):
    """A descriptor that is read as data come."""

    def __init__(self, descriptor: int, idle: Idle) -> None:
        self._descriptor = descriptor
        self._idle = idle

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes: those that come until the writer pauses, at least one; empty at the end."""
        while not self._ready(IDLE_S):
            self._idle()
        data = os.read(self._descriptor, size)
        parts, length, until = [data], len(data), time.monotonic() + _TOGETHER_S
        while data and length < size and time.monotonic() < until and self._ready(_PAUSE_S):
            data = os.read(self._descriptor, size - length)
            parts.append(data)
            length += len(data)
        return b"".join(parts)

    def _ready(self, seconds: float) -> bool:
        return bool(select.select([self._descriptor], [], [], seconds)[0])
