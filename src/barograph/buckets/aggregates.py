"""The statistics of owners (open cells, or shares), and what each function reads from them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from barograph.buckets.batch import Batch
from barograph.buckets.growing_records import GrowingRecords
from barograph.buckets.layout import STATS
from barograph.buckets.sketches import Distinct, Groups, Information, MeanPlace, Median, Sketch, WithoutShares
from barograph.config.functions import Statistic
from barograph.kernels import _fold
from barograph.results.arrays import Floats, Ids
from barograph.results.points import DAY_S, PLACES, WEEK_S
from barograph.results.snapshot import Arrays, prefixed, under

Column = Callable[[str], Floats]


def _varp(column: Column) -> Floats:
    # One measurement says nothing of a spread: no data, not zero.
    return np.where(column("rows") >= 2, column("m2") / column("weight"), np.nan)


def _sum(column: Column) -> Floats:
    # A sum beyond the largest double leaves no meaning in its compensation.
    total = column("sum")
    return np.add(total, column("compensation"), out=total, where=np.isfinite(total))


_FROM_STATS: Final[dict[Statistic, Callable[[Column], Floats]]] = {
    "count": lambda column: column("weight"),
    "sum": _sum,
    "mean": lambda column: column("origin") + column("offset"),
    "min": lambda column: column("min"),
    "max": lambda column: column("max"),
    "varp": _varp,
    "freq_rare": lambda column: column("weight"),
    "rare": lambda column: np.minimum(column("rows"), 1.0),  # a bucket has the value, or it has not
    # Times run on through the midnight of a bucket that lies around it.
    "time_of_day": lambda column: (column("origin") + column("offset")) % DAY_S,
    "time_of_week": lambda column: (column("origin") + column("offset")) % WEEK_S,
}
_SKETCHES: Final[dict[Statistic, type[Distinct] | type[MeanPlace] | type[Median]]] = {
    "distinct_count": Distinct,
    "info_content": Information,
    PLACES: MeanPlace,
    "median": Median,
}


@dataclass(frozen=True)
class FinishedStatistics:
    """Statistics of k owners that take no more rows.

    They are picked out of those of all owners only when asked for: most are never looked at.

    Attributes:
        stats: STATS[owners], which nobody changes any more.
        owners: int32[k].
        numeric: whether the rows carried numbers: else there is no mean and no m2.
        sketched: float64[k] for each statistic that needed a sketch.
    """

    stats: NDArray[Any]
    owners: Ids
    numeric: bool
    sketched: dict[Statistic, Floats]

    def column(self, name: str) -> Floats:
        """A field of STATS [k], a copy."""
        return np.asarray(self.stats[name][self.owners])

    def value(self, statistic: Statistic) -> Floats:
        """The statistic [k], in the field's unit (squared for varp); NaN where the rows do not define it."""
        if statistic in self.sketched:
            return self.sketched[statistic]
        return _FROM_STATS[statistic](self.column)

    @property
    def mean(self) -> Floats:
        """Weighted mean of the values [k]; NaN when rows were only counted."""
        return self.value("mean") if self.numeric else np.full(len(self.owners), np.nan)

    @property
    def m2(self) -> Floats:
        """Weighted sum of squared deviations from the mean [k]; NaN when rows were only counted."""
        return self.column("m2") if self.numeric else np.full(len(self.owners), np.nan)

    def rows(self, order: NDArray[np.integer]) -> "FinishedStatistics":
        """Those of `order`, in this order."""
        sketched = {statistic: values[order] for statistic, values in self.sketched.items()}
        return FinishedStatistics(self.stats, self.owners[order], self.numeric, sketched)


class Aggregates:
    """The statistics of owners that still take rows."""

    def __init__(self, stats: GrowingRecords, numeric: bool, sketches: dict[Statistic, Any]) -> None:
        self._stats = stats
        self._numeric = numeric
        self._sketches = sketches

    @classmethod
    def build(cls, numeric: bool, statistics: frozenset[Statistic], state: Arrays | None = None) -> "Aggregates":
        """Without owners, or as `snapshot` left it; `statistics` are those that will be asked for."""
        sketches = {
            name: cast(Sketch, sketch.build(None if state is None else under(name, state)))
            for name, sketch in _SKETCHES.items()
            if name in statistics
        }
        return cls(GrowingRecords(np.zeros(0, STATS) if state is None else state["stats"].copy()), numeric, sketches)

    def resize(self, owners: int) -> None:
        """Make empty statistics for new owners."""
        self._stats.reserve(owners)
        self._stats.used[0] = owners
        for sketch in self._sketches.values():
            sketch.resize(owners)

    def fold(self, owner: Ids, batch: Batch) -> None:
        """Fold rows [n] into the statistics of their owners; rows of owner -1 are skipped."""
        if batch.value is None:
            _fold.fold_rows(owner, batch.weight, self._stats.raw)
        else:
            _fold.fold_values(owner, batch.value, batch.weight, self._stats.raw)
        for sketch in self._sketches.values():
            sketch.fold(owner, batch)

    def packed(self, owners: Ids) -> "Aggregates":
        """Only the statistics of these owners, renumbered in this order."""
        sketches = {name: sketch.packed(owners) for name, sketch in self._sketches.items()}
        return Aggregates(GrowingRecords(self._stats.live.take(owners)), self._numeric, sketches)

    def finished(self, owners: Ids) -> FinishedStatistics:
        """The statistics of these owners, to be read. Rows must not be folded here any more, only into what is `packed`."""
        sketched = {name: sketch.values(owners) for name, sketch in self._sketches.items()}
        return FinishedStatistics(self._stats.live, owners, self._numeric, sketched)

    @property
    def sketched(self) -> bool:
        """Whether there are statistics that need a sketch."""
        return bool(self._sketches)

    def without(self, shares: "Aggregates", groups: Groups) -> dict[Statistic, WithoutShares]:
        """Each statistic that needs a sketch, of cells, which are the owners, without the rows of their shares."""
        return {name: sketch.without(shares._sketches[name], groups) for name, sketch in self._sketches.items()}

    def snapshot(self) -> Arrays:
        """The statistics of all owners."""
        arrays: Arrays = {"stats": self._stats.live.copy()}
        for name, sketch in self._sketches.items():
            arrays |= prefixed(name, sketch.snapshot())
        return arrays
