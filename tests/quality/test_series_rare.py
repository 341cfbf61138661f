"""Null hypothesis: rare events of a series that is zero else are told by how rarely they come, whatever their size."""

import numpy as np
import pytest

from barograph.scoring.severity import normalised_score
from tests.quality.series_data import MINUTES_5, judged

MONTHS = 2


def scores(x: np.ndarray) -> np.ndarray:
    evidence = judged(x, integer=True, non_negative=True).ln_evidence
    return normalised_score(evidence.ravel(), MINUTES_5).reshape(x.shape)


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.2], ids=str)
def test_few_counts_are_quiet(rate):
    x = np.random.default_rng(1).poisson(rate, (50, MONTHS * 30 * 288)).astype(float)
    found = scores(x)
    assert (found >= 50).sum() <= 0.5 * 50 * MONTHS
    assert (found >= 75).sum() <= 0.1 * 50 * MONTHS


def test_bursts_of_eight_are_told_only_while_they_are_new():
    rng = np.random.default_rng(1)
    x = (rng.random((50, MONTHS * 30 * 288)) < 0.002) * rng.poisson(8, (50, MONTHS * 30 * 288)).astype(float)
    found = scores(x)
    assert (found >= 50).sum() <= 2 * 50  # the first two of each
    assert (found[:, 10 * 288 :] >= 50).sum() <= 0.1 * 50 * MONTHS


def test_a_probability_is_never_nothing_at_all():
    x = np.random.default_rng(1).poisson(0.02, (50, 30 * 288)).astype(float)
    assert np.isfinite(judged(x, integer=True, non_negative=True).ln_p).all()
