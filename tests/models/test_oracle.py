"""The kernel computes what tests/oracle/series.py says."""

import numpy as np
import pytest

from barograph.models import ChangeKind, ModelConfig, SeriesModel
from tests.oracle import series as oracle

SPAN = 8 * 3_600_000  # long buckets: no season is tested for within these tests


def series(kind: str, n: int = 320) -> np.ndarray:
    rng = np.random.default_rng(5)
    noise = rng.normal(size=n)
    x = {
        "normal": lambda: 10 + 2 * noise,
        "outliers": lambda: 10 + 2 * noise + 30 * (rng.random(n) < 0.05),
        "log-normal": lambda: np.exp(noise),
        "gamma": lambda: rng.gamma(0.7, 3.0, n),
        "counts": lambda: rng.poisson(3.0, n) * 1.0,
        "many counts": lambda: rng.negative_binomial(5, 0.05, n) * 1.0,
        "walk": lambda: np.cumsum(noise),
        "repeats": lambda: np.repeat(rng.normal(size=n // 8), 8),
        "step": lambda: noise + 12 * (np.arange(n) > n // 2),
        "wider": lambda: noise * np.where(np.arange(n) > n // 2, 8, 1),
        "gaps": lambda: np.where(rng.random(n) < 0.3, np.nan, np.cumsum(noise)),
        "bend": lambda: noise + 0.15 * np.maximum(np.arange(n) - 150, 0),
        "turn with gaps": lambda: np.where(rng.random(n) < 0.2, np.nan, noise - 0.15 * np.abs(np.arange(n) - 170)),
        "constant": lambda: np.full(n, 7.0) + 2 * (np.arange(n) == 200),
    }[kind]()
    return np.asarray(x, float)


KINDS = (
    "normal",
    "outliers",
    "log-normal",
    "gamma",
    "counts",
    "many counts",
    "walk",
    "repeats",
    "step",
    "wider",
    "gaps",
    "bend",
    "turn with gaps",
    "constant",
)


@pytest.mark.parametrize("side", [0, 1, -1])
@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_computes_what_the_oracle_says(kind, side):
    x = series(kind) if side == 0 else series(kind)[:70]
    model = SeriesModel.build(ModelConfig(SPAN, side={0: "both", 1: "high", -1: "low"}[side]))
    model.grow(1)
    judged = model.advance(x[None], 0)
    assert not np.isin(judged.changes["kind"], (ChangeKind.SEASON_FOUND, ChangeKind.SEASON_DROPPED)).any()
    if side == 0:
        assert (ChangeKind.TREND in judged.changes["kind"]) == (kind in ("bend", "turn with gaps"))
    ln_p, ln_evidence, state = oracle.run(x, side)
    np.testing.assert_allclose(judged.ln_p[0], ln_p, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(judged.ln_evidence[0], ln_evidence, rtol=1e-3, atol=1e-3)
    record = model.snapshot()["series"][0]
    for name in ("level", "error", "variance", "ln_weight", "tail_excess", "slow_square", "mean_centre", "memory", "trend"):
        np.testing.assert_allclose(record[name], getattr(state, name), rtol=1e-3, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("family", range(5))
def test_what_is_further_out_is_never_likelier(family):
    model = SeriesModel.build(ModelConfig(SPAN))
    model.grow(1)
    payload = model.advance(np.concatenate([100 + np.round(series("normal") * 3), [1000.0]])[None], 0).payload[-1:]
    payload["weight"] = np.eye(5)[family]
    values = np.array([110.0, 150.0, *np.logspace(3, 130, 128)])
    ln_p = SeriesModel.ln_p_of(np.repeat(payload, len(values)), values)
    assert (np.diff(ln_p) <= 0).all()
    assert ln_p[-1] < ln_p[0]


def test_the_tails_are_right_where_p_itself_underflows():
    model = SeriesModel.build(ModelConfig(SPAN))
    model.grow(1)
    judged = model.advance(np.concatenate([series("normal"), [1e3]])[None], 0)
    payload = judged.payload[-1:]
    payload["weight"] = [1, 0, 0, 0, 0]
    payload["tail_rate"] = payload["tail_mean"] = 1.0
    centre, deviation = payload["centre"][0], payload["deviation"][0]
    for z in (5.0, 20.0, 40.0, 1e3, 1e8):
        expected = np.log(2) + oracle.stats.norm.logsf(z)
        assert SeriesModel.ln_p_of(payload, np.array([centre + z * deviation]))[0] == pytest.approx(expected, rel=1e-6)
