"""Forecasts: the kernel computes what the oracle says; nothing is learnt; what cannot be forecast is left out and counted."""

import math
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest

from barograph.models import Horizon, ModelConfig, SeriesModel
from barograph.models.forecast import LEAST_VALUES
from tests.oracle import forecast as oracle
from tests.oracle import season as profile
from tests.oracle import series

HOUR = oracle.SPAN_MS


def made(kind: str, n: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    noise = rng.normal(size=n)
    day = np.sin(2 * np.pi * np.arange(n) / 24)
    walk = np.cumsum(noise)
    return np.asarray(
        {
            "noise": 10 + 2 * noise,
            "heavy": rng.standard_t(3, n),
            "skewed": rng.lognormal(0, 0.8, n),
            "counts": rng.poisson(4, n),
            "walk": walk,
            "line": 0.3 * np.arange(n) + noise,
            "gaps": np.where(rng.random(n) < 0.4, np.nan, walk),
            "spike": noise + 300 * (np.arange(n) % 97 == 50),
            "bend": noise + 0.1 * np.maximum(np.arange(n) - 500, 0),
            "step": noise + 20 * (np.arange(n) > n // 2),
            "constant": np.full(n, 7.0),
            "day": 50 + 10 * day + noise,
            "day on a walk": 50 + 10 * day + 0.3 * walk,
        }[kind],
        float,
    )


def learnt(values: np.ndarray, **settings: object) -> SeriesModel:
    model = SeriesModel.build(ModelConfig(HOUR, **settings))  # type: ignore[arg-type]
    x = np.atleast_2d(values)
    model.grow(len(x))
    model.advance(np.ascontiguousarray(x), 0)
    return model


def ahead(model: SeriesModel, buckets_seen: int, buckets: int = 60, percentile: float = 90.0):
    return model.forecast(np.arange(model.n_series), Horizon(buckets_seen * HOUR, buckets, percentile))


KINDS = (
    "noise",
    "heavy",
    "skewed",
    "counts",
    "walk",
    "line",
    "gaps",
    "spike",
    "bend",
    "step",
    "constant",
    "day",
    "day on a walk",
)


@pytest.mark.parametrize("n", [40, 333, 700])
@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_computes_what_the_oracle_says(kind, n):
    x = made(kind, n)
    x[-1] = np.nan_to_num(x[-1])  # the oracle forecasts the buckets after the last value
    model = learnt(x)
    found = ahead(model, n)
    record, pool = (model.snapshot()[name] for name in ("series", "pool"))
    s = record[0]

    state = series.of_record(s, pool)

    def season(bucket: int) -> float:
        at = SimpleNamespace(bucket=bucket, span_ms=HOUR, local_ms=bucket * HOUR + series.MONDAY_MS)
        return profile.value(state, profile.position(state, at)) if s["season.kind"] else 0.0

    wanted = oracle.forecast(s, season, oracle.one_step(state, season(n)), 60, NormalDist().inv_cdf(0.95))
    for got, want in zip((found.lower, found.prediction, found.upper, found.level), wanted, strict=True):
        np.testing.assert_allclose(got[0], want, rtol=2e-6, atol=2e-6 * (1 + abs(x[~np.isnan(x)]).max()))


def test_forecasting_changes_nothing():
    model = learnt(np.stack([made("day", 400), made("walk", 400)]))
    before = {name: array.tobytes() for name, array in model.snapshot().items()}
    ahead(model, 400)
    assert {name: array.tobytes() for name, array in model.snapshot().items()} == before


def test_a_forecast_does_not_depend_on_the_other_series():
    model = learnt(np.stack([made(kind, 400) for kind in ("walk", "day", "noise")]))
    together, alone = ahead(model, 400), model.forecast(np.array([1]), Horizon(400 * HOUR, 60, 90.0))
    assert alone.prediction[0].tobytes() == together.prediction[1].tobytes()
    assert alone.upper[0].tobytes() == together.upper[1].tobytes()


def test_a_longer_forecast_begins_as_the_shorter_one():
    model = learnt(made("day on a walk", 400))
    np.testing.assert_array_equal(ahead(model, 400, 500).upper[:, :60], ahead(model, 400, 60).upper)


def test_series_that_are_not_known_well_enough_are_counted():
    x = np.full((4, 200), np.nan)
    x[0] = made("noise", 200)
    x[1, : LEAST_VALUES - 1] = 1.0
    x[2, :40] = made("noise", 40)
    x[3, 150:] = made("noise", 50)
    found = ahead(learnt(x), 200)
    assert found.rows.tolist() == [0, 3]
    assert (found.young, found.silent) == (1, 1)
    assert found.prediction.shape == (2, 60)


def test_wider_bounds_for_a_higher_percentile_and_a_longer_time():
    model = learnt(made("walk", 500))
    narrow, wide = ahead(model, 500, percentile=50.0), ahead(model, 500, percentile=99.0)
    assert (wide.upper > narrow.upper).all()
    assert (wide.lower < narrow.lower).all()
    assert (np.diff((wide.upper - wide.lower)[0]) > -1e-9).all()


def test_nothing_goes_below_zero_where_nothing_did():
    falling = np.maximum(100 - 0.2 * np.arange(480) + np.random.default_rng(1).normal(size=480), 0.0)
    found = ahead(learnt(falling), 480, 200)
    assert found.prediction.min() == 0.0
    assert found.lower.min() == 0.0
    below = ahead(learnt(falling - 50), 480, 200)
    assert below.prediction.min() < -50


def test_a_constant_stays_what_it_is():
    found = ahead(learnt(made("constant", 300)), 300)
    np.testing.assert_allclose(found.prediction, 7.0)
    assert (found.upper - found.lower).max() < 3.0  # a count may differ by one


@pytest.mark.parametrize("level", [1e12, -1e12, 1e-9])
def test_digits_survive_a_large_or_small_level(level):
    found = ahead(learnt(level + abs(level) * 1e-6 * made("noise", 300)), 300)
    np.testing.assert_allclose(found.prediction, level * (1 + math.copysign(1e-5, level)), rtol=1e-6)


def test_values_beyond_all_bounds_give_finite_forecasts():
    x = made("noise", 300)
    x[100:110] = np.inf
    x[200] = -1e300
    found = ahead(learnt(x), 300)
    assert np.isfinite(found.lower).all()
    assert np.isfinite(found.upper).all()


def test_a_season_follows_the_clock_on_the_wall():
    """Berlin put its clocks forward on 2024-03-31, in the fourth week: 9 o'clock stays 9 o'clock."""
    start = 1_709_251_200_000 - 1_709_251_200_000 % HOUR  # 2024-03-01, UTC
    hours = np.arange(24 * 35)
    local = hours + 1 + (start + hours * HOUR >= 1_711_846_800_000)
    x = 50 + 40 * (local % 24 == 9) + np.random.default_rng(2).normal(size=len(hours))
    model = SeriesModel.build(ModelConfig(HOUR, time_zone="Europe/Berlin"))
    model.grow(1)
    model.advance(x[None, : 24 * 28], start)
    found = model.forecast(np.array([0]), Horizon(start + 24 * 28 * HOUR, 24 * 7, 90.0))
    assert (found.prediction[0] > 70).tolist() == (local[24 * 28 :] % 24 == 9).tolist()
