"""Combining probabilities, against slow formulas and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaincc
from scipy.stats import binom

from barograph.kernels import _scores
from barograph.scoring.combine import TAU, combine, combine_some
from barograph.scoring.severity import least_of


def truncated_product(surprise: float, n: int, tau: float = TAU) -> float:
    out = np.empty(1)
    _scores.truncated_product(np.array([surprise]), np.array([float(n)]), tau, out)
    return float(out[0])


def naive_truncated_product(surprise: float, n: int, tau: float) -> float:
    """Zaykin et al. 2002, equation 1, summed as written."""
    j = np.arange(1, n + 1)
    excess = surprise + j * math.log(tau)
    tail = np.where(excess <= 0, 1.0, gammaincc(j, np.maximum(excess, 0.0)))
    return float(np.log(np.sum(binom.pmf(j, n, tau) * tail)))


@pytest.mark.parametrize("n", [1, 2, 5, 50, 500])
@pytest.mark.parametrize("surprise", [3.2, 5.0, 20.0, 100.0, 600.0])
def test_the_kernel_matches_the_sum_as_written(n: int, surprise: float) -> None:
    assert truncated_product(surprise, n) == pytest.approx(naive_truncated_product(surprise, n, TAU), rel=1e-9, abs=1e-13)


@given(st.floats(3.0, 1e6))
def test_one_member_keeps_its_probability(surprise: float) -> None:
    assert truncated_product(surprise, 1) == pytest.approx(-surprise, rel=1e-12)


@given(st.floats(0.0, 1e6), st.floats(0.01, 1e5), st.integers(1, 3000))
def test_more_surprise_is_never_more_likely(surprise: float, more: float, n: int) -> None:
    assert truncated_product(surprise + more, n) <= truncated_product(surprise, n) + 1e-9


@given(st.floats(0.0, 1e8), st.integers(1, 3000))
def test_a_combined_probability_is_finite_and_at_most_one(surprise: float, n: int) -> None:
    value = truncated_product(surprise, n)
    assert math.isfinite(value)
    assert value <= 0.0


def naive_combine(p: np.ndarray) -> float:
    """The definition: the better of two tests, doubled, over the members with data."""
    p = p[~np.isnan(p)]
    if len(p) == 1:
        return float(np.log(p[0]))
    odd = -np.log(p[p <= TAU]).sum()
    joint = naive_truncated_product(odd, len(p), TAU) if odd > 0 else 0.0
    return min(min(joint, float(least_of(np.log(p.min()), len(p)))) + math.log(2), 0.0)


def test_groups_are_combined_as_defined_wherever_that_says_anything() -> None:
    random = np.random.default_rng(3)
    p = random.random((60, 50)) ** random.choice([1.0, 4.0], 50)
    p[random.random(p.shape) < 0.2] = np.nan
    group = random.integers(0, 5, 60)
    found = combine(np.log(p), group)
    for g in range(5):
        for t in range(50):
            wanted = naive_combine(p[group == g, t])
            if wanted < math.log(0.3):  # a joint test that says less is left out: see `adds_up`
                assert found[g, t] == pytest.approx(wanted, rel=1e-8)
            else:
                assert found[g, t] > math.log(0.25)


@pytest.mark.parametrize("n", [2, 30, 300])
def test_independent_members_give_calibrated_probabilities(n: int) -> None:
    """Null: all n members are uniform. The combined p falls below q at most a little more often than q."""
    ln_p = combine(np.log(np.random.default_rng(7).random((n, 20_000))), np.zeros(n, np.int64))[0]
    for q in (0.1, 0.01, 0.001):
        assert np.mean(ln_p <= math.log(q)) <= 1.5 * q + 3 * math.sqrt(q / 20_000)


def test_rows_and_dense_stretches_are_combined_alike() -> None:
    ln_p = np.log(np.random.default_rng(8).random((50, 1)) ** 3)
    odd = np.flatnonzero(ln_p[:, 0] < math.log(0.2))
    ids, some = combine_some(ln_p[odd, 0], np.full(len(odd), 4), np.full(len(odd), 50.0))
    assert ids.tolist() == [4]
    assert some[0] == pytest.approx(combine(ln_p, np.zeros(50, np.int64))[0, 0], rel=1e-12)


def test_many_mildly_odd_members_add_up() -> None:
    mild = np.full(40, math.log(0.02))
    _, many = combine_some(mild, np.zeros(40, np.int64), np.full(40, 100.0))
    _, one = combine_some(mild[:1], np.zeros(1, np.int64), np.full(1, 100.0))
    assert many[0] < math.log(1e-6)
    assert one[0] > math.log(0.3)


def test_one_very_odd_member_stays_odd_among_many_quiet_ones() -> None:
    odd = np.array([math.log(1e-30)])
    _, alone = combine_some(odd, np.zeros(1, np.int64), np.ones(1))
    _, among = combine_some(odd, np.zeros(1, np.int64), np.full(1, 1000.0))
    assert alone[0] == odd[0]
    assert among[0] < math.log(1e-26)


def test_groups_do_not_touch_each_other() -> None:
    ln_p = np.log([0.01, 0.001, 0.02, 0.04])
    ids, both = combine_some(ln_p, np.array([7, 3, 7, 3]), np.full(4, 5.0))
    _, seven = combine_some(ln_p[[0, 2]], np.array([7, 7]), np.full(2, 5.0))
    assert ids.tolist() == [3, 7]
    assert both[1] == seven[0]


@given(st.floats(-700.0, -1e-9), st.integers(1, 10_000))
def test_the_least_of_n_matches_its_definition(ln_p: float, n: int) -> None:
    exact = -math.expm1(n * math.log1p(-math.exp(ln_p)))
    expected = math.log(exact) if exact > 1e-10 else ln_p + math.log(n)
    assert float(least_of(np.array([ln_p]), n)[0]) == pytest.approx(expected, rel=1e-6, abs=1e-12)
