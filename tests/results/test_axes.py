from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.results.axes import time_ticks, value_ticks

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def ms(text: str, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-01-10T10:07", "2026-01-10T12:00", ["10:15", "10:30", "10:45", "11:00", "11:15", "11:30", "11:45", "12:00"]),
        ("2026-01-09T20:00", "2026-01-10T20:00", ["21:00", "Sat 10 Jan", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00"]),
        ("2026-01-09T20:00", "2026-01-14T20:00", ["10 Jan", "11 Jan", "12 Jan", "13 Jan", "14 Jan"]),
        ("2026-01-09", "2026-01-17", ["9 Jan", "10 Jan", "11 Jan", "12 Jan", "13 Jan", "14 Jan", "15 Jan", "16 Jan", "17 Jan"]),
        ("2025-11-20", "2026-03-05", ["24 Nov", "8 Dec", "22 Dec", "5 Jan", "19 Jan", "2 Feb", "16 Feb", "2 Mar"]),
        ("2025-10-20", "2026-06-05", ["Nov 2025", "Dec", "Jan 2026", "Feb", "Mar", "Apr", "May", "Jun"]),
        ("2019-10-20", "2026-06-05", ["Jan 2020", "Jan 2021", "Jan 2022", "Jan 2023", "Jan 2024", "Jan 2025", "Jan 2026"]),
    ],
)
def test_times_are_round_in_the_unit_that_fits(start: str, end: str, said: list[str]) -> None:
    assert [words for _, words in time_ticks(ms(start), ms(end), BERLIN, 9)] == said


def test_days_begin_when_they_do_where_the_clocks_are_changed() -> None:
    ticks = time_ticks(ms("2014-10-30", NEW_YORK), ms("2014-11-06", NEW_YORK), NEW_YORK, 9)
    days = [datetime.fromtimestamp(at / 1000, NEW_YORK) for at, _ in ticks]
    assert len(days) == 8
    assert {(day.hour, day.minute) for day in days} == {(0, 0)}


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12))
def test_values_are_enclosed_by_a_few_round_ones(least: float, height: float) -> None:
    ticks = [at for at, _ in value_ticks(least, least + height)]
    assert ticks == sorted(set(ticks))
    rounding = 1e-9 * (abs(least) + height)
    assert ticks[0] <= least + rounding
    assert ticks[-1] >= least + height - rounding
    assert 2 <= len(ticks) <= 8


def test_a_constant_has_an_axis_too() -> None:
    assert [said for _, said in value_ticks(8.0, 8.0)] == ["4", "6", "8", "10", "12"]
    assert value_ticks(0.0, 0.0)[0][0] < 0 < value_ticks(0.0, 0.0)[-1][0]
