"""Null hypothesis of each test: the probabilities written for series in which nothing happens are uniform."""

import numpy as np
import pytest

from barograph.scoring.severity import ln_p_of_score
from tests.quality.series_data import DISCRETE, MINUTES_5, NULLS, judged

LEARNT = 750  # buckets before which a series may still be settling


def ratios(kind: str, series: int, levels: tuple[float, ...]) -> list[float]:
    x = NULLS[kind](np.random.default_rng(2), series, 4032)
    p = np.exp(judged(x).ln_p[:, LEARNT:])
    return [float((p <= level).mean() / level) for level in levels]


@pytest.mark.parametrize("kind", NULLS)
def test_probabilities_of_null_series_are_calibrated(kind):
    tenth, hundredth, thousandth = ratios(kind, 40, (0.1, 0.01, 0.001))
    assert tenth < 1.3
    assert hundredth < 1.5
    assert thousandth < 1.8  # 40 series: +-20 % of sampling on the factor 1.5 of the full test
    if kind not in DISCRETE:
        assert hundredth > 1 / 1.5


@pytest.mark.slow
@pytest.mark.parametrize("kind", NULLS)
def test_probabilities_of_null_series_are_calibrated_to_one_in_ten_thousand(kind):
    hundredth, thousandth, rarest = ratios(kind, 400, (1e-2, 1e-3, 1e-4))
    assert hundredth < 1.5
    assert thousandth < 1.5
    assert rarest < 2.0
    if kind not in DISCRETE:
        assert min(hundredth, thousandth) > 1 / 1.5


@pytest.mark.parametrize(("score", "a_month"), [(75.0, 0.1), (50.0, 0.5)])
@pytest.mark.parametrize("kind", NULLS)
def test_evidence_of_null_series_is_worth_as_little_as_scores_promise(kind, score, a_month):
    """Without what the job's past makes of it; runs of such buckets less than 12 apart are one alarm."""
    x = NULLS[kind](np.random.default_rng(3), 20, 8640 + LEARNT)
    evidence = judged(x).ln_evidence[:, LEARNT:] <= ln_p_of_score(score, MINUTES_5)
    alarms = 0
    for row in evidence:
        at = np.flatnonzero(row)
        alarms += len(at) and 1 + int((np.diff(at) > 12).sum())
    assert alarms <= a_month * evidence.size / 8640


SKEWED = {
    "largest of five": lambda g: g.normal(8, 1.5, (10, 8064, 5)).max(2),
    "smallest of five": lambda g: g.normal(30, 1.5, (10, 8064, 5)).min(2),
    "exponential on a level": lambda g: 100 + g.exponential(5, (10, 8064)),
    "gamma below zero": lambda g: -100 - g.gamma(2, 5, (10, 8064)),
}
"""Noise that is no family's: a level that has nothing to do with how far values scatter."""


@pytest.mark.parametrize("kind", SKEWED)
def test_skewed_noise_leaves_its_bounds_as_often_on_either_side(kind):
    """Where a side ends at once nothing is beyond it; bounds have 2.5 % outside on the other all the same."""
    x = np.ascontiguousarray(SKEWED[kind](np.random.default_rng(4)))
    result = judged(x, bounds_percentile=95.0)
    assert result.lower is not None
    assert result.upper is not None
    below, above = (float(out[:, 2016:].mean()) for out in (x < result.lower, x > result.upper))
    assert max(below, above) < 0.033
    if min(below, above) > 0:
        assert min(below, above) > 0.018


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e9])
def test_the_first_change_of_a_young_constant_is_unlikely_by_what_was_seen(scale):
    """After seven equal values an eighth that differs is one of eight; how far it goes says little while no change was seen."""
    for before in (0.0, 5.3):
        x = np.full((1, 8), before * scale)
        x[0, 7] = (before + 100) * scale
        assert np.log(1e-5) < judged(x).ln_p[0, 7] < np.log(0.2)


def test_a_quiet_hour_of_a_busy_day_is_as_likely_as_counts_are():
    """Counts that fall to one or two an hour at night: no density that is high near zero may stand for their law."""
    t = np.arange(4 * 7 * 96)
    rate = 5.0 - 4.2 * np.cos(2 * np.pi * t / 96)
    x = np.random.default_rng(21).poisson(rate, (60, len(t))).astype(float)
    ln_p = judged(x, span_ms=900_000).ln_p[:, 700:]
    assert (ln_p < np.log(1e-4)).mean() < 3e-4
    assert ln_p.min() > np.log(1e-9)
