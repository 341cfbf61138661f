"""Logarithm and exponential for scores: the same bits on every machine, which NumPy's and Python's are not."""

from collections.abc import Callable
from typing import overload

import numpy as np

from barograph.kernels import _math
from barograph.results.arrays import Floats


@overload
def ln(x: float) -> float: ...
@overload
def ln(x: Floats) -> Floats: ...
def ln(x: Floats | float) -> Floats | float:
    """Natural logarithm: -inf at 0, NaN below."""
    return _each(_math.ln, x)


@overload
def ln_1p(x: float) -> float: ...
@overload
def ln_1p(x: Floats) -> Floats: ...
def ln_1p(x: Floats | float) -> Floats | float:
    """ln(1 + x), exact to the last digits also for small x."""
    return _each(_math.ln_1p, x)


@overload
def e_to(x: float) -> float: ...
@overload
def e_to(x: Floats) -> Floats: ...
def e_to(x: Floats | float) -> Floats | float:
    """e^x."""
    return _each(_math.e_to, x)


def least_of(ln_p: Floats, n: float) -> Floats:
    """ln(1 - (1 - p)^n): the chance that the least of `n` independent probabilities is at most p."""
    return _each(lambda x, out: _math.ln_least_of(x, n, out), ln_p)


def one_of(ln_p: Floats, n: float) -> Floats:
    """ln(1 - (1 - p)^(1/n)): the probability of each of `n` of which the least is at most p; undoes `least_of`."""
    return _each(lambda x, out: _math.ln_one_of(x, n, out), ln_p)


def t_above(t: Floats, dof: Floats) -> Floats:
    """ln P(T > t), Student's t with `dof` degrees of freedom, of the same shape."""
    return _each(lambda x, out: _math.ln_t_above(x, np.ascontiguousarray(dof).ravel(), out), t)


def poisson_below(n: Floats, mean: Floats) -> Floats:
    """ln P(N < n), N a Poisson number of mean `mean`, of the same shape, n > 0: it takes longer until the n-th comes."""
    return _each(lambda x, out: _math.ln_gamma_above(x, np.ascontiguousarray(mean).ravel(), out), n)


@overload
def _each(function: Callable[[Floats, Floats], None], x: Floats) -> Floats: ...
@overload
def _each(function: Callable[[Floats, Floats], None], x: Floats | float) -> Floats | float: ...
def _each(function: Callable[[Floats, Floats], None], x: Floats | float) -> Floats | float:
    given = np.ascontiguousarray(x, dtype=np.float64)
    out = np.empty_like(given)
    function(given.ravel(), out.ravel())
    return out if isinstance(x, np.ndarray) else float(out[0])
