"""When most rows of an input cannot be used, the likely cause is said."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from barograph.config.load import load_job
from barograph.intake.unusable import order_of, unusable

START = datetime(2026, 1, 28, 22, 58, 7, tzinfo=UTC)
TIMES = [START + timedelta(minutes=7 * minute) for minute in range(1_000)]


def job(*detectors, **described):
    document = {"bucket_span": "5m", "detectors": list(detectors) or [{"function": "mean", "field_name": "value"}]}
    return load_job({"job_id": "j", "analysis_config": document, "data_description": described})


def cause(times, values=None, of=None, **more):
    frame = pl.DataFrame({"time": times, "value": ["1"] * len(times) if values is None else values})
    return unusable(of or job(), frame, frame["time"], **more)


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        ("%d.%m.%Y %H:%M", "'dd.MM.yyyy HH:mm'"),
        ("%d.%m.%Y", "'dd.MM.yyyy'"),
        ("%d.%m.%y %H:%M:%S", "'dd.MM.yy HH:mm:ss'"),
        ("%m/%d/%Y %I:%M %p", "'MM/dd/yyyy hh:mm a'"),
        ("%d/%m/%Y %H:%M:%S", "'dd/MM/yyyy HH:mm:ss'"),
        ("%d/%b/%Y:%H:%M:%S +0000", "'dd/MMM/yyyy:HH:mm:ss X'"),
        ("%Y%m%dT%H%M%SZ", "\"yyyyMMdd'T'HHmmssX\""),
        ("%Y/%m/%d %H:%M:%S", "'yyyy/MM/dd HH:mm:ss'"),
        ("%Y-%m-%d %H:%M:%S UTC", "'yyyy-MM-dd HH:mm:ss VV'"),
        ("%a %b %d %H:%M:%S %Y", "'EEE MMM dd HH:mm:ss yyyy'"),
    ],
)
def test_the_time_format_that_would_fit_is_named(written, fits):
    times = [time.strftime(written) for time in TIMES]
    told = cause(times)
    assert told == (
        f"1,000 of 1,000 times of 'time' cannot be read, such as {times[0]!r}: data_description.time_format: {fits} would fit"
    )
    fitted = job(time_format=fits.strip("\"'"))
    assert cause(times, of=fitted) is None


@pytest.mark.parametrize("kind", [pl.Datetime("ms"), pl.Datetime("us", "UTC"), pl.Duration("us")])
def test_times_that_no_calendar_has_are_shown_as_the_numbers_that_they_are(kind):
    told = cause(pl.Series([2**62] * 3).cast(kind))
    assert told is not None
    assert "3 of 3 times of 'time' cannot be read, such as 4611686018427387904 (D" in told
    assert "wanted timestamps after 1970-01-01 and before 2200" in told


def test_day_and_month_that_cannot_be_told_apart_are_both_named():
    told = cause([f"0{day}/0{day}/2026 10:00" for day in (1, 2, 3)])
    assert told is not None
    assert told.endswith("'dd/MM/yyyy HH:mm' or 'MM/dd/yyyy HH:mm' would fit")


@pytest.mark.parametrize(
    ("unit", "fits"),
    [(1, "'epoch'"), (1e3, "'epoch_ms' (milliseconds)"), (1e6, "'epoch_us' (microseconds)"), (1e9, "'epoch_ns' (nanoseconds)")],
)
@pytest.mark.parametrize("kind", [int, str])
def test_the_unit_of_numbers_is_named(unit, fits, kind):
    times = [kind(int(time.timestamp() * unit)) for time in TIMES]
    told = cause(times, of=job(time_format="yyyy-MM-dd"))
    assert told is not None
    assert told.endswith(f"data_description.time_format: {fits} would fit")


def test_times_that_no_format_reads_are_shown():
    told = cause(["soon"] * 3)
    assert told is not None
    assert told.endswith("such as 'soon'; data_description.time_format='auto' does not fit, nor does any usual one")
    assert cause([None, None, None]) == "3 of 3 times of 'time' cannot be read: they are missing"


def test_half_of_the_rows_is_not_most():
    assert cause(["1767225600", "soon"]) is None
    assert cause(["1767225600", "soon"], malformed=1) is not None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["10,5", "1.011,25"], "such as '10,5': they have decimal commas; write 1234.5"),
        (["1,010", "12,345,678.5"], "such as '1,010': they have commas between thousands; write 1234.5"),
        (["ten", "eleven"], "are no numbers, such as 'ten'"),
    ],
)
def test_numbers_that_are_none_are_told_by_what_they_have(values, words):
    told = cause([1_767_225_600, 1_767_225_660], values)
    assert told is not None
    assert told.startswith("2 of 2 values of 'value' are no numbers")
    assert told.endswith(words)


def test_what_one_detector_can_use_is_used():
    both = job({"function": "mean", "field_name": "value"}, {"function": "count"})
    assert cause([1_767_225_600], ["10,5"], of=both) is None


def test_words_for_no_value_are_not_misread_numbers():
    assert cause([1_767_225_600] * 4, ["NaN", "null", "n/a", "1"]) is None


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (("# exported", "x"), "its first line, '# exported, x', looks like a comment"),
        (("Time", "value"), "data_description.time_field='time': wanted a column of it, such as 'Time'"),
        (("1767225600", "10.5"), "its first line, '1767225600, 10.5', looks like data"),
        (("2026-01-01T00:00", "7"), "looks like data"),
        (("time value",), "its header, 'time value', is one column; data_description.field_delimiter"),
    ],
)
def test_a_header_without_the_time_is_told_by_what_it_looks_like(header, words):
    frame = pl.DataFrame({name: ["1"] for name in header})
    told = unusable(job(), frame, None, header)
    assert told is not None
    assert words in told


def test_a_header_that_only_lacks_the_time_is_others_business():
    assert unusable(job(), pl.DataFrame({"when": ["1"], "value": ["1"]}), None, ("when", "value")) is None


def test_rows_that_are_none_are_counted():
    told = unusable(job(), pl.DataFrame(), None, ("# exported by x",), malformed=41)
    assert told is not None
    assert told.startswith("41 of 41 rows are not rows of its format; its first line, '# exported by x', looks like a comment")


def test_the_order_is_judged_by_buckets_and_latency():
    minutes = 60_000 * np.arange(100)
    assert order_of(minutes, job()).left_out == 0
    backwards = order_of(minutes[::-1], job())
    assert backwards.newest_first
    assert backwards.left_out > 0.9
    shuffled = order_of(np.random.default_rng(1).permutation(minutes), job())
    assert not shuffled.newest_first
    assert shuffled.left_out > 0.5
    patient = load_job(
        {"job_id": "j", "analysis_config": {"bucket_span": "5m", "latency": "2h", "detectors": [{"function": "count"}]}}
    )
    assert order_of(minutes[::-1], patient).left_out == 0
