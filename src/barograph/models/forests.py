"""The forests of many entities, each of the same features: several numbers of one time together, as a grade from 0 to 1.

What a feature by itself is expected to be comes from its series model. What is left is measured in its own deviations, and
the trees of the entity see that.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from barograph.kernels import _forest
from barograph.kernels.elementary import ln
from barograph.models.forest_config import ForestConfig
from barograph.models.forest_modes import Mode, modes
from barograph.models.forest_trees import Trees, TreesConfig, check_settings, settings_of
from barograph.results.arrays import Bools, Floats, Ints
from barograph.results.snapshot import Arrays

INSIDE_95: Final = 1.959963984540054
"""Deviations of a normal distribution between its centre and a bound of 95 %."""

_FAR: Final = 2.0  # deviations; chosen, not tuned
_BY_SIZE: Final = (
    3.0  # what the size of a change of what never changed adds to its chance, at most; chosen on 5 that becomes 50
)
_FARTHEST: Final = 100.0  # deviations; what is farther is as far
_GOLDEN: Final = 0.6180339887498949
_WORTH_THREADS: Final = 2_000  # values; to judge one takes tens of microseconds

Rows = Ints | slice
"""Some entities, each once."""
_ALL: Final = slice(None)


@dataclass(frozen=True)
class Expected:
    """What the F features of E entities are expected to be in T buckets, each by its own model; all are [E, T, F].

    Attributes:
        centre: NaN while there is no idea.
        unit: the standard deviation around it; 0 where a feature has never changed.
        ln_p: ln of the chance of a value at least as unlikely as the one that came.
    """

    centre: Floats
    unit: Floats
    ln_p: Floats

    def part(self, rows: Rows, span: slice) -> "Expected":
        """That of some entities in a span of buckets."""
        return Expected(self.centre[rows, span], self.unit[rows, span], self.ln_p[rows, span])


@dataclass(frozen=True)
class Found:
    """What the points of E entities in T buckets were found to be.

    Attributes:
        score: [E, T] 0 to log2(samples + 1), the higher the odder; NaN while too little is known, or most is missing.
        threshold: [E, T] the score from which on a point is an anomaly.
        grade: [E, T] 0 for no anomaly, up to 1 by how far the score is above the threshold.
        confidence: [E, T] how much of what can be remembered is known, 0 to 1.
        late: [E, T] how many points before this one the block lies that is to blame: 0 is this one.
        attribution: [E, T, F] shares of the grade, which sum up to 1; NaN where there is no anomaly.
        expected: [E, T, F] what would have been expected in the block that is to blame; NaN where there is no anomaly.
        imputed: [E, T, F] whether a value was missing, and the trees saw another in its place.
        modes: of each anomaly, by (entity, bucket): all that would have been usual there, the likeliest first.
    """

    score: Floats
    threshold: Floats
    grade: Floats
    confidence: Floats
    late: Ints
    attribution: Floats
    expected: Floats
    imputed: Bools
    modes: dict[tuple[int, int], list[Mode]]

    @classmethod
    def none(cls, entities: int, buckets: int, features: int) -> "Found":
        """Of points of which nothing is found."""
        told = np.full((2, entities, buckets), np.nan)
        each = np.full((2, entities, buckets, features), np.nan)
        grade, late = np.zeros((2, entities, buckets)), np.zeros((entities, buckets), np.int64)
        imputed = np.zeros(each[0].shape, np.bool_)
        return cls(told[0], told[1], grade[0], grade[1], late, each[0], each[1], imputed, {})

    def put(self, rows: Rows, span: slice, part: "Found") -> None:
        """Fill in what was found of some entities in a span of buckets."""
        for one in fields(self):
            if one.name != "modes":
                getattr(self, one.name)[rows, span] = getattr(part, one.name)
        numbers = np.arange(len(self.score))[rows].tolist()
        self.modes.update({(numbers[row], span.start + t): modes for (row, t), modes in part.modes.items()})


@dataclass(frozen=True)
class Seen:
    """What the trees see of points [E, T, F]; the deviations `unit` from `centre` that it stands for, to turn it back."""

    seen: Floats
    centre: Floats
    unit: Floats
    known: Bools


@dataclass
class _Past:
    """What is remembered beside the trees, one row an entity.

    Attributes:
        judge: [E, JUDGE_BYTES] of the scores.
        shown: [E, dims] the shingle as it was scored.
        known: [E, shingle] the share of each of its blocks that was known.
        centre: [E, shingle - 1, F] what was expected of its features.
        unit: [E, shingle - 1, F] their deviations.
        unit_now: [E, F] the newest ones.
        previous: [E, F] last values; NaN for none.
        points: [E] blocks so far.
    """

    judge: NDArray[np.uint8]
    shown: NDArray[np.float32]
    known: Floats
    centre: Floats
    unit: Floats
    unit_now: Floats
    previous: Floats
    points: Ints

    @classmethod
    def none(cls, trees: TreesConfig, entities: int) -> "_Past":
        judge = np.zeros(_forest.JUDGE_BYTES, np.uint8)
        _forest.begin_judging(judge)
        before = np.zeros((entities, trees.shingle - 1, trees.features))
        nothing = np.full((entities, trees.features), np.nan)
        return cls(
            np.tile(judge, (entities, 1)),
            np.zeros((entities, trees.dims), np.float32),
            np.zeros((entities, trees.shingle)),
            before,
            before.copy(),
            nothing,
            nothing.copy(),
            np.zeros(entities, np.int64),
        )

    @classmethod
    def of(cls, state: Arrays) -> "_Past":
        arrays: dict[str, Any] = {one.name: np.array(state[one.name]) for one in fields(cls)}
        return cls(**arrays)

    def snapshot(self) -> Arrays:
        return {one.name: getattr(self, one.name).copy() for one in fields(self)}

    def forget(self, rows: Ints, trees: TreesConfig) -> None:
        none = _Past.none(trees, len(rows))
        for one in fields(self):
            getattr(self, one.name)[rows] = getattr(none, one.name)

    def and_more(self, more: "_Past") -> "_Past":
        return _Past(**{one.name: np.concatenate([getattr(self, one.name), getattr(more, one.name)]) for one in fields(self)})


class Forests:
    """`build` is the only way in, `snapshot` the only way out; `grow` alone adds entities, `judge_and_learn` alone learns."""

    def __init__(self, config: ForestConfig, trees: list[Trees | None], past: _Past) -> None:
        self.config = config
        self._trees = trees
        self._past = past

    @classmethod
    def build(cls, config: ForestConfig, state: Arrays | None = None) -> "Forests":
        """Forests without entities, or as `snapshot` left them.

        Raises:
            ValueError: another version, or forests of other settings, wrote the snapshot.
        """
        if state is None:
            return cls(config, [], _Past.none(config.trees, 0))
        check_settings(config, state)
        past = _Past.of(state)
        trees: list[Trees | None] = [None] * len(past.points)
        ends = np.cumsum(state["store_length"])
        for at, entity in enumerate(np.flatnonzero(past.points).tolist()):
            store = state["store"][int(ends[at] - state["store_length"][at]) : int(ends[at])]
            trees[entity] = Trees.of_arrays(config.trees, state["record"][at], store)
        return cls(config, trees, past)

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""
        begun = [one for one in self._trees if one is not None]
        size, none = Trees.record_bytes(self.config.trees), np.zeros(0, np.float32)
        return self._past.snapshot() | {
            "settings": settings_of(self.config),
            "record": _side_by_side([one.record for one in begun], size),
            "store": np.concatenate([none, *(one.store for one in begun)]),
            "store_length": np.array([len(one.store) for one in begun], np.int64),
        }

    def __len__(self) -> int:
        """How many entities there are."""
        return len(self._trees)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        past = sum(array.nbytes for array in self._past.snapshot().values())
        return past + sum(one.nbytes for one in self._trees if one is not None)

    def trees_of(self, entity: int) -> Trees:
        """The trees of an entity that has begun."""
        trees = self._trees[entity]
        assert trees is not None, "it has begun"
        return trees

    def points(self, rows: Rows = _ALL) -> Ints:
        """How many blocks each entity has had."""
        return self._past.points[rows].copy()

    def previous(self, entity: int) -> Floats:
        """The last values [F] of an entity; NaN for none."""
        return np.array(self._past.previous[entity])

    def all_previous(self, rows: Rows) -> Floats:
        """The last values [E, F] of entities; NaN for none."""
        return np.array(self._past.previous[rows])

    def unit_now(self, entity: int) -> Floats:
        """The newest deviations [F] of its features."""
        return np.array(self._past.unit_now[entity])

    def shown(self, entity: int) -> NDArray[np.float32]:
        """The shingle [dims] of an entity as it was scored last."""
        return np.array(self._past.shown[entity])

    def grow(self, entities: int) -> None:
        """Add entities without a past until there are so many."""
        missing = entities - len(self._trees)
        if missing > 0:
            self._trees += [None] * missing
            self._past = self._past.and_more(_Past.none(self.config.trees, missing))

    def forget(self, rows: Ints) -> None:
        """Forget all that was learnt of entities: they begin anew with their next point."""
        for row in rows.tolist():
            self._trees[row] = None
        self._past.forget(rows, self.config.trees)

    def judge_and_learn(
        self, values: Floats, expected: Expected | None, began: Ints | None = None, threads: int = 1, rows: Rows = _ALL
    ) -> Found:
        """Judge each point by what was known before it, then learn it. How time is cut into calls changes no bit.

        Args:
            values: [E, T, F] of consecutive buckets; NaN is missing.
            expected: what each feature was expected to be; None with the transform `none`.
            began: [E] where in T each entity begins, T for one that has not; None: all are there from the first bucket on.
            threads: how many share the entities; it changes no bit.
            rows: which entities these are; all of them.
        """
        entities, n = values.shape[:2]
        c, began = self.config.trees, np.zeros(entities, np.int64) if began is None else began
        told, late = np.full((entities, n, 4), np.nan), np.zeros((entities, n), np.int64)
        told[:, :, 2:] = 0.0
        share, likely = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
        found: dict[tuple[int, int], list[Mode]] = {}
        if not n:
            return Found.none(*values.shape)
        seen, past, row_of = self.see(values, expected, began, rows), self._past, np.arange(len(self))[rows]
        known = seen.known.mean(axis=2)
        centre = np.concatenate([past.centre[rows], seen.centre], axis=1)
        unit = np.concatenate([past.unit[rows], seen.unit], axis=1)

        def judge(e: int) -> None:
            own, row = slice(int(began[e]), n), int(row_of[e])
            out = told[e, own], late[e, own], share[e, own], likely[e, own]
            state = past.judge[row], past.shown[row], past.known[row]
            trees = self._trees[row] = self._trees[row] or Trees.build(c)
            for t, alike in trees.judge(*state, seen.seen[e, own], known[e, own], out):
                at = own.start + t + c.shingle - 1 - late[e, own.start + t]
                found[e, own.start + t] = modes(self.back(alike.astype(float), centre[e, at], unit[e, at]))

        for_each(judge, np.flatnonzero(began < n).tolist(), threads if values.size >= _WORTH_THREADS else 1)
        at = np.arange(n)[None, :] + c.shingle - 1 - late
        each = np.arange(entities)[:, None]
        expected_values = self.back(likely, centre[each, at], unit[each, at])
        here = began < n
        to, last = row_of[here], centre.shape[1] - c.shingle + 1
        past.centre[to], past.unit[to] = centre[here, last:], unit[here, last:]
        past.unit_now[to] = seen.unit[here, -1]
        past.previous[to] = last_known(_after(past.previous[rows], values))[here, -1]
        past.points[rows] += n - began
        imputed = np.isnan(values) & (np.arange(n)[None, :, None] >= began[:, None, None])
        score, threshold, grade, confidence = np.ascontiguousarray(told.transpose(2, 0, 1))
        return Found(score, threshold, grade, confidence, late, share, expected_values, imputed, found)

    def see(self, values: Floats, expected: Expected | None, began: Ints, rows: Rows = _ALL) -> Seen:
        """What the trees would see of values [E, T, F] that come next. Changes nothing."""
        last = last_known(_after(self._past.previous[rows], values))
        known = ~np.isnan(values)
        left = ~known & (self.config.missing == "forest")  # to the trees to fill in
        filled = np.where(known, values, self._in_place_of_missing(last[:, :-1]))
        if expected is None:
            filled = np.where(np.isnan(filled), 0.0, filled)  # before the first value there is nothing better
            plain = np.where(left, np.nan, filled * self.weights)
            return Seen(plain, np.zeros(values.shape), np.ones(values.shape), known)
        centre, unit = expected.centre, expected.unit
        unknown = known & np.isnan(centre)
        number = (self._past.points[rows] - began)[:, None] + np.arange(values.shape[1])[None, :]
        seen = _deviations(filled - centre, filled, unit, expected.ln_p, number[:, :, None])
        seen = as_surprising(np.clip(np.nan_to_num(seen), -_FARTHEST, _FARTHEST))
        seen = np.where(left, np.nan, seen * self.weights)
        there = np.arange(values.shape[1])[None, :, None] >= began[:, None, None]
        centre = np.where(there, np.where(np.isnan(centre), filled, centre), 0.0)
        return Seen(seen, centre, np.where(there, np.nan_to_num(unit), 0.0), known & ~unknown)

    def back(self, seen: Floats, centre: Floats, unit: Floats) -> Floats:
        """The values that the trees would see so."""
        plain = seen / self.weights
        return plain if self.config.transform == "none" else centre + unit * as_deviations(plain)

    @property
    def weights(self) -> Floats:
        """[F] by how much each feature counts more."""
        weights = self.config.weights
        return np.ones(self.config.trees.features) if weights is None else np.array(weights, float)

    def _in_place_of_missing(self, previous: Floats) -> Floats:
        kind = self.config.missing
        if isinstance(kind, tuple):
            return np.broadcast_to(np.array(kind), previous.shape)
        if kind == "zero":
            return np.zeros(previous.shape)
        # A value that is nothing known is seen as what was expected; without a model that is the one before.
        return previous if kind == "previous" or self.config.transform == "none" else np.full(previous.shape, np.nan)


def _deviations(apart: Floats, values: Floats, unit: Floats, ln_p: Floats, number: Ints) -> Floats:
    """How many deviations values are apart from what was expected.

    A feature that has never changed has no deviation, and any change of it is infinitely many. There the chance of a change
    says how odd it is, and its size beside the value itself, up to four times as much. Where it has not changed it is seen with
    noise of one deviation, as trees tell even the smallest difference from none. `number` [E, T, 1] counts the points of each
    entity.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = apart / unit
        relative = np.abs(apart) / np.maximum(np.abs(values), np.abs(values - apart))
    flat = unit == 0.0
    if not flat.any():
        return np.asarray(seen)
    chance = np.sqrt(-2.0 * np.minimum(np.nan_to_num(ln_p), 0.0)) * (1.0 + _BY_SIZE * np.minimum(np.nan_to_num(relative), 1.0))
    place = (number + np.arange(values.shape[2])[None, None, :] * _GOLDEN) * _GOLDEN % 1.0
    changed = np.nan_to_num(apart) != 0.0
    return np.where(flat, np.where(changed, np.sign(np.nan_to_num(apart)) * as_deviations(chance), _noise(place)), seen)


def _noise(place: Floats) -> Floats:
    """Noise of one deviation, by places in [0, 1) that are spread evenly.

    It has the tails that values have: else trees would tell from it what is as likely as four deviations of others.
    """
    inside = np.clip(place, 1 / 512, 1 - 1 / 512)  # of a sample of 256 the outermost
    return np.asarray((ln(inside) - ln(1.0 - inside)) * (np.sqrt(3.0) / np.pi))


def as_surprising(deviations: Floats) -> Floats:
    """Far deviations as far apart as they are surprising, which goes by their square; near ones as they are.

    Trees cut at random along all sides alike. With many features a jump of one of them, however unlikely, is a small part of
    that, unless it is as long as it is unlikely.
    """
    size = np.abs(deviations)
    return np.where(size > _FAR, np.sign(deviations) * (size * size / (2 * _FAR) + _FAR / 2), deviations)


def as_deviations(surprising: Floats) -> Floats:
    """The inverse of `as_surprising`."""
    size = np.abs(surprising)
    with np.errstate(invalid="ignore"):
        far = np.sqrt(2 * _FAR * size - _FAR * _FAR)
    return np.where(size > _FAR, np.sign(surprising) * far, surprising)


def last_known(values: Floats) -> Floats:
    """Each value, or the last known one before it; [E, T, F]."""
    at = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.shape[1])[None, :, None]), axis=1)
    return np.take_along_axis(values, at, axis=1)


def for_each(do: Callable[[int], None], items: Sequence[int], threads: int) -> None:
    """Do something with each item, shared out over threads."""
    if threads == 1:
        for item in items:
            do(item)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(do, items):
            pass


def _side_by_side(records: Sequence[NDArray[np.uint8]], size: int) -> NDArray[np.uint8]:
    """Records [n, width] of at least `size` bytes, with zeros behind those that are shorter than the longest."""
    together = np.zeros((len(records), max([size, *map(len, records)])), np.uint8)
    for row, record in zip(together, records, strict=True):
        row[: len(record)] = record
    return together


def _after(previous: Floats, values: Floats) -> Floats:
    return np.concatenate([previous[:, None, :], values], axis=1)
