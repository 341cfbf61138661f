"""Series whose values go together: each is judged by its own past, and by what the others of its partition lead to expect."""

from dataclasses import replace
from typing import ClassVar, Final

import numpy as np

from barograph.kernels.elementary import t_above
from barograph.models.base import Judged, Kin, Records, Skipped
from barograph.models.civil import Shifts
from barograph.models.config import SIDES, ModelConfig
from barograph.models.describe import Description, Known
from barograph.models.forecast import Foreseen, Horizon
from barograph.models.pairs import ENOUGH, PAIR, REST, Pairs, Said
from barograph.models.series import SeriesModel
from barograph.models.skips import Skips, bits
from barograph.results.arrays import Bools, Floats, Ints, Structs
from barograph.results.leaf import Tried
from barograph.results.snapshot import Arrays

_NORMAL: Final = 1.959963984540054  # deviations to either end of a range that holds 95 %
_COST: Final = 2.302585092994046  # -ln of the share of false alarms that looking at others adds: a tenth (chosen)
_MOST_DOF: Final = 20.0  # however much is known: the tail of what others leave is heavier than a normal one (chosen)
_FAR: Final = 1e6  # deviations beyond which further ones do not count
_ALONE: Final = -5.0  # the multi-bucket impact of what is odd in one bucket
_AT_ONCE: Final = 100_000  # cells judged together: each has a leaf until it is known to be quiet
_LN_2: Final = 0.6931471805599453


class CorrelatedModel:
    """A `SeriesModel`, and beside it how far the series of each partition go together.

    A value that is odd by itself stays as odd as it is, also where others are off with it: a common outage is told. One that is
    usual by itself is odd where it is not what the others lead to expect.
    Built by `build` only; `snapshot` is the only way out.
    """

    RECORDS: ClassVar[Records] = SeriesModel.RECORDS
    TOGETHER: ClassVar = True

    def __init__(self, config: ModelConfig, series: SeriesModel, pairs: Pairs, beside: Said | None = None) -> None:
        self.config = config
        self._series = series
        self._pairs = pairs
        self._beside = beside  # [1, 1] what others say of the only series of this model

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> "CorrelatedModel":
        """A model without series, or the one that `snapshot` wrote.

        Raises:
            ValueError: another version wrote it.
        """
        return cls(config, SeriesModel.build(_telling_all(config), state), Pairs.build(config.bucket_span_ms, state))

    @classmethod
    def of_one(cls, config: ModelConfig, state: Arrays, row: int, newest: Arrays) -> "CorrelatedModel | None":
        """One series of a snapshot, of which nobody says anything; None before it had a value."""
        alone = SeriesModel.of_one(_telling_all(config), state, row, newest)
        return None if alone is None else cls(config, alone, Pairs.build(config.bucket_span_ms), Said.nothing(1, 1))

    @classmethod
    def at_birth(cls, config: ModelConfig, state: Arrays, row: int, first: float) -> "CorrelatedModel":
        """One series before its first value."""
        alone = SeriesModel.at_birth(_telling_all(config), state, row, first)
        return cls(config, alone, Pairs.build(config.bucket_span_ms), Said.nothing(1, 1))

    @staticmethod
    def readable(state: Arrays) -> bool:
        """Whether this version can read a snapshot."""
        mine = all(name in state and state[name].dtype == dtype for name, dtype in (("pairs", PAIR), ("rest", REST)))
        return mine and SeriesModel.readable(state)

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""
        return self._series.snapshot() | self._pairs.snapshot()

    @property
    def n_series(self) -> int:
        """How many series the model has."""
        return self._series.n_series

    @property
    def patterns(self) -> object:
        """What repeats in the series that are awake."""
        return self._series.patterns

    @property
    def asleep(self) -> int:
        """How many series sleep."""
        return self._series.asleep

    @property
    def awake_bytes(self) -> int:
        """What those that are awake take."""
        return self._series.awake_bytes

    def keep_awake(self, awake_bytes: int) -> None:
        """From now on at most so much is awake, where series may sleep; what is known of pairs always is."""
        self._series.keep_awake(awake_bytes)

    def grow(self, n_series: int, kin: Kin | None = None) -> None:
        """Add series until there are `n_series`, each to its partition; without `kin` all are of one."""
        self._series.grow(n_series)
        self._pairs.grow(np.zeros(n_series, np.int32) if kin is None else kin.partition[:n_series])

    def advance(
        self, values: Floats, first_bucket_ms: int, *, skips: Skips | None = None, weights: Floats | None = None
    ) -> Judged:
        """Score each bucket with what was known before it and by what others have in it, then learn it.

        Args:
            values: [S, T] bucket values of consecutive buckets of all series; NaN is no data.
            first_bucket_ms: start of bucket 0, a multiple of the span.
            skips: what of it is not to be told, or not to be learned.
            weights: [S, T] rows behind each value; None: as many as ever.
        """
        skips = skips or Skips.none(*values.shape)
        learns = (skips.planned & bits(("skip_model_update",))) == 0
        step = max(_AT_ONCE // max(len(values), 1), 1)
        parts = []
        for start in range(0, max(values.shape[1], 1), step):
            of = slice(start, start + step)
            first_ms = first_bucket_ms + start * self.config.bucket_span_ms
            behind = None if weights is None else weights[:, of]
            judged = self._series.advance(values[:, of], first_ms, skips=skips.buckets(of), weights=behind)
            off = self._off(judged, first_ms)
            said = []
            for t in range(off.shape[1]):
                if skips.resets is not None:
                    self._pairs.forget(skips.resets[:, start + t] != 0)
                said.append(self._pairs.say_and_learn(off[:, t], learns=bool(learns[start + t])))
            parts.append(self._told(judged, Said.side_by_side(said, len(values)), first_ms))
        return Judged.joined(parts)

    def judge(self, values: Floats, bucket_ms: int, *, skips: Skips | None = None, weights: Floats | None = None) -> Judged:
        """Score one bucket of values [S] of `weights` [S] rows without learning it. Judged is [S, 1]."""
        judged = self._series.judge(values, bucket_ms, skips=skips, weights=weights)
        said = self._beside or Said.side_by_side([self._pairs.say(self._off(judged, bucket_ms)[:, 0])], len(values))
        return self._told(judged, said, bucket_ms)

    def beside(
        self, row: int, values: Floats, bucket_ms: int, weights: Floats | None = None, shifts: Shifts | None = None
    ) -> "CorrelatedModel":
        """The model of series `row` alone, in a bucket in which all series [S] have these values; nothing is learnt."""
        state, config = self.snapshot(), replace(self.config, ln_threshold=0.0, bounds_percentile=None)
        alone = self.of_one(config, state, row, state) or self.at_birth(config, state, row, float(values[row]))
        skips = None if shifts is None else Skips.clock(shifts, 1)
        judged = self._series.judge(values, bucket_ms, skips=skips, weights=weights)
        said = self._pairs.say(self._off(judged, bucket_ms)[:, 0])
        alone._beside = Said.side_by_side([said.at(np.array([row]))], 1)
        return alone

    def try_values(self, values: Floats, bucket_ms: int, shifts: Shifts | None = None, weight: float = 0.0) -> Tried:
        """As `Model.try_values`: the others of the bucket stay as they are (`beside`)."""
        tried = self._series.try_values(values, bucket_ms, shifts, weight)
        none = np.zeros(len(values), np.int64)
        said = (self._beside or Said.nothing(1, 1)).at(none, none)
        ln_p = self._by_others(tried.leaves, said)
        steps = {name: np.minimum(step, ln_p) for name, step in tried.steps.items()}
        steps = {"this_bucket": tried.steps["this_bucket"], "others_beside": steps.pop("this_bucket"), **steps}
        _tell(tried.leaves, ln_p, said)
        return replace(tried, steps=steps)

    @staticmethod
    def ln_p_of(payload: Structs, values: Floats) -> Floats:
        """ln of the probability of other values [k] in the place of leaves, given by their payload [k]. Pure."""
        return SeriesModel.ln_p_of(payload, values)

    def expect(self, first_bucket_ms: int, buckets: int, shifts: Shifts | None = None) -> Floats:
        """What all series [S] are expected to be in coming buckets [T], each by itself."""
        return self._series.expect(first_bucket_ms, buckets, shifts)

    def forecast(self, rows: Ints, ask: Horizon, shifts: Shifts | None = None) -> Foreseen:
        """What some of the series are expected to do next, each by itself; nothing is learnt."""
        return self._series.forecast(rows, ask, shifts)

    def describe(self, row: int) -> Description:
        """What the model believes about series `row` now, in words and numbers."""
        return self._series.describe(row)

    def known(self) -> Known:
        """What the model knows of its series together, and what not yet."""
        return self._series.known()

    def _off(self, judged: Judged, first_ms: int) -> Floats:
        """[S, T] how far values are off what is expected of each by itself, in deviations; NaN without data or an idea."""
        off, first = np.full(judged.ln_p.shape, np.nan), first_ms // self.config.bucket_span_ms
        for leaves in (judged.leaves, judged.skipped.leaves):
            off[leaves["series"], leaves["bucket"] - first] = deviations(leaves)
        return off

    def _told(self, judged: Judged, said: Said, first_ms: int) -> Judged:
        """What is odd by either; quiet leaves go."""
        first, evidence = first_ms // self.config.bucket_span_ms, judged.ln_evidence
        chosen = []
        for leaves in (judged.leaves, judged.skipped.leaves):
            cell = leaves["series"], leaves["bucket"] - first
            here = said.at(*cell)
            ln_p = self._by_others(leaves, here)
            other = _tell(leaves, ln_p, here)
            if leaves is judged.leaves:
                evidence[cell] = leaves["ln_evidence"]
                _tell_payload(judged.payload, leaves, other)
            chosen.append(leaves["ln_evidence"] <= self.config.ln_threshold)
        told, skipped = chosen
        by = Skipped(judged.skipped.leaves[skipped], judged.skipped.by[skipped])
        return replace(judged, ln_evidence=evidence, leaves=judged.leaves[told], payload=judged.payload[told], skipped=by)

    def _by_others(self, leaves: Structs, said: Said) -> Floats:
        """ln of the evidence [k] against values by what others lead to expect; 0 where they say nothing."""
        off = deviations(leaves)
        with np.errstate(invalid="ignore", divide="ignore"):
            rest = (off - said.expected(off)) / np.sqrt(said.square * (1.0 + 1.0 / said.count))
            knows = (said.count >= ENOUGH) & (said.square > 0.0) & (np.abs(off) >= said.rival) & ~np.isnan(rest)
        side = SIDES[self.config.side]
        rest = np.where(knows, np.clip(rest, -_FAR, _FAR), 0.0)
        beyond = np.abs(rest) if side == 0 else side * rest
        ln_p = t_above(beyond, np.minimum(np.maximum(said.count - 1.0, 1.0), _MOST_DOF)) + (_LN_2 if side == 0 else 0.0)
        return np.where(knows & (beyond > 0.0), np.minimum(ln_p + _COST, 0.0), 0.0)


def _telling_all(config: ModelConfig) -> ModelConfig:
    """Each value has a leaf: the others may find any of them odd."""
    return replace(config, ln_threshold=0.0)


def deviations(leaves: Structs) -> Floats:
    """How far leaves [k] are off, in deviations of their side; NaN where nothing is expected yet."""
    off = leaves["actual"] - leaves["typical"]
    half = _half(leaves, off)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(half > 0.0, np.clip(_NORMAL * off / half, -_FAR, _FAR), np.where(off == 0.0, 0.0, np.nan))


def _tell(leaves: Structs, ln_p: Floats, said: Said) -> Bools:
    """Write into leaves what others say, where that is odder; where it is."""
    odder = ln_p < leaves["ln_evidence"]
    some, of = leaves[odder], said.at(np.flatnonzero(odder))
    deviation = np.sqrt(of.square)
    expected = of.expected(deviations(some))
    ends = [_value(some, expected + far * deviation) for far in (-_NORMAL, 0.0, _NORMAL)]
    for name, column in zip(("lower", "typical", "upper"), ends, strict=True):
        leaves[name][odder] = column
    leaves["ln_evidence"][odder], leaves["impact"][odder] = ln_p[odder], _ALONE
    leaves["partner"][odder] = of.partner + 1
    still = odder & (leaves["same"] > 0.0)  # others say that of this bucket, however long it has stood still
    leaves["since"][still], leaves["same"][still] = leaves["bucket"][still], 0.0
    return odder


def _value(leaves: Structs, off: Floats) -> Floats:
    """The value of each leaf's series that is so many of its deviations off."""
    away = off / _NORMAL * _half(leaves, off)
    return np.asarray(leaves["typical"] + away, np.float64)


def _half(leaves: Structs, off: Floats) -> Floats:
    """How far the bound of each leaf is away on the side where `off` is."""
    typical = leaves["typical"]
    below, above = typical - leaves["lower"], leaves["upper"] - typical
    return np.asarray(np.where(off < 0.0, below, above), np.float64)


def _tell_payload(payload: Structs, leaves: Structs, odder: Bools) -> None:
    """Other values in the place of such leaves are judged by a normal of what others lead to expect."""
    for name in ("alternative", "ln_alternative", "ln_change", "ln_outlier", "ln_zero"):
        payload[name][odder] = np.nan
    payload["centre"][odder] = leaves["typical"][odder]
    width = leaves["upper"] - leaves["lower"]
    payload["deviation"][odder] = width[odder] / (2.0 * _NORMAL)
    payload["dof"][odder] = _MOST_DOF
    payload["weight"][odder] = np.eye(payload["weight"].shape[1])[0]
    payload["tail_rate"][odder] = payload["tail_mean"][odder] = 1.0
    payload["lattice"][odder] = 0
