"""Has the trend changed? `kernels/series_trend.hpp` from its definition, for buckets of eight hours, each a slot of its own."""

import math
from types import SimpleNamespace

import numpy as np

from tests.oracle.expectation import LEVELS, NAN, clip
from tests.oracle.learning import begin_block

SLOTS, LONGEST_SLOT_MS = 224, 3 * 3_600_000
DAY, LEAST = 3, 12
"""Buckets of a day, and of the shorter side of a bend."""


def open_window(s: SimpleNamespace, x: float, bucket: int) -> None:
    s.slots, s.open, s.reference, s.window_first, s.window_span = [], [], x, bucket, 1


def open_zero_window(s: SimpleNamespace, bucket: int, span_ms: int) -> None:
    """Of a series that has been zero since its first bucket."""
    open_window(s, 0.0, bucket)
    while (bucket - s.first) // s.window_span >= SLOTS and 2 * s.window_span * span_ms <= LONGEST_SLOT_MS:
        s.window_span *= 2
    s.slots = [0.0] * min((bucket - s.first) // s.window_span, SLOTS - 1)
    s.window_first = bucket - len(s.slots) * s.window_span


def shorten_window(s: SimpleNamespace, span_ms: int) -> None:
    """It is full: slots of twice the length, or, where these would be too long, without its older half."""
    half = SLOTS // 2
    if 2 * s.window_span * span_ms > LONGEST_SLOT_MS:
        s.slots, s.window_first = s.slots[half:], s.window_first + half * s.window_span
        return
    pairs = np.array(s.slots, np.float32).reshape(half, 2)
    first, second = pairs[:, 0], pairs[:, 1]
    both = np.float32(0.5) * (first + second)
    s.slots = np.where(np.isnan(first), second, np.where(np.isnan(second), first, both)).tolist()
    s.window_span *= 2


def fold_window(s: SimpleNamespace, x: float, bucket: int, span_ms: int) -> None:
    """The mean of each slot, NaN where there was no value."""
    if s.count == 0 or bucket - s.window_first - len(s.slots) * s.window_span > 2 * SLOTS * s.window_span:
        open_window(s, x, bucket)
    while bucket >= s.window_first + (len(s.slots) + 1) * s.window_span:
        if len(s.slots) == SLOTS:
            shorten_window(s, span_ms)
        s.slots.append(float(np.float32(sum(s.open) / len(s.open))) if s.open else NAN)
        s.open = []
    s.open.append(x - s.reference)


def turned(n: int, kind: str, at: int) -> np.ndarray:
    """Columns 1, t and the turn of a bend or step at slot `at`."""
    t = np.arange(n, dtype=float)
    turns = {"none": [], "bend": [np.maximum(t - at, 0)], "step": [(t >= at) * 1.0]}
    return np.stack([np.ones(n), t, *turns[kind]], axis=1)


def squares(y: np.ndarray, columns: np.ndarray) -> float:
    known = ~np.isnan(y)
    return float(np.sum((y - columns @ np.linalg.lstsq(columns[known], y[known])[0])[known] ** 2))


def best_turn(y: np.ndarray, kind: str, places: range) -> int:
    return min(places, key=lambda at: squares(y, turned(len(y), kind, at)))


def remembering(y: np.ndarray, kind: str, at: int) -> SimpleNamespace:
    """Least squares, the memory of what it leaves, and least squares of the values less that memory."""
    columns = turned(len(y), kind, at)
    fit = SimpleNamespace(phi=0.0)
    for remember in (False, True):
        if remember:
            left = y - columns @ fit.weight
            both = ~np.isnan(left[1:] * left[:-1])
            phi = 2 * np.sum((left[1:] * left[:-1])[both]) / np.sum((left[1:] ** 2 + left[:-1] ** 2)[both])
            fit.phi = clip(phi + columns.shape[1] * (1 + 2 * phi) / both.sum(), 0.0, 0.98)
        white, design = y[1:] - fit.phi * y[:-1], columns[1:] - fit.phi * columns[:-1]
        known = ~np.isnan(white)
        white, design = white[known], design[known]
        fit.weight = np.linalg.lstsq(design, white)[0]
        left = white - design @ fit.weight
        fit.squares, fit.n = float(np.sum(left**2)), len(left)
        fit.kurtosis = float(np.sum(left**4)) * fit.n / fit.squares**2
        fit.covariance = np.linalg.inv(design.T @ design) * fit.squares / (fit.n - 3)
    return fit


def trend_is_due(s: SimpleNamespace, bucket: int) -> bool:
    if len(s.slots) % max(DAY, len(s.slots) // 28) or bucket - s.first < 14 * DAY:
        return False
    return bool(4 * (s.levels_value[1] - s.levels_value[0]) ** 2 > s.spread_variance)


def may_bend(s: SimpleNamespace) -> bool:
    """Do the means of whole days lie much closer to a line that bends?"""
    length = max(DAY, (len(s.slots) + 31) // 32)
    blocks = [np.array(s.slots[len(s.slots) - i * length :][:length]) for i in range(1, len(s.slots) // length + 1)]
    days = np.array([block[~np.isnan(block)].mean() if (~np.isnan(block)).any() else NAN for block in blocks])
    if int((~np.isnan(days)).sum()) < 6:
        return False
    straight = squares(days, turned(len(days), "none", 0))
    bent = squares(days, turned(len(days), "bend", best_turn(days, "bend", range(1, len(days)))))
    return bent < 0.5 * straight


def follow_straight(s: SimpleNamespace, y: np.ndarray, at: int, bucket: int) -> None:
    """One line of another slope through all that is known is followed where no turn describes it better by five nats."""
    n, straight = len(y), remembering(y, "none", 0)
    trust, turns = min(1.0, 4 / straight.kurtosis), (("bend", at), ("step", best_turn(y, "step", range(2, n - 1))))
    variance = straight.covariance[1, 1] * (straight.n - 3) / (straight.n - 2)
    walks = straight.phi >= min(0.9, 1 - 21 / straight.n)
    if walks or trust * (straight.weight[1] - s.line_slope) ** 2 <= 2 * (9 + 9 * straight.phi) * variance:
        return
    nats = [0.5 * straight.n * math.log(straight.squares / remembering(y, *turn).squares) for turn in turns]
    if trust * max(nats) <= 5:
        sure = abs(straight.weight[1]) > 3 * math.sqrt(straight.covariance[1, 1])
        follow_line(s, float(straight.weight[1]) if sure else 0.0, float(np.array([1, n]) @ straight.weight), bucket)


def follow_line(s: SimpleNamespace, slope: float, now: float, bucket: int) -> None:
    """Levels start from where the line is now."""
    s.line_slope, s.levels_slope, s.levels_value = slope, 0.0, [s.reference + now] * LEVELS
    s.levels_ahead, s.levels_ahead_all, s.levels_share = (
        [s.spread_variance] * LEVELS,
        s.spread_variance,
        [1.0, 0.0, 0.0, 0.0, 0.0],
    )
    s.levels_count = min(s.levels_count, 64.0)
    begin_block(s, bucket)


def test_trend(s: SimpleNamespace, bucket: int) -> bool:
    """Whether a bend is accepted; levels then follow its line."""
    y = np.array(s.slots[max(s.line_first - s.window_first, 0) :])
    n = len(y)
    if n - np.isnan(y).sum() < 4 * LEAST:
        return False
    at = best_turn(y, "bend", range(4, n - 3))
    follow_straight(s, y, at, bucket)
    if not may_bend(s) or not LEAST <= at <= n - LEAST:
        return False
    straight, bent = remembering(y, "none", 0), remembering(y, "bend", at)
    stepped = remembering(y, "step", best_turn(y, "step", range(2, n - 1)))
    trust = min(1.0, 4 / bent.kurtosis)
    nats = [0.5 * straight.n * trust * math.log(straight.squares / fit.squares) for fit in (bent, stepped)]
    if nats[0] <= 9 + 9 * bent.phi or nats[0] < nats[1] + 5:
        return False
    slopes = []
    for pick in (np.array([0, 1, 0]), np.array([0, 1, 1])):
        slope, error = float(pick @ bent.weight), math.sqrt(pick @ bent.covariance @ pick)
        slopes.append(slope if abs(slope) > 3 * error else 0.0)
    if slopes[0] == slopes[1]:
        return False
    s.line_first = s.window_first + len(s.slots) - n + at
    follow_line(s, slopes[1], float(np.array([1, n, n - at]) @ bent.weight), bucket)
    return True
