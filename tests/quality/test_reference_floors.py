"""What the reference engine's own tests ask: of values (16.12), of a detector (16.13), of a population (16.15), of several
together (16.17)."""

import itertools
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import barograph
from barograph.scoring.groups import Groups
from tests.quality.series_data import NULLS, judged

START = 1_767_225_600_000  # 2026-01-01, ms
MINUTE, HOUR = 60_000, 3_600_000


def run(rows: pl.DataFrame, span: str, *detectors: dict[str, Any], plot: bool = False) -> barograph.Results:
    analysis = {"bucket_span": span, "detectors": list(detectors)}
    document = {"job_id": "floor", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}}
    return barograph.run(document | {"model_plot_config": {"enabled": plot}}, rows)


def measured(buckets: int, rows: int, odd: dict[int, float], seed: int = 0) -> pl.DataFrame:
    """Rows of a normal metric of mean 10 and deviation 2, so many in each bucket of ten minutes; in some of another mean."""
    rng = np.random.default_rng(seed)
    bucket = np.repeat(np.arange(buckets), rows)
    mean = np.array([odd.get(at, 10.0) for at in range(buckets)])
    times = START + bucket * 10 * MINUTE + rng.integers(0, 10 * MINUTE, len(bucket))
    return pl.DataFrame({"time": times, "v": rng.normal(mean[bucket], 2.0)}).sort("time")


def probabilities(found: barograph.Results, detector: int = 0) -> dict[int, float]:
    """By the number of the bucket of ten minutes."""
    values = found.bucket_values.filter(detector_index=detector)
    values = values.filter(pl.col("function_description").is_in(["mean", "median", "sum"]))
    return dict(zip(numbers(values), np.exp(values["log_probability"].to_numpy()), strict=True))


def numbers(values: pl.DataFrame) -> list[int]:
    return ((values["timestamp"] - START) // (10 * MINUTE)).to_list()


def deviation(p: np.ndarray) -> np.ndarray:
    """The reference's own score of a probability: 0 from 0.05 on, 1 at 1e-4, 50 at 1e-50."""
    nats = -np.log(np.clip(p, 1e-300, 1.0))
    seldom = (np.exp(nats) - 20) / (1e4 - 20)
    never = 1 + 49 * (nats - math.log(1e4)) / (math.log(1e50) - math.log(1e4))
    return np.where(p >= 0.05, 0.0, np.where(p >= 1e-4, seldom, never))


@pytest.mark.parametrize("statistic", ["mean", "sum", "median"])
@pytest.mark.parametrize(("side", "odd"), [("high", 16.0), ("low", 4.0)])
def test_a_side_sees_what_is_on_it_and_not_what_is_on_the_other(statistic, side, odd):
    if (statistic, side) == ("median", "low"):
        return
    at, other = 400, {"high": "low", "low": "high"}[side]
    detectors = ({"function": f"{of}_{statistic}", "field_name": "v"} for of in (side, other))
    found = run(measured(403, 5, {at: odd}), "10m", *detectors)
    assert probabilities(found)[at] < 0.01
    assert probabilities(found, 1)[at] > 0.1


@pytest.mark.parametrize(("function", "ratio"), [("mean", 0.1), ("metric", 0.1), ("median", 0.05)])
def test_the_one_odd_bucket_is_far_less_likely_than_any_other(function, ratio):
    found = run(measured(400, 8, {350: 20.0}), "10m", {"function": function, "field_name": "v"}, plot=True)
    p = probabilities(found)
    assert p.pop(350) < ratio * min(p.values())
    typical = found.bucket_values.filter(pl.col("function_description").is_in(["mean", "median"]))["typical"][200:]
    assert (typical - 10.0).abs().mean() < 0.25


def a_day(seed: int) -> tuple[pl.DataFrame, int, int]:
    """A day of values of mean 30 and variance 5, with 50 rows in some hours and 1,800 in others; half an hour is higher."""
    rng = np.random.default_rng(seed)
    hour = np.arange(24)
    rate = 50 + 1750 * np.clip(np.sin((hour - 5) / 24 * 2 * np.pi), 0.0, 1.0) ** 2
    times = np.sort(np.concatenate([START + (h + rng.random(rng.poisson(rate[h]))) * HOUR for h in hour])).astype(np.int64)
    start, end = START + 15 * HOUR, START + 15 * HOUR + 30 * MINUTE
    values = rng.normal(30.0, np.sqrt(5.0), len(times)) + 10.0 * ((times >= start) & (times < end))
    return pl.DataFrame({"time": times, "v": values}), start, end


def test_of_a_day_with_one_anomaly_little_else_is_told_at_any_bucket_span():
    """Null hypothesis but for half an hour: buckets of few rows are as usual as those of many."""
    rows, start, end = a_day(1)
    signal, noise = [], {"few": [], "many": []}
    for seconds in range(120, 1201, 120):
        found = run(rows, f"{seconds}s", {"function": "mean", "field_name": "v"})
        inside = (pl.col("timestamp") + seconds * 1000 > start) & (pl.col("timestamp") < end)
        assert found.records.filter(~inside & (pl.col("record_score") >= 50)).is_empty(), seconds
        score = pl.Series(deviation(np.exp(found.bucket_values["log_probability"].to_numpy())))
        values = found.bucket_values.select("timestamp", "weight").with_columns(score=score)
        signal += values.filter(inside)["score"].to_list()
        other = values.filter(~inside)
        busy = pl.col("weight") > other["weight"].median()
        noise["few"] += other.filter(~busy)["score"].to_list()
        noise["many"] += other.filter(busy)["score"].to_list()
    assert sum(signal) > 33 * sum(map(sum, noise.values()))
    assert np.mean(noise["few"]) < 1.5 * np.mean(noise["many"]) + 1e-3


def members(odd: list[tuple[int, int]], seed: int = 3) -> pl.DataFrame:
    """Thirty people for nine days of hours, all with more by day; and what some have in some hours."""
    rng, people, hours = np.random.default_rng(seed), 30, 24 * 9
    level = 40 + 30 * np.sin(np.arange(hours) * 2 * np.pi / 24)
    values = rng.normal(level, 4.0, (people, hours))
    for who, at in odd:
        values[who, at] += 45.0
    who, at = np.divmod(np.arange(people * hours), hours)
    frame = pl.DataFrame({"time": START + at * HOUR, "who": [f"p{i}" for i in who], "v": values.ravel()})
    return frame.sort("time", maintain_order=True)


def test_what_is_told_of_members_is_just_what_they_did():
    rng = np.random.default_rng(5)
    odd = [
        (int(who), int(at))
        for who, at in zip(rng.permutation(30)[:12], rng.choice(np.arange(72, 215), 12, replace=False), strict=True)
    ]
    found = run(members(odd), "1h", {"function": "high_mean", "field_name": "v", "over_field_name": "who"})
    best = found.records.sort("probability").head(len(odd))
    told = {(int(who[1:]), (time - START) // HOUR) for who, time in best.select("over_field_value", "timestamp").iter_rows()}
    assert told == set(odd)


def test_a_day_that_all_members_have_tells_nothing_of_any():
    """Asked: least probabilities add up to three times as much once the day is known. Here they never are small for it."""
    found = run(members([]), "1h", {"function": "mean", "field_name": "v", "over_field_name": "who"}).bucket_values
    least = np.exp(found.group_by("timestamp", maintain_order=True).agg(pl.col("log_probability").min())["log_probability"])
    independent = 1 / 31  # mean of the least of thirty
    assert least[24:72].mean() > independent
    assert 0.7 * independent < least[120:].mean() < 2.5 * independent


@pytest.mark.parametrize("n", [1, 2, 10])
def test_members_together_are_as_unlikely_as_said(n):
    """Null hypothesis: they are independent, and none is odd. Asked: a total error below 0.01."""
    ln_p = np.log(np.random.default_rng(n).random((n, 20_000)))
    p = np.exp(Groups.build(HOUR).combine_and_learn(ln_p, np.zeros(n, np.int64))[0, 2_000:])
    levels = np.array([0.01, 0.02, 0.05, 0.1])
    assert np.abs((p[:, None] < levels).mean(axis=0) - levels).sum() < 0.01


def test_detectors_of_other_noise_have_probabilities_of_one_kind():
    """Null hypothesis: what is below 0.05 is as far below, whatever the noise."""
    tails = []
    for kind in ("gaussian", "gamma", "log-normal"):
        p = np.exp(judged(NULLS[kind](np.random.default_rng(4), 4, 2_500)).ln_p[:, 750:])
        tails.append(p[p < 0.05])
    for one, other in itertools.combinations(tails, 2):
        assert stats.ks_2samp(one, other).pvalue > 0.002
