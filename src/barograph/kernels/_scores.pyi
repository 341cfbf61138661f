from numpy import float64, int64
from numpy.typing import NDArray

def combine_groups(
    ln_p: NDArray[float64], order: NDArray[int64], start: NDArray[int64], tau: float, out: NDArray[float64]
) -> None:
    """Combine the rows of each group, bucket by bucket, into `out` [g, t]; releases the GIL.

    Args:
        ln_p: [n, t] natural logs of probabilities; NaN is no data and no member.
        order: [n] the rows, group after group.
        start: [g + 1] where each group begins in `order`; the last is the end.
        tau: members at or below add up, in (0, 1).
        out: output; NaN where no row of the group has data.
    """

def combine_folded(
    surprise: NDArray[float64], least: NDArray[float64], n: NDArray[float64], tau: float, out: NDArray[float64]
) -> None:
    """Combine groups [k] whose members have been folded already, into `out` [k].

    Args:
        surprise: sum of -ln p over the members at or below `tau`.
        least: the smallest ln p.
        n: members, >= 1.
        tau: as above.
        out: output.
    """

def truncated_product(surprise: NDArray[float64], n: NDArray[float64], tau: float, out: NDArray[float64]) -> None:
    """ln of the chance that `n` [k] uniforms have members at or below `tau` whose -ln p sum to `surprise` [k] or more."""
