"""Many probabilities to one: series to partition, partitions to detector, detectors to bucket."""

from typing import Final

import numpy as np

from barograph.kernels import _scores
from barograph.kernels.elementary import ln
from barograph.results.arrays import Floats, Ints

TAU: Final = 0.05
"""Members of a group at or below this probability add up (Zaykin et al. 2002 use the same)."""
LN_TAU: Final = ln(TAU)


def combine(ln_p: Floats, group: Ints) -> Floats:
    """Combine the probabilities of each group and bucket, so that many mildly odd members and one very odd one both show.

    The better of two tests, doubled for the choice: the truncated product (do the odd ones add up?) and the minimum (is one odd
    enough by itself?), each corrected for the members, quiet ones included. A group of one keeps its probability.
    The reference engine averages the two (section 6.5), which halves what one very odd member among many says.

    Args:
        ln_p: [n, t] natural logarithms of the members' probabilities in each bucket; NaN is no data: no member.
        group: [n] dense ids of the groups, from 0.

    Returns:
        ln of the combined probabilities [g, t], to be read; NaN where a group has no member.
    """
    if len(group) == 1:
        return ln_p
    size = np.bincount(group)
    order = np.argsort(group, kind="stable")
    if (size == 1).all():  # every member is a group of its own
        return ln_p[order]
    out = np.empty((len(size), ln_p.shape[1]))
    _scores.combine_groups(np.ascontiguousarray(ln_p), order, np.concatenate([[0], np.cumsum(size)]), TAU, out)
    return out


def combine_some(ln_p: Floats, group: Ints, n: Floats) -> tuple[Ints, Floats]:
    """The same of single rows, where the quiet members are only counted.

    Args:
        ln_p: [k] natural logarithms of the probabilities of the odd members.
        group: [k] which group each belongs to.
        n: [k] members of that group in all, the same for every row of a group, >= its rows.

    Returns:
        The groups in ascending order [g], and ln of their combined probability [g].
    """
    order = np.argsort(group, kind="stable")
    ids, start = np.unique(group[order], return_index=True)
    out = np.empty(len(ids))
    if len(ids) == 0:
        return ids, out
    sorted_ln_p = ln_p[order]
    size = np.ascontiguousarray(n[order][start], dtype=float)
    assert (size >= np.diff(start, append=len(order))).all(), "a group has more rows than members"
    surprise = np.add.reduceat(np.where(sorted_ln_p <= LN_TAU, -sorted_ln_p, 0.0), start)
    _scores.combine_folded(surprise, np.minimum.reduceat(sorted_ln_p, start), size, TAU, out)
    return ids, out
