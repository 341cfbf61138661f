"""Nothing where something was due: buckets of no rows in a row are one count of none."""

import datetime

import numpy as np
import pytest

from barograph import score
from barograph.models import ModelConfig, SeriesModel

MONDAY = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def told(rate: np.ndarray, minutes: int, silent: slice, seed: int, scatter: float = 0.0) -> float:
    """The highest score of the silent buckets of counts with such rates."""
    rng = np.random.default_rng(seed)
    x = rng.poisson(rate * (rng.gamma(1 / scatter, scatter, len(rate)) if scatter else 1.0)).astype(float)
    x[silent] = 0.0
    times = [MONDAY + datetime.timedelta(minutes=minutes * i) for i in range(len(x))]
    return float(np.asarray(score(x, times)["score"], float)[silent].max())


@pytest.mark.parametrize(
    ("minutes", "mean", "buckets", "least"), [(5, 20, 6, 50), (5, 20, 12, 85), (15, 15, 6, 50), (15, 15, 12, 85)]
)
def test_silence_at_night_is_told(minutes: int, mean: float, buckets: int, least: float) -> None:
    """24, 49, 18 and 40 rows were due, where a fifth comes of what comes by day: medians of five series."""
    day = 1_440 // minutes
    rate = mean * (1 + 0.8 * np.sin(2 * np.pi * np.arange(20 * day) / day))
    start = 18 * day + 3 * day // 4 - buckets // 2
    found = [told(rate, minutes, slice(start, start + buckets), seed) for seed in range(5)]
    assert np.median(found) >= least


def test_an_even_count_that_stops_is_told_though_one_bucket_says_nothing() -> None:
    found = [told(np.full(14 * 288, 3.0), 5, slice(12 * 288, 12 * 288 + 12), seed) for seed in range(5)]
    assert np.median(found) >= 75


def test_counts_that_come_in_bursts_may_be_silent() -> None:
    """Ten times as scattered as counts that come one by one: a pause of some buckets is theirs."""
    rates = np.full(14 * 288, 3.0)
    assert np.median([told(rates, 5, slice(12 * 288, 12 * 288 + 3), seed, scatter=3.0) for seed in range(5)]) < 50


def test_a_first_visit_on_the_border_of_two_buckets_does_not_say_that_events_come_one_by_one() -> None:
    x = np.zeros(320)
    x[[0, 1, 142]] = 2.0, 3.0, 17.0
    assert score(x, span="15m", side="high")["score"][142] < 50


@pytest.mark.parametrize(("hours", "rate"), [(4, 2.0), (1, 1.0)])
def test_silence_is_not_told_anew_when_it_has_become_usual(hours: int, rate: float) -> None:
    """What was silent before says nothing more once the series is known to be narrower: no later bucket is odder again."""
    x = np.random.default_rng(2).poisson(rate, 1_500).astype(float)
    x[1_100:] = 0.0
    model = SeriesModel.build(ModelConfig(hours * 3_600_000, zeros_before=True))
    model.grow(1)
    silent = model.advance(x[None], 0).ln_evidence[0, 1_100:]
    assert silent[:40].min() < -3.5
    assert np.diff(silent[40:]).min() > -1


def test_a_silence_stays_told_however_long_it_lasts() -> None:
    rng = np.random.default_rng(1)
    x = rng.poisson(0.5, 20 * 288).astype(float)
    x[15 * 288 : 15 * 288 + 200] = 0.0
    found = np.asarray(score(x, span="5m")["score"], float)[15 * 288 :]
    assert found[40:190].min() >= found[30] - 10


def test_bounds_of_rare_counts_are_no_negative_zeros() -> None:
    x = np.random.default_rng(1).poisson(0.2, 500).astype(float)
    lower = np.asarray(score(x, span="15m")["lower"], float)
    assert not np.signbit(lower[np.isfinite(lower)]).any()
