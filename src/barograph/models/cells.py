"""The values of a call one by one, where members of a population are judged together."""

from typing import NamedTuple

import numpy as np

from barograph.results.arrays import Floats, Ids, Ints, cells_by_time


class Cells(NamedTuple):
    """The values of a call: those of one population and bucket lie together, by population, then bucket, then member.

    Attributes:
        t: [c] which bucket.
        row: [c] which member.
        value: [c] the value.
        rows: [c] rows that each is of; empty: as many as ever.
    """

    t: Ints
    row: Ids
    value: Floats
    rows: Floats

    @classmethod
    def of(cls, values: Floats, population: Ids, rows: Floats | None = None) -> "Cells":
        """The values [S, T] there are, of members [S] of populations, and the rows [S, T] behind them."""
        t, row, _ = cells_by_time(~np.isnan(values))
        order = np.argsort(population[row], kind="stable") if len(population) and population.max() else slice(None)
        t, row = t[order], row[order]
        return cls(t, row, np.ascontiguousarray(values[row, t], np.float64), np.zeros(0) if rows is None else rows[row, t])

    def spread(self, column: Floats, shape: tuple[int, ...]) -> Floats:
        """What is told of each [c], where it is among all [S, T]; NaN elsewhere."""
        out = np.full(shape, np.nan)
        out[self.row, self.t] = column
        return out
