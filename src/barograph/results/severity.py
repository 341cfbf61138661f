"""The words for scores, and the scores from which they hold."""

from typing import Final

WARNING: Final = 3.0
MINOR: Final = 25.0
MAJOR: Final = 50.0
CRITICAL: Final = 75.0
"""Borders of Elastic's severities. What scores less than `WARNING` Elastic calls low; here it is a warning like the rest."""

_WORDS: Final = ((CRITICAL, "critical"), (MAJOR, "major"), (MINOR, "minor"), (0.0, "warning"))


def severity(score: float) -> str:
    """The word for a score: critical from 75, major from 50, minor from 25, else warning."""
    return next(word for least, word in _WORDS if score >= least)
