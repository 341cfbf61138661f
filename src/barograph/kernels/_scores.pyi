from numpy import float64
from numpy.typing import NDArray

def truncated_product(surprise: NDArray[float64], n: NDArray[float64], tau: float, ln_p: NDArray[float64]) -> None:
    """Write ln P(W <= w) of the truncated product W of `n[i]` independent uniforms into `ln_p`.

    Args:
        surprise: [k] sum of -ln p over the group's probabilities at or below `tau`, in nats, >= 0; 0 gives ln p = 0.
        n: [k] how many probabilities the group had in all, >= 1, whole.
        tau: truncation point in (0, 1).
        ln_p: [k] output, natural logarithm of the combined probability, <= 0.

    Exact for n = 1. Relative error of ln p below 1e-9 against 50-digit arithmetic (tests/scoring).
    Source: Zaykin et al. 2002, Genetic Epidemiology 22:170-185, equation 1.
    """
