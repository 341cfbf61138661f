"""Times and places in words and on charts."""

import math

import pytest

from barograph.results import points


def code(latitude: float, longitude: float) -> float:
    """A place as one number, by its definition."""
    up = round((latitude + 90) / 180 * (2**26 - 1))
    return float(up * 2**26 + math.floor((longitude + 180) / 360 * 2**26 + 0.5) % 2**26)


LONDON, PARIS, FIJI, SAMOA = code(51.5074, -0.1278), code(48.8566, 2.3522), code(-17.0, 179.9), code(-17.0, -179.9)


def test_times_are_told_as_clocks_show_them():
    assert points.text("time_of_day", 3.2 * 3600) == "03:12"
    assert points.text("time_of_day", 86_399.9) == "00:00"
    assert points.text("time_of_week", 0.0) == "Thu 00:00"
    assert points.text("time_of_week", 4 * 86_400 + 9 * 3600) == "Mon 09:00"


def test_what_is_compared_goes_the_shorter_way():
    assert points.compared("time_of_day", 600.0, 85_800.0) == "at 00:10, 20 minutes from the usual 23:50"
    assert points.compared("time_of_week", 600.0, 604_200.0) == "at Thu 00:10, 20 minutes from the usual Wed 23:50"
    assert points.compared("lat_long", LONDON, PARIS) == "at 51.5074,-0.1278, 344 km from the usual 48.8566,2.3522"
    assert points.kilometres(FIJI, SAMOA) == pytest.approx(21.3, abs=0.1)


def test_on_charts_times_are_hours_and_places_kilometres_from_where_most_are():
    origin = points.reference([LONDON, PARIS, PARIS, FIJI])
    assert origin == PARIS
    assert points.reference([]) is None
    assert points.on_a_line("lat_long", LONDON, origin) == pytest.approx(344, abs=1)
    assert points.on_a_line("lat_long", PARIS, origin) == 0.0
    assert points.on_a_line("time_of_day", 5_400.0, None) == 1.5
    assert points.on_a_line("mean", 5_400.0, None) == 5_400.0
    assert points.on_a_line("lat_long", None, origin) is None
    assert points.unit("lat_long", origin) == "km from 48.8566,2.3522"
    assert points.unit("time_of_day", None) == "hours"
    assert not points.unit("mean", None)
