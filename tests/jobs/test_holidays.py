"""Public holidays are whole days on the clock of a calendar's jobs, each planned once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from barograph.config.errors import BadRequest, NotFound
from barograph.config.load import load_job
from barograph.jobs.knowledge.calendars import Calendar, Event
from barograph.jobs.knowledge.holidays import years_of
from barograph.jobs.service import HolidaysAsked, Service


@pytest.fixture
def service(tmp_path: Path):
    with Service.open(None, tmp_path) as opened:
        for name, zone in (("berlin", "Europe/Berlin"), ("paris", "Europe/Paris")):
            analysis = {"bucket_span": "1h", "detectors": [{"function": "count"}]}
            opened.put(load_job({"job_id": name, "time_zone": zone, "groups": [name[0]], "analysis_config": analysis}))
        opened.calendars.create(Calendar("days", ("b",)))
        yield opened


def added(service: Service, country: str = "DE", years: str = "2026", **given: Any) -> dict[str, Event]:
    found = service.add_holidays("days", HolidaysAsked(country, years_of(years), **given))
    return {event.description: event for event in found}


def utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


def test_a_holiday_is_a_day_of_the_jobs_of_the_calendar(service: Service) -> None:
    found = added(service)
    unity = found["German Unity Day"]
    assert (unity.start_ms, unity.end_ms) == (utc(2026, 10, 2, 22), utc(2026, 10, 3, 22))
    assert (unity.skip_result, unity.skip_model_update) == (True, True)
    assert "Epiphany" not in found
    assert set(added(service, subdivision="de-by", skip_model_update=False)) == {
        "Epiphany",
        "Corpus Christi",
        "All Saints' Day",
    }


def test_a_part_of_a_country_is_found_however_it_is_written(service: Service) -> None:
    assert "Peace Festival" in " ".join(added(service, subdivision="augsburg"))


def test_what_is_planned_already_is_not_planned_again(service: Service) -> None:
    first = added(service)
    assert added(service) == {}
    both = added(service, years="2026-2027")
    assert {event.start_ms for event in both.values()}.isdisjoint(event.start_ms for event in first.values())
    assert len(service.calendars.events(["days"])) == len(first) + len(both)


def test_a_day_on_which_clocks_change_is_as_long_as_it_is(service: Service) -> None:
    easter = added(service, country="DE", subdivision="BB", years="2024")["Easter Sunday"]
    assert easter.end_ms - easter.start_ms == 23 * 3_600_000


def test_where_the_days_begin_must_be_known(service: Service) -> None:
    service.calendars.change_jobs("days", lambda _: ["berlin", "paris"])
    with pytest.raises(BadRequest, match=r"time_zone is missing.*'days' is for jobs in Europe/Berlin, Europe/Paris"):
        added(service)
    assert added(service, time_zone="UTC")["German Unity Day"].start_ms == utc(2026, 10, 3)
    service.calendars.change_jobs("days", lambda _: [])
    with pytest.raises(BadRequest, match="is for no job that is there"):
        added(service)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"country": "ZZ"}, r"country='ZZ': wanted the ISO 3166 code"),
        ({"country": "ß"}, r"country='ß': wanted the ISO 3166 code"),
        ({"subdivision": "XX"}, r"subdivision='XX': wanted a part of DE: BB, BE"),
        ({"country": "SG", "subdivision": "XX"}, "it has none"),
        ({"years": "1900-2026"}, r"years=1900, 1901, 1902 and 124 more: wanted 1 to 50 years from 1970 to 2100"),
        ({"years": "2027-2026"}, "years=none"),
        ({"years": "next"}, r"years='next': wanted a year or two"),
        ({"time_zone": "Mars/Base"}, r"time_zone='Mars/Base': wanted an IANA name"),
    ],
)
def test_what_there_is_not_is_told(service: Service, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        added(service, **asked)
    assert service.calendars.events(["days"]) == []


def test_a_calendar_must_be_there(service: Service) -> None:
    with pytest.raises(NotFound):
        service.add_holidays("none", HolidaysAsked("DE", (2026,)))
