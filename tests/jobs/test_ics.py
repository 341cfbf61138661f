"""Events of iCalendar files."""

from datetime import UTC, datetime

import pytest

from barograph.config.errors import BadRequest
from barograph.jobs.knowledge.ics import events_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def ms(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


def spans(*lines: str) -> list[tuple[str, int, int]]:
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *lines, "END:VCALENDAR", ""])
    events = events_of(text.encode(), "holidays", round(NOW.timestamp() * 1000))
    return [(one.description, one.start_ms, one.end_ms) for one in events]


def event(*lines: str) -> list[str]:
    return ["BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"]


def test_a_whole_day_is_one_and_a_time_has_its_zone() -> None:
    day = event("SUMMARY:Fair", "DTSTART;VALUE=DATE:20260405")
    zoned = event("SUMMARY:Deploy", "DTSTART;TZID=Europe/Berlin:20260701T090000", "DURATION:PT30M")
    assert spans(*day, *zoned) == [
        ("Fair", ms(2026, 4, 5), ms(2026, 4, 6)),
        ("Deploy", ms(2026, 7, 1, 7), ms(2026, 7, 1, 7, 30)),
    ]


def test_what_comes_again_keeps_its_clock_and_ends() -> None:
    weekly = event(
        "SUMMARY:Backup",
        "DTSTART;TZID=Europe/Berlin:20260322T020000",
        "DTEND;TZID=Europe/Berlin:20260322T030000",
        "RRULE:FREQ=WEEKLY;UNTIL=20260412",  # its last day is in it
        "EXDATE;TZID=Europe/Berlin:20260405T020000",
    )
    assert [start for _, start, _ in spans(*weekly)] == [ms(2026, 3, 22, 1), ms(2026, 3, 29, 1), ms(2026, 4, 12, 0)]


def test_without_an_end_it_goes_on_for_two_years() -> None:
    yearly = event("SUMMARY:New year", "DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=YEARLY")
    assert [start for _, start, _ in spans(*yearly)] == [ms(2026, 1, 1), ms(2027, 1, 1), ms(2028, 1, 1)]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", b"time,value\n1,2\n"])
def test_what_is_no_calendar_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequest, match="iCalendar"):
        events_of(content, "holidays", 0)


def test_a_rule_without_end_or_sense_is_bounded() -> None:
    secondly = event("SUMMARY:Tick", "DTSTART:20260301T000000Z", "RRULE:FREQ=SECONDLY")
    with pytest.raises(BadRequest, match=r"1 to 10,000 events"):
        spans(*secondly)


def test_what_is_cancelled_is_left_out() -> None:
    kept = event("SUMMARY:Fair", "DTSTART;VALUE=DATE:20260405")
    assert spans(*kept, *event("SUMMARY:Off", "DTSTART;VALUE=DATE:20260406", "STATUS:CANCELLED")) == spans(*kept)


def test_an_occurrence_that_was_moved_is_where_it_is_now_and_one_that_was_cancelled_nowhere() -> None:
    daily = event("SUMMARY:Deploy", "DTSTART:20260301T090000Z", "DTEND:20260301T100000Z", "RRULE:FREQ=DAILY;COUNT=3")
    moved = event("SUMMARY:Later", "RECURRENCE-ID:20260302T090000Z", "DTSTART:20260302T150000Z", "DTEND:20260302T160000Z")
    gone = event("SUMMARY:Deploy", "RECURRENCE-ID:20260303T090000Z", "DTSTART:20260303T090000Z", "STATUS:CANCELLED")
    assert spans(*daily, *moved, *gone) == [
        ("Deploy", ms(2026, 3, 1, 9), ms(2026, 3, 1, 10)),
        ("Later", ms(2026, 3, 2, 15), ms(2026, 3, 2, 16)),
    ]


def test_dates_that_no_rule_has_are_taken_too() -> None:
    twice = event("SUMMARY:Fair", "DTSTART:20260405T090000Z", "DURATION:PT1H", "RDATE:20260409T090000Z,20260405T090000Z")
    assert [start for _, start, _ in spans(*twice)] == [ms(2026, 4, 5, 9), ms(2026, 4, 9, 9)]


def test_a_rule_that_began_long_ago_is_followed_to_its_end_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    hourly = event("SUMMARY:Sync", "DTSTART:20100101T000000Z", "RRULE:FREQ=HOURLY;UNTIL=20250228T020000Z")
    assert [start for _, start, _ in spans(*hourly)] == [ms(2025, 2, 28, hour) for hour in range(3)]
    monkeypatch.setattr("barograph.jobs.knowledge.ics._MOST_STEPS", 1000)
    with pytest.raises(BadRequest, match=r"rules that come at most 1,000 times together; RRULE='FREQ=HOURLY' has more"):
        spans(*event("DTSTART:20100101T000000Z", "RRULE:FREQ=HOURLY"), *event("SUMMARY:Fair", "DTSTART;VALUE=DATE:20260405"))
