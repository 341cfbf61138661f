"""A forest detector: several numbers of one time together, as a grade from 0 to 1, with what is to blame and what was expected.

What a series by itself is expected to be is taken out first, and what is left is measured in its own deviations. So a daily
pattern needs no shingle of a day, and features of any size count alike. The trees see what is left: values that do not go
together, and orders that do not.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.models.base import Judged
from barograph.models.forest_config import ForestConfig, Missing, Transform
from barograph.models.forest_trees import Trees
from barograph.models.forests import INSIDE_95, Expected, Forests, last_known
from barograph.models.series import SeriesModel
from barograph.results.arrays import Floats
from barograph.results.snapshot import Arrays, prefixed, under

__all__ = ["Explained", "ForestConfig", "ForestDetector", "Found", "Missing", "Transform"]

_ALL: Final = np.zeros(1, np.int64)  # it begins with its first value


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


@dataclass
class ForestDetector:
    """The features of one entity. `build` is the only way in, `snapshot` the only way out; `judge_and_learn` alone learns."""

    config: ForestConfig
    _forests: Forests
    _series: SeriesModel

    @classmethod
    def build(cls, config: ForestConfig, state: Arrays | None = None) -> "ForestDetector":
        """A detector without a past, or as `snapshot` left it.

        Raises:
            ValueError: another version, or a detector of other settings, wrote the snapshot.
        """
        if state is not None:
            forests = Forests.build(config, under("forests", state))
            return cls(config, forests, SeriesModel.build(config.series, under("series", state)))
        series, forests = SeriesModel.build(config.series), Forests.build(config)
        series.grow(config.trees.features)
        forests.grow(1)
        return cls(config, forests, series)

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""
        return prefixed("forests", self._forests.snapshot()) | prefixed("series", self._series.snapshot())

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._forests.nbytes + sum(array.nbytes for array in self._series.snapshot().values())

    @property
    def points(self) -> int:
        """How many points it has learnt."""
        return int(self.trees.head["points"]) if self._points else 0

    @property
    def ready(self) -> bool:
        """Whether enough points were learnt for scores."""
        return bool(self._points) and self.trees.ready

    @property
    def trees(self) -> Trees:
        """The trees, once a value has come."""
        return self._forests.trees_of(0)

    def judge_and_learn(self, values: Floats) -> Found:
        """Judge each point by what was known before it, then learn it. How time is cut into calls changes no bit.

        Args:
            values: [n, features] of consecutive times; NaN is missing.
        """
        expected = None
        if self.config.transform != "none":
            base = self._base(values)
            expected = _expected(self._series.advance(np.ascontiguousarray((values - base).T), self._next_ms), base)
        found = self._forests.judge_and_learn(values[None], expected)
        score, threshold, grade, confidence = found.score[0], found.threshold[0], found.grade[0], found.confidence[0]
        late, imputed = found.late[0], found.imputed[0]
        return Found(score, threshold, grade, confidence, late, found.attribution[0], found.expected[0], imputed)

    def explain(self, values: Floats) -> Explained:
        """What would be found if `values` [features] came next. Nothing is learnt.

        Raises:
            ValueError: too few points were learnt.
        """
        features, expected = self.config.trees.features, None
        if self.config.transform != "none":
            base = self._base(values[None])
            expected = _expected(self._series.judge((values - base[0]), self._next_ms), base)
        seen = self._forests.see(values[None, None], expected, _ALL)
        point = np.concatenate([self._forests.shown(0)[features:], np.nan_to_num(seen.seen[0, 0])])[None, :]
        shares = self.trees.attribute(point)[0, :, -features:]
        missing = np.zeros(point.shape, bool)
        missing[:, -features:] = True
        alike, _ = self.trees.nearest(point, missing)
        quantiles = np.quantile(alike[0, :, -features:].astype(float), (0.1, 0.5, 0.9), axis=0)
        likely = self._forests.back(quantiles, seen.centre[0], seen.unit[0])
        return Explained(float(self.trees.score(point)[0]), shares[0], shares[1], likely[1], likely[0], likely[2])

    def forecast(self, horizon: int) -> Floats:
        """Paths [trees, horizon, features] of what may come next; nothing is learnt.

        Raises:
            ValueError: too few points were learnt.
        """
        paths, forests = self.trees.forecast(horizon).astype(float), self._forests
        if self.config.transform == "none":
            return paths / forests.weights
        values = forests.back(paths, self._series.expect(self._next_ms, horizon).T, forests.unit_now(0))
        if self.config.transform == "difference":
            return forests.previous(0) + np.cumsum(values, axis=1)
        return values

    @property
    def _points(self) -> int:
        return int(self._forests.points()[0])

    @property
    def _next_ms(self) -> int:
        return (self.config.first_bucket + self._points) * self.config.bucket_span_ms

    def _base(self, values: Floats) -> Floats:
        """What values [n, features] are looked at as changes from: the ones before them, or nothing."""
        if self.config.transform != "difference":
            return np.zeros(values.shape)
        return last_known(np.concatenate([self._forests.previous(0)[None], values])[None])[0, :-1]


def _expected(judged: Judged, base: Floats) -> Expected:
    assert judged.typical is not None, "a model with bounds has typical values"
    assert judged.upper is not None
    assert judged.lower is not None
    unit = (judged.upper - judged.lower).T / (2.0 * INSIDE_95)
    return Expected((judged.typical.T + base)[None], unit[None], judged.ln_p.T[None])
