"""What is left of leaves without some entities: their values, and how far these are from typical."""

from typing import Final

import numpy as np

from barograph.results.arrays import Floats, Ints
from barograph.results.points import POINTS
from barograph.scoring.point_blame import from_typical, mean_without, ways
from barograph.scoring.shares import Shares, Whole

MANY: Final = 20
"""What more entities have done together is nobody's doing. Chosen: a twentieth of the blame is none."""

_ROUNDING: Final = 1e-9  # of all rows: less is none of them


def value_without(statistic: str, whole: Whole, shares: Shares, group: Ints) -> Floats:
    """The bucket value without each entity and all before it in its group, usual ones in their place; NaN of nothing."""
    actual, usual = whole.actual[shares.leaf], running(shares.usual, group)
    side = np.sign(actual - whole.typical[shares.leaf])
    if statistic == "rare":  # it is there until the last of its rows is gone
        left = whole.weight[shares.leaf] - running(shares.weight, group)
        return np.where(left > _ROUNDING * whole.weight[shares.leaf], actual, np.nan)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if statistic in ("count", "freq_rare", "sum"):
            return actual - running(shares.effect, group) + usual
        if statistic in ("min", "max"):
            following = np.append(shares.value[1:], np.nan)
            beyond = np.where(np.append(np.diff(group), 1) == 0, following, np.nan)
            # Rows that are nobody's have the extreme: nobody takes it away.
            holder = shares.value[np.flatnonzero(np.diff(group, prepend=-1))[group]]
            return np.where(side * (actual - holder) > 0.0, actual, beyond)
        if statistic in ("median", "distinct_count", "info_content"):
            chain = np.where(side > 0.0, shares.without_higher, shares.without_lower)
            return np.where(shares.weight > 0.0, chain, actual) + usual
        if statistic in POINTS:
            all_rows, gone = whole.weight[shares.leaf], running(shares.weight, group)
            parts = shares.weight * np.nan_to_num(ways(statistic, actual, shares.value))
            return mean_without(statistic, actual, all_rows, gone, np.array([running(part, group) for part in parts]))
        left = whole.weight[shares.leaf] - running(shares.weight, group)
        return np.where(left > 0.0, _moments_left(statistic, whole, shares, group, left), np.nan) + usual


def away_from_typical(statistic: str, typical: Floats, value: Floats) -> Floats:
    """How far values are from typical ones; of numbers with a sign."""
    return from_typical(statistic, typical, value) if statistic in POINTS else value - typical


def way_that_is_left(statistic: str, whole: Whole, leaf: Ints, rest: Floats) -> Floats:
    """The part of the distance from typical that is left [m], in [0, 1]; 1 where that means nothing."""
    way, all_the_way = (away_from_typical(statistic, whole.typical[leaf], value) for value in (rest, whole.actual[leaf]))
    over = (way * all_the_way <= 0.0) | np.isnan(rest)  # the other side is another anomaly; of nothing there is none
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        part = np.clip(np.nan_to_num(way / all_the_way, nan=1.0), 0.0, 1.0)
    return np.where(over, 0.0, part)


def running(values: Floats, group: Ints) -> Floats:
    """The sum of each value and those before it in its group."""
    first = np.flatnonzero(np.diff(group, prepend=-1))
    out = np.array(values)
    size = np.diff(first, append=len(values))
    # Group by group, one step at a time: a sum over all groups less what was before would leave their rounding in each other.
    for step in range(1, int(min(size.max(initial=0), MANY))):
        at = first[size > step] + step
        out[at] += out[at - 1]
    return out


def _moments_left(statistic: str, whole: Whole, shares: Shares, group: Ints, left: Floats) -> Floats:
    """The mean or variance of what is left [m]: the pooling of moments (Chan et al. 1979) run backwards."""
    actual = whole.actual[shares.leaf]
    centre = actual if statistic == "mean" else whole.mean[shares.leaf]
    away = np.nan_to_num(shares.mean - centre)  # an entity that is missing takes nothing away
    shift = -running(shares.weight * away, group) / left
    if statistic == "mean":
        return np.asarray(actual + shift)
    squares = running(np.nan_to_num(shares.m2) + shares.weight * away**2, group)
    return np.maximum((actual * whole.weight[shares.leaf] - squares) / left - shift**2, 0.0)
