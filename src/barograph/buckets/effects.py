"""What an entity's rows do to a bucket value: the value less what it would be without them."""

from dataclasses import dataclass

import numpy as np

from barograph.config.functions import Statistic
from barograph.results.arrays import Floats, Ints
from barograph.results.points import POINTS


@dataclass(frozen=True)
class Rows:
    """The shares of one influencer field in some cells, those of one cell together.

    Attributes:
        cell: [n] position of each share's cell, ascending.
        start: [k] the first share of each cell.
        weight: [n] rows of the entity.
        value: [n] the statistic over them alone.
        mean: [n] mean of their values; NaN for counts.
        m2: [n] sum of squared deviations from it; NaN for counts.
        without: [n] the bucket value without them, where only a sketch could tell; else NaN.
    """

    cell: Ints
    start: Ints
    weight: Floats
    value: Floats
    mean: Floats
    m2: Floats
    without: Floats


def effects(statistic: Statistic, rows: Rows, actual: Floats, weight: Floats, mean: Floats) -> Floats:
    """The effect of each share [n]; NaN where nothing is left without it.

    Args:
        statistic: what the bucket value is.
        rows: the shares.
        actual: [k] value of each cell.
        weight: [k] all its rows, also those without an entity.
        mean: [k] mean of their values; only the variance needs it.
    """
    if statistic in ("count", "freq_rare", "sum"):
        return rows.value if statistic == "sum" else rows.weight
    if statistic in ("rare", *POINTS):  # a value is there as long as others have rows of it; of points it tells who is where
        return np.where(rows.weight < weight[rows.cell], 0.0, np.nan)
    if statistic in ("min", "max"):
        return actual[rows.cell] - _extreme_of_others(statistic, rows, actual)
    if statistic in ("median", "distinct_count", "info_content"):
        # The history of a former version does not tell; nobody did anything there.
        unknown = np.isnan(rows.without) & (rows.weight < weight[rows.cell])
        return np.where(unknown, 0.0, actual[rows.cell] - rows.without)
    left = weight[rows.cell] - rows.weight
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # From the mean on, so that little is lost where means are large and differ by little.
        centre = (actual if statistic == "mean" else mean)[rows.cell]
        shift = -rows.weight * (rows.mean - centre) / left
        if statistic == "mean":
            return np.where(left > 0.0, -shift, np.nan)
        squares = actual[rows.cell] * weight[rows.cell] - rows.m2 - rows.weight * (rows.mean - centre) ** 2
        rest = np.maximum(squares / left - shift**2, 0.0)
        return np.where(left > 0.0, actual[rows.cell] - rest, np.nan)


def _extreme_of_others(statistic: Statistic, rows: Rows, actual: Floats) -> Floats:
    """The extreme without each share [n]; NaN where it has all rows of its cell."""
    sign = 1.0 if statistic == "max" else -1.0
    value = sign * rows.value
    most = np.maximum.reduceat(value, rows.start)
    first = np.full(len(rows.start), len(value))
    at_most = np.flatnonzero(value == most[rows.cell])
    np.minimum.at(first, rows.cell[at_most], at_most)
    others = value.copy()
    others[first] = -np.inf
    second = np.maximum.reduceat(others, rows.start)
    # Rows that are nobody's may have the extreme; where they do not, it is not known how far they go, nor that they matter.
    nobodys = sign * actual > most
    most, second = np.where(nobodys, sign * actual, most), np.where(nobodys, sign * actual, second)
    rest = most[rows.cell]
    rest[first] = second
    alone = np.isneginf(rest)
    return np.where(alone, np.nan, sign * rest)
