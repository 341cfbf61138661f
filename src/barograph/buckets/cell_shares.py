"""The influencer shares behind the cells of finished buckets."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import polars as pl

from barograph.results.arrays import Ints


class CellShares:
    """What each influencer value alone adds to the cells of one statistic of one detector.

    Args:
        rows: the columns of `schema.INFLUENCER_SHARES`, by time; those of one cell by influencer field.
        cells: gives the cell of each row, -1 for one without; asked only when shares of single cells are wanted.
        span_ms: length of a bucket.
    """

    def __init__(self, rows: pl.DataFrame, cells: Callable[[], Ints], span_ms: int) -> None:
        self._rows = rows
        self._cells = cells
        self._span_ms = span_ms

    def between(self, start: int, end: int) -> pl.DataFrame:
        """Those of the buckets [start, end)."""
        first, last = np.searchsorted(self._rows["timestamp"].to_numpy(), np.array([start, end]) * self._span_ms)
        return self._rows[int(first) : int(last)]

    def of_cells(self, cells: Ints) -> pl.DataFrame:
        """Those of cells [k], each with its `leaf`, the position of its cell in `cells`; a cell of -1 has none."""
        there = np.flatnonzero(cells >= 0)
        of_row, order = self._by_cell
        start, end = np.searchsorted(of_row, cells[there]), np.searchsorted(of_row, cells[there], side="right")
        position = np.repeat(np.arange(len(there)), end - start)
        within = np.arange(len(position)) - np.repeat(np.cumsum(end - start) - (end - start), end - start)
        shares: pl.DataFrame = self._rows[order[start[position] + within]]
        return shares.insert_column(0, pl.Series("leaf", there[position], dtype=pl.Int64))

    @cached_property
    def _by_cell(self) -> tuple[Ints, Ints]:
        """The cell of each row, ascending, and which row each is."""
        cells = self._cells()
        order = np.argsort(cells, kind="stable")
        return cells[order], order
