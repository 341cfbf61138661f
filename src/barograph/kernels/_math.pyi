from numpy import float64
from numpy.typing import NDArray

# Each writes a function of [k] doubles into `out` [k]; ValueError when the lengths differ. What the functions are, and their
# errors, stands at their definitions in `math/`.

def ln(x: NDArray[float64], out: NDArray[float64]) -> None: ...
def ln_1p(x: NDArray[float64], out: NDArray[float64]) -> None:
    """ln(1 + x)."""

def e_to(x: NDArray[float64], out: NDArray[float64]) -> None: ...
def e_to_less_1(x: NDArray[float64], out: NDArray[float64]) -> None:
    """e^x - 1."""

def cosine(turns: NDArray[float64], out: NDArray[float64]) -> None: ...
def sine(turns: NDArray[float64], out: NDArray[float64]) -> None: ...
def ln_gamma(a: NDArray[float64], out: NDArray[float64]) -> None: ...
def ln_normal_above(z: NDArray[float64], out: NDArray[float64]) -> None:
    """ln P(Z > z), Z standard normal."""

def ln_t3_above(t: NDArray[float64], out: NDArray[float64]) -> None:
    """ln P(T > t), Student's t with 3 degrees of freedom."""

def ln_t_above(t: NDArray[float64], dof: NDArray[float64], out: NDArray[float64]) -> None:
    """ln P(T > t), Student's t."""

def ln_gamma_above(a: NDArray[float64], x: NDArray[float64], out: NDArray[float64]) -> None:
    """ln P(X > x), gamma with shape a and scale 1, in a time that does not grow with a."""

def ln_gamma_above_exact(a: NDArray[float64], x: NDArray[float64], out: NDArray[float64]) -> None:
    """The same to the last digits."""

def ln_least_of(ln_p: NDArray[float64], n: float, out: NDArray[float64]) -> None:
    """ln(1 - (1 - p)^n)."""

def ln_one_of(ln_p: NDArray[float64], n: float, out: NDArray[float64]) -> None:
    """ln(1 - (1 - p)^(1/n))."""

def ln_binomial(j: NDArray[float64], n: NDArray[float64], p: float, out: NDArray[float64]) -> None:
    """ln of the chance of j hits in n tries of chance p."""
