from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.config.load import load_job
from barograph.intake.parse_times import parse_times


def job(time_format=None, zone="UTC"):
    description = {} if time_format is None else {"time_format": time_format}
    config = {"detectors": [{"function": "count"}]}
    return load_job({"job_id": "a", "time_zone": zone, "data_description": description, "analysis_config": config})


def ms(values, time_format=None, zone="UTC"):
    return parse_times(pl.Series("time", values), job(time_format, zone)).to_list()


def at(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("1403481600", at("2014-06-23")),
        (" 1403481600 ", at("2014-06-23")),
        ("1403481600.123", at("2014-06-23T00:00:00.123")),
        ("1403481600123", at("2014-06-23T00:00:00.123")),
        ("1.4034816e9", at("2014-06-23")),
        ("2014-07-01", at("2014-07-01")),
        ("2014-07-01 10:11", at("2014-07-01T10:11")),
        ("2014-07-01 10:11:12", at("2014-07-01T10:11:12")),
        ("2014-07-01T10:11:12", at("2014-07-01T10:11:12")),
        (" 2014-07-01T10:11:12.5 ", at("2014-07-01T10:11:12.5")),
        ("2014-07-01 10:11:12,250", at("2014-07-01T10:11:12.25")),
        ("2014-07-01T10:11:12Z", at("2014-07-01T10:11:12")),
        ("2014-07-01T10:11:12.123456789Z", at("2014-07-01T10:11:12.123")),
        ("2014-07-01T10:11:12+02:00", at("2014-07-01T08:11:12")),
        ("2014-07-01 10:11:12 +0200", at("2014-07-01T08:11:12")),
        ("2014-07-01T10:11:12-02", at("2014-07-01T12:11:12")),
        ("2014-07-01T10:11+02:00", at("2014-07-01T08:11")),
    ],
)
def test_without_a_time_format_epochs_and_iso_times_are_recognised(value, wanted):
    assert ms([value]) == [wanted]


NOT_TIMES = [
    "",
    " ",
    "x",
    "nan",
    "inf",
    "-inf",
    "2014-13-01",
    "2014-02-30",
    "10:11",
    "1e300",
    "1e308",
    "true",
    "0",
    "-1",
    "0001-01-01",
    "2200-01-01",
    "2014-07-01T25:00",
    None,
]


@pytest.mark.parametrize("value", NOT_TIMES)
def test_what_is_not_a_time_is_null(value):
    assert ms([value]) == [None]


def test_numbers_are_seconds_below_1e11_and_ms_from_there():
    assert ms([7_258_118_399, 100_000_000_000]) == [7_258_118_399_000, 100_000_000_000]
    assert ms([1403481600.5, float("nan"), float("inf"), 1e308, None]) == [1403481600500, None, None, None, None]
    assert ms([1e308, 1403481600.0], "epoch") == [None, 1403481600000]


def test_a_set_format_reads_only_what_it_says():
    assert ms(["1403481600", "2014-07-01"], "epoch") == [1403481600000, None]
    assert ms(["1403481600", "2014-07-01"], "epoch_ms") == [1403481600, None]
    assert ms(["1403481600", "2014-07-01"], "iso8601") == [None, at("2014-07-01")]
    assert ms([1403481600], "iso8601") == [None]
    assert ms(["20140701", "2014-07-01"], "yyyyMMdd") == [at("2014-07-01"), None]
    assert ms([20140701], "yyyyMMdd") == [at("2014-07-01")]


@pytest.mark.parametrize(
    ("pattern", "value", "wanted"),
    [
        ("yyyy-MM-dd HH:mm:ssX", "2014-07-01 10:00:00+02", at("2014-07-01T08:00")),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2014-07-01T10:00:00.25Z", at("2014-07-01T10:00:00.25")),
        ("dd/MMM/yyyy:HH:mm:ss Z", "01/Jul/2014:10:00:00 +0200", at("2014-07-01T08:00")),
        ("M/d/yyyy h:mm a", "7/1/2014 1:05 PM", at("2014-07-01T13:05")),
        ("EEEE, d MMMM yyyy", "Tuesday, 1 July 2014", at("2014-07-01")),
        ("yyyy-MM-dd HH:mm:ss,SSS", "2014-07-01 10:00:00,123", at("2014-07-01T10:00:00.123")),
        ("yyyy-MM-dd HH:mm:ss VV", "2014-07-01 10:00:00 Europe/Berlin", at("2014-07-01T08:00")),
        ("yyyy-MM-dd HH:mm:ss VV", "2014-07-01 10:00:00 Z", at("2014-07-01T10:00")),
        ("yyyy-MM-dd HH:mm:ss VV", "2014-07-01 10:00:00 Mars/Base", None),
    ],
)
def test_java_patterns(pattern, value, wanted):
    assert ms([value], pattern) == [wanted]


def test_a_zone_in_the_text_wins_over_the_jobs():
    assert ms(["2014-07-01 10:00:00+02"], "yyyy-MM-dd HH:mm:ssX", zone="America/New_York") == [at("2014-07-01T08:00")]
    assert ms(["2014-07-01 10:00:00 Europe/Berlin"], "yyyy-MM-dd HH:mm:ss VV", zone="America/New_York") == [
        at("2014-07-01T08:00")
    ]
    assert ms(["2014-07-01 10:00"], "yyyy-MM-dd HH:mm", zone="America/New_York") == [at("2014-07-01T14:00")]


def test_a_pattern_of_digits_reads_numbers_too():
    assert (
        ms([20140701, 20140702], "yyyyMMdd") == ms([20140701.0, 20140702.0], "yyyyMMdd") == [at("2014-07-01"), at("2014-07-02")]
    )


def test_times_without_a_zone_are_local_times_of_the_job():
    assert ms(["2014-07-01 10:00:00", "2014-12-01", "2014-07-01 10:00:00Z"], zone="Europe/Berlin") == [
        at("2014-07-01T08:00"),
        at("2014-11-30T23:00"),
        at("2014-07-01T10:00"),
    ]


def test_a_local_time_that_comes_twice_is_the_first_of_the_two():
    assert ms(["2014-10-26 02:30:00"], zone="Europe/Berlin") == [at("2014-10-26T00:30")]


def test_a_local_time_that_never_comes_is_not_a_time():
    assert ms(["2014-03-30 02:30:00", "2014-03-30 03:00:00"], zone="Europe/Berlin") == [None, at("2014-03-30T01:00")]


def test_typed_columns_are_taken_as_they_are():
    moment = datetime(2014, 7, 1, 10, tzinfo=timezone(timedelta(hours=2))).astimezone(UTC)
    assert ms([moment], "epoch") == [at("2014-07-01T08:00")]
    assert ms([datetime(2014, 7, 1, 10)], "epoch", zone="Europe/Berlin") == [at("2014-07-01T08:00")]
    assert ms([date(2014, 7, 1)]) == [at("2014-07-01")]
    assert parse_times(pl.Series(["2014-07-01"], dtype=pl.Categorical), job()).to_list() == [at("2014-07-01")]


def test_columns_that_cannot_hold_times_hold_none():
    assert ms([True, False]) == [None, None]
    assert ms([[1], [2]]) == [None, None]


FORMS = ["1403481600", "1403481600123", "1403481600.5", " 5", "x", "", None, "nan"]
FORMS += ["2014-07-01", "2014-07-01 10:11", "2014-07-01T10:11:12", "2014-07-01 10:11:12.5", "2014-07-01 10:11:12,5"]
FORMS += ["2014-07-01T10:11:12Z", "2014-07-01T10:11:12.25+02:00", "2014-10-26 02:30:00", "2014-03-30 02:30:00"]
FORMS += ["2014-7-1 1:2:3", " 2014-07-01 "]


@given(st.lists(st.sampled_from(FORMS), min_size=1, max_size=30), st.sampled_from(["UTC", "Europe/Berlin"]))
def test_what_a_value_means_does_not_depend_on_its_neighbours(values, zone):
    together = parse_times(pl.Series("time", values, dtype=pl.String), job(zone=zone)).to_list()
    alone = [parse_times(pl.Series("time", [value], dtype=pl.String), job(zone=zone)).to_list()[0] for value in values]
    assert together == alone
