"""What stands still where values hardly ever do: laws over kinds of values, lengths and occasions."""

import numpy as np
import pytest

from barograph.models import ModelConfig, SeriesModel
from barograph.scoring.severity import normalised_score

MINUTES_5 = 300_000
DAYS, DAY, SERIES = 8, 288, 10
BEGINS = 6 * DAY + 100


def made(kind: str) -> np.ndarray:
    rng, shape = np.random.default_rng(4), (SERIES, DAYS * DAY)
    hours = np.arange(DAYS * DAY) / 12
    return {
        "noise": lambda: rng.normal(100, 10, shape),
        "day": lambda: 100 + 50 * np.sin(hours / 24 * 2 * np.pi) + rng.normal(0, 5, shape),
        "tenths": lambda: np.round(rng.normal(50, 3, shape), 1),
        "whole": lambda: np.round(rng.normal(1000, 100, shape)),
        "counts": lambda: rng.poisson(400, shape).astype(float),
    }[kind]()


def judged(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores of every bucket, and the leaves."""
    model = SeriesModel.build(ModelConfig(MINUTES_5))
    model.grow(len(x))
    found = model.advance(x, 0)
    return normalised_score(found.ln_evidence.ravel(), MINUTES_5).reshape(x.shape), found.leaves


@pytest.mark.parametrize("kind", ["noise", "day", "tenths", "whole", "counts"])
def test_a_value_that_stands_still_for_two_hours_is_told_and_until_then_nothing(kind):
    x = made(kind)
    x[:, BEGINS : BEGINS + 24] = x[:, BEGINS - 1 : BEGINS]
    found, leaves = judged(x)
    assert (found[:, BEGINS : BEGINS + 24].max(axis=1) >= 50).mean() >= 0.9
    still = leaves[leaves["same"] > 0]
    by_chance = still[still["bucket"] < BEGINS]
    assert not (normalised_score(by_chance["ln_evidence"], MINUTES_5) >= 50).any()
    assert (still["bucket"] - still["since"] + 1 == still["same"]).all()


def test_it_is_as_long_as_it_has_this_value_also_within_an_incident():
    x = made("noise")
    x[:, BEGINS - 6 : BEGINS] = 220.0
    x[:, BEGINS : BEGINS + 24] = np.random.default_rng(5).normal(100, 8, (SERIES, 1))
    _, leaves = judged(x)
    still = leaves[(leaves["same"] > 0) & (leaves["bucket"] >= BEGINS)]
    assert len(np.unique(still["series"])) == SERIES
    assert (still["bucket"] - still["since"] + 1 == still["same"]).all()


@pytest.mark.parametrize("kind", ["steps", "night", "few", "zeros"])
def test_what_stands_still_by_nature_is_not(kind):
    rng, shape = np.random.default_rng(4), (SERIES, DAYS * DAY)
    night = np.arange(DAYS * DAY) % DAY < 80
    x = {
        "steps": lambda: np.repeat(rng.normal(100, 10, (SERIES, DAYS * DAY // 12)), 12, axis=1),
        "night": lambda: np.where(night, 3.2, rng.normal(100, 10, shape)),
        "few": lambda: rng.poisson(3, shape).astype(float),
        "zeros": lambda: np.where(night, 0.0, rng.normal(100, 10, shape)),
    }[kind]()
    _, leaves = judged(x)
    assert not (leaves["same"] > 0).any()


def test_one_occasion_does_not_hide_the_next_and_what_does_so_daily_is_a_habit():
    x = made("noise")
    at = np.arange(2, DAYS) * DAY + 50
    for begins in at:
        x[:, begins : begins + 12] = x[:, begins - 1 : begins]
    found, _ = judged(x)
    best = np.median([found[:, begins : begins + 12].max(axis=1) for begins in at], axis=1)
    assert abs(best[0] - best[1]) < 10
    assert best[-1] < best[0] - 25
