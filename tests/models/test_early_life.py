"""What is said in a series' first day: only what leaves everything seen far behind, and that at once."""

import numpy as np
import pytest

from barograph.models import ModelConfig, SeriesModel
from barograph.scoring.severity import normalised_score

MINUTE = 60_000
SERIES = 20


def scores(x: np.ndarray) -> np.ndarray:
    """Of each bucket of a minute [series, buckets]."""
    model = SeriesModel.build(ModelConfig(MINUTE))
    model.grow(len(x))
    evidence = model.advance(np.ascontiguousarray(x), 0).ln_evidence
    return normalised_score(evidence.ravel(), MINUTE).reshape(x.shape)


@pytest.mark.parametrize("known", [30, 60, 150])
def test_ten_times_a_value_with_little_noise_is_told_after_half_an_hour(known):
    x = np.random.default_rng(known).normal(100, 10, (SERIES, known + 1))
    x[:, -1] *= 10
    found = scores(x)
    assert (found[:, :-1] < 50).all()
    assert (found[:, -1] >= 50).all()


@pytest.mark.parametrize("noise", ["even", "skewed", "memory", "wave"])
def test_what_is_as_far_as_others_were_is_not(noise):
    rng, shape = np.random.default_rng(3), (SERIES, 1440)
    hours = np.arange(1440) / 60
    x = {
        "even": lambda: rng.normal(10, 3, shape),
        "skewed": lambda: rng.exponential(10, shape),
        "memory": lambda: 100 + np.cumsum(rng.normal(size=shape), axis=1),
        "wave": lambda: 100 + 50 * np.sin(hours / 24 * 2 * np.pi) + rng.normal(0, 2, shape),
    }[noise]()
    assert (scores(x) >= 50).sum() <= 3
