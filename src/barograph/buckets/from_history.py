"""Finished buckets as the history has kept them."""

import numpy as np
import polars as pl

from barograph.buckets.cell_shares import CellShares
from barograph.buckets.finished import Cells, DetectorValues
from barograph.buckets.known_series import KnownSeries
from barograph.config.functions import Function, Statistic
from barograph.results.arrays import Ints


def cells(function: Function, rows: pl.DataFrame, span_ms: int) -> dict[Statistic, Cells]:
    """The cells of a detector's statistics, from its rows of `schema.BUCKET_VALUES` in the order in which they were written."""
    labels = {statistic: function.measured(statistic) for statistic, _ in function.statistics}
    if len(labels) == 1:
        return {function.statistic: _cells(rows, span_ms)}
    return {statistic: _cells(rows.filter(function_description=label), span_ms) for statistic, label in labels.items()}


def _cells(rows: pl.DataFrame, span_ms: int) -> Cells:
    # Nearly always there is no mean at all, and one NaN can stand for all.
    known = rows["mean"].null_count() < len(rows)
    mean = rows["mean"].fill_null(np.nan).to_numpy() if known else np.broadcast_to(np.nan, len(rows))
    series, actual, weight = (rows[name].to_numpy() for name in ("series", "actual", "weight"))
    return Cells(rows["timestamp"].to_numpy() // span_ms, series, actual, weight, mean)


def detector_values(
    function: Function, known: KnownSeries, cells: dict[Statistic, Cells], shares: pl.DataFrame, span_ms: int
) -> DetectorValues:
    """A detector's kept values.

    Args:
        function: the detector's function.
        known: the series that have begun.
        cells: what `cells` made of its kept values.
        shares: its rows of `schema.INFLUENCER_SHARES`, in the order in which they were written.
        span_ms: length of a bucket.
    """

    def shares_of(statistic: Statistic) -> CellShares:
        rows = shares.filter(function_description=function.measured(statistic))
        return CellShares(rows, lambda: _cells_of(rows, values, span_ms), span_ms)

    values = DetectorValues(function, known, cells, shares_of)
    return values


def _cells_of(shares: pl.DataFrame, values: DetectorValues, span_ms: int) -> Ints:
    """The cell of each share."""
    names = values.known.names(np.arange(len(values.known), dtype=np.int32)).with_row_index("series")
    split = names.columns[1:]
    series = shares.select(split).join(names, on=split, how="left", nulls_equal=True, maintain_order="left")["series"]
    return values.find(series.to_numpy().astype(np.int32), shares["timestamp"].to_numpy() // span_ms)
