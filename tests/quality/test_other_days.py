"""Days of another kind before a week is known, and series that only seem to follow a line."""

import numpy as np
import pytest

from barograph.models import ModelConfig, SeriesModel
from barograph.scoring.severity import normalised_score

DAY = 288
SPAN_MS = 300_000
THURSDAY_MS = 1_767_225_600_000


def scores(x: np.ndarray, **settings: object) -> np.ndarray:
    """What each bucket [S, T] would score by itself."""
    model = SeriesModel.build(ModelConfig(SPAN_MS, **settings))  # type: ignore[arg-type]
    model.grow(len(x))
    found = model.advance(x, THURSDAY_MS).ln_evidence
    return normalised_score(np.nan_to_num(found).ravel(), SPAN_MS).reshape(found.shape)


def working_days(days: int) -> np.ndarray:
    """1 on working days, 0.4 on Fridays and Saturdays, the second and third day; [T]."""
    return np.repeat(np.where(np.isin(np.arange(days) % 7, (1, 2)), 0.4, 1.0), DAY)


def test_weekends_on_other_days_are_hardly_told_when_they_come_again():
    rng, days = np.random.default_rng(11), 16
    daily = 1 + 0.8 * np.sin(2 * np.pi * np.arange(days * DAY) / DAY)
    x = rng.poisson(30 * working_days(days) * daily, (20, days * DAY)).astype(float)
    told = scores(x, integer=True, non_negative=True)[:, 7 * DAY :]
    assert (told >= 75).sum(axis=1).mean() <= 1.0  # it was one in three buckets of a day
    assert (told >= 50).sum(axis=1).mean() <= 4.0


@pytest.mark.parametrize("seed", [3, 4])
def test_a_walk_is_not_held_to_a_line_that_it_seemed_to_follow(seed):
    x = 1000 + np.cumsum(np.random.default_rng(seed).normal(size=(20, 45 * DAY)), axis=1)
    told = (scores(x)[:, 7 * DAY :] >= 50).sum(axis=1)
    assert told.max() <= 25  # held to a line, one is told of all day
    assert told.mean() <= 3.0
