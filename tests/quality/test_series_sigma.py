"""Null hypothesis: but for four outliers, 500 values of one distribution. Few others are told, and most of the four are."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.quality.series_data import judged

AT = (30, 120, 300, 420)
SIGMAS = (4, 5, 10, 15)
Draw = Callable[[np.random.Generator, float, float, int], np.ndarray]


def log_normal(rng: np.random.Generator, mean: float, sd: float, series: int) -> np.ndarray:
    square = np.log1p((sd / mean) ** 2)
    return rng.lognormal(np.log(mean) - square / 2, np.sqrt(square), (series, 500))


# Draws of mean and deviation; the pairs; p below which a value is told; false positives allowed; share of the four found.
KINDS: dict[str, tuple[Draw, list[tuple[float, float]], float, float, float]] = {
    "normal": (
        lambda g, m, s, n: g.normal(m, s, (n, 500)),
        [(m, s) for m in (10.0, 100.0, 1000.0) for s in (0.1, 1.0, 5.0)],
        0.003,
        0.003,
        32 / 36,
    ),
    "gamma": (
        lambda g, m, s, n: g.gamma((m / s) ** 2, s * s / m, (n, 500)),
        [(m, s) for m in (10.0, 50.0, 200.0) for s in (2.0, 4.0, 8.0)],
        0.0019,
        0.0011,
        24 / 36,
    ),
    "log-normal": (log_normal, [(m, s) for m in (10.0, 50.0, 200.0) for s in (2.0, 4.0, 8.0)], 0.003, 0.004, 20 / 36),
    "poisson": (
        lambda g, m, s, n: g.poisson(m, (n, 500)) * 1.0,
        [(m, m**0.5) for m in (3.0, 30.0, 300.0)],
        0.007,
        0.004,
        11 / 12,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_four_outliers_are_found_and_little_else_is_told(kind):
    draw, pairs, rare, false, share = KINDS[kind]
    rng = np.random.default_rng(19)
    told = []
    for mean, sd in pairs:
        x = draw(rng, mean, sd, 40)
        x[:, AT] = mean + np.array(SIGMAS) * sd
        told.append(judged(np.round(x) if kind == "poisson" else x).ln_p < np.log(rare))
    outlier = np.isin(np.arange(500), AT)
    assert np.mean([t[:, ~outlier].mean() for t in told]) < false
    assert np.mean([t[:, outlier].mean() for t in told]) >= share
