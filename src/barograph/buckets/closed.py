"""What finished buckets hand on: for each detector its values by series and bucket, and the influencer shares behind them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.buckets.accumulator import FinishedCells
from barograph.buckets.pool import Ids
from barograph.buckets.shares import FinishedShares
from barograph.config.functions import Function, Statistic
from barograph.results import schema

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Names(Protocol):
    """What split keys stand for."""

    def values(self, keys: Ids) -> tuple[pl.Series | None, pl.Series | None]:
        """The partition and the by values of keys [k]; None for a field that there is not."""

    def partitions(self, keys: Ids) -> Ids:
        """The numbers of the partitions of keys [k]."""


class DetectorValues:
    """One detector's values in the finished buckets.

    A *cell* is a series' bucket with rows. Cells are ordered by bucket, then series. S is the number of series that have begun
    in a finished bucket; their numbers 0 to S-1 never change. Buckets are numbers: epoch ms divided by the bucket span.

    Attributes:
        detector_index: position of the detector in the job.
        function: its function: `statistics`, and what an empty bucket is.
        bucket: int64[cells].
        series: int32[cells].
        weight: float64[cells], rows, or summed summary counts.
        first_bucket: int64[S], each series' first bucket with a row; one that has not begun has a bucket that is still open.
        partition: int32[S], number of each series' partition; all 0 without a partition field.
    """

    def __init__(self, detector_index: int, function: Function, span_ms: int, cells: FinishedCells, names: Names) -> None:
        self.detector_index = detector_index
        self.function = function
        self.bucket = cells.bucket
        self.series = cells.series
        self.weight = cells.finished.column("weight")
        self.first_bucket = cells.first_bucket
        self._span_ms = span_ms
        self._cells = cells
        self._names = names
        self.partition = names.partitions(cells.key)

    def values(self, statistic: Statistic) -> Floats:
        """The value of each cell [cells]; NaN where its rows do not define it (the variance of one row)."""
        return self._cells.finished.value(statistic)

    def between(self, start: int, end: int) -> slice:
        """The cells of the buckets [start, end)."""
        return slice(*np.searchsorted(self.bucket, [start, end]).tolist())

    def matrix(self, statistic: Statistic, start: int, end: int) -> Floats:
        """The values of the buckets [start, end) as float64[S, end - start], one series a row.

        NaN is no data. Where the function makes an empty bucket zero, it is zero from the series' first bucket on.
        """
        return self._spread(self.values(statistic), self.function.empty == "zero", start, end)

    def weights(self, start: int, end: int) -> Floats:
        """The weights of the buckets [start, end) as float64[S, end - start]; 0 for a bucket without rows."""
        out = self._spread(self.weight, False, start, end)
        return np.nan_to_num(out, copy=False, nan=0.0)

    def _spread(self, values: Floats, zeros: bool, start: int, end: int) -> Floats:
        out = np.full((len(self.first_bucket), end - start), np.nan)
        if zeros:
            out[np.arange(start, end) >= self.first_bucket[:, None]] = 0.0
        cells = self.between(start, end)
        out[self.series[cells], self.bucket[cells] - start] = values[cells]
        return out

    def find(self, series: Ids, bucket: Rows) -> Rows:
        """The cell of each (series, bucket) [k]; -1 where the bucket has no rows of that series."""
        wanted = self._ranks(series, bucket)
        if not len(self.bucket):
            return np.full(len(wanted), -1, np.int64)
        cells = np.minimum(np.searchsorted(self._order, wanted), len(self._order) - 1)
        return np.where(self._order[cells] == wanted, cells, -1)

    @cached_property
    def _order(self) -> Rows:
        return self._ranks(self.series, self.bucket)

    def _ranks(self, series: Ids, bucket: Rows) -> Rows:
        origin = self.bucket[0] if len(self.bucket) else 0
        return np.asarray((bucket - origin) * max(len(self.first_bucket), 1) + series, np.int64)

    def means(self, cells: Rows) -> Floats:
        """The mean of the values of cells [k]; NaN when rows are only counted, and for a cell of -1."""
        if not len(self.bucket):
            return np.full(len(cells), np.nan)
        return np.where(cells >= 0, self._cells.finished.mean[cells], np.nan)

    def splits(self, series: Ids) -> tuple[pl.Series | None, pl.Series | None]:
        """The partition and the by values of series [k] as String columns; None where the detector has no such field."""
        return self._names.values(self._cells.key[series])

    def shares(self, statistic: Statistic, cells: Rows) -> pl.DataFrame:
        """The influencer shares of cells [k]; a cell of -1 has none.

        Returns:
            One row an influencer value of a cell, by influencer field and then by cell: `leaf` (position in `cells`),
            `influencer_field_name`, `influencer_field_value`, `value` (what the function yields for these rows alone),
            `weight`, `mean`, `m2` (both null when rows are only counted), `rows`.
        """
        cells = np.asarray(cells, np.int64)
        parts = []
        for shares, by_cell in zip(self._cells.shares, self._shares_by_cell, strict=True):
            leaf, rows = by_cell.rows_of(cells)
            parts.append(_share_frame(shares, rows, statistic).insert_column(0, pl.Series("leaf", leaf)))
        return pl.concat(parts) if parts else pl.DataFrame(schema=_SHARES)

    def history_shares(self, statistic: Statistic, start: int, end: int) -> pl.DataFrame:
        """All influencer shares of the buckets [start, end), in the columns of `schema.INFLUENCER_SHARES`."""
        inside = self.between(start, end)
        frame = self.shares(statistic, np.arange(inside.start, inside.stop))
        cells = frame["leaf"].to_numpy() + inside.start
        label = pl.lit(self.function.measured(statistic)).alias("function_description")
        frame = self.cell_frame(cells).hstack(frame.drop("leaf", "rows")).with_columns(label)
        return frame.select(schema.polars_schema(schema.INFLUENCER_SHARES).names())

    def cell_frame(self, cells: Rows) -> pl.DataFrame:
        """What names the series and bucket of cells [k]: `timestamp`, `detector_index` and the split values."""
        # Series repeat from bucket to bucket, and shares in each: every text is decoded once.
        series, row = np.unique(self.series[cells], return_inverse=True)
        partition, by = self.splits(series)
        return pl.DataFrame(
            {
                "timestamp": self.bucket[cells] * self._span_ms,
                "detector_index": np.full(len(cells), self.detector_index, np.int32),
                "partition_field_value": _gathered(partition, row),
                "by_field_value": _gathered(by, row),
            }
        )

    @cached_property
    def _shares_by_cell(self) -> list["_ByCell"]:
        return [_ByCell(shares.cell) for shares in self._cells.shares]


@dataclass(frozen=True)
class Closed:
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
    filled: NDArray[np.int64]
    events: NDArray[np.int64]

    def slices(self, values: int) -> Iterator["Closed"]:
        """The same in stretches of so many buckets that a matrix of theirs has about `values` entries."""
        widest = max(len(one.first_bucket) for one in self.detectors)
        step = max(values // max(widest, 1), 1)
        for start in range(self.first_bucket, self.end_bucket, step):
            end = min(start + step, self.end_bucket)
            inside = slice(*np.searchsorted(self.filled, [start, end]).tolist())
            yield replace(self, first_bucket=start, end_bucket=end, filled=self.filled[inside], events=self.events[inside])

    def event_count(self, start: int, end: int) -> NDArray[np.int64]:
        """The rows of the job in each of the buckets [start, end); 0 where there were none."""
        out = np.zeros(end - start, np.int64)
        inside = slice(*np.searchsorted(self.filled, [start, end]).tolist())
        out[self.filled[inside] - start] = self.events[inside]
        return out


class _ByCell:
    """The rows of each cell, for rows in any order."""

    def __init__(self, cell: Ids) -> None:
        self._order = np.argsort(cell, kind="stable")
        self._cell = cell[self._order]

    def rows_of(self, cells: Rows) -> tuple[Rows, Rows]:
        """The rows of each of the given cells, and the position of its cell in `cells`."""
        start, end = np.searchsorted(self._cell, cells), np.searchsorted(self._cell, cells, side="right")
        leaf = np.repeat(np.arange(len(cells)), end - start)
        within = np.arange(len(leaf)) - np.repeat(np.cumsum(end - start) - (end - start), end - start)
        return leaf, self._order[start[leaf] + within]


_SHARES = {
    "leaf": pl.Int64,
    "influencer_field_name": pl.String,
    "influencer_field_value": pl.String,
    "value": pl.Float64,
    "weight": pl.Float64,
    "mean": pl.Float64,
    "m2": pl.Float64,
    "rows": pl.Int64,
}


def _share_frame(shares: FinishedShares, rows: Rows, statistic: Statistic) -> pl.DataFrame:
    finished = shares.finished.rows(rows)
    columns: dict[str, Any] = {
        "influencer_field_name": pl.repeat(shares.field, len(rows), dtype=pl.String, eager=True),
        "influencer_field_value": shares.texts.decode(shares.value[rows]),
        "value": pl.Series(finished.value(statistic), nan_to_null=True),
        "weight": finished.column("weight"),
        "mean": pl.Series(finished.mean, nan_to_null=True),
        "m2": pl.Series(finished.m2, nan_to_null=True),
        "rows": finished.column("rows"),
    }
    return pl.DataFrame(columns)


def _gathered(values: pl.Series | None, rows: Rows) -> pl.Series:
    if values is None:
        return pl.repeat(None, len(rows), dtype=pl.String, eager=True)
    return values.gather(rows)
