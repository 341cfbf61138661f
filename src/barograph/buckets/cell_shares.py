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
        return self._rows[self._inside(start, end)]

    def cells_between(self, start: int, end: int) -> Ints:
        """The cells of those of the buckets [start, end)."""
        return self._of_rows[self._inside(start, end)]

    def _inside(self, start: int, end: int) -> slice:
        times = self._rows["timestamp"].to_numpy()
        return slice(*np.searchsorted(times, np.array([start, end]) * self._span_ms).tolist())

    @cached_property
    def _of_rows(self) -> Ints:
        """The cell of each row."""
        return self._cells()
