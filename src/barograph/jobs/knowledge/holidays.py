"""Public holidays of a country as events of a calendar: whole days on the clock of the place."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.knowledge.calendars import Calendars, Event

_YEARS: Final = (1970, 2100)
_MOST_YEARS: Final = 50
_LANGUAGE: Final = "en_US"  # where the package has it; else names are in the language of the country


@dataclass(frozen=True)
class HolidaysAsked:
    """Which holidays.

    Attributes:
        country: its ISO 3166 code, such as `DE`.
        years: which.
        subdivision: a part of it by the code behind the country's in ISO 3166-2, such as `BY`; None: what all of it has.
        time_zone: where the days begin and end; None: in the one time zone of all jobs that the calendar is for.
        skip_result: no results are wanted for them.
        skip_model_update: the models are not to learn from them.
    """

    country: str
    years: tuple[int, ...]
    subdivision: str | None = None
    time_zone: str | None = None
    skip_result: bool = True
    skip_model_update: bool = True


def add_holidays(calendars: Calendars, calendar_id: str, asked: HolidaysAsked, jobs: Sequence[Job]) -> list[Event]:
    """Plan the holidays that a calendar does not have yet; returns them.

    Raises:
        NotFound: there is no such calendar.
        BadRequest: there is no such country or part of it, no holiday in these years, or it is not known in which zone.
    """
    zone = _zone(calendars, calendar_id, asked, jobs)
    planned = {(event.description, event.start_ms, event.end_ms) for event in calendars.events([calendar_id])}
    found = [_event(calendar_id, asked, day, name, zone) for day, name in _holidays(asked)]
    new = [event for event in found if (event.description, event.start_ms, event.end_ms) not in planned]
    return calendars.add_events(new) if new else []


def years_of(text: str) -> tuple[int, ...]:
    """The years of a text: `2026`, or `2024-2026`.

    Raises:
        BadRequest: it is none.
    """
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last.isdecimal() or not last)):
        raise BadRequest(f"years={text!r}: wanted a year or two with a hyphen between them, such as 2024-2026")
    return tuple(range(int(first), int(last or first) + 1))


def _holidays(asked: HolidaysAsked) -> Iterator[tuple[date, str]]:
    import holidays  # noqa: PLC0415  # a tenth of a second that only these need

    least, most = _YEARS
    if not asked.years or len(asked.years) > _MOST_YEARS or not all(least <= year <= most for year in asked.years):
        raise BadRequest(f"years={_told(asked.years)}: wanted 1 to {_MOST_YEARS} years from {least} to {most}")
    known = holidays.list_supported_countries()
    code = asked.country.upper() if asked.country.isascii() else asked.country
    _one_of("country", asked.country, code, known, "the ISO 3166 code of a country, such as DE or US")
    part = None if asked.subdivision is None else asked.subdivision.upper().removeprefix(f"{code}-")
    if part is not None:
        parts = {one.upper(): one for one in known[code] if one.isascii()}
        told = ", ".join(parts.values()) or "it has none"
        _one_of("subdivision", asked.subdivision or "", part, parts, f"a part of {code}: {told}")
        part = parts[part]
    found = holidays.country_holidays(code, subdiv=part, years=asked.years, language=_LANGUAGE)
    if not found:
        raise BadRequest(f"years={_told(asked.years)}: wanted years in which {code} has holidays that are known")
    yield from sorted(found.items())


def _told(years: Sequence[int]) -> str:
    return ", ".join(map(str, years[:3])) + (f" and {len(years) - 3} more" if len(years) > 3 else "") or "none"


def _one_of(name: str, given: str, code: str, known: Iterable[str], wanted: str) -> None:
    names = list(known)
    if code in names:
        return
    near = get_close_matches(code, names, 1)
    raise BadRequest(f"{name}={given!r}: wanted {wanted}" + (f" (meant {near[0]}?)" if near else ""))


def zone_asked(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises:
        BadRequest: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise BadRequest(f"time_zone={name!r}: wanted an IANA name, such as Europe/Berlin") from None


def _zone(calendars: Calendars, calendar_id: str, asked: HolidaysAsked, jobs: Sequence[Job]) -> ZoneInfo:
    zones = calendars.zones(calendar_id, jobs)
    if asked.time_zone is not None:
        return zone_asked(asked.time_zone)
    if len(zones) != 1:
        whose = f"jobs in {', '.join(zones)}" if zones else "no job that is there"
        raise BadRequest(f"time_zone is missing: wanted where the days begin, as calendar {calendar_id!r} is for {whose}")
    return ZoneInfo(zones[0])


def _event(calendar_id: str, asked: HolidaysAsked, day: date, name: str, zone: ZoneInfo) -> Event:
    start, end = (_midnight(one, zone) for one in (day, day + timedelta(days=1)))
    return Event("", calendar_id, name, start, end, asked.skip_result, asked.skip_model_update)


def _midnight(day: date, zone: ZoneInfo) -> int:
    """When a day begins, epoch ms; where clocks skip midnight, when they have."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int(local.astimezone(UTC).timestamp() * 1000)
