"""Null hypothesis: a series without a repeating pattern shows none. Power: patterns of the size of the noise are found."""

import numpy as np
import pytest

from tests.quality.season_data import MONDAY_MS
from tests.quality.series_data import HOUR, MINUTES_5, autoregressive, daily, judged, share_with_season

NULLS = {"white": 0.0, "ar 0.95": 0.95, "ar 0.99": 0.99, "random walk": 1.0}


@pytest.mark.parametrize("phi", NULLS.values(), ids=NULLS)
@pytest.mark.parametrize(("span", "buckets"), [(HOUR, 28 * 24), (MINUTES_5, 14 * 288)], ids=["hourly", "5 minutes"])
def test_no_season_in_99_of_100_wandering_series(phi, span, buckets):
    x = autoregressive(phi, np.random.default_rng(1), 600, buckets)
    assert share_with_season(judged(x, span), 600) <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize("phi", NULLS.values(), ids=NULLS)
def test_no_season_in_99_of_100_wandering_series_at_full_size(phi):
    x = autoregressive(phi, np.random.default_rng(4), 3000, 28 * 24)
    assert share_with_season(judged(x, HOUR), 3000) <= 0.01


@pytest.mark.parametrize(
    ("span", "amplitude", "recall"), [(MINUTES_5, 1.0, 0.99), (HOUR, 2.0, 0.99), (HOUR, 1.5, 0.99), (HOUR, 1.0, 0.9)]
)
def test_a_daily_pattern_of_the_size_of_the_noise_is_found_within_four_days(span, amplitude, recall):
    buckets = 4 * 86_400_000 // span
    x = np.random.default_rng(2).normal(size=(100, buckets)) + amplitude * daily(buckets, span)
    assert share_with_season(judged(x, span), 100) >= recall


@pytest.mark.parametrize("amplitude", [1.0, 2.0, 20.0])
def test_any_daily_shape_is_found_within_four_weeks(amplitude):
    rng = np.random.default_rng(3)
    shape = rng.normal(size=(100, 24))
    x = rng.normal(size=(100, 28 * 24)) + amplitude * shape[:, np.arange(28 * 24) % 24]
    assert share_with_season(judged(x, HOUR), 100) >= 0.99


def test_a_period_that_no_calendar_knows_is_found():
    t = np.arange(14 * 288)
    x = np.random.default_rng(5).normal(size=(50, len(t))) + 2 * np.sin(2 * np.pi * t / 106)
    found = judged(x).changes
    periods = found["after"][found["season"] == 4] / MINUTES_5
    assert len(np.unique(found["row"])) == 50
    assert np.median(np.abs(periods - 106)) <= 1.06  # within 1 %


def test_a_season_that_ends_is_given_up():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(20, 40 * 24)) + 8 * daily(40 * 24, HOUR) * (np.arange(40 * 24) < 20 * 24)
    changes = judged(x, HOUR).changes
    dropped = changes[(changes["kind"] == 5) & (changes["t"] > 20 * 24)]
    assert len(np.unique(dropped["row"])) >= 19
    assert np.median(dropped["t"]) < 32 * 24


def test_a_spike_of_one_bucket_a_day_is_a_season_that_stays():
    """A profile of spikes explains its spikes only: they must count in full, and the values between must lie on it."""
    hours = np.arange(28 * 24)
    x = 50 + 40.0 * (hours % 24 == 9) + np.random.default_rng(7).normal(size=(50, len(hours)))
    changes = judged(x, HOUR).changes
    assert (changes["kind"] == 4).sum() == 50
    assert not (changes["kind"] == 5).any()


@pytest.mark.parametrize("span", [MINUTES_5, 3 * MINUTES_5, HOUR], ids=["5 minutes", "15 minutes", "hourly"])
def test_a_backup_of_twenty_minutes_a_day_is_usual_from_the_fifth_day_on(span):
    """It takes two slots of the window at most: whether they are cut off as outliers or kept decides what the profile says."""
    rng, minute = np.random.default_rng(8), np.arange(14 * 1440)
    runs = (minute % 1440 >= 360) & (minute % 1440 < 380) & (minute // 1440 != 12)
    cpu = np.where(runs, 85 + rng.normal(0, 3, (20, len(minute))), np.abs(8 + rng.normal(0, 1.5, (20, len(minute)))))
    result = judged(cpu.reshape(20, -1, span // 60_000).mean(axis=2), span)
    day = np.arange(result.ln_evidence.shape[1]) * span / 86_400_000
    usual, missing = (day >= 4) & (day < 12), (day >= 12.25) & (day < 12.25 + span / 86_400_000)
    assert (result.ln_evidence[:, usual] < np.log(1e-5)).sum() <= 2
    assert (result.ln_evidence[:, missing] < np.log(1e-5)).all()


def with_a_job(hours_long: float, span: int) -> tuple[np.ndarray, np.ndarray]:
    """A day, and from the seventeenth day, a Wednesday, on a job at 7 for ten days; of each bucket at that hour its day."""
    t = np.arange(28 * 86_400_000 // span) * span
    day, at = t // 86_400_000, t % 86_400_000 - 7 * HOUR
    runs = (at >= 0) & (at < max(hours_long * HOUR, span)) & (day >= 16) & (day < 26)
    x = np.random.default_rng(3).normal(size=(10, len(t))) + 20 + 5 * daily(len(t), span) + 30 * runs
    return x, np.where((at >= 0) & (at < max(hours_long * HOUR, span)), day, -1)


@pytest.mark.parametrize("span", [MINUTES_5, 3 * MINUTES_5, HOUR], ids=["5 minutes", "15 minutes", "hourly"])
def test_a_new_job_each_night_is_usual_from_the_fourth_day_on_and_its_end_is_told(span):
    x, day = with_a_job(0.25, span)
    evidence = judged(x, span, MONDAY_MS).ln_evidence
    for told in (16, 17, 26):
        assert (evidence[:, day == told].min(axis=1) < np.log(1e-6)).all()
    assert (evidence[:, (day >= 19) & (day < 26)] > np.log(1e-4)).mean() > 0.99


def test_half_a_day_that_is_odd_three_days_running_is_no_job():
    x, day = with_a_job(8.0, HOUR)
    evidence = judged(x[:, : 19 * 24], HOUR, MONDAY_MS).ln_evidence
    assert (evidence[:, day[: 19 * 24] >= 16] < np.log(1e-6)).mean() > 0.98


def test_rare_visits_are_no_season():
    """Two a day and client: one in the hours that the window has seen once only must not make the rest a pattern."""
    rng, buckets = np.random.default_rng(9), 7 * 96
    x = np.zeros((300, buckets))
    for series in x:
        at = rng.integers(0, buckets, rng.poisson(6))
        series[at] = rng.lognormal(10, 1, len(at))
    assert share_with_season(judged(x, 900_000, non_negative=True), 300) <= 0.01


@pytest.mark.parametrize("span", [MINUTES_5, 3 * MINUTES_5], ids=["5 minutes", "15 minutes"])
def test_bounds_are_no_wider_than_values_scatter_once_a_day_is_known(span):
    """From Tuesday night, when it is found, to Friday. How a weekend differs nobody knows before the first is over."""
    t = np.arange(5 * 86_400_000 // span)
    true = 300 * (1 - 0.6 * daily(len(t), span))
    x = true * np.exp(0.06 * np.random.default_rng(5).normal(size=(10, len(t))))
    result = judged(x, span, MONDAY_MS, bounds_percentile=95.0)
    width = (result.upper - result.lower) / (3.92 * 0.06 * true)
    late = t * span >= 2 * 86_400_000
    assert np.median(width[:, late]) < 1.4
    assert np.quantile(width[:, late], 0.95) < 2.5
