"""What a young series may say: of days of a kind that was never seen, of values seen before, of noise."""

import datetime

import numpy as np
import pytest

from barograph import score

MONDAY = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
DAY = 288


def scores(values: np.ndarray) -> np.ndarray:
    times = [MONDAY + datetime.timedelta(minutes=5 * i) for i in range(len(values))]
    return np.asarray(score(values, times)["score"], float)


def daily(rng: np.random.Generator, days: int) -> np.ndarray:
    t = np.arange(days * DAY) / DAY
    return 100 * (1 + 0.5 * np.sin(2 * np.pi * t)) + rng.normal(0, 4, days * DAY)


@pytest.mark.parametrize("factor", [0.4, 0.6, 1.8])
@pytest.mark.parametrize("begin", [1, 4, 8])
def test_a_day_of_another_kind_is_not_critical_before_two_weeks_are_known(begin: int, factor: float) -> None:
    x = daily(np.random.default_rng(begin), begin + 1)
    x[begin * DAY :] *= factor
    assert scores(x)[begin * DAY :].max() < 75


def test_what_falls_at_noon_is_critical_at_once() -> None:
    x = daily(np.random.default_rng(4), 9)
    x[8 * DAY + 130 :] *= 0.4
    assert scores(x)[8 * DAY + 130] > 75


@pytest.mark.parametrize("left", [0.0, 0.02])
def test_an_outage_at_midnight_is_critical_in_the_first_week_too(left: float) -> None:
    x = daily(np.random.default_rng(5), 4)
    x[3 * DAY :] *= left
    assert scores(x)[3 * DAY : 3 * DAY + 12].min() > 75


def test_what_goes_on_over_midnight_is_no_new_day() -> None:
    x = daily(np.random.default_rng(6), 9)
    x[8 * DAY - 24 :] *= 0.4
    found = scores(x)[8 * DAY - 24 :]
    assert found[0] > 75
    assert found[24:48].min() > 50  # the first hours of the day


def test_a_known_series_has_no_new_kinds_of_days() -> None:
    x = daily(np.random.default_rng(7), 22)
    x[21 * DAY :] *= 0.4
    assert scores(x)[21 * DAY] > 75


def test_a_second_mode_is_no_news_for_a_day() -> None:
    rng, told = np.random.default_rng(8), 0
    for _ in range(8):
        x = np.where(rng.random(3 * DAY) < 0.1, 80.0, 20.0) + rng.normal(0, 2, 3 * DAY)
        x[:20] = 20 + rng.normal(0, 2, 20)  # the second one is seen when the first one is known
        told += int((scores(x) >= 75).sum())
    assert told <= 8 * 6  # 30 values of it came on the first day


@pytest.mark.parametrize("seed", range(6))
def test_eight_deviations_of_normal_noise_score_about_ninety(seed: int) -> None:
    x = np.random.default_rng([seed, 40]).normal(50, 5, 3_501)
    x[-1] = 50 + 8 * 5
    assert scores(x)[-1] > 85
