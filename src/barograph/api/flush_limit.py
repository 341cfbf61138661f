"""How far a flush may go: a time in another unit would keep a job busy for ever, or make all its rows late for good."""

from typing import Final

from barograph.engine.engine import FARTHEST_MS
from barograph.results.counts import DataCounts

_MOST_EMPTY: Final = 100_000
"""Buckets that one flush may finish beyond the newest record. Chosen: a year of five minutes."""

_LATEST_MS: Final = 7_258_118_400_000
"""The year 2200."""


def latest_flush(counts: DataCounts | None, span_ms: int) -> tuple[int, str]:
    """The end of the last bucket that a flush may finish, epoch ms, and in words what times it may be given."""
    newest = None if counts is None else counts.latest_record_timestamp
    if counts is None or newest is None:
        return _LATEST_MS, "a time from 1970 on and before the year 2200"
    farthest = max(newest, counts.latest_bucket_timestamp or 0) + FARTHEST_MS
    latest = min(_LATEST_MS, farthest, newest + _MOST_EMPTY * span_ms) // span_ms * span_ms
    behind = f"within a year and {_MOST_EMPTY} buckets of the newest record ({newest})"
    return latest, f"a time from 1970 on and at most {latest}, {behind}"
