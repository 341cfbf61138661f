"""What comes again and again is known by and by: weekly jobs, resets of a sawtooth, counters that restart."""

import datetime

import numpy as np
import pytest

from barograph import score
from barograph.models import ModelConfig, SeriesModel

HOUR = 3_600_000
MONDAY = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def scores(values: np.ndarray, minutes: int) -> np.ndarray:
    times = [MONDAY + datetime.timedelta(minutes=minutes * i) for i in range(len(values))]
    return np.asarray(score(values, times)["score"], float)


@pytest.mark.parametrize("seed", range(4))
def test_a_weekly_job_is_known_after_two_or_three_weeks(seed: int) -> None:
    """Saturdays at two, a quarter of an hour early or late, for half an hour."""
    rng, day = np.random.default_rng(seed), 96
    x = 10 + rng.normal(0, 1, 8 * 7 * day)
    saturdays = [(7 * week + 5) * day for week in range(8)]
    for start in saturdays:
        at = start + 8 + rng.integers(-1, 2)
        x[at : at + 2] += 50 + rng.normal(0, 4)
    found = scores(x, 15)
    worst = np.array([found[start : start + day].max() for start in saturdays])
    assert (worst[:2] > 75).all()
    assert worst[4:].max() < 50
    assert np.mean(worst[2:] < 50) > 0.8


def test_a_job_of_working_days_is_known_beside_other_outliers_on_monday_too() -> None:
    rng, day = np.random.default_rng(7), 288
    x = 10 + rng.normal(0, 1, 21 * day)
    x[rng.choice(np.arange(2 * day, 21 * day), 6, False)] += 30
    jobs = [d * day + 150 + int(rng.integers(-6, 7)) for d in range(21) if d % 7 < 5]
    x[jobs] += 50
    found = scores(x, 5)
    assert found[jobs[0]] > 75
    assert (found[jobs[4:]] >= 50).mean() < 0.15
    assert found[jobs[10]] < 50  # a Monday


def test_another_time_of_the_week_is_told() -> None:
    rng, day = np.random.default_rng(1), 96
    x = 10 + rng.normal(0, 1, 7 * 7 * day)
    for week in range(7):
        x[(7 * week + 5) * day + 8 + np.arange(2)] += 50
    x[(7 * 6 + 2) * day + 40 + np.arange(2)] += 50  # a Wednesday morning
    found = scores(x, 15)
    assert found[(7 * 6 + 5) * day + 8] < 25
    assert found[(7 * 6 + 2) * day + 40] > 75


def test_one_that_goes_much_further_is_told() -> None:
    rng, day = np.random.default_rng(2), 96
    x = 10 + rng.normal(0, 1, 7 * 7 * day)
    for week in range(7):
        x[(7 * week + 5) * day + 8] += 50 if week < 6 else 500
    assert scores(x, 15)[(7 * 6 + 5) * day + 8] > 75


def test_a_burst_is_as_large_as_its_furthest_bucket() -> None:
    """Weekly jobs that begin slowly: their later buckets are no news either."""
    rng, day = np.random.default_rng(3), 96
    x = 10 + rng.normal(0, 1, 6 * 7 * day)
    for week in range(6):
        x[(7 * week + 5) * day + 8 + np.arange(4)] += np.array([15.0, 40.0, 60.0, 60.0]) * rng.uniform(0.95, 1.05)
    found = scores(x, 15)
    assert found[(7 * 5 + 5) * day + 8 + np.arange(4)].max() < 50


def test_bursts_are_as_far_apart_in_size_as_their_furthest_buckets() -> None:
    rng, model = np.random.default_rng(1), SeriesModel.build(ModelConfig(8 * HOUR))
    x = 10 + rng.normal(0, 0.5, 140)
    x[60:62] += np.array([30, 900])
    x[110:112] += np.array([30, 300])
    model.grow(1)
    model.advance(x[None], 0)
    learnt = model.snapshot()["series"][0]
    assert learnt["outliers.centre"] == pytest.approx(np.log([900, 300]).mean(), rel=0.01)
    assert learnt["outliers.square"] == pytest.approx(np.log([900, 300]).var(), rel=0.05)


def test_what_is_due_above_makes_nothing_below_likelier() -> None:
    """Peaks every 97 hours, and dips now and then: one where a peak is due, and one where none is."""
    rng, due = np.random.default_rng(1), 5 + 97 * 50
    x = 100 + rng.normal(0, 0.3, 5_000)
    x[5::97] += 60
    x[np.arange(30, due - 100, 131) + rng.integers(0, 40, len(range(30, due - 100, 131)))] -= 60
    ln_p = []
    for at in (due - 20, due - 1):
        model, dip = SeriesModel.build(ModelConfig(HOUR)), x[: at + 1].copy()
        model.grow(1)
        dip[at] = 40
        ln_p.append(float(model.advance(dip[None], 0).ln_p[0, at]))
    assert ln_p[0] < -5
    assert ln_p[1] == pytest.approx(ln_p[0], abs=0.2)


def test_what_climbs_on_from_another_level_has_begun_anew_within_an_hour() -> None:
    """A raw counter that restarts twice: each restart is told, and nothing between."""
    rng = np.random.default_rng(4)
    steps = rng.lognormal(0, 0.2, 6 * 288)
    x = np.cumsum(steps)
    for at in (600, 1150):
        x[at:] -= x[at - 1]
    found = scores(x, 5)
    assert found[600] > 75
    assert found[1150] > 75
    quiet = np.ones(len(x), bool)
    quiet[600:613] = quiet[1150:1163] = False
    assert (found[quiet] >= 50).sum() <= 1


def test_what_stopped_has_not_begun_anew() -> None:
    """The counter stands still after its restart: that is told for a day, as any outage is."""
    rng = np.random.default_rng(5)
    x = np.cumsum(rng.lognormal(0, 0.2, 5 * 288))
    x[600:] = 0.0
    assert (scores(x, 5)[600 : 600 + 250] >= 50).mean() > 0.9


def test_a_level_that_was_visited_twice_is_accepted_within_an_hour_where_none_is_kept() -> None:
    """Resets of a sawtooth of two and a half days: a day at first, an hour later, nothing once they are known to be regular."""
    rng, period = np.random.default_rng(6), 360
    t = np.arange(7 * period)
    found = scores(2 + 6 * (t % period) / period + rng.normal(0, 0.05, len(t)), 10)
    told = [(found[at : at + period // 2] >= 50).sum() for at in range(period, len(t), period)]
    assert told[0] >= 1
    assert max(told[2:]) <= 8
    assert told[-1] <= 1
