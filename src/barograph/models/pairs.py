"""How far the series of each partition go together, pair by pair, and what they lead to expect of each other in a bucket."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.config.duration import DAY_MS
from barograph.results.arrays import Bools, Floats, Ids, Ints, Structs
from barograph.results.snapshot import Arrays

PAIR: Final = np.dtype([("a", "i4"), ("b", "i4"), ("count", "f8"), ("aa", "f8"), ("bb", "f8"), ("ab", "f8")])
"""Two series of a partition: buckets that both had, and decayed means of products of how far they were off, in deviations."""

REST: Final = np.dtype([("partition", "i4"), ("count", "f8"), ("square", "f8")])
"""A series: the buckets in which others said something of it, and the decayed mean square of what they did not explain."""

MOST: Final = 32
"""Series of a partition that are compared, those that came first: 496 pairs of 40 bytes, which each bucket looks at."""

PAIRED_BYTES: Final = (MOST - 1) * PAIR.itemsize // 2 + REST.itemsize
"""Memory of a series in a partition of `MOST`: its part of the pairs, and what others leave of it. They never sleep."""

ENOUGH: Final = 48.0
"""Buckets from which a pair, or what others leave of a series, is known well enough to be used. Chosen."""

_LEAST: Final = 0.5  # correlation from which one tells of the other: less leaves nine tenths of the deviation (chosen)
_CLIP: Final = 3.0  # deviations that count in a correlation: a common outage does not make one (chosen)
_FAR: Final = 6.0  # deviations up to which one that is off leads to expect that others are, too (chosen)
_MOST_SQUARES: Final = 25.0  # variances that one rest counts for, as of a series by itself
_MEMORY_MS: Final = 14 * DAY_MS
_BUCKETS: Final = (200.0, 4_000.0)


@dataclass(frozen=True)
class Said:
    """What others lead to expect of series; cells may be of any shape, the same in all.

    Attributes:
        low: how far off it is to be, in its deviations, by the one in the middle of them; NaN: nobody says.
        high: the same by the other in the middle, where their number is even.
        square: mean square of what others usually leave unexplained of it.
        count: how many buckets that rests on.
        rival: how far off the only one is that says so; whoever is less far off is not the odd one. 0: there are several.
        partner: the series that it goes with most closely; -1: there is none.
    """

    low: Floats
    high: Floats
    square: Floats
    count: Floats
    rival: Floats
    partner: Ints

    @classmethod
    def nothing(cls, *shape: int) -> "Said":
        """Nobody says anything."""
        low, high = np.full(shape, np.nan), np.full(shape, np.nan)
        return cls(low, high, np.zeros(shape), np.zeros(shape), np.zeros(shape), np.full(shape, -1, np.int64))

    @classmethod
    def side_by_side(cls, buckets: Sequence["Said"], series: int) -> "Said":
        """[S] of each bucket as [S, T]."""
        if not buckets:
            return cls.nothing(series, 0)
        return cls(*(np.stack([getattr(one, name) for one in buckets], axis=1) for name in cls.__dataclass_fields__))

    def expected(self, off: Floats) -> Floats:
        """How far off series are to be that are so far off: who is odd must be odd by both in the middle."""
        return np.where(np.abs(off - self.low) <= np.abs(off - self.high), self.low, self.high)

    def at(self, *cell: NDArray[np.int64]) -> "Said":
        """Some of the cells."""
        return Said(*(getattr(self, name)[cell] for name in self.__dataclass_fields__))


class Pairs:
    """What is known of the pairs of all partitions. Built by `build` only."""

    def __init__(self, memory: float, pairs: Structs, rest: Structs) -> None:
        self._memory = memory
        self._pairs = pairs
        self._rest = rest

    @classmethod
    def build(cls, bucket_span_ms: int, state: Arrays | None = None) -> "Pairs":
        """Nothing known, or as `snapshot` left it."""
        memory = min(max(_MEMORY_MS / bucket_span_ms, _BUCKETS[0]), _BUCKETS[1])
        if state is None:
            return cls(memory, np.zeros(0, PAIR), np.zeros(0, REST))
        return cls(memory, np.array(state["pairs"], PAIR), np.array(state["rest"], REST))

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        return {"pairs": self._pairs.copy(), "rest": self._rest.copy()}

    def grow(self, partition: Ids) -> None:
        """Compare new series with those of their partition; `partition` [S] is of all series, old ones first."""
        had, pairs = len(self._rest), []
        known: dict[int, list[int]] = {}
        for series, of in enumerate(partition.tolist()):
            others = known.setdefault(of, [])
            if len(others) == MOST:
                continue
            if series >= had:
                pairs += [(other, series, 0.0, 0.0, 0.0, 0.0) for other in others]
            others.append(series)
        rest = np.zeros(len(partition) - had, REST)
        rest["partition"] = partition[had:]
        self._rest = np.concatenate([self._rest, rest])
        self._pairs = np.concatenate([self._pairs, np.array(pairs, PAIR)])

    def forget(self, gone: Bools) -> None:
        """Nothing is known any more of series [S], and of what goes together with them."""
        if not gone.any():
            return
        of = gone[self._pairs["a"]] | gone[self._pairs["b"]]
        for records, which, names in ((self._pairs, of, ("count", "aa", "bb", "ab")), (self._rest, gone, ("count", "square"))):
            for name in names:
                records[name][which] = 0.0

    def say(self, off: Floats) -> Said:
        """What others lead to expect of each series in one bucket.

        Args:
            off: [S] how far each is off what is expected of it by itself, in its deviations; NaN is no data.
        """
        said = Said.nothing(len(off))
        p = self._pairs
        with np.errstate(invalid="ignore", divide="ignore"):
            variances = p["aa"] * p["bb"]
            correlation = p["ab"] / np.sqrt(variances)
            known = (p["count"] >= ENOUGH) & (np.abs(correlation) >= _LEAST)
        series, other = np.concatenate([p["a"], p["b"]]), np.concatenate([p["b"], p["a"]])
        tells = np.flatnonzero(np.tile(known, 2) & ~np.isnan(off[other]))
        if not len(tells):
            return said
        series, other, correlation = series[tells], other[tells], np.tile(correlation, 2)[tells]
        expected = correlation * np.clip(off[other], -_FAR, _FAR)
        order = np.lexsort((other, expected, series))
        of, first, often = np.unique(series[order], return_index=True, return_counts=True)
        said.low[of], said.high[of] = (expected[order][first + middle // 2] for middle in (often - 1, often))
        closest = np.lexsort((other, -np.abs(correlation), series))[first]
        said.partner[of] = other[closest]
        said.rival[of] = np.where(often == 1, np.abs(off[other])[closest], 0.0)
        said.square[of], said.count[of] = self._rest["square"][of], self._rest["count"][of]
        return said

    def say_and_learn(self, off: Floats, *, learns: bool) -> Said:
        """The same, and then learn the bucket if it is to be learned."""
        said = self.say(off)
        if learns:
            self._learn(off, said)
        return said

    def _learn(self, off: Floats, said: Said) -> None:
        p, near = self._pairs, np.clip(off, -_CLIP, _CLIP)
        a, b = near[p["a"]], near[p["b"]]
        both = np.flatnonzero(~np.isnan(a + b))
        a, b, gain = a[both], b[both], self._gain(p["count"][both])
        for name, product in (("aa", a * a), ("bb", b * b), ("ab", a * b)):
            p[name][both] += gain * (product - p[name][both])
        p["count"][both] += 1.0
        expected = said.expected(off)
        told = np.flatnonzero(~np.isnan(off + expected))
        count, square = said.count[told], said.square[told]
        rest = np.square(off[told] - expected[told])
        rest = np.where(count >= ENOUGH, np.minimum(rest, _MOST_SQUARES * square), np.minimum(rest, _FAR**2))
        self._rest["square"][told] += self._gain(count) * (rest - square)
        self._rest["count"][told] += 1.0

    def _gain(self, count: Floats) -> Floats:
        """Of a mean of all there were until there are as many as the memory is long."""
        return np.maximum(1.0 / (count + 1.0), 1.0 / self._memory)
