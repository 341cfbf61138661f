"""Finished buckets, whether rows have just finished them or the history has: what the models and the score stage read."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from barograph.buckets.cell_shares import CellShares
from barograph.buckets.known_series import KnownSeries
from barograph.config.functions import Function, Statistic
from barograph.results.arrays import Floats, Ids, Ints


@dataclass(frozen=True)
class Cells:
    """The values of one statistic. A *cell* is a series' bucket with rows; cells are ordered by bucket, then series.

    Attributes:
        bucket: int64[k], numbers: epoch ms divided by the bucket span.
        series: int32[k].
        actual: float64[k], NaN where the rows do not define it (the variance of one row).
        weight: float64[k], rows, or summed summary counts; > 0.
        mean: float64[k], of the rows' values, for a variance; else NaN: nobody asks for it.
    """

    bucket: Ints
    series: Ids
    actual: Floats
    weight: Floats
    mean: Floats

    def between(self, start: int, end: int) -> slice:
        """The cells of the buckets [start, end)."""
        return slice(*np.searchsorted(self.bucket, [start, end]).tolist())


class DetectorValues:
    """One detector's values in finished buckets.

    Args:
        function: its function: `statistics`, and what an empty bucket is.
        known: its S series that have begun in a finished bucket.
        cells: the values of each of the function's statistics.
        shares: statistic -> the influencer shares of its cells; asked at most once for each.
    """

    def __init__(
        self,
        function: Function,
        known: KnownSeries,
        cells: Mapping[Statistic, Cells],
        shares: Callable[[Statistic], CellShares],
    ) -> None:
        self.function = function
        self.known = known
        self.cells = cells
        # A function's statistics come from the same rows, so one stands for all where only the rows matter.
        self._rows = cells[function.statistic]
        self._shares = shares
        self._shares_of: dict[Statistic, CellShares] = {}

    @property
    def partition(self) -> Ids:
        """int32[S], number of each series' partition; all 0 without a partition field."""
        return self.known.partition

    def matrix(self, statistic: Statistic, start: int, end: int) -> Floats:
        """The values of the buckets [start, end) as float64[S, end - start], one series a row.

        NaN is no data. Where the function makes an empty bucket zero, it is zero from the series' first bucket on.
        """
        cells = self.cells[statistic]
        return self._spread(cells, cells.actual, self.function.empty == "zero", start, end)

    def weights(self, start: int, end: int) -> Floats:
        """The weights of the buckets [start, end) as float64[S, end - start]; 0 for a bucket without rows."""
        return self._spread(self._rows, self._rows.weight, False, start, end, nothing=0.0)

    def _spread(self, cells: Cells, values: Floats, zeros: bool, start: int, end: int, nothing: float = math.nan) -> Floats:
        inside = cells.between(start, end)
        if inside.stop - inside.start == len(self.known) * (end - start):  # every series in every bucket, in order
            return np.array(values[inside].reshape(end - start, -1).T, order="C")
        out = np.full((len(self.known), end - start), nothing)
        if zeros:
            out[np.arange(start, end) >= self.known.first_bucket[:, None]] = 0.0
        out[cells.series[inside], cells.bucket[inside] - start] = values[inside]
        return out

    def find(self, series: Ids, bucket: Ints) -> Ints:
        """The cell of each (series, bucket) [k]; -1 where the bucket has no rows of that series."""
        wanted, ranks = self._ranks(series, bucket), self._cell_ranks
        if not len(ranks):
            return np.full(len(wanted), -1, np.int64)
        cells = np.minimum(np.searchsorted(ranks, wanted), len(ranks) - 1)
        return np.where(ranks[cells] == wanted, cells, -1)

    @cached_property
    def _cell_ranks(self) -> Ints:
        return self._ranks(self._rows.series, self._rows.bucket)

    def _ranks(self, series: Ids, bucket: Ints) -> Ints:
        origin = self._rows.bucket[0] if len(self._rows.bucket) else 0
        return np.asarray((bucket - origin) * max(len(self.known), 1) + series, np.int64)

    def means(self, cells: Ints) -> Floats:
        """The mean of the values of cells [k]; NaN where it is not known, and for a cell of -1."""
        if not len(self._rows.mean):
            return np.full(len(cells), np.nan)
        return np.where(cells >= 0, self._rows.mean[cells], np.nan)

    def shares_between(self, statistic: Statistic, start: int, end: int) -> tuple[pl.DataFrame, Ints]:
        """All influencer shares of the buckets [start, end), the columns of `schema.INFLUENCER_SHARES`, and the cell of each.

        Those of a bucket are in the order of the influencer fields, and then of their series. A cell is -1 where there is none.
        """
        shares = self._all_shares(statistic)
        return shares.between(start, end), shares.cells_between(start, end)

    def history_shares(self, statistic: Statistic, start: int, end: int) -> pl.DataFrame:
        """All influencer shares of the buckets [start, end), in the columns of `schema.INFLUENCER_SHARES`."""
        return self._all_shares(statistic).between(start, end)

    def _all_shares(self, statistic: Statistic) -> CellShares:
        if statistic not in self._shares_of:
            self._shares_of[statistic] = self._shares(statistic)
        return self._shares_of[statistic]


@dataclass(frozen=True)
class FinishedBuckets:
    """Finished buckets [first_bucket, end_bucket), numbered by epoch ms divided by the bucket span; also those without a row.

    There may be millions of buckets in it (a gap), so everything dense is asked for in slices.

    Attributes:
        detectors: one a detector of the job, in order.
        filled: int64, the buckets with rows, ascending.
        events: int64, the rows in each of them (summed summary counts, rounded).
    """

    span_ms: int
    first_bucket: int
    end_bucket: int
    detectors: tuple[DetectorValues, ...]
    filled: Ints
    events: Ints

    def slices(self, values: int) -> Iterator["FinishedBuckets"]:
        """The same in stretches of so many buckets that a matrix of theirs has about `values` entries."""
        widest = max(len(detector.known) for detector in self.detectors)
        step = max(values // max(widest, 1), 1)
        for start in range(self.first_bucket, self.end_bucket, step):
            yield replace(self, first_bucket=start, end_bucket=min(start + step, self.end_bucket))

    def event_count(self, start: int, end: int) -> Ints:
        """The rows of the job in each of the buckets [start, end); 0 where there were none."""
        out = np.zeros(end - start, np.int64)
        inside = slice(*np.searchsorted(self.filled, [start, end]).tolist())
        out[self.filled[inside] - start] = self.events[inside]
        return out
