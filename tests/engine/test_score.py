"""`barograph.score`: one array in, the very numbers of a job out."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import barograph
from barograph.engine.one_series import settings
from barograph.samples import NYC_TAXI

START = dt.datetime(2024, 1, 1)
COLUMNS = ["time", "value", "score", "typical", "lower", "upper", "probability"]


def wave(n: int, seed: int = 0) -> np.ndarray:
    """Half-hours with a daily shape, and one outage."""
    rng = np.random.default_rng(seed)
    x = 100 + 30 * np.sin(2 * np.pi * np.arange(n) / 48) + rng.normal(0, 3, n)
    x[n // 2 : n // 2 + 4] = 0.0
    return x


def half_hours(n: int) -> pd.DatetimeIndex:
    return pd.date_range(START, periods=n, freq="30min")


def of_a_job(times: Any, values: Any, function: str = "mean", span: str = "30m", zone: str = "UTC") -> pl.DataFrame:
    """What a job that has this series alone says of its buckets."""
    job = barograph.load_job(
        {
            "job_id": "one",
            "time_zone": zone,
            "analysis_config": {"bucket_span": span, "detectors": [{"function": function, "field_name": "value"}]},
            "data_description": {"time_field": "time"},
            "model_plot_config": {"enabled": True},
        }
    )
    engine = barograph.Engine.build(job)
    first = engine.add(pl.DataFrame({"time": times, "value": values}))
    newest = engine.counts.latest_record_timestamp
    assert newest is not None
    results = barograph.Results.concat([first, engine.flush(newest + job.bucket_span_ms)])
    values_of = results.bucket_values.select(
        "timestamp", value="actual", typical="typical", lower="lower_bound", upper="upper_bound"
    )
    known = results.buckets.select("timestamp", "probability", score="initial_anomaly_score")
    return known.join(values_of, on="timestamp", how="left", maintain_order="left")


def same_as_the_job(scores: pl.DataFrame, job: pl.DataFrame) -> None:
    assert len(scores) == len(job)
    assert scores["score"].equals(job["score"])
    assert scores["value"].equals(job["value"])
    there = scores["value"].is_not_null()
    assert there.any()
    for name in ("typical", "lower", "upper"):
        assert scores.filter(there)[name].equals(job.filter(there)[name]), name


def test_the_numbers_are_those_of_a_job_to_the_last_bit():
    frame = NYC_TAXI.frame()[:6_500]  # clocks go back in it
    scores = barograph.score(frame["passengers"], frame["timestamp"], time_zone="America/New_York")
    job = of_a_job(frame["timestamp"], frame["passengers"], zone="America/New_York")
    same_as_the_job(scores, job)
    assert scores["time"].dt.epoch("ms").equals(job["timestamp"].alias("time"))
    odd = job["probability"] < 1  # of the whole bucket; what has nothing to tell is 1 there
    assert scores.filter(odd)["probability"].equals(job.filter(odd)["probability"])
    assert scores["score"].max() > 50


def test_values_that_share_a_bucket_count_as_their_mean_as_in_a_job():
    rng = np.random.default_rng(3)
    times = pl.Series(np.sort(rng.integers(0, 86_400 * 3, 4_000)) + 1_704_067_201)
    values = pl.Series(rng.lognormal(3, 2, 4_000))
    scores = barograph.score(values, times, "10m")
    same_as_the_job(scores, of_a_job(times, values, span="10m"))
    assert scores["time"][0] == dt.datetime(2024, 1, 1, 0, 10, tzinfo=dt.UTC)  # the one before had begun already


def test_gaps_are_no_data_as_in_a_job():
    x, times = wave(600), half_hours(600)
    x[50:55] = np.nan
    keep = np.setdiff1d(np.arange(600), [100, 101, 399])
    scores = barograph.score(x[keep], times[keep].to_numpy())
    same_as_the_job(scores, of_a_job(times[keep].to_numpy(), pl.Series(x[keep], nan_to_null=True)))
    gone = scores.filter(pl.col("value").is_null())
    assert len(gone) == 8
    assert gone["score"].to_list() == [0.0] * 8
    assert gone["probability"].null_count() == 8
    assert gone["typical"].null_count() == 0


@pytest.mark.parametrize("side", ["high", "low"])
def test_one_side_only_as_in_a_job(side):
    x, times = wave(400), half_hours(400)
    x[300] = 400.0
    scores = barograph.score(x, times.to_numpy(), side=side)
    same_as_the_job(scores, of_a_job(times.to_numpy(), x, f"{side}_mean"))
    assert (scores["score"][300] > 50) == (side == "high")


def test_bounds_of_what_is_never_negative_stay_at_zero():
    x = np.random.default_rng(0).poisson(0.5, 200)
    assert barograph.score(x)["lower"].min() == 0
    assert barograph.score(x - 1.0)["lower"].min() < -1


def test_order_does_not_matter():
    x, times = wave(200), half_hours(200).to_numpy()
    shuffled = np.random.default_rng(0).permutation(200)
    assert barograph.score(x[shuffled], times[shuffled]).equals(barograph.score(x, times))


def test_without_times_each_value_is_a_bucket():
    scores = barograph.score(wave(300))
    assert scores.columns == COLUMNS
    assert scores["time"].to_list() == list(range(300))
    assert scores["value"].to_list() == wave(300).tolist()


@pytest.mark.parametrize("cycle", [7, 48, 100])
def test_without_times_cycles_are_found_but_no_day_or_week_is_looked_for(cycle):
    t = np.arange(1_500)
    scores = barograph.score(100 + 30 * np.sin(2 * np.pi * t / cycle) + np.random.default_rng(0).normal(0, 2, 1_500))
    assert (scores["upper"] - scores["lower"])[-200:].mean() < 20
    assert not settings(1_800_000, None, "both").calendar
    assert settings(1_800_000, "UTC", "both").calendar


def test_a_longer_span_makes_the_same_odds_as_many_alarms_a_month():
    minutes, hours = (barograph.score(wave(300), span=span) for span in ("1m", "1h"))
    assert minutes["score"].max() < hours["score"].max()
    assert minutes["value"].equals(hours["value"])


@pytest.mark.parametrize(
    "times",
    [
        half_hours(60).to_numpy(),
        half_hours(60).to_numpy().astype("datetime64[s]"),
        half_hours(60).to_pydatetime().tolist(),
        [f"{time:%Y-%m-%dT%H:%M:%S}" for time in half_hours(60)],
        half_hours(60).to_numpy().astype("datetime64[s]").astype(int),
        half_hours(60).to_numpy().astype("datetime64[ms]").astype(float),
        pl.Series(half_hours(60).to_numpy()).dt.replace_time_zone("UTC"),
    ],
    ids=["datetime64", "seconds64", "datetime", "text", "epoch", "epoch_ms", "polars"],
)
def test_times_of_any_form_mean_the_same(times):
    scores = barograph.score(wave(60), times)
    assert isinstance(scores, pl.DataFrame)
    assert scores["time"].dt.epoch("s").to_list() == (1_704_067_200 + 1_800 * np.arange(60)).tolist()
    assert scores.drop("time").equals(barograph.score(wave(60), half_hours(60).to_numpy()).drop("time"))


@pytest.mark.parametrize("kind", [pl.Datetime("us"), pl.Datetime("ns", "Asia/Tokyo"), pl.Date])
def test_times_come_back_in_their_own_type(kind):
    days = pl.Series("when", [START + dt.timedelta(days=day) for day in range(40) if day != 20])
    times = days.dt.replace_time_zone("Asia/Tokyo").cast(kind) if kind == pl.Datetime("ns", "Asia/Tokyo") else days.cast(kind)
    scores = barograph.score(np.arange(39.0), times)
    assert scores["time"].dtype == kind
    assert len(scores) == 40
    assert scores.filter(pl.col("value").is_not_null())["time"].to_list() == times.to_list()


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "America/New_York", "+01:00"])
@pytest.mark.parametrize("step", ["D", "5min"])
def test_a_pandas_series_gets_its_own_index_back(zone, step):
    index = pd.date_range("2024-03-20", periods=60, freq=step, tz=zone, name="when")  # clocks go forward in Berlin on the 31st
    series = pd.Series(wave(60), index)
    scores = barograph.score(series)
    assert isinstance(scores, pd.DataFrame)
    assert list(scores.columns) == COLUMNS
    assert (scores.index == index).all()
    assert scores.index.dtype == index.dtype
    assert (scores["time"] == index).all()
    assert (scores["value"] == series).all()


def test_times_within_a_bucket_stay_as_they_are():
    index = half_hours(50) + pd.to_timedelta(np.random.default_rng(0).integers(0, 10**9, 50), unit="ns")
    scores = barograph.score(pd.Series(wave(50), index))
    assert (scores.index == index).all()


def test_a_pandas_series_without_times_keeps_its_index():
    scores = barograph.score(pd.Series([1, None, 3], list("abc"), dtype="Int64"))
    assert scores.index.tolist() == list("abc")
    assert scores["time"].tolist() == [0, 1, 2]
    assert np.isnan(scores["value"]["b"])


def test_a_time_zone_decides_what_a_day_is():
    # Noon of Berlin is busy, in winter and in summer.
    local = pd.date_range("2024-01-10", "2024-04-06 23:00", freq="h", tz="Europe/Berlin")
    x = 100 + 50 * (abs(local.hour - 12) < 4) + np.random.default_rng(0).normal(0, 2, len(local))
    of_berlin, of_utc = (barograph.score(pd.Series(x, local), time_zone=zone) for zone in (None, "UTC"))
    after = local >= "2024-03-31"
    assert of_berlin["score"][after].max() < 25
    assert of_utc["score"][after].max() > 75


@pytest.mark.parametrize("values", [[], np.zeros(0), pl.Series([], dtype=pl.Float64)])
@pytest.mark.parametrize("times", [None, []])
def test_nothing_in_nothing_out(values, times):
    scores = barograph.score(values, times)
    assert scores.columns == COLUMNS
    assert len(scores) == 0


def test_no_value_at_all_is_no_anomaly():
    scores = barograph.score([None, float("nan"), None])
    assert scores["score"].to_list() == [0.0] * 3
    assert scores["typical"].null_count() == 3


@pytest.mark.parametrize(
    "values",
    [
        [1, None, 3.5],
        np.array([1, None, 3.5], dtype=object),
        np.ma.masked_array([1, 7, 3.5], [False, True, False]),
        np.array([1, np.nan, 3.5], dtype=np.float32),
        np.array([1, np.nan, 3.5], dtype=np.float16),
        pl.Series([1.0, None, 3.5]),
        pl.Series(["1", None, "3.5"]),
        pl.Series([1.0, None, 3.5]).to_arrow(),
    ],
)
def test_values_of_any_form(values):
    assert barograph.score(values)["value"].to_list() == [1.0, None, 3.5]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(barograph.InputError) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, np.inf], "values[1]=inf: wanted a number of at most 1e+150 in size, or NaN for no data"),
        (["a", "b"], "values[0]='a': wanted a number of at most 1e+150 in size, or NaN for no data"),
        ([True, False], "values[0]=True: wanted a number of at most 1e+150 in size, or NaN for no data"),
        (np.ones((3, 2)), "values=numpy.ndarray of shape (3, 2): wanted one dimension of numbers, such as an array or one"),
        (pl.DataFrame({"a": [1]}), "values=polars.dataframe.frame.DataFrame of shape (1, 1): wanted one dimension of numbers"),
        (pd.DataFrame({"a": [1]}), "of shape (1, 1): wanted one dimension of numbers"),
        ("123", "values=builtins.str: wanted one dimension of numbers"),
        (3.0, "values=builtins.float: wanted one dimension of numbers"),
    ],
)
def test_values_that_are_none_are_named(values, message):
    assert message in refused(lambda: barograph.score(values))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"times": [1]}, "times: 1 of them for 3 values; wanted one for each value"),
        ({"times": ["2024-01-01", "x", "2024-01-02"]}, "times[1]='x': wanted a datetime, ISO 8601, epoch seconds or epoch ms"),
        ({"times": ["1900-01-01", "1900-01-02", "1900-01-03"]}, "times[0]='1900-01-01': wanted a datetime, ISO 8601, epoch"),
        ({"times": ["2024-01-01"] * 3}, "span=None: all times are the same; wanted a span, such as '5m'"),
        ({"times": [1.7e12, 1.7e12 + 10, 1.7e12 + 20]}, "span=None: the times are less than a second apart; wanted a span"),
        (
            {"times": [1_700_000_100.2, 1_700_000_101, 1_700_000_101.9]},
            "span=None: buckets of the commonest step, 1 s, would hold two different times; wanted a span",
        ),
        ({"span": "5"}, "span='5': wanted a whole number with one of the units ms, s, m, h, d"),
        ({"span": 300}, "for seconds write '300s'"),
        ({"span": "500ms"}, "span='500ms': wanted a whole number of seconds, at least '1s'"),
        ({"span": dt.timedelta(seconds=1.5)}, "wanted a whole number of seconds, at least '1s'"),
        ({"side": "up"}, "side='up': wanted one of both, high, low"),
        ({"time_zone": "UTC"}, "time_zone='UTC': wanted times as well"),
        ({"times": [1, 2, 3], "time_zone": "Mars"}, "time_zone='Mars': wanted an IANA time zone"),
        (
            {"times": ["1980-01-01", "2024-01-01", "2024-01-02"], "span": "1s"},
            "times: 1,388,620,798 buckets without a value; wanted times with at most 10,000,000 buckets of 1 s",
        ),
        (
            {"times": ["2024-03-31T02:30"] * 3, "span": "1h", "time_zone": "Europe/Berlin"},
            "times[0]='2024-03-31T02:30': wanted a datetime, ISO 8601, epoch seconds or epoch ms, after 1970-01-01 and before "
            "2200, that clocks in Europe/Berlin have shown",
        ),
    ],
)
def test_settings_that_cannot_be_are_named(given, message):
    assert message in refused(lambda: barograph.score([1, 2, 3], **given))
