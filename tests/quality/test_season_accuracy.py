"""Null hypothesis: the mean that the model predicts is the mean that the data were drawn around."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.quality.season_data import MONDAY_MS, hours
from tests.quality.series_data import HOUR, daily, judged

DAILY = 2 * np.pi / 24
WEEKS_3, WEEKS_4 = 21, 28  # days
Truth = Callable[[np.ndarray], np.ndarray]

# Mean error in the fourth week, as a share of the mean value, that is allowed; the largest error of any bucket.
CASES: dict[str, tuple[Truth, float, float]] = {
    "two sines a day, one a week": (
        lambda t: 100 + 10 * np.sin(DAILY * t) + 5 * np.sin(2 * DAILY * t + 1) + 8 * np.sin(DAILY * t / 7),
        0.011,
        0.04,
    ),
    "weekday and weekend": (lambda t: 100 + np.where(t // 24 % 7 < 5, 1, 0.2) * (20 + 20 * np.sin(DAILY * t)), 0.021, 0.033),
    "day": (lambda t: 100 + 20 * np.sin(DAILY * t), 0.014, 0.021),
    "day on a line": (lambda t: 100 + 0.1 * t + 20 * np.sin(DAILY * t), 0.04, 0.04),
    "line": (lambda t: 100 + 0.1 * t, 0.01, 0.01),
    "39 hours": (lambda t: 100 + 20 * np.sin(2 * np.pi * t / 39), 0.17, 0.14),
    "day on a year": (lambda t: 100 + 20 * np.sin(DAILY * t) + 30 * np.sin(DAILY * t / 365), 0.01, 0.02),
}  # fmt: skip


@pytest.mark.parametrize("span", [HOUR, HOUR // 2], ids=["hourly", "half-hourly"])
@pytest.mark.parametrize(("truth", "mean", "largest"), CASES.values(), ids=CASES)
def test_what_is_predicted_is_what_is_true_in_the_fourth_week(span, truth, mean, largest):
    t = hours(WEEKS_4, span)
    right = truth(t)
    result = judged(right + np.random.default_rng(1).normal(0, 0.5, (10, len(t))), span, MONDAY_MS, bounds_percentile=95.0)
    assert result.typical is not None
    error = (np.abs(result.typical - right) / right.mean())[:, t >= WEEKS_3 * 24]
    assert error.mean() < mean
    assert error.max() < largest


@pytest.mark.parametrize(("spoilt", "limit"), [("half missing", 0.11), ("outliers", 0.03)])
def test_missing_values_and_outliers_do_not_move_what_is_predicted(spoilt, limit):
    rng, t = np.random.default_rng(2), hours(WEEKS_4, HOUR // 2)
    right = 100 + 20 * np.sin(DAILY * t)
    x = right + rng.normal(0, 0.5, (10, len(t)))
    some = rng.random(x.shape)
    x = np.where(some < 0.5, np.nan, x) if spoilt == "half missing" else np.where(some < 0.01, x + 60, x)
    result = judged(x, HOUR // 2, MONDAY_MS, bounds_percentile=95.0)
    assert result.typical is not None
    assert (np.abs(result.typical - right) / right.mean())[:, t >= WEEKS_3 * 24].mean() < limit


def test_a_spike_of_one_bucket_a_day_is_learnt_within_a_week():
    """The window's slots are wider: a first profile knows a quarter of it. Odd on two working days running, it is learnt."""
    t = np.arange(28 * 288)
    season = 5 * daily(len(t))
    x = np.random.default_rng(4).normal(size=(20, len(t))) + season + 20.0 * (t % 288 == 100)
    result = judged(x, bounds_percentile=95.0)
    assert result.typical is not None
    known = (result.typical - season)[:, 100::288].mean(axis=0) / 20
    assert known[6] > 0.5
    assert known[8:].min() > 0.9
