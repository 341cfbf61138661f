"""Finished buckets read back from the history, in the form in which rows finish them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.config.functions import Function, Statistic
from barograph.engine.finished import FinishedValues, Floats, Ids, Rows

NOT_BEGUN: Final = np.iinfo(np.int64).max
"""In place of a series' first bucket, until it has one."""


@dataclass(frozen=True)
class Cells:
    """The kept values of one statistic, by bucket and then series.

    Attributes:
        bucket: int64[k].
        series: int32[k].
        actual: float64[k].
        weight: float64[k], > 0.
        mean: float64[k], NaN where it is not kept.
    """

    bucket: Rows
    series: Ids
    actual: Floats
    weight: Floats
    mean: Floats

    @classmethod
    def of(cls, rows: pl.DataFrame, span_ms: int) -> "Cells":
        """Of rows of `schema.BUCKET_VALUES`, all of one statistic."""
        # Nearly always there is no mean at all, and one NaN can stand for all.
        known = rows["mean"].null_count() < len(rows)
        mean = rows["mean"].fill_null(np.nan).to_numpy() if known else np.broadcast_to(np.nan, len(rows))
        series, actual, weight = (rows[name].to_numpy() for name in ("series", "actual", "weight"))
        return cls(rows["timestamp"].to_numpy() // span_ms, series, actual, weight, mean)

    def between(self, start: int, end: int) -> slice:
        """The cells of the buckets [start, end)."""
        return slice(*np.searchsorted(self.bucket, [start, end]).tolist())


class PastValues:
    """One detector's kept values in some buckets; `buckets.DetectorValues` is the same of buckets that rows have just finished.

    Attributes:
        partition: int32[S], number of each series' partition.
    """

    def __init__(
        self, known: FinishedValues, function: Function, cells: dict[Statistic, Cells], first: Rows, shares: "PastShares"
    ) -> None:
        self.partition = known.partition[: len(first)]
        self._known = known
        self._function = function
        self._cells = cells
        # A function's statistics come from the same rows, so one stands for all where only the rows matter.
        self._one = cells[function.statistic]
        self._first = first
        self._shares = shares

    def matrix(self, statistic: Statistic, start: int, end: int) -> Floats:
        """The values of the buckets [start, end), float64[S, end - start]; NaN is no data."""
        cells = self._cells[statistic]
        return self._spread(cells, cells.actual, self._function.empty == "zero", start, end)

    def weights(self, start: int, end: int) -> Floats:
        """The rows behind them; 0 for a bucket without any."""
        return np.nan_to_num(self._spread(self._one, self._one.weight, False, start, end), copy=False, nan=0.0)

    def _spread(self, cells: Cells, values: Floats, zeros: bool, start: int, end: int) -> Floats:
        inside = cells.between(start, end)
        if inside.stop - inside.start == len(self._first) * (end - start):  # every series in every bucket, in order
            return np.array(values[inside].reshape(end - start, -1).T, order="C")
        out = np.full((len(self._first), end - start), np.nan)
        if zeros:
            out[np.arange(start, end) >= self._first[:, None]] = 0.0
        out[cells.series[inside], cells.bucket[inside] - start] = values[inside]
        return out

    def find(self, series: Ids, bucket: Rows) -> Rows:
        """The cell of each (series, bucket) [k]; -1 where the bucket has no rows of that series."""
        wanted, known = self._ranks(series, bucket), self._order
        if not len(known):
            return np.full(len(wanted), -1, np.int64)
        cells = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return np.where(known[cells] == wanted, cells, -1)

    @cached_property
    def _order(self) -> Rows:
        return self._ranks(self._one.series, self._one.bucket)

    def _ranks(self, series: Ids, bucket: Rows) -> Rows:
        return np.asarray(bucket * max(len(self._first), 1) + series, np.int64)

    def means(self, cells: Rows) -> Floats:
        """The mean of the values of cells [k]; NaN where it is not kept, and for a cell of -1."""
        if not len(self._one.mean):
            return np.full(len(cells), np.nan)
        return np.where(cells >= 0, self._one.mean[cells], np.nan)

    def splits(self, series: Ids) -> tuple[pl.Series | None, pl.Series | None]:
        """The partition and the by values of series [k]."""
        return self._known.splits(series)

    def shares(self, statistic: Statistic, cells: Rows) -> pl.DataFrame:
        """The influencer shares of cells [k]; a cell of -1 has none."""
        there = np.flatnonzero(cells >= 0)
        own = cells[there]
        return self._shares.of_cells(self._label(statistic), self._one.series[own], self._one.bucket[own], there)

    def history_shares(self, statistic: Statistic, start: int, end: int) -> pl.DataFrame:
        """All influencer shares of the buckets [start, end)."""
        return self._shares.between(self._label(statistic), start, end)

    def _label(self, statistic: Statistic) -> str:
        return self._function.measured(statistic)


class PastShares:
    """The kept influencer shares of one detector, in the order in which they were written.

    Args:
        rows: rows of `schema.INFLUENCER_SHARES`.
        names: of the detector's series: `series`, `partition_field_value`, `by_field_value`.
        span_ms: length of a bucket.
    """

    def __init__(self, rows: pl.DataFrame, names: pl.DataFrame, span_ms: int) -> None:
        self._by_label = {label: part for (label,), part in rows.partition_by("function_description", as_dict=True).items()}
        self._none = rows.clear()
        self._names = names
        self._span_ms = span_ms
        self._keys: dict[str, tuple[Rows, Rows]] = {}

    def between(self, label: str, start: int, end: int) -> pl.DataFrame:
        """Those of the buckets [start, end)."""
        rows = self._rows(label)
        first, last = np.searchsorted(rows["timestamp"].to_numpy(), np.array([start, end]) * self._span_ms)
        return rows[int(first) : int(last)]

    def of_cells(self, label: str, series: Ids, bucket: Rows, leaf: Rows) -> pl.DataFrame:
        """Those of the (series, bucket) [k], each with its `leaf` [k]."""
        if label not in self._keys:
            self._keys[label] = self._sorted_keys(self._rows(label))
        keys, order = self._keys[label]
        wanted = self._rank(np.asarray(series, np.int64), bucket)
        start, end = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
        cell = np.repeat(np.arange(len(wanted)), end - start)
        within = np.arange(len(cell)) - np.repeat(np.cumsum(end - start) - (end - start), end - start)
        found: pl.DataFrame = self._rows(label)[order[start[cell] + within]]
        return found.insert_column(0, pl.Series("leaf", leaf[cell], dtype=pl.Int64))

    def _rows(self, label: str) -> pl.DataFrame:
        return self._by_label.get(label, self._none)

    def _sorted_keys(self, rows: pl.DataFrame) -> tuple[Rows, Rows]:
        """The (bucket, series) of each row as one number, ascending, and which row each is."""
        split = ["partition_field_value", "by_field_value"]
        series = rows.select(split).join(self._names, on=split, how="left", nulls_equal=True, maintain_order="left")["series"]
        ranks = self._rank(series.to_numpy().astype(np.int64), rows["timestamp"].to_numpy() // self._span_ms)
        order = np.argsort(ranks, kind="stable")
        return ranks[order], order

    def _rank(self, series: Rows, bucket: Rows) -> Rows:
        return bucket * max(len(self._names), 1) + series


@dataclass(frozen=True)
class Past:
    """Kept buckets [first_bucket, end_bucket), also those without a row; `buckets.Closed` is the same of buckets just finished.

    Attributes:
        detectors: one a detector of the job.
        filled: int64, the buckets with rows, ascending.
        events: int64, the rows in each of them.
    """

    first_bucket: int
    end_bucket: int
    detectors: Sequence[PastValues]
    filled: Rows
    events: Rows

    def event_count(self, start: int, end: int) -> NDArray[np.int64]:
        """The rows of the job in each of the buckets [start, end); 0 where there were none."""
        out = np.zeros(end - start, np.int64)
        inside = slice(*np.searchsorted(self.filled, [start, end]).tolist())
        out[self.filled[inside] - start] = self.events[inside]
        return out

    def slices(self, values: int) -> Iterator["Past"]:
        """The same in stretches of so many buckets that a matrix of theirs has about `values` entries."""
        widest = max(len(one.partition) for one in self.detectors)
        step = max(values // max(widest, 1), 1)
        for start in range(self.first_bucket, self.end_bucket, step):
            yield replace(self, first_bucket=start, end_bucket=min(start + step, self.end_bucket))
