"""The series model: bucket values in, probabilities out."""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from statistics import NormalDist
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

import numpy as np

from barograph.config.duration import DAY_MS
from barograph.kernels import _series
from barograph.models.base import Judged, Kin, Records, Skipped
from barograph.models.civil import Shifts, local_ms
from barograph.models.config import SIDES, ModelConfig
from barograph.models.describe import Description, Known, describe, known, lately
from barograph.models.forecast import Foreseen, Horizon, foresee
from barograph.models.held import Held
from barograph.models.pool import Pool, floats
from barograph.models.siblings import LESSON, Siblings
from barograph.models.skips import NOT_SKIPPED, Skips
from barograph.models.state import CHANGE, FLAGGED, PREDICTIVE, SERIES, VERSION, fresh
from barograph.results.arrays import Bools, Bytes, Floats, Ints, Structs, as_bytes
from barograph.results.leaf import LEAF, Tried
from barograph.results.snapshot import Arrays, version_of

HIGH_VARIANCE: Final = 1.25
"""A bucket in which the model expects so many times the usual deviation is said to have a high variance."""

_STEPS: Final = {"bucket_before": "ln_views", "buckets_around": "ln_seen", "shown_before": "ln_evidence"}
"""Factors of a score that come after the bucket itself, and the field of a flagged bucket that is the evidence after each."""

_NO_RESETS: Final = np.zeros((0, 0), np.uint8)
_NO_WEIGHTS: Final = np.zeros((0, 0))
_WAS_NEGATIVE: Final = 2  # in the flags of a series, as in the kernel

_WORTH_A_THREAD = 20_000  # values; below, handing work over costs more than it saves
_AT_ONCE = 100_000  # values in one call of the kernel, about 50 ms: no signal is heard while it runs
_ANY_PERCENTILE = 50.0  # of bounds that nobody looks at: the predicted mean comes with them
_CHANGES_A_BUCKET = 8  # room the kernel wants before it starts a bucket


class SeriesModel:
    """One model a series, all of one detector. Built by `build` only; `snapshot` is the only way out."""

    RECORDS: ClassVar = Records("series", SERIES, known, lately, describe)
    TOGETHER: ClassVar = False

    def __init__(self, config: ModelConfig, held: Held, siblings: Siblings, began: int = -1) -> None:
        self.config = config
        self._held = held
        self._siblings = siblings
        self._began = began  # number of the first bucket of all; -1: none yet
        self._zone = ZoneInfo(config.time_zone)

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> "SeriesModel":
        """A model without series, or the one that `snapshot` wrote.

        Raises:
            ValueError: the snapshot's records are of another version.
        """
        if state is None:
            return cls(config, Held.build(config.bed), Siblings.build())
        if not cls.readable(state):
            raise ValueError(f"series records of version {version_of(state)}: wanted this version, {VERSION}")
        held = Held.build(config.bed, state["series"], state["pool"])
        return cls(config, held, Siblings.build(state["siblings"]), int(state["began"][0]))

    @classmethod
    def of_one(cls, config: ModelConfig, state: Arrays, row: int, newest: Arrays) -> "SeriesModel | None":
        """A model of one series of a snapshot, as it was then; None before its first value, or of another version.

        It goes on with the lessons that its siblings gave from day to day, as the `newest` snapshot has them.
        """
        if not (cls.readable(state) and cls.readable(newest)) or row >= len(state["series"]):
            return None
        if not np.asarray(state["series"], SERIES)["count"][row] > 0:
            return None
        records = np.array(state["series"][: row + 1], SERIES)
        ends = np.cumsum(np.where(records["season.kind"] > 0, floats(records["season.knots"]), 0))
        start = int(ends[row - 1]) if row else 0
        own = records[row:].copy()
        pool = Pool.unpack(own, state["pool"][start : int(ends[row])].astype(np.float32))
        return cls(config, Held(own, pool), Siblings.build(newest["siblings"], learns=False), int(state["began"][0]))

    @classmethod
    def at_birth(cls, config: ModelConfig, state: Arrays, row: int, first: float) -> "SeriesModel":  # noqa: ARG003
        """A model of one series of a snapshot before its `first` value: it knows what its siblings had taught, and no more."""
        return cls(config, Held(fresh(1), Pool()), Siblings.build(state["siblings"], learns=False), int(state["began"][0]))

    @staticmethod
    def readable(state: Arrays) -> bool:
        """Whether a snapshot's records are of this version."""
        return version_of(state) == VERSION and state["series"].dtype == SERIES

    @property
    def n_series(self) -> int:
        """How many series the model has."""
        return len(self._held)

    @property
    def patterns(self) -> Pool:
        """Those of the seasons of the series that are awake."""
        return self._held.pool

    @property
    def asleep(self) -> int:
        """How many of them sleep."""
        return self._held.asleep

    @property
    def awake_bytes(self) -> int:
        """What those that are awake take."""
        return self._held.nbytes

    def keep_awake(self, awake_bytes: int) -> None:
        """From now on at most so much is awake, where series may sleep: those that have been without data for longest do."""
        self._held.keep(awake_bytes)

    def grow(self, n_series: int, kin: Kin | None = None) -> None:  # noqa: ARG002  # what each is of does not matter
        """Add series until there are `n_series`; they start from what their siblings taught, or from nothing."""
        if n_series < len(self._held):
            raise ValueError(f"n_series={n_series}: wanted at least the present {len(self._held)}")
        if n_series > len(self._held):
            self._held.grow(n_series)

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes, however they were cut into chunks and threads."""
        records, packed = self._held.packed()
        about_all = {"began": np.array([self._began]), "version": np.array([VERSION])}
        return {"series": records, "pool": packed, "siblings": self._siblings.snapshot()} | about_all

    def describe(self, row: int) -> Description:
        """What the model believes about series `row` now, in words and numbers."""
        return describe(self._held.records[self._held.awake(np.array([row]))[0]], self.config)

    @staticmethod
    def ln_p_of(payload: Structs, values: Floats) -> Floats:
        """ln of the probability of other values [k] in the place of leaves; `payload` [k] are records of `state.PREDICTIVE`."""
        out = np.empty(len(values))
        packed = _bytes(np.ascontiguousarray(payload, PREDICTIVE))
        _series.probability(packed, np.ascontiguousarray(values, np.float64), out)
        return out

    def known(self) -> Known:
        """What the model knows of its series together, and what not yet."""
        return sum((known(records, self.config) for records, _ in self._held.blocks()), Known())

    def forecast(self, rows: Ints, ask: Horizon, shifts: Shifts | None = None) -> Foreseen:
        """What some of the series are expected to do next; nothing is learnt.

        Args:
            rows: [S] the series.
            ask: from when on, how long, and how wide the bounds are to be.
            shifts: changes of the clock of all series; None: there are none.
        """
        shifts = shifts or Shifts.none(self.n_series)
        places, series = self._held.awake(rows), self._held.series()
        foreseen = foresee(self._held.records, self._held.pool.array, self.config, places, ask, shifts.series(series))
        return replace(foreseen, rows=series[foreseen.rows])

    def advance(
        self,
        values: Floats,
        first_bucket_ms: int,
        rows: Ints | None = None,
        skips: Skips | None = None,
        weights: Floats | None = None,
    ) -> Judged:
        """Score each bucket with what was known before it, then learn it.

        Args:
            values: [S, T] bucket values of consecutive buckets; NaN is no data; infinities are read as +-1e140.
            first_bucket_ms: start of bucket 0, a multiple of the span.
            rows: [S] which series the rows of `values` are, each at most once; None: all, in order.
            skips: what of it is not to be told, or not to be learned.
            weights: [S, T] rows that each value is the mean of; None: as many as ever, and always where not `config.of_rows`.
        """
        skips = skips or Skips.none(*values.shape)
        span, parts, start = self.config.bucket_span_ms, [], 0
        if self._began < 0 and values.shape[1]:
            self._began = first_bucket_ms // span
        if not self.config.siblings:
            return self._run(values, first_bucket_ms, rows, skips, weights, learn=True)
        for end in _day_ends(first_bucket_ms, span, values.shape[1]):
            parts.append(self._stretch(values, first_bucket_ms, rows, skips, weights, slice(start, end)))
            now = first_bucket_ms // span + end
            self._siblings.learn(now * span // DAY_MS, self._held.about(), self._began, DAY_MS / span, now)
            start = end
        if start < values.shape[1] or not parts:
            parts.append(self._stretch(values, first_bucket_ms, rows, skips, weights, slice(start, None)))
        return Judged.joined(parts)

    def _stretch(
        self, values: Floats, first_ms: int, rows: Ints | None, skips: Skips, weights: Floats | None, of: slice
    ) -> Judged:
        """Score and learn some of the buckets."""
        start_ms = first_ms + of.start * self.config.bucket_span_ms
        behind = None if weights is None else weights[:, of]
        return self._run(values[:, of], start_ms, rows, skips.buckets(of), behind, learn=True)

    def try_values(self, values: Floats, bucket_ms: int, shifts: Shifts | None = None, weight: float = 0.0) -> Tried:
        """What the model of one series would make of any of `values` [k] in a bucket, which is not learned.

        Only where `ln_threshold` is 0 does every value have a leaf. `shifts` are the changes of the clock of this one series,
        `weight` is how many rows there would be behind each value; 0: as many as usual.
        """
        rows = np.zeros(len(values), np.int64)
        tried = np.ascontiguousarray(values[:, None], np.float64)
        skips = Skips.clock(shifts.series(rows), 1) if shifts else Skips.none(*tried.shape)
        work = _Work(self, tried, rows, bucket_ms, False, self.config, skips, np.full(tried.shape, weight))
        work.run()
        flagged = _in_order(work.flagged, FLAGGED)
        predictive = flagged["predictive"][0]
        return Tried(
            _leaves(flagged, rows, bucket_ms // self.config.bucket_span_ms),
            _steps(flagged),
            float(predictive["centre"]),
            float(predictive["deviation"]),
            0.0 if self.config.non_negative or not self._held.records["flags"][0] & _WAS_NEGATIVE else -math.inf,
            bool(predictive["dof"] > 0),
        )

    def judge(
        self,
        values: Floats,
        bucket_ms: int,
        rows: Ints | None = None,
        skips: Skips | None = None,
        weights: Floats | None = None,
    ) -> Judged:
        """Score one bucket of values [S] of `weights` [S] rows without learning it. Judged is [S, 1]."""
        behind = None if weights is None else weights[:, None]
        return self._run(values[:, None], bucket_ms, rows, skips or Skips.none(len(values), 1), behind, learn=False)

    def expect(self, first_bucket_ms: int, buckets: int, shifts: Shifts | None = None) -> Floats:
        """What all series [S] are expected to be in coming buckets [T], by what is known now. Changes nothing.

        Returns:
            [S, T] predicted means; NaN before a series has a scale.
        """
        config, every = replace(self.config, bounds_percentile=_ANY_PERCENTILE), np.arange(self.n_series)
        unknown = np.full((self.n_series, buckets), np.nan)
        skips = Skips.clock(shifts, buckets) if shifts else Skips.none(*unknown.shape)
        expected = unknown.copy()
        for some in self._held.parts(every, np.ones(self.n_series, np.bool_)):
            places = self._held.places(every[some])
            work = _Work(self, unknown[some], places, first_bucket_ms, False, config, skips.series(some), None)
            work.run()
            expected[some] = work.out[2]
        return expected

    def _run(
        self, values: Floats, first_ms: int, rows: Ints | None, skips: Skips, weights: Floats | None, *, learn: bool
    ) -> Judged:
        picked = np.arange(self.n_series) if rows is None else np.ascontiguousarray(rows, np.int64)
        if values.ndim != 2 or len(values) != len(picked):
            raise ValueError(f"values.shape={values.shape}: wanted ({len(picked)}, buckets)")
        if weights is not None and weights.shape != values.shape:
            raise ValueError(f"weights.shape={weights.shape}: wanted {values.shape}, as values")
        span = self.config.bucket_span_ms
        if first_ms % span:
            raise ValueError(f"first_bucket_ms={first_ms}: wanted a multiple of bucket_span_ms={span}")
        values = np.ascontiguousarray(values, np.float64)
        if not self._held.asleep:
            return self._run_some(values, first_ms, picked, skips, weights, learn=learn)
        needed: Bools = np.asarray(~np.isnan(values).all(axis=1))
        if skips.resets is not None:
            needed |= skips.resets.any(axis=1)

        def of(some: Ints) -> Floats | None:
            return None if weights is None else np.ascontiguousarray(weights[some])

        parts = [
            (some, self._run_some(values[some], first_ms, picked[some], skips.series(some), of(some), learn=learn))
            for some in self._held.parts(picked, needed)
        ]
        return _merged(parts, picked, values.shape, with_bounds=self.config.bounds_percentile is not None)

    def _run_some(
        self, values: Floats, first_ms: int, picked: Ints, skips: Skips, weights: Floats | None, *, learn: bool
    ) -> Judged:
        """The same of series that are awake."""
        work = _Work(self, values, self._held.places(picked), first_ms, learn, self.config, skips, weights)
        work.run()
        ln_p, ln_evidence, *shown = work.out
        typical, lower, upper = shown if work.bounds else (None, None, None)
        first = first_ms // self.config.bucket_span_ms
        flagged = _in_order(work.flagged, FLAGGED)
        told = flagged["skipped_by"] == NOT_SKIPPED
        skipped, flagged = (flagged[:0], flagged) if told.all() else (flagged[~told], flagged[told])
        leaves, payload = _leaves(flagged, picked, first), np.ascontiguousarray(flagged["predictive"])
        by = Skipped(_leaves(skipped, picked, first), np.ascontiguousarray(skipped["skipped_by"]))
        return Judged(ln_p, ln_evidence, typical, lower, upper, leaves, payload, _in_order(work.changes, CHANGE), by)


def _merged(parts: list[tuple[Ints, Judged]], picked: Ints, shape: tuple[int, ...], *, with_bounds: bool) -> Judged:
    """What was thought of some series each, given as positions among those `picked`; of the others there is no data."""
    names = ("ln_p", "ln_evidence", *(("typical", "lower", "upper") if with_bounds else ()))
    whole = dict.fromkeys(("typical", "lower", "upper")) | {name: np.full(shape, np.nan) for name in names}
    for some, judged in parts:
        for name in names:
            whole[name][some] = getattr(judged, name)
        judged.changes["row"] = some[judged.changes["row"]]
    place = np.zeros(int(picked.max(initial=-1)) + 1, np.int64)
    place[picked] = np.arange(len(picked))
    joined = {name: np.concatenate([getattr(one, name) for _, one in parts]) for name in ("leaves", "payload", "changes")}
    leaves, payload, changes = joined.values()
    skipped = Skipped.joined([one.skipped for _, one in parts])
    told, silenced = (np.lexsort((place[these["series"]], these["bucket"])) for these in (leaves, skipped.leaves))
    return Judged(
        **whole,
        leaves=leaves[told],
        payload=payload[told],
        changes=changes[np.lexsort((changes["row"], changes["t"]))],
        skipped=Skipped(skipped.leaves[silenced], skipped.by[silenced]),
    )


class _Work:
    """One call of `advance`, `judge` or `expect`: its output arrays and the slices that threads work on."""

    def __init__(
        self,
        model: SeriesModel,
        values: Floats,
        rows: Ints,
        first_ms: int,
        learn: bool,
        config: ModelConfig,
        skips: Skips,
        weights: Floats | None,
    ) -> None:
        self._config, self._skips = config, skips
        read = config.of_rows and weights is not None
        self._weights = np.ascontiguousarray(weights, np.float64) if read else None
        self._model, self._values, self._rows, self._learn = model, values, rows, learn
        self._first = first_ms // config.bucket_span_ms
        starts = first_ms + np.arange(values.shape[1], dtype=np.int64) * config.bucket_span_ms
        self._local_ms = local_ms(starts, model._zone) + skips.shifts.at(starts)
        self._lesson, given = model._siblings.at(first_ms // DAY_MS)
        self._given = given or not config.siblings
        self._progress = np.zeros(len(rows), np.int64)
        percentile = config.bounds_percentile
        self.bounds = NormalDist().inv_cdf(0.5 + percentile / 200) if percentile is not None else 0.0
        shape = values.shape if self.bounds else (len(rows), 0)
        # ln p, ln evidence, typical, lower, upper
        self.out = [np.empty(values.shape) for _ in range(2)] + [np.empty(shape) for _ in range(3)]
        self.flagged: list[Structs] = []
        self.changes: list[Structs] = []

    def run(self) -> None:
        """Run every slice to its end, giving out pool memory between the passes."""
        held, buckets = self._model._held, self._values.shape[1]
        if self._learn:
            held.own()
        threads = min(self._config.threads, max(1, self._values.size // _WORTH_A_THREAD))
        if threads > 1:
            threads = min(threads, os.cpu_count() or 1)
        slices = self._slices(4 * threads if threads > 1 else 1)
        with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
            while buckets and ((self._progress < buckets) | (held.records["season.want"][self._rows] != 0)).any():
                for flagged, changes in pool.map(self._pass, slices) if pool is not None else map(self._pass, slices):
                    self.flagged += flagged
                    self.changes += changes
                held.pool.grant(held.records)

    def _slices(self, parts: int) -> list[slice]:
        size = max(1, min(-(-len(self._rows) // parts), _AT_ONCE // max(1, self._values.shape[1])))
        return [slice(start, start + size) for start in range(0, len(self._rows), size)]

    def _pass(self, part: slice) -> tuple[list[Structs], list[Structs]]:
        """Run the slice until every series is done or waits for pool memory."""
        all_flagged: list[Structs] = []
        all_changes: list[Structs] = []
        room, changes_room = 64 + self._values[part].size // 16, 64
        while True:
            flagged, changes = np.empty(room, FLAGGED), np.empty(changes_room, CHANGE)
            n_flagged, n_changes = self._call(part, flagged, changes)
            for records, n, so_far in ((flagged, n_flagged, all_flagged), (changes, n_changes, all_changes)):
                records["row"][:n] += part.start
                so_far.append(records[:n])
            if n_flagged < room and n_changes + _CHANGES_A_BUCKET <= changes_room:
                return all_flagged, all_changes

    def _call(self, part: slice, flagged: Structs, changes: Structs) -> tuple[int, int]:
        config, model, skips = self._config, self._model, self._skips.series(part)
        return _series.advance(
            _bytes(model._held.records),
            model._held.pool.array,
            self._rows[part],
            self._values[part],
            _NO_WEIGHTS if self._weights is None else self._weights[part],
            self._local_ms,
            self._progress[part],
            _bytes(flagged),
            _bytes(changes),
            [array[part] for array in self.out],
            self._first,
            config.bucket_span_ms,
            SIDES[config.side],
            config.non_negative,
            self._learn,
            self.bounds,
            config.ln_threshold,
            [float(self._lesson[name][0]) for name in LESSON] + [float(self._given)],
            model._began if config.zeros_before else -1,
            config.calendar,
            skips.planned,
            as_bytes(skips.rules),
            as_bytes(skips.conditions),
            skips.scope,
            as_bytes(skips.shifts.some),
            skips.shifts.scope,
            _NO_RESETS if skips.resets is None else skips.resets,
        )


def _bytes(records: Structs) -> Bytes:
    return records.view(np.uint8).reshape(len(records), records.dtype.itemsize)


def _day_ends(first_ms: int, span_ms: int, buckets: int) -> list[int]:
    """How many of consecutive buckets have begun when each UTC day ends within them."""
    day = (first_ms + span_ms * np.arange(buckets + 1, dtype=np.int64)) // DAY_MS
    return (np.flatnonzero(np.diff(day)) + 1).tolist()


def _in_order(parts: list[Structs], dtype: np.dtype[np.void]) -> Structs:
    """By time, then row. One whole-number key sorts much faster than two fields of wide records."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return np.zeros(0, dtype)
    joined = filled[0] if len(filled) == 1 else np.concatenate(filled)
    key = joined["t"].astype(np.int64) * (int(joined["row"].max(initial=0)) + 1) + joined["row"]
    return np.take(joined, np.argsort(key, kind="stable"))


def _steps(flagged: Structs) -> dict[str, Floats]:
    """The evidence [k] after each factor. What the views cost is no factor of its own: the bucket itself pays for them."""
    by_itself = np.maximum(flagged["ln_p"], flagged["ln_views"])
    return {"this_bucket": by_itself} | {name: np.ascontiguousarray(flagged[column]) for name, column in _STEPS.items()}


def _leaves(flagged: Structs, rows: Ints, first_bucket: int) -> Structs:
    """The leaves [k] of what the kernel flagged among `rows`, from `first_bucket` on."""
    leaves = np.zeros(len(flagged), LEAF)
    if not len(flagged):
        return leaves
    # Field by field: the records are wide, and most of their width is the distribution, which few leaves are asked for.
    for name in ("ln_p", "ln_evidence", "actual", "typical", "lower", "upper", "impact", "count", "since", "same"):
        leaves[name] = flagged[name]
    predictive = flagged["predictive"]
    leaves["bucket"] = first_bucket + flagged["t"].astype(np.int64)
    leaves["series"] = rows[flagged["row"]]
    leaves["means"] = flagged["surprise"][:, 2:].max(axis=1, initial=0.0)
    leaves["seen"] = 0.0
    leaves["high_variance"] = predictive["deviation"] > HIGH_VARIANCE * flagged["usual_deviation"]
    leaves["multimodal"] = ~np.isnan(predictive["ln_outlier"])
    return leaves
