"""Our own logarithms, powers and tails: right to the last digits, the same bits on every machine."""

import hashlib
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from barograph.kernels import _math, elementary

PLAIN = ("ln", "ln_1p", "e_to", "e_to_less_1", "cosine", "sine", "ln_normal_above", "ln_t3_above")


def of(name: str, *arguments: np.ndarray | float) -> np.ndarray:
    """What a function gives of each item; numbers stand for all items."""
    given = [np.ascontiguousarray(one, float) for one in np.broadcast_arrays(*arguments)]
    out = np.empty(len(given[0]))
    getattr(_math, name)(*given, out)
    return out


def units(found: np.ndarray, exact: np.ndarray) -> float:
    """Largest error in units of the last place of the exact value, which is a long double."""
    wanted = exact.astype(float)
    ok = np.isfinite(wanted)
    assert (found[~ok] == wanted[~ok]).all()
    return float((abs(found[ok] - exact[ok]) / np.spacing(abs(wanted[ok]))).max())


def doubles(n: int = 200_000) -> np.ndarray:
    """Positive doubles of every size, subnormal ones included, and many around 1."""
    rng = np.random.default_rng(1)
    everywhere = rng.integers(1, 0x7FF0000000000000, n).view(float)
    return np.concatenate([everywhere, rng.uniform(0.4, 2.5, n), 1 + rng.normal(size=n) * 10.0 ** rng.uniform(-16, -1, n)])


def test_logarithms_are_right_to_the_last_place():
    x = doubles()
    assert units(of("ln", x), np.log(x.astype(np.longdouble))) < 1


def test_logarithms_of_one_and_a_little_keep_the_little():
    rng = np.random.default_rng(2)
    x = np.concatenate(
        [doubles(), -rng.uniform(0, 1, 100_000), rng.normal(size=200_000) * 10.0 ** rng.uniform(-300, -1, 200_000)]
    )
    assert units(of("ln_1p", x), np.log1p(x.astype(np.longdouble))) < 2


def test_powers_are_right_to_the_last_place():
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(-746, 710, 400_000), rng.normal(size=200_000) * 10.0 ** rng.uniform(-300, 0, 200_000)])
    with np.errstate(over="ignore", under="ignore"):
        assert units(of("e_to", x), np.exp(x.astype(np.longdouble))) < 1
        assert units(of("e_to_less_1", x), np.expm1(x.astype(np.longdouble))) < 3


def test_sine_and_cosine_of_turns():
    turns = np.random.default_rng(4).uniform(-50, 50, 200_000)
    angle = 2 * np.longdouble("3.14159265358979323846264338327950288") * (turns - np.round(turns)).astype(np.longdouble)
    np.testing.assert_allclose(of("cosine", turns), np.cos(angle).astype(float), rtol=0, atol=4e-16)
    np.testing.assert_allclose(of("sine", turns), np.sin(angle).astype(float), rtol=0, atol=4e-16)


def test_what_is_no_positive_number_has_a_meaning():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 5e-324])
    found = {name: of(name, x) for name in PLAIN[:4]}
    np.testing.assert_array_equal(found["ln"][:6], [-np.inf, -np.inf, np.inf, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found["ln_1p"][:6], [0, 0, np.inf, np.nan, np.nan, -np.inf])
    np.testing.assert_array_equal(found["e_to"][:5], [1, 1, np.inf, 0, np.nan])
    np.testing.assert_array_equal(found["e_to_less_1"][:5], [0, 0, np.inf, -1, np.nan])
    assert found["ln"][6] == pytest.approx(np.log(5e-324))
    assert of("e_to", np.array([709.782712893384, 709.7827128933842])).tolist() == [
        pytest.approx(np.finfo(float).max),
        np.inf,
    ]


@pytest.mark.parametrize(
    ("tail", "law", "error"),
    [
        (partial(of, "ln_normal_above"), stats.norm, 3e-11),
        (partial(of, "ln_t3_above"), stats.t(3), 7e-8),
        (lambda z: of("ln_t_above", z, 12.0), stats.t(12), 5e-7),
    ],
)
def test_tails_are_right_where_p_itself_underflows(tail, law, error):
    z = np.concatenate([np.linspace(-12, 40, 5_000), np.logspace(1.6, 6, 500)])
    np.testing.assert_allclose(tail(z), law.logsf(z), rtol=1e-9, atol=error)


def test_the_gamma_function_is_right_to_the_last_digits():
    a = np.concatenate([np.linspace(1e-3, 20, 20_000), np.logspace(1.3, 12, 2_000)])
    np.testing.assert_allclose(of("ln_gamma", a), special.gammaln(a), rtol=4e-15, atol=4e-14)


@pytest.mark.parametrize("a", [0.3, 1.0, 7.0, 49.0, 300.0, 1e4])
def test_the_exact_tail_of_a_gamma_variable_is_exact(a):
    x = np.concatenate([[0.0], a * np.logspace(-3, 1, 500)])
    law = stats.gamma(a)
    with np.errstate(divide="ignore"):
        wanted = np.where(x > a, law.logsf(x), np.log1p(-law.cdf(x)))
    whole = np.isfinite(wanted)  # SciPy's own underflows
    assert whole.mean() > 0.7
    np.testing.assert_allclose(of("ln_gamma_above_exact", a, x)[whole], wanted[whole], rtol=2e-11, atol=1e-13)


def test_the_quick_tail_of_a_gamma_variable_is_near_it():
    a, x = np.meshgrid([60.0, 300.0, 1e4, 1e7], np.linspace(0.6, 1.9, 200))
    quick, exact = (of(name, a.ravel(), (a * x).ravel()) for name in ("ln_gamma_above", "ln_gamma_above_exact"))
    np.testing.assert_allclose(quick, exact, rtol=1e-5, atol=3e-4)


@given(st.integers(0, 3_000), st.integers(0, 3_000), st.floats(0.001, 0.999))
def test_the_binomial_is_right(hits, misses, p):
    wanted = stats.binom.logpmf(hits, hits + misses, p)
    assert _binomial(hits, hits + misses, p) == pytest.approx(wanted, rel=1e-11, abs=1e-11)


def _binomial(hits: int, tries: int, p: float) -> float:
    out = np.empty(1)
    _math.ln_binomial(np.array([float(hits)]), np.array([float(tries)]), p, out)
    return out[0]


@given(st.floats(-700.0, -1e-9), st.floats(1.0, 1e6))
def test_the_one_of_which_the_least_is_so_unlikely_undoes_it(ln_p, n):
    least = elementary.least_of(np.array([ln_p]), n)
    assert elementary.one_of(least, n)[0] == pytest.approx(ln_p, rel=1e-6) or least[0] > -1e-12


def test_numbers_and_arrays_of_any_shape_give_the_same():
    x = np.linspace(0.1, 30.0, 12).reshape(3, 4)[:, ::2]
    for function, same in ((elementary.ln, np.log), (elementary.ln_1p, np.log1p), (elementary.e_to, np.exp)):
        np.testing.assert_allclose(function(x), same(x), rtol=1e-15)
        assert function(float(x[1, 1])) == function(x)[1, 1]
    assert elementary.ln(0.0) == -math.inf
    assert elementary.least_of(x, 2.0)[1, 1] == elementary.least_of(x[1, 1:2], 2.0)[0]


def test_the_same_bits_on_every_machine():
    x = np.concatenate([np.linspace(-800, 800, 20_001), np.arange(1, 0x7FF0000000000000, 1 << 48).view(float)])
    positive = np.abs(x[x != 0])
    found = [of(name, x) for name in PLAIN] + [of("ln_t_above", x, 12.0), of("ln_gamma", positive)]
    found += [of("ln_gamma_above_exact", 40.0, positive)]
    found += [elementary.least_of(-positive, 48.0), elementary.one_of(-positive, 48.0)]
    out = np.concatenate(found)
    # Moves with the formulas of kernels/math/, and with nothing else.
    assert hashlib.sha256(np.where(np.isnan(out), 0.0, out).tobytes()).hexdigest()[:16] == "21342b179cb553c1"


@pytest.mark.parametrize("mean", [0.0, 0.05, 5.0, 1e4])
def test_a_poisson_number_is_below_what_its_terms_add_up_to(mean: float) -> None:
    for n in (1, 3, 12, int(mean + 3.0 * math.sqrt(mean)) + 1):
        terms = [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1.0)) if mean else float(k == 0) for k in range(n)]
        found = elementary.poisson_below(np.array([float(n)]), np.array([mean]))[0]
        assert math.exp(found) == pytest.approx(math.fsum(terms), rel=4e-4, abs=1e-300)
