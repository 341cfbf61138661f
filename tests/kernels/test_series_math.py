"""The series kernel's own logarithms, powers and tails: right to the last digits, the same bits on every machine."""

import hashlib

import numpy as np
import pytest
from scipy import stats

from barograph.kernels import _series

NAMES = ("ln", "ln_1p", "e_to", "e_to_less_1", "cosine", "sine", "normal", "t3", "t12")


def elementary(x: np.ndarray) -> dict[str, np.ndarray]:
    x = np.ascontiguousarray(x, float)
    out = np.empty((len(NAMES), len(x)))
    _series.elementary(x, out)
    return dict(zip(NAMES, out, strict=True))


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
    assert units(elementary(x)["ln"], np.log(x.astype(np.longdouble))) < 1


def test_logarithms_of_one_and_a_little_keep_the_little():
    rng = np.random.default_rng(2)
    x = np.concatenate(
        [doubles(), -rng.uniform(0, 1, 100_000), rng.normal(size=200_000) * 10.0 ** rng.uniform(-300, -1, 200_000)]
    )
    assert units(elementary(x)["ln_1p"], np.log1p(x.astype(np.longdouble))) < 2


def test_powers_are_right_to_the_last_place():
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(-746, 710, 400_000), rng.normal(size=200_000) * 10.0 ** rng.uniform(-300, 0, 200_000)])
    found = elementary(x)
    with np.errstate(over="ignore", under="ignore"):
        assert units(found["e_to"], np.exp(x.astype(np.longdouble))) < 1
        assert units(found["e_to_less_1"], np.expm1(x.astype(np.longdouble))) < 3


def test_sine_and_cosine_of_turns():
    turns = np.random.default_rng(4).uniform(-50, 50, 200_000)
    angle = 2 * np.longdouble("3.14159265358979323846264338327950288") * (turns - np.round(turns)).astype(np.longdouble)
    found = elementary(turns)
    np.testing.assert_allclose(found["cosine"], np.cos(angle).astype(float), rtol=0, atol=4e-16)
    np.testing.assert_allclose(found["sine"], np.sin(angle).astype(float), rtol=0, atol=4e-16)


def test_what_is_no_positive_number_has_a_meaning():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 5e-324])
    found = elementary(x)
    np.testing.assert_array_equal(found["ln"][:6], [-np.inf, -np.inf, np.inf, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found["ln_1p"][:6], [0, 0, np.inf, np.nan, np.nan, -np.inf])
    np.testing.assert_array_equal(found["e_to"][:5], [1, 1, np.inf, 0, np.nan])
    np.testing.assert_array_equal(found["e_to_less_1"][:5], [0, 0, np.inf, -1, np.nan])
    assert found["ln"][6] == pytest.approx(np.log(5e-324))
    assert elementary(np.array([709.782712893384, 709.7827128933842]))["e_to"].tolist() == [
        pytest.approx(np.finfo(float).max),
        np.inf,
    ]


@pytest.mark.parametrize(
    ("name", "law", "error"), [("normal", stats.norm, 3e-11), ("t3", stats.t(3), 7e-8), ("t12", stats.t(12), 5e-7)]
)
def test_tails_are_right_where_p_itself_underflows(name, law, error):
    z = np.concatenate([np.linspace(-12, 40, 5_000), np.logspace(1.6, 6, 500)])
    np.testing.assert_allclose(elementary(z)[name], law.logsf(z), rtol=1e-9, atol=error)


def test_the_same_bits_on_every_machine():
    x = np.concatenate([np.linspace(-800, 800, 20_001), np.arange(1, 0x7FF0000000000000, 1 << 48).view(float)])
    out = np.array(list(elementary(x).values()))
    # Moves with the formulas of series_math.hpp and series_tail.hpp, and with nothing else.
    assert hashlib.sha256(np.where(np.isnan(out), 0.0, out).tobytes()).hexdigest()[:16] == "2581a6d6e1c6c3f3"
