"""Things that are due at times of their own: one thread waits for the next, a few do what is due."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

_AT_ONCE: Final = 2
_AGAIN_MS: Final = 60_000
"""After which what could not be done is tried again. Chosen: a disk that is full stays so for a while."""
_MOST_WAIT_S: Final = 60.0
"""After which the clock is looked at again: it may have been set meanwhile."""


class Ticks:
    """What is due, by name. Any thread may call; nothing of one name is done twice at a time."""

    def __init__(self, name: str, now_ms: Callable[[], int], act: Callable[[str, int], int | None]) -> None:
        """Nothing is due.

        Args:
            name: of the threads.
            now_ms: the clock.
            act: does what is due, given its name and the time, and says when it is due next; None: no more.
        """
        self.due: dict[str, int] = {}
        self._name, self._now_ms, self._act = name, now_ms, act
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=name)
        self._busy: set[str] = set()
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    def plan(self, name: str, at_ms: int) -> None:
        """Something is due at a time, and not when it was before."""
        with self._lock:
            if self._closing:
                return
            self.due[name] = at_ms
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name=self._name, daemon=True)
                self._thread.start()
        self._wake.set()

    def drop(self, name: str) -> None:
        """Something is not due any more."""
        with self._lock:
            self.due.pop(name, None)

    def close(self) -> None:
        """End, when all that is being done is done."""
        with self._lock:
            self._closing = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _watch(self) -> None:
        while not self._closing:
            now = self._now_ms()
            with self._lock:
                for name in [one for one, at in self.due.items() if at <= now and one not in self._busy]:
                    self._busy.add(name)
                    self._pool.submit(self._do, name, now)
                waiting = [(at - now) / 1000 for one, at in self.due.items() if one not in self._busy]
            self._wake.wait(min([_MOST_WAIT_S, *waiting]))
            self._wake.clear()

    def _do(self, name: str, now_ms: int) -> None:
        following: int | None = now_ms + _AGAIN_MS
        try:
            following = self._act(name, now_ms)
        except Exception as error:  # whatever it is, nobody else would do it ever again
            structlog.get_logger().error(f"{self._name}.failed", of=name, error=f"{type(error).__name__}: {error}")
        finally:
            with self._lock:
                self._busy.discard(name)
                if name in self.due and self.due[name] <= now_ms:  # else somebody has planned it anew meanwhile
                    if following is None:
                        del self.due[name]
                    else:
                        self.due[name] = following
            self._wake.set()
