"""A forest detector: several numbers of one time together, as a grade from 0 to 1, with what is to blame and what was expected.

What a series by itself is expected to be is taken out first, and what is left is measured in its own deviations. So a daily
pattern needs no shingle of a day, and features of any size count alike. The trees see what is left: values that do not go
together, and orders that do not.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from barograph.config.errors import BadRequest
from barograph.kernels import _forest
from barograph.models.base import Judged
from barograph.models.config import ModelConfig
from barograph.models.forest_trees import Trees, TreesConfig, check_settings, settings_of
from barograph.models.series import SeriesModel
from barograph.results.arrays import Floats
from barograph.results.snapshot import Arrays, prefixed, under

Transform = Literal["expected", "difference", "none"]
Missing = Literal["expected", "previous", "zero", "forest"]

_FAR: Final = 2.0  # deviations; chosen, not tuned
_FARTHEST: Final = 100.0  # deviations; what is farther is as far
_GOLDEN: Final = 0.6180339887498949
_INSIDE_95: Final = 3.919927969080108  # deviations of a normal distribution between bounds of 95 %


@dataclass(frozen=True)
class ForestConfig:
    """How a forest detector looks at its features.

    Attributes:
        trees: how points are remembered.
        transform: what the trees see of a feature: `expected`, what is left of it without what it was expected to be, in
            deviations; `difference`, the same of its changes from one time to the next; `none`, itself.
        weights: [features] by how much each counts more; None: all alike.
        missing: what a missing value is taken for: the expected one, the one before, zero, what the trees find
            likely by all else, or [features] values of its own.
        bucket_span_ms: time between two points.
        time_zone: whose days and weeks are looked for; None: there are none, other periods are.
        first_bucket: where in a day and a week the first point lies: its time since 1970 divided by the span.
    """

    trees: TreesConfig
    transform: Transform = "expected"
    weights: tuple[float, ...] | None = None
    missing: Missing | tuple[float, ...] = "expected"
    bucket_span_ms: int = 600_000
    time_zone: str | None = None
    first_bucket: int = 0

    def __post_init__(self) -> None:
        features = self.trees.features
        if self.transform not in get_args(Transform):
            raise BadRequest(f"transform={self.transform!r}: wanted one of {', '.join(get_args(Transform))}")
        if self.weights is not None and (len(self.weights) != features or not all(0 < w < np.inf for w in self.weights)):
            raise BadRequest(f"weights={self.weights!r}: wanted {features} numbers above 0")
        if isinstance(self.missing, str):
            if self.missing not in get_args(Missing):
                raise BadRequest(f"missing={self.missing!r}: wanted one of {', '.join(get_args(Missing))}, or values")
        elif len(self.missing) != features or not np.isfinite(self.missing).all():
            raise BadRequest(f"missing={self.missing!r}: wanted {features} numbers")

    @property
    def series(self) -> ModelConfig:
        """How the features by themselves are modelled."""
        return ModelConfig(
            bucket_span_ms=self.bucket_span_ms,
            time_zone=self.time_zone or "UTC",
            calendar=self.time_zone is not None,
            bounds_percentile=95.0,
        )


@dataclass(frozen=True)
class Found:
    """What n points were found to be.

    Attributes:
        score: [n] 0 to log2(samples + 1), the higher the odder; NaN while too little is known, or most of a shingle is missing.
        threshold: [n] the score from which on a point is an anomaly.
        grade: [n] 0 for no anomaly, up to 1 by how far the score is above the threshold.
        confidence: [n] how much of what can be remembered is known, 0 to 1.
        late: [n] how many points before this one the block lies that is to blame: 0 is this one.
        attribution: [n, features] shares of the grade, which sum up to 1; NaN where there is no anomaly.
        expected: [n, features] what would have been expected in the block that is to blame; NaN where there is no anomaly.
        imputed: [n, features] whether a value was missing, and the trees saw another in its place.
    """

    score: Floats
    threshold: Floats
    grade: Floats
    confidence: Floats
    late: NDArray[np.int64]
    attribution: Floats
    expected: Floats
    imputed: NDArray[np.bool_]


@dataclass(frozen=True)
class Explained:
    """What a point would be found to be if it came next.

    Attributes:
        score: as in `Found`.
        above: [features] what each gives to the score by being too high.
        below: [features] what each gives by being too low. What is left of the score is due to the points before.
        expected: [features] what the trees take for usual after the points before: the median of what is alike.
        low: [features] the lowest tenth of that.
        high: [features] the highest tenth of that.
    """

    score: float
    above: Floats
    below: Floats
    expected: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class _Seen:
    """What the trees see of n points [n, features]; the deviations `unit` from `centre` that it stands for, to turn it back."""

    seen: Floats
    centre: Floats
    unit: Floats
    known: NDArray[np.bool_]


@dataclass
class _Past:
    """What is remembered beside the trees and the series.

    Attributes:
        judge: [JUDGE_BYTES] of the scores.
        shown: [dims] the shingle as it was scored.
        known: [shingle] the share of each of its blocks that was known.
        centre: [shingle - 1, features] what was expected of its features.
        unit: [shingle - 1, features] their deviations.
        unit_now: [features] the newest ones.
        previous: [features] last values; NaN for none.
    """

    judge: NDArray[np.uint8]
    shown: NDArray[np.float32]
    known: Floats
    centre: Floats
    unit: Floats
    unit_now: Floats
    previous: Floats

    @classmethod
    def none(cls, trees: TreesConfig) -> "_Past":
        judge = np.empty(_forest.JUDGE_BYTES, np.uint8)
        _forest.begin_judging(judge)
        before, nothing = np.zeros((trees.shingle - 1, trees.features)), np.full(trees.features, np.nan)
        shown = np.zeros(trees.dims, np.float32)
        return cls(judge, shown, np.zeros(trees.shingle), before, before.copy(), nothing, nothing.copy())

    @classmethod
    def of(cls, state: Arrays) -> "_Past":
        arrays: dict[str, Any] = {one.name: np.array(state[one.name]) for one in fields(cls)}
        return cls(**arrays)

    def snapshot(self) -> Arrays:
        return {one.name: getattr(self, one.name).copy() for one in fields(self)}


@dataclass
class ForestDetector:
    """The features of one entity. `build` is the only way in, `snapshot` the only way out; `judge_and_learn` alone learns."""

    config: ForestConfig
    trees: Trees
    _series: SeriesModel
    _past: _Past
    _points: int = 0

    @classmethod
    def build(cls, config: ForestConfig, state: Arrays | None = None) -> "ForestDetector":
        """A detector without a past, or as `snapshot` left it.

        Raises:
            ValueError: another version, or a detector of other settings, wrote the snapshot.
        """
        c = config.trees
        if state is not None:
            check_settings(config, state)
            series = SeriesModel.build(config.series, under("series", state))
            return cls(config, Trees.build(c, under("trees", state)), series, _Past.of(state), int(state["points"][0]))
        series = SeriesModel.build(config.series)
        series.grow(c.features)
        return cls(config, Trees.build(c), series, _Past.none(c))

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""
        parts = prefixed("trees", self.trees.snapshot()) | prefixed("series", self._series.snapshot())
        return self._past.snapshot() | parts | {"points": np.array([self._points]), "settings": settings_of(self.config)}

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        series = sum(array.nbytes for array in self._series.snapshot().values())
        return self.trees.nbytes + series + sum(array.nbytes for array in self._past.snapshot().values())

    def judge_and_learn(self, values: Floats) -> Found:
        """Judge each point by what was known before it, then learn it. How time is cut into calls changes no bit.

        Args:
            values: [n, features] of consecutive times; NaN is missing.
        """
        n, c = len(values), self.config.trees
        if not n:
            nothing, shape = np.zeros(0), np.zeros((0, c.features))
            return Found(nothing, nothing, nothing, nothing, np.zeros(0, np.int64), shape, shape, shape.astype(bool))
        before, self._past.previous = (
            self._past.previous,
            _last_known(np.concatenate([self._past.previous[None, :], values]))[-1],
        )
        seen = self._seen(values, before, self._series.advance)
        told, late = np.empty((n, 4)), np.empty(n, np.int64)
        share, expected = np.empty((n, c.features)), np.empty((n, c.features))
        self.trees.judge(
            self._past.judge,
            self._past.shown,
            self._past.known,
            seen.seen,
            seen.known.mean(axis=1),
            (told, late, share, expected),
        )
        centre, unit = np.concatenate([self._past.centre, seen.centre]), np.concatenate([self._past.unit, seen.unit])
        at = np.arange(n) + c.shingle - 1 - late
        last = len(centre) - c.shingle + 1
        self._past.centre, self._past.unit, self._past.unit_now, self._points = (
            centre[last:],
            unit[last:],
            unit[-1],
            self._points + n,
        )
        score, threshold, grade, confidence = np.ascontiguousarray(told.T)
        return Found(
            score, threshold, grade, confidence, late, share, self._back(expected, centre[at], unit[at]), np.isnan(values)
        )

    def explain(self, values: Floats) -> Explained:
        """What would be found if `values` [features] came next. Nothing is learnt.

        Raises:
            ValueError: too few points were learnt.
        """
        features = self.config.trees.features

        def judge(one: Floats, first_bucket_ms: int) -> Judged:
            return self._series.judge(one[:, 0], first_bucket_ms)

        seen = self._seen(values[None, :], self._past.previous, judge)
        point = np.concatenate([self._past.shown[features:], np.nan_to_num(seen.seen[0])])[None, :]
        shares = self.trees.attribute(point)[0, :, -features:]
        missing = np.zeros(point.shape, bool)
        missing[:, -features:] = True
        alike, _ = self.trees.nearest(point, missing)
        quantiles = np.quantile(alike[0, :, -features:].astype(float), (0.1, 0.5, 0.9), axis=0)
        likely = self._back(quantiles, seen.centre, seen.unit)
        return Explained(float(self.trees.score(point)[0]), shares[0], shares[1], likely[1], likely[0], likely[2])

    def forecast(self, horizon: int) -> Floats:
        """Paths [trees, horizon, features] of what may come next; nothing is learnt.

        Raises:
            ValueError: too few points were learnt.
        """
        paths = self.trees.forecast(horizon).astype(float)
        if self.config.transform == "none":
            return paths / self._weights
        centre = self._series.expect(self._next_ms, horizon).T
        values = self._back(paths, centre, self._past.unit_now)
        if self.config.transform == "difference":
            return self._past.previous + np.cumsum(values, axis=1)
        return values

    @property
    def _next_ms(self) -> int:
        return (self.config.first_bucket + self._points) * self.config.bucket_span_ms

    @property
    def _weights(self) -> Floats:
        weights = self.config.weights
        return np.ones(self.config.trees.features) if weights is None else np.array(weights, float)

    def _back(self, seen: Floats, centre: Floats, unit: Floats) -> Floats:
        """The values that the trees would see so."""
        plain = seen / self._weights
        return plain if self.config.transform == "none" else centre + unit * _as_deviations(plain)

    def _seen(self, values: Floats, before: Floats, judge: Callable[[Floats, int], Judged]) -> _Seen:
        last = _last_known(np.concatenate([before[None, :], values]))
        known = ~np.isnan(values)
        left = ~known & (self.config.missing == "forest")  # to the trees to fill in
        filled = np.where(known, values, self._in_place_of_missing(last[:-1]))
        weights = self._weights
        if self.config.transform == "none":
            filled = np.where(np.isnan(filled), 0.0, filled)  # before the first value there is nothing better
            return _Seen(np.where(left, np.nan, filled * weights), np.zeros(values.shape), np.ones(values.shape), known)
        change = self.config.transform == "difference"
        base = last[:-1] if change else np.zeros(values.shape)
        judged = judge(np.ascontiguousarray((values - base).T), self._next_ms)
        assert judged.typical is not None, "a model with bounds has typical values"
        assert judged.upper is not None
        assert judged.lower is not None
        centre, unit = judged.typical.T + base, (judged.upper - judged.lower).T / _INSIDE_95
        missing = known & np.isnan(centre)
        seen = self._deviations(filled - centre, filled, unit, judged.ln_p.T)
        seen = _as_surprising(np.clip(np.nan_to_num(seen), -_FARTHEST, _FARTHEST))
        seen = np.where(left, np.nan, seen * weights)
        return _Seen(seen, np.where(np.isnan(centre), filled, centre), np.nan_to_num(unit), known & ~missing)

    def _in_place_of_missing(self, previous: Floats) -> Floats:
        kind = self.config.missing
        if isinstance(kind, tuple):
            return np.broadcast_to(np.array(kind), previous.shape)
        if kind == "zero":
            return np.zeros(previous.shape)
        # A value that is nothing known is seen as what was expected; without a model that is the one before.
        return previous if kind == "previous" or self.config.transform == "none" else np.full(previous.shape, np.nan)

    def _deviations(self, apart: Floats, values: Floats, unit: Floats, ln_p: Floats) -> Floats:
        """How many deviations values are apart from what was expected.

        A feature that has never changed has no deviation, and any change of it is infinitely many. There the chance of a change
        says how odd it is, and its size beside the value itself, up to three times as much; and it is seen with noise of one
        deviation, as trees tell even the smallest difference from none.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            seen = apart / unit
            relative = np.abs(apart) / np.maximum(np.abs(values), np.abs(values - apart))
        flat = unit == 0.0
        if not flat.any():
            return seen
        chance = np.sqrt(-2.0 * np.minimum(np.nan_to_num(ln_p), 0.0)) * (1.0 + np.minimum(np.nan_to_num(relative), 2.0))
        number = self._points + np.arange(len(values))[:, None] + np.arange(values.shape[1])[None, :] * _GOLDEN
        noise = (number * _GOLDEN % 1.0 - 0.5) * np.sqrt(12.0)
        return np.where(flat, np.sign(np.nan_to_num(apart)) * _as_deviations(chance) + noise, seen)


def _as_surprising(deviations: Floats) -> Floats:
    """Far deviations as far apart as they are surprising, which goes by their square; near ones as they are.

    Trees cut at random along all sides alike. With many features a jump of one of them, however unlikely, is a small part of
    that, unless it is as long as it is unlikely.
    """
    size = np.abs(deviations)
    return np.where(size > _FAR, np.sign(deviations) * (size * size / (2 * _FAR) + _FAR / 2), deviations)


def _as_deviations(surprising: Floats) -> Floats:
    """The inverse of `_as_surprising`."""
    size = np.abs(surprising)
    with np.errstate(invalid="ignore"):
        far = np.sqrt(2 * _FAR * size - _FAR * _FAR)
    return np.where(size > _FAR, np.sign(surprising) * far, surprising)


def _last_known(values: Floats) -> Floats:
    """Each value, or the last known one before it; [n, features]."""
    at = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(len(values))[:, None]), axis=0)
    return np.take_along_axis(values, at, axis=0)
