"""Events of iCalendar files (`.ics`), as calendars of other programs export them."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from barograph.config.duration import DAY_MS
from barograph.config.errors import BadRequest
from barograph.jobs.knowledge.calendars import Event

_AHEAD: Final = timedelta(days=731)
_BACK: Final = timedelta(days=366)
_MOST: Final = 10_000
"""Events of one file."""
_MOST_STEPS: Final = 1_000_000
"""Of all rules of a file, from where each begins: one that goes every second has no end within two years. About ten seconds."""
_LONGEST_TEXT: Final = 1000

_Moved = frozenset[tuple[str, datetime]]
"""Which times of which events (by UID) are told apart from their rule: at another time, or cancelled."""


def events_of(content: bytes, calendar_id: str, now_ms: int) -> list[Event]:
    """The events of a file. Of those that come again and again, what begins from a year ago to two years ahead.

    Times without a zone are taken as UTC; a whole day goes from midnight to midnight in UTC. What is cancelled is left out.

    Args:
        content: the file.
        calendar_id: the calendar that they are for.
        now_ms: epoch ms.

    Raises:
        BadRequest: it is no iCalendar file, has no event, more than 10,000, or rules that come too often.
    """
    from icalendar import Calendar as File  # noqa: PLC0415  # half a second that only an import of a file needs

    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    try:
        parts = [part for calendar in File.from_ical(content, multiple=True) for part in calendar.walk("VEVENT")]
        moved, steps = frozenset(_moved(parts)), itertools.count(1)
        every = (event for part in parts for event in _of_part(part, calendar_id, now, moved, steps))
        found = list(itertools.islice(every, _MOST + 1))
    except BadRequest:
        raise
    except (ValueError, KeyError, AttributeError, IndexError, TypeError, OverflowError) as error:
        raise BadRequest(f"body: wanted an iCalendar file ({' '.join(str(error).split())[:200]})") from None
    if not 1 <= len(found) <= _MOST:
        raise BadRequest(
            f"body: wanted an iCalendar file with 1 to {_MOST:,} events; this has {'more' if found else 'none in that time'}"
        )
    return found


def _moved(parts: list[Any]) -> Iterator[tuple[str, datetime]]:
    for part in parts:
        if part.get("RECURRENCE-ID") is not None:
            yield str(part.get("UID", "")), _moment(part.decoded("RECURRENCE-ID"))


def _of_part(part: Any, calendar_id: str, now: datetime, moved: _Moved, steps: Iterator[int]) -> Iterator[Event]:
    if str(part.get("STATUS", "")).upper() == "CANCELLED":
        return
    start = part.decoded("DTSTART")
    end = part.decoded("DTEND", None)
    if end is None:
        end = start + part.decoded("DURATION", timedelta(days=0) if isinstance(start, datetime) else timedelta(days=1))
    begins, length = _moment(start), _moment(end) - _moment(start)
    text = str(part.get("SUMMARY", "") or part.get("DESCRIPTION", "") or "event")[:_LONGEST_TEXT]
    uid, is_moved = str(part.get("UID", "")), part.get("RECURRENCE-ID") is not None
    for moment in _moments(part, begins, now, steps):
        if not is_moved and (uid, moment) in moved:
            continue
        first = round(moment.timestamp() * 1000)
        # What has no length is still a time: the smallest one that there is.
        last = first + max(1, round(length.total_seconds() * 1000))
        yield Event("", calendar_id, text, first, min(last, first + 3660 * DAY_MS))


def _moments(part: Any, begins: datetime, now: datetime, steps: Iterator[int]) -> Iterator[datetime]:
    """When an event begins, once or again and again."""
    more = [
        _moment(one.dt[0] if isinstance(one.dt, tuple) else one.dt) for dates in _listed(part.get("RDATE")) for one in dates.dts
    ]
    rules = _listed(part.get("RRULE"))
    if not rules:
        yield from sorted({begins, *more})
        return
    seen = {_moment(one.dt) for exdates in _listed(part.get("EXDATE")) for one in exdates.dts}
    for moment in itertools.chain(more, *(_of_rule(one, begins, now + _AHEAD, steps) for one in rules)):
        if now - _BACK <= moment <= now + _AHEAD and moment not in seen:
            seen.add(moment)
            yield moment


def _of_rule(rule: Any, begins: datetime, until: datetime, steps: Iterator[int]) -> Iterator[datetime]:
    """The times of a rule. They are counted on the clock of their zone: nine o'clock stays nine o'clock.

    Raises:
        BadRequest: the rules of the file have too many.
    """
    from dateutil.rrule import rrulestr  # noqa: PLC0415  # comes with icalendar

    ends = [_moment(value) if isinstance(value, datetime) else _day_end(value, begins) for value in _listed(rule.get("UNTIL"))]
    text = ";".join(part for part in rule.to_ical().decode().split(";") if not part.startswith("UNTIL="))
    for clock in rrulestr(text, dtstart=begins.replace(tzinfo=None)):
        moment = clock.replace(tzinfo=begins.tzinfo)
        if moment > min([until, *ends]):
            return
        if next(steps) > _MOST_STEPS:
            raise BadRequest(
                f"body: wanted rules that come at most {_MOST_STEPS:,} times together; RRULE={text[:200]!r} has more"
            )
        yield moment


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _day_end(day: date, begins: datetime) -> datetime:
    """The end of a day in the zone of an event."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=begins.tzinfo)


def _moment(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
