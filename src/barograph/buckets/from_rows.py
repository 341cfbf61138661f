"""Finished buckets as rows have just finished them."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from barograph.buckets.accumulator import FinishedCells
from barograph.buckets.cell_shares import CellShares
from barograph.buckets.finished import Cells, DetectorValues
from barograph.buckets.known_series import KnownSeries
from barograph.buckets.open_shares import FinishedShares
from barograph.buckets.sketches import WithoutShares
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
    by_field = finished.shares
    cell = np.concatenate([shares.cell for shares in by_field])
    field = np.repeat(np.arange(len(by_field)), [len(shares.cell) for shares in by_field])
    order = np.lexsort((cell, finished.bucket[cell] * len(by_field) + field))
    cell = cell[order].astype(np.int64)
    # Series repeat from bucket to bucket, and shares in each: every text is decoded once, and every row gathered once.
    series, row = np.unique(finished.series[cell], return_inverse=True)
    statistics = [shares.statistics for shares in by_field]
    withouts = [shares.without.get(statistic) or WithoutShares.unknown(len(shares.cell)) for shares in by_field]
    numbers = {
        "value": [own.value(statistic) for own in statistics],
        "weight": [own.column("weight") for own in statistics],
        "mean": [own.mean for own in statistics],
        "m2": [own.m2 for own in statistics],
        "without": [without.alone for without in withouts],
        "without_higher": [without.higher for without in withouts],
        "without_lower": [without.lower for without in withouts],
    }
    columns = [
        pl.Series("timestamp", finished.bucket[cell] * span_ms),
        *(names[row] for names in known.names(series)),
        pl.Series("influencer_field_name", [shares.field for shares in by_field])[field[order]],
        _entities(by_field, order),
        *(pl.Series(name, np.concatenate(parts)[order], nan_to_null=True) for name, parts in numbers.items()),
    ]
    return cell, pl.DataFrame(columns)


def _entities(by_field: Sequence[FinishedShares], order: Ints) -> pl.Series:
    """The influencer values of the shares of all fields, one field behind the other and then put in order."""
    texts, codes, first = [pl.Series(dtype=pl.String)], [], 0
    for shares in by_field:
        used = np.zeros(shares.value.max(initial=-1) + 1, np.bool_)
        used[shares.value] = True
        texts.append(shares.texts.decode(np.flatnonzero(used).astype(np.int32)))
        codes.append(first + np.cumsum(used)[shares.value] - 1)
        first += len(texts[-1])
    # Picked by index: `gather` is a query, which takes longer than a live bucket is worth.
    return pl.concat(texts)[np.concatenate(codes)[order]].alias("influencer_field_value")
