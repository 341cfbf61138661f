"""The severities: from which scores and grades they hold, their words and colours. One table for everybody who shows one."""

from dataclasses import dataclass
from typing import Final

WARNING: Final = 3.0
MINOR: Final = 25.0
MAJOR: Final = 50.0
CRITICAL: Final = 75.0
"""Borders of Elastic's severities."""


@dataclass(frozen=True)
class Severity:
    """One severity.

    Attributes:
        word: what it is called.
        score: the least score of it, 0 to 100.
        grade: the least grade of it, 0 to 1.
        light: its colour on a light ground.
        dark: its colour on a dark ground.
    """

    word: str
    score: float
    grade: float
    light: str
    dark: str


SCALE: Final = (
    Severity("low", 0.0, 0.0, "#cfe0f2", "#253e59"),
    Severity("warning", WARNING, 0.2, "#7fb0de", "#2a67a0"),
    Severity("minor", MINOR, 0.4, "#d9a520", "#756022"),
    Severity("major", MAJOR, 0.6, "#c8601c", "#d66d16"),
    Severity("critical", CRITICAL, 0.8, "#9c1528", "#ff8f9f"),
)
"""From the lowest. Of any two of them, people with any sight of colour see the difference, and none is told by colour alone."""

NOTHING: Final = Severity("none", 0.0, 0.0, "#f3f5f8", "#1a212a")
"""The ground that they stand on: time without a score."""


def severity(score: float) -> str:
    """The word for a score: critical from 75, major from 50, minor from 25, warning from 3, else low."""
    return next(one.word for one in reversed(SCALE) if score >= one.score)
