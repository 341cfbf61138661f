"""Finished buckets as rows have just finished them."""

import numpy as np
import polars as pl

from barograph.buckets.accumulator import FinishedCells
from barograph.buckets.cell_shares import CellShares
from barograph.buckets.finished import Cells, DetectorValues
from barograph.buckets.known_series import KnownSeries
from barograph.buckets.open_shares import FinishedShares
from barograph.buckets.texts import repeated
from barograph.config.functions import Function, Statistic
from barograph.results import schema
from barograph.results.arrays import Floats, Ints


def detector_values(
    detector_index: int, function: Function, known: KnownSeries, finished: FinishedCells, span_ms: int
) -> DetectorValues:
    """The values of a detector, the `detector_index`-th of its job."""
    weight = finished.statistics.column("weight")
    cells = {statistic: _cells(finished, statistic, weight) for statistic, _ in function.statistics}

    def shares_of(statistic: Statistic) -> CellShares:
        cell, rows = _shares(finished, known, statistic, span_ms)
        rows.insert_column(1, pl.Series("detector_index", np.full(len(rows), detector_index, np.int32)))
        rows.insert_column(2, repeated(function.measured(statistic), len(rows)).alias("function_description"))
        return CellShares(rows, lambda: cell, span_ms)

    if not finished.shares:  # the job has no influencers
        no_shares = CellShares(schema.empty(schema.INFLUENCER_SHARES), lambda: np.zeros(0, np.int64), span_ms)
        return DetectorValues(function, known, cells, lambda _: no_shares)
    return DetectorValues(function, known, cells, shares_of)


def _cells(finished: FinishedCells, statistic: Statistic, weight: Floats) -> Cells:
    statistics = finished.statistics
    mean = statistics.mean if statistic == "varp" else np.broadcast_to(np.nan, len(weight))
    return Cells(finished.bucket, finished.series, statistics.value(statistic), weight, mean)


def _shares(finished: FinishedCells, known: KnownSeries, statistic: Statistic, span_ms: int) -> tuple[Ints, pl.DataFrame]:
    """The cell of each share and what is to be said of it, by bucket, then influencer field, then series."""
    parts = [_share_frame(shares, statistic) for shares in finished.shares]
    cell = np.concatenate([shares.cell for shares in finished.shares])
    field = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    order = np.lexsort((cell, field, finished.bucket[cell]))
    cell = cell[order].astype(np.int64)
    # Series repeat from bucket to bucket, and shares in each: every text is decoded once.
    series, row = np.unique(finished.series[cell], return_inverse=True)
    timestamp = pl.Series("timestamp", finished.bucket[cell] * span_ms)
    return cell, pl.DataFrame([timestamp]).hstack(known.names(series)[row]).hstack(pl.concat(parts)[order])


def _share_frame(shares: FinishedShares, statistic: Statistic) -> pl.DataFrame:
    statistics = shares.statistics
    return pl.DataFrame(
        {
            "influencer_field_name": repeated(shares.field, len(shares.value)),
            "influencer_field_value": shares.texts.decode(shares.value),
            "value": pl.Series(statistics.value(statistic), nan_to_null=True),
            "weight": statistics.column("weight"),
            "mean": pl.Series(statistics.mean, nan_to_null=True),
            "m2": pl.Series(statistics.m2, nan_to_null=True),
        }
    )
