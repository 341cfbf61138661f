"""Many probabilities to one: series to partition, partitions to detector, detectors to bucket."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.kernels import _scores
from barograph.scoring.severity import Floats, least_of

LN_LEAF: Final = math.log(0.6)
"""Only leaves at or below this probability reach the score stage; the others are counted. Chosen: see docs/modelling.md."""

TAU: Final = 0.05
"""Members of a group at or below this probability add up (Zaykin et al. 2002 use the same)."""


def combine(ln_p: Floats, group: NDArray[np.int64], n: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Combine the probabilities of each group, so that many mildly odd members and one very odd one both show.

    The better of two tests, doubled for the choice: the truncated product (do the odd ones add up?) and the minimum (is one odd
    enough by itself?), each corrected for the `n` members, quiet ones included. A group of one keeps its probability.
    The reference engine averages the two (section 6.5), which halves what one very odd member among many says.

    Args:
        ln_p: [k] natural logarithms of the members' probabilities, at least those at or below `LN_LEAF`.
        group: [k] which group each belongs to.
        n: [k] members of that group in all, the same for every row of a group, >= its rows.

    Returns:
        The groups in ascending order [g], and ln of their combined probability [g].
    """
    order = np.argsort(group, kind="stable")
    ids, start = np.unique(group[order], return_index=True)
    if len(ids) == 0:
        return ids, np.zeros(0)
    sorted_ln_p = ln_p[order]
    size = np.ascontiguousarray(n[order][start], dtype=float)
    assert (size >= np.diff(start, append=len(order))).all(), "a group has more rows than members"
    odd = np.where(sorted_ln_p <= math.log(TAU), -sorted_ln_p, 0.0)
    joint = np.empty(len(ids))
    _scores.truncated_product(np.add.reduceat(odd, start), size, TAU, joint)
    least = np.minimum.reduceat(sorted_ln_p, start)
    better = np.minimum(joint, least_of(least, size))
    return ids, np.where(size == 1.0, least, np.minimum(better + math.log(2.0), 0.0))
