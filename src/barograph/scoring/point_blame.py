"""Who is to blame for a time or a place: distances between points, and where their mean is without some of them."""

import numpy as np

from barograph.kernels import _points
from barograph.results.arrays import Floats
from barograph.results.points import PERIODS


def from_typical(statistic: str, typical: Floats, value: Floats) -> Floats:
    """How far values [m] are from typical ones [m]: times in seconds, the shorter way round; places in radii of the earth."""
    period = PERIODS.get(statistic)
    if period is not None:
        way = (value - typical) % period
        return np.asarray(np.minimum(way, period - way))
    return np.asarray(np.sqrt(((vectors(value) - vectors(typical)) ** 2).sum(axis=0)))


def mean_without(statistic: str, actual: Floats, weight: Floats, gone: Floats, moved: Floats) -> Floats:
    """The means [m] that are left when rows are taken away; NaN of nothing.

    Args:
        statistic: what is measured.
        actual: [m] mean of all rows.
        weight: [m] all rows.
        gone: [m] rows that are taken away.
        moved: [1 or 3, m] sum over them of the ways from the mean to each, as `ways` gives them.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(weight - gone > 0.0, -1.0 / (weight - gone), np.nan) * moved
    period = PERIODS.get(statistic)
    if period is not None:
        return np.asarray((actual + shift[0]) % period)
    return codes(vectors(actual) + shift)


def ways(statistic: str, actual: Floats, value: Floats) -> Floats:
    """The ways from means to values, [1, m] in seconds or [3, m] in radii of the earth."""
    period = PERIODS.get(statistic)
    if period is not None:
        return np.asarray([(value - actual + period / 2) % period - period / 2])
    return np.asarray(vectors(value) - vectors(actual))


def vectors(code: Floats) -> Floats:
    """Places [m] as unit vectors [3, m]."""
    latitude, longitude = np.empty(len(code)), np.empty(len(code))
    _points.degrees(np.ascontiguousarray(code, np.float64), latitude, longitude)
    up, around = np.radians(latitude), np.radians(longitude)
    return np.array([np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)])


def codes(vector: Floats) -> Floats:
    """Directions [3, m] as places [m]; NaN stays NaN."""
    latitude = np.degrees(np.arctan2(vector[2], np.hypot(vector[0], vector[1])))
    out = np.empty(vector.shape[1])
    _points.codes(latitude, np.degrees(np.arctan2(vector[1], vector[0])), out)
    return out
