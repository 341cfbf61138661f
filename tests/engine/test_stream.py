"""`barograph.Stream`: bucket values as they come, with the numbers of the whole array."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import barograph

START = dt.datetime(2024, 3, 29, tzinfo=dt.UTC)  # clocks go forward in Berlin two days later
STEP = dt.timedelta(minutes=15)


def values(n: int = 700) -> np.ndarray:
    """A daily shape with noise, an outage, and buckets without data."""
    rng = np.random.default_rng(1)
    x = 50 + 20 * np.sin(2 * np.pi * np.arange(n) / 96) + rng.normal(0, 2, n)
    x[500:510] = 0.0
    x[rng.random(n) < 0.03] = np.nan
    return x


def times(n: int = 700) -> list[dt.datetime]:
    return [START + i * STEP for i in range(n)]


def equal(one: list[barograph.Scored], other: list[barograph.Scored]) -> None:
    assert [scored.time for scored in one] == [scored.time for scored in other]
    assert np.array([scored[1:] for scored in one]).tobytes() == np.array([scored[1:] for scored in other]).tobytes()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_stream_says_what_the_whole_array_says_to_the_last_bit(zone):
    stream = barograph.Stream("15m", time_zone=zone)
    came = [stream.update(time, value) for time, value in zip(times(), values(), strict=True)]
    whole = barograph.score(pd.Series(values(), pd.DatetimeIndex(times())), time_zone=zone)
    equal(came, [barograph.Scored(*row) for row in whole.itertuples(index=False)])
    assert max(scored.score for scored in came) > 50


def test_buckets_that_are_left_out_had_no_data():
    one, other = barograph.Stream("15m"), barograph.Stream("15m")
    x = np.nan_to_num(values(), nan=50.0)
    told = [one.update(time, np.nan if i % 7 == 3 else value) for i, (time, value) in enumerate(zip(times(), x, strict=True))]
    silent = [other.update(time, value) for i, (time, value) in enumerate(zip(times(), x, strict=True)) if i % 7 != 3]
    equal([scored for i, scored in enumerate(told) if i % 7 != 3], silent)


def test_a_stream_goes_on_from_its_snapshot_as_if_nothing_had_happened():
    stream = barograph.Stream("15m")
    pairs = list(zip(times(), values(), strict=True))
    for pair in pairs[:400]:
        stream.update(*pair)
    saved = barograph.Snapshot.from_bytes(stream.snapshot().to_bytes())
    resumed = barograph.Stream("15m", state=saved)
    equal([stream.update(*pair) for pair in pairs[400:]], [resumed.update(*pair) for pair in pairs[400:]])
    assert stream.snapshot().to_bytes() == resumed.snapshot().to_bytes()


def test_a_snapshot_belongs_to_its_settings():
    saved = barograph.Stream("15m").snapshot()
    with pytest.raises(ValueError, match="wanted one of a stream with the settings"):
        barograph.Stream("10m", state=saved)


@pytest.mark.parametrize(
    "time",
    [
        dt.datetime(2024, 7, 1, 12, 1),
        dt.datetime(2024, 7, 1, 10, 1, tzinfo=dt.UTC),
        pd.Timestamp("2024-07-01 12:01"),
        np.datetime64("2024-07-01T12:01:00.000000001"),
        "2024-07-01T12:01",
        "2024-07-01T10:01:00Z",
        1_719_828_060,
        1_719_828_060_000.0,
        np.int64(1_719_828_060_000),
        "1719828060",
    ],
    ids=repr,
)
def test_times_of_any_form_mean_the_same(time):
    stream = barograph.Stream("1h", time_zone="Europe/Berlin")
    stream.update(1_719_828_000 - 3_600, 1.0)
    assert stream.update(time, 2.0).time is time
    with pytest.raises(barograph.InputError, match="which began at 2024-07-01T12:00"):
        stream.update(1_719_828_000 + 3_599, 3.0)
    stream.update(1_719_828_000 + 3_600, 3.0)


def test_a_day_is_its_midnight():
    stream = barograph.Stream("1d", time_zone="Europe/Berlin")
    stream.update(dt.date(2024, 1, 1), 1.0)
    stream.update("2024-01-02T00:00+01:00", 1.0)


@pytest.mark.parametrize(
    ("time", "value", "message"),
    [
        (START, 1.0, "wanted a time of a later bucket than the last, which began at 2024-03-29T00:00"),
        (START - STEP, 1.0, "wanted a time of a later bucket than the last, which began at 2024-03-29T00:00"),
        ("soon", 1.0, "time='soon': wanted a datetime, ISO 8601, epoch seconds or epoch ms, after 1970-01-01 and before 2200"),
        (None, 1.0, "time=None: wanted a datetime"),
        (pd.NaT, 1.0, "time=NaT: wanted a datetime"),
        (float("nan"), 1.0, "time=nan: wanted a datetime"),
        (True, 1.0, "time=True: wanted a datetime"),
        (0, 1.0, "time=0: wanted a datetime"),
        (START + STEP, "1.5", "value='1.5': wanted a number of at most 1e+150 in size, or NaN for no data"),
        (START + STEP, float("inf"), "value=inf: wanted a number"),
        (START + STEP, 10**400, "wanted a number"),
        (START + STEP, True, "value=True: wanted a number"),
        ("2100-01-01", 1.0, None),
    ],
    ids=repr,
)
def test_what_cannot_be_is_named_and_teaches_nothing(time, value, message):
    stream = barograph.Stream("15m")
    stream.update(START, 1.0)
    if message is None:
        assert stream.update(time, value).value == value
        return
    before = stream.snapshot().to_bytes()
    with pytest.raises(barograph.InputError) as error:
        stream.update(time, value)
    assert message in str(error.value)
    assert stream.snapshot().to_bytes() == before


def test_a_time_that_clocks_skip_is_none():
    stream = barograph.Stream("1h", time_zone="Europe/Berlin")
    with pytest.raises(barograph.InputError, match="that clocks in Europe/Berlin have shown"):
        stream.update(dt.datetime(2024, 3, 31, 2, 30), 1.0)


@pytest.mark.parametrize(
    ("span", "settings", "message"),
    [
        ("5", {}, "span='5': wanted a whole number with one of the units"),
        (None, {}, "span=None: wanted a whole number with one of the units"),
        ("5m", {"time_zone": "Mars"}, "time_zone='Mars': wanted an IANA time zone"),
        ("5m", {"side": "up"}, "side='up': wanted one of both, high, low"),
    ],
)
def test_settings_that_cannot_be_are_named(span, settings, message):
    with pytest.raises(barograph.InputError) as error:
        barograph.Stream(span, **settings)
    assert message in str(error.value)


def test_no_value_is_no_anomaly():
    stream = barograph.Stream("5m")
    scored = stream.update(START, None)
    assert scored.score == 0.0
    assert np.isnan([scored.value, scored.typical, scored.probability]).all()
