"""When to commit."""

from collections.abc import Callable
from typing import Final

Clock = Callable[[], float]
"""Seconds on a clock that only goes forward."""

SHORTEST_S: Final = 2.0
"""Between commits, so that a job with a small state does not spend its time on the disk."""

SHARE: Final = 0.05
"""Of the time that commits may take; what they cost grows with the job's state."""

LONGEST_LIVE_S: Final = 10.0
"""Between commits where rows come as they happen: there is time enough, and somebody waits for the results."""

MOST_WAITING_ROWS: Final = 1_000_000
"""Result and history rows that may wait for a commit, at about 100 bytes each. Bounds memory, and the time too where it is
rows and not the state that commits take long to write: waiting longer does not help there."""


class CommitTimer:
    """Spaces commits so that they cost a small share of the time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended = clock()
        self._cost = 0.0

    def due(self, waiting_rows: int, live: bool = False) -> bool:
        """Whether to commit now; `live`: rows come as they happen."""
        rest = max(SHORTEST_S, self._cost * (1 - SHARE) / SHARE)
        if live:
            rest = min(rest, LONGEST_LIVE_S)
        return waiting_rows >= MOST_WAITING_ROWS or self._clock() - self._ended >= rest

    def committed(self, started: float) -> None:
        """Note a commit that began at `started` and is over."""
        self._ended = self._clock()
        self._cost = self._ended - started
