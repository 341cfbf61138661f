"""Probabilities to scores."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.scoring.severity import normalised_score, raw_score

HALF_HOUR = 1_800_000


@pytest.mark.parametrize(("p", "score"), [(1.0, 0), (0.03, 3), (0.01, 10), (0.001, 35), (3e-4, 50), (3e-5, 75), (1e-6, 88)])
def test_a_half_hour_bucket_meets_the_anchors(p: float, score: float) -> None:
    assert normalised_score(np.array([math.log(p)]), HALF_HOUR)[0] == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize(
    ("p", "raw"), [(0.05, 0.0), (0.035, 0.00086), (0.01, 0.0080), (0.001, 0.098), (1e-4, 1.0), (1e-10, 7.39)]
)
def test_the_raw_score_meets_the_published_examples(p: float, raw: float) -> None:
    assert raw_score(np.array([math.log(p)]))[0] == pytest.approx(raw, rel=0.01, abs=1e-12)


def test_the_raw_score_of_the_extremes() -> None:
    assert raw_score(np.array([math.log(1e-50), -800.0, -1e9])) == pytest.approx([50.0, 100.0, 100.0])


@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60])
def test_a_quiet_series_passes_a_score_about_as_often_whatever_the_span(minutes: int) -> None:
    ln_p = np.linspace(math.log(1e-7), 0.0, 400_001)
    for score, wanted in ((50.0, 0.43), (75.0, 0.043)):
        at_score = math.exp(ln_p[np.searchsorted(-normalised_score(ln_p, minutes * 60_000), -score)])
        times_a_month = at_score * 30 * 24 * 60 / minutes
        fewer = max(1, minutes // 30)  # a longer bucket has fewer chances, and its probability stands for itself
        assert times_a_month * fewer == pytest.approx(wanted, rel=0.01)


@given(st.lists(st.floats(-1e9, 0.0), min_size=2, max_size=50), st.integers(1_000, 86_400_000))
def test_scores_are_monotone_and_within_0_and_100(ln_p: list[float], span: int) -> None:
    ordered = np.sort(np.array(ln_p))
    for scores in (normalised_score(ordered, span), raw_score(ordered)):
        assert np.all(np.diff(scores) <= 1e-12)
        assert np.all((scores >= 0.0) & (scores <= 100.0))
