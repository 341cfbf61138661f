"""Null hypothesis: the trend goes on as it was. Against it: a line that bends once, by six deviations a week."""

import numpy as np
import pytest

from barograph.models import ChangeKind, ModelConfig, SeriesModel
from tests.quality.season_data import MONDAY_MS, SHAPELESS, hours, noise, seasonal
from tests.quality.series_data import HOUR, MINUTES_5, NULLS, autoregressive, judged

SIX_A_WEEK = 6 / 7
SIZES = [pytest.param(50, id="reduced"), pytest.param(400, id="full", marks=pytest.mark.slow)]


def bends(x: np.ndarray, span: int) -> np.ndarray:
    changes = judged(x, span, MONDAY_MS).changes
    return changes[changes["kind"] == ChangeKind.TREND]


def bent(span: int, days: int, at: float, before: float, after: float) -> np.ndarray:
    """[buckets] of a line with these slopes a day, which bends on day `at`."""
    day = hours(days, span) / 24 - at
    return before * np.minimum(day, 0) + after * np.maximum(day, 0)


def told_in_vain(x: np.ndarray, span: int) -> float:
    return len(np.unique(bends(x, span)["row"])) / len(x)


@pytest.mark.parametrize("series", SIZES)
@pytest.mark.parametrize("span", [HOUR, HOUR // 2], ids=["hourly", "half-hourly"])
@pytest.mark.parametrize(
    "kind", ["gaussian", "gamma", "poisson 3", "poisson 0.05", "student t3", "ar 0.7", "ar 0.95", "random walk"]
)
def test_no_bend_is_told_in_four_weeks_without_one(series, span, kind):
    x = NULLS[kind](np.random.default_rng(1), series, len(hours(28, span)))
    assert told_in_vain(x, span) <= (0.01 if series > 50 else 0.02)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gaussian", "ar 0.95", "seasonal gaussian", "seasonal gamma", "random walk"])
def test_no_bend_is_told_in_four_weeks_of_five_minutes_without_one(kind):
    assert told_in_vain(NULLS[kind](np.random.default_rng(1), 100, len(hours(28, MINUTES_5))), MINUTES_5) <= 0.01


@pytest.mark.parametrize("series", SIZES)
@pytest.mark.parametrize("kind", ["constant", "ramp", "levels", "switches", "random walk"])
def test_no_bend_is_told_where_the_level_jumps_or_one_line_goes_on(series, kind):
    rng, t = np.random.default_rng(2), hours(28, HOUR)
    x = SHAPELESS[kind](rng, series, t) + noise(rng, "normal", (series, len(t)))
    assert told_in_vain(x, HOUR) <= (0.0125 if series > 50 else 0.02)


@pytest.mark.parametrize("series", SIZES)
@pytest.mark.parametrize("kind", ["day", "trading", "week"])
@pytest.mark.parametrize("shape", ["smooth", "spiky", "square"])
def test_no_bend_is_told_in_seasons(series, kind, shape):
    rng, t = np.random.default_rng(3), hours(28, HOUR)
    x = seasonal(kind, shape, rng, series, t) + noise(rng, "normal", (series, len(t)))
    assert told_in_vain(x, HOUR) <= (0.01 if series > 50 else 0.02)


@pytest.mark.parametrize("season", [0.0, 5.0], ids=["no season", "day"])
@pytest.mark.parametrize(
    ("before", "after"),
    [(0, SIX_A_WEEK), (SIX_A_WEEK, 0), (SIX_A_WEEK, -SIX_A_WEEK)],
    ids=["starts to rise", "ends to rise", "turns"],
)
@pytest.mark.parametrize(("span", "series"), [(HOUR, 100), pytest.param(MINUTES_5, 100, marks=pytest.mark.slow)])
def test_a_bend_of_six_deviations_a_week_is_told_within_the_week(span, series, before, after, season):
    rng, at = np.random.default_rng(4), 17.0
    sign = rng.choice([-1, 1], (series, 1))
    t = hours(28, span)
    x = sign * bent(span, 28, at, before, after) + season * np.sin(2 * np.pi * t / 24) + rng.normal(size=(series, len(t)))
    told = bends(x, span)
    day = told["t"] * (span / 86_400_000)
    assert (day > at).all()
    assert len(np.unique(told["row"][day < at + 7])) >= 0.9 * series
    assert len(told) <= 1.05 * series
    slopes = np.stack([told["before"], told["after"]]) * sign[told["row"], 0]
    np.testing.assert_allclose(np.median(slopes, axis=1), [before, after], atol=0.1)
    began = (told["since"] * span - MONDAY_MS) / 86_400_000
    assert abs(np.median(began) - at) < 0.25


def test_a_bend_in_noise_with_memory_takes_longer():
    """Deviations of the noise itself, not of its innovations; in a week about a sixth are told."""
    rng, t = np.random.default_rng(4), hours(35, HOUR)
    x = bent(HOUR, 35, 17, 0, SIX_A_WEEK) + autoregressive(0.7, rng, 100, len(t)) * np.sqrt(1 - 0.49)
    assert len(np.unique(bends(x, HOUR)["row"])) >= 55


@pytest.mark.parametrize("a_day", [SIX_A_WEEK, 3.0])
def test_a_new_slope_is_followed_at_once_and_brings_no_shifts_of_the_level(a_day):
    truth = bent(HOUR, 35, 17, 0, a_day)
    result = judged(np.random.default_rng(4).normal(size=(100, len(truth))) + truth, HOUR, bounds_percentile=95.0)
    assert result.typical is not None
    assert result.upper is not None
    assert result.lower is not None
    after = slice(22 * 24, 35 * 24)
    assert np.abs(result.typical - truth)[:, after].mean() < 0.25
    assert (result.upper - result.lower)[:, after].mean() < 4.4
    assert not (result.changes["kind"] == ChangeKind.LEVEL).any()


def test_however_time_is_cut_and_resumed_the_same_bends_are_told():
    x = np.random.default_rng(4).normal(size=(20, 28 * 24)) + bent(HOUR, 28, 17, 0, SIX_A_WEEK)
    whole, parts = (SeriesModel.build(ModelConfig(HOUR)) for _ in range(2))
    whole.grow(20)
    parts.grow(20)
    expected, told = whole.advance(x, 0).changes, []
    for start in range(0, x.shape[1], 7):
        parts = SeriesModel.build(ModelConfig(HOUR), parts.snapshot())
        told += parts.advance(np.ascontiguousarray(x[:, start : start + 7]), start * HOUR).changes["since"].tolist()
    assert ChangeKind.TREND in expected["kind"]
    assert told == expected["since"].tolist()
    assert all(a.tobytes() == b.tobytes() for a, b in zip(whole.snapshot().values(), parts.snapshot().values(), strict=True))


def test_a_straight_line_is_followed_and_no_change():
    """Slow for the eye: a deviation in four days. What wanders, or repeats itself each week, has none."""
    rng, t = np.random.default_rng(21), np.arange(60 * 24)
    result = judged(rng.normal(size=(50, len(t))) + 0.01 * t, HOUR, bounds_percentile=95.0)
    assert result.typical is not None
    assert np.abs(result.typical - 0.01 * t)[:, 45 * 24 :].mean() < 0.15
    assert not len(result.changes)


@pytest.mark.parametrize(("phi", "most"), [(0.0, 0), (0.7, 0), (0.95, 2), (1.0, 8)])
def test_what_has_no_line_is_given_none(phi, most):
    model = SeriesModel.build(ModelConfig(HOUR))
    model.grow(100)
    model.advance(autoregressive(phi, np.random.default_rng(22), 100, 40 * 24), 0)
    assert (model.snapshot()["series"]["line.slope"] != 0).sum() <= most
