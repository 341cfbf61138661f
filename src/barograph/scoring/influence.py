"""The experiment behind an influencer: take the entity's rows away; is the bucket value still unlikely?

What is taken away depends on the statistic (reference engine, section 8.2): rows of a count or sum are subtracted, moments
of a mean or variance removed; of an extreme, a median or a distinct count, the entity's own value is judged alone. What is
missing cannot be blamed on anyone: a count below its typical value has no influencers, a sum only those that lower it.

Of a value ten times the usual, half is about as unlikely: tails are heavy there, and of two equal culprits neither could be
blamed for it. So an entity has at least the influence that its part of the way from typical to the value would give it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.results.arrays import Bools, Floats, Ints

CUTOFF: Final = 0.4
"""Entities with at least this influence are kept (reference engine, section 0)."""

_ALONE: Final = ("min", "max", "median", "distinct_count")


@dataclass(frozen=True)
class Shares:
    """One row an entity and leaf: what the entity's rows contribute to the leaf's bucket value.

    Attributes:
        leaf: [m] position of the leaf.
        weight: [m] the entity's rows (summed counts for summarised input).
        value: [m] the statistic over the entity's rows alone; NaN when they have none.
        mean: [m] mean of the entity's values; NaN for counts.
        m2: [m] sum of squared deviations from that mean; NaN for counts.
    """

    leaf: Ints
    weight: Floats
    value: Floats
    mean: Floats
    m2: Floats


@dataclass(frozen=True)
class Whole:
    """The leaves the shares belong to.

    Attributes:
        actual: [k] bucket value.
        typical: [k] the model's centre.
        weight: [k] rows behind the value.
        mean: [k] mean of the rows' values; NaN for counts.
        ln_p: [k] ln of the bucket value's probability.
    """

    actual: Floats
    typical: Floats
    weight: Floats
    mean: Floats
    ln_p: Floats


Judge = Callable[[Ints, Floats], Floats]
"""(leaf [m], another value of it [m]) -> ln of that value's probability [m], under the leaf's model."""


def influences(statistic: str, whole: Whole, shares: Shares, judge: Judge) -> Floats:
    """How much of each leaf's surprise goes away without each entity, in [0, 1].

    Args:
        statistic: what the detector measures; see `config.functions`.
        whole: the leaves.
        shares: the entities' parts of them.
        judge: the pure probability of another value of the same leaf.
    """
    ln_p = whole.ln_p[shares.leaf]
    if statistic in _ALONE:
        alone = np.where(_crossed(whole, shares, shares.value), 0.0, judge(shares.leaf, shares.value))
        return _ratio(alone, ln_p) * (_pull(whole, shares) if statistic == "median" else 1.0)
    rest = _without(statistic, whole, shares)
    remaining = np.where(_crossed(whole, shares, rest) | np.isnan(rest), 0.0, judge(shares.leaf, np.nan_to_num(rest)))
    influence = 1.0 - np.minimum(_ratio(remaining, ln_p), _part_that_is_left(whole, shares, rest))
    if statistic in ("count", "sum"):
        added = shares.weight if statistic == "count" else shares.value
        return np.where(added * (whole.actual - whole.typical)[shares.leaf] > 0.0, influence, 0.0)
    return influence


def _pull(whole: Whole, shares: Shares) -> Floats:
    """How far an entity's rows can move a median: all the way from half of the rows on."""
    return np.minimum(1.0, 2.0 * shares.weight / whole.weight[shares.leaf])


def _without(statistic: str, whole: Whole, shares: Shares) -> Floats:
    """The bucket value had the entity's rows not come; NaN when nothing is left."""
    actual, weight = whole.actual[shares.leaf], whole.weight[shares.leaf]
    if statistic == "count":
        return actual - shares.weight
    if statistic == "sum":
        return actual - shares.value
    left = weight - shares.weight
    with np.errstate(divide="ignore", invalid="ignore"):
        if statistic == "varp":
            return np.where(left > 0, _variance_without(whole, shares, left), np.nan)
        return np.where(left > 0, (actual * weight - shares.mean * shares.weight) / left, np.nan)


def _variance_without(whole: Whole, shares: Shares, left: Floats) -> Floats:
    """Population variance of a bucket less the entity's rows: the pooling of moments (Chan et al. 1979) run backwards."""
    weight, mean = whole.weight[shares.leaf], whole.mean[shares.leaf]
    rest_mean = (weight * mean - shares.weight * shares.mean) / left
    between = shares.weight * left / weight * (shares.mean - rest_mean) ** 2
    return np.asarray(np.maximum(whole.actual[shares.leaf] * weight - shares.m2 - between, 0.0) / left)


def _crossed(whole: Whole, shares: Shares, value: Floats) -> Bools:
    """True where the value lies on the other side of typical: whatever remains is not the anomaly at hand."""
    typical = whole.typical[shares.leaf]
    return (value - typical) * (whole.actual[shares.leaf] - typical) <= 0.0


def _part_that_is_left(whole: Whole, shares: Shares, rest: Floats) -> Floats:
    """How much of the bucket value's distance from typical is left, in [0, 1]; 1 where that means nothing."""
    typical = whole.typical[shares.leaf]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        part = (rest - typical) / (whole.actual[shares.leaf] - typical)
    return np.asarray(np.clip(np.nan_to_num(part, nan=1.0), 0.0, 1.0))


def _ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole of two logarithms of probabilities, in [0, 1]; a leaf that is no surprise at all blames everyone (1)."""
    safe = np.where(whole < 0.0, whole, -1.0)
    return np.where(whole < 0.0, np.clip(part / safe, 0.0, 1.0), 1.0)
