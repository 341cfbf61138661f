"""Records of several jobs, and who is to blame for them, as somebody looks at them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal
from zoneinfo import ZoneInfo

import polars as pl

from barograph.config.errors import BadRequest
from barograph.jobs.views.scope import Asked, Scope, scope
from barograph.results.severity import CRITICAL, MAJOR, MINOR, WARNING
from barograph.store.blamed import BlamedQuery
from barograph.store.found_records import FoundRecords
from barograph.store.records_query import RecordsQuery, Stretches
from barograph.store.store import Store

Interval = Literal["auto", "hour", "day", "all"]
_LEAST: Final = (0.0, WARNING, MINOR, MAJOR, CRITICAL)
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_SHORT_MS: Final = 2 * _DAY_MS
"""Records over less time than this are shown the worst of each hour, over more that of each day. Chosen: 48 rows a series."""
_MOST_DAYS: Final = 40_000
"""Days of which a clock's changes are looked up; outside them it stays as it was. Chosen: a century."""


@dataclass(frozen=True)
class RecordsAsked:
    """Which records, and in which order.

    Attributes:
        asked: the jobs, a filter, lanes.
        start_ms: first bucket, epoch ms, inclusive; None is from the beginning.
        end_ms: epoch ms, exclusive; None is to the end.
        severities: least scores of severities (0, 3, 25, 50, 75); None is all.
        interval: of each series only the worst record of each `hour` or `day` (by `zone`), as fits (`auto`), or `all`.
        zone: an IANA time zone.
        exclude_interim: leave out buckets that are still open.
        sort: what to sort by, a key of `records_query.SORTS`.
        descending: direction of the sort.
        offset: rows to leave out at the start.
        size: rows to return at most.
    """

    asked: Asked
    start_ms: int | None = None
    end_ms: int | None = None
    severities: tuple[int, ...] | None = None
    interval: Interval = "auto"
    zone: str = "UTC"
    exclude_interim: bool = False
    sort: str = "score"
    descending: bool = True
    offset: int = 0
    size: int = 25


@dataclass(frozen=True)
class Found:
    """Records, as `store.found_records` says; `interval` is what `auto` has become."""

    records: FoundRecords
    interval: Interval


@dataclass(frozen=True)
class BlamedAsked:
    """Whom to tell of; see `store.blamed.BlamedQuery`."""

    asked: Asked
    start_ms: int | None = None
    end_ms: int | None = None
    inside: tuple[int, int] | None = None
    exclude_interim: bool = False
    min_score: float = 0.0


def records(store: Store, query: RecordsAsked) -> Found:
    """Records of several jobs, a page at a time.

    Raises:
        NoSuchJob: an expression without a wildcard names nothing.
        BadRequest: a severity, zone, column to sort by or filter that is none.
    """
    whole = _query(scope(store, query.asked), query)
    interval = query.interval
    if interval == "auto":
        first, last = store.records_extent(whole)
        interval = "hour" if first is None or last is None or last - first < _SHORT_MS else "day"
    if interval != "all":
        whole = replace(whole, worst_of=_stretches(store, whole, _HOUR_MS if interval == "hour" else _DAY_MS, query.zone))
    return Found(store.found_records(whole), interval)


def blamed(store: Store, query: BlamedAsked) -> pl.DataFrame:
    """Who is to blame: a row an entity, with `field`, `value`, `max` and `sum` of its scores, `rest_max` and `rest_sum`.

    Raises:
        NoSuchJob: an expression without a wildcard names nothing.
        BadRequest: the filter cannot be read.
    """
    of = scope(store, query.asked)
    return store.blamed(
        BlamedQuery(
            of.job_ids,
            query.start_ms,
            query.end_ms,
            query.inside,
            of.wanted,
            of.detectors,
            query.exclude_interim,
            query.min_score,
        )
    )


def _query(of: Scope, query: RecordsAsked) -> RecordsQuery:
    return RecordsQuery(
        of.job_ids,
        query.start_ms,
        query.end_ms,
        None if query.severities is None else tuple(map(_band, query.severities)),
        of.wanted,
        of.detectors,
        query.exclude_interim,
        None,
        query.sort,
        query.descending,
        query.offset,
        query.size,
    )


def _band(least: int) -> tuple[float, float]:
    """The scores of a severity, given where it begins."""
    if least not in _LEAST:
        raise BadRequest(f"sev={least}: wanted the least score of a severity: {', '.join(f'{score:g}' for score in _LEAST)}")
    above = [score for score in _LEAST if score > least]
    return float(least), above[0] if above else float("inf")


def _stretches(store: Store, query: RecordsQuery, length_ms: int, zone: str) -> Stretches:
    """Stretches by the clock of a zone, with its changes between the first and the last record."""
    try:
        clock = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise BadRequest(f"tz={zone!r}: wanted an IANA time zone such as 'UTC' or 'Europe/Berlin'") from None
    first, last = store.records_extent(query)
    return Stretches(length_ms, clock_changes(clock, first or 0, last or 0))


def clock_changes(clock: ZoneInfo, start_ms: int, end_ms: int) -> tuple[tuple[int, int], ...]:
    """From when on a clock is ahead of UTC by how many ms, in a span: a pair for its start and each change after it."""
    changes = [(start_ms, _ahead(clock, start_ms))]
    days = range(start_ms, min(end_ms, start_ms + _MOST_DAYS * _DAY_MS) + _DAY_MS, _DAY_MS)
    for before, after in pairwise(days):
        if _ahead(clock, after) != _ahead(clock, before):
            changes.append((_first_after(clock, before, after), _ahead(clock, after)))
    return tuple(changes)


def _first_after(clock: ZoneInfo, before: int, after: int) -> int:
    """When a clock changes between two times of which only the later is after the change."""
    new = _ahead(clock, after)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if _ahead(clock, middle) == new else (middle, after)
    return after


def _ahead(clock: ZoneInfo, time_ms: int) -> int:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return int((at.astimezone(clock).utcoffset() or timedelta()) / timedelta(milliseconds=1))
