"""What judged buckets leave behind: rows of the history and of accepted changes."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.config.splits import SPLIT_VALUES
from barograph.engine.annotations import annotations, silences
from barograph.engine.series_stage import JudgedMeasure
from barograph.results import schema
from barograph.results.arrays import Bools, Floats, Ids, Ints, cells_by_time

_NO_CHANGES: Final = schema.empty(schema.ANNOTATIONS)
_FEW: Final = 3  # times as many cells there are at least, where one at a time is quicker than all in a row: measured
_NUMBERS: Final[dict[Any, pl.DataType]] = {
    column.name: column.dtype for column in schema.BUCKET_VALUES if column.dtype != pl.String()
}


def change_rows(job: Job, measures: Sequence[JudgedMeasure], slept: Ints) -> pl.DataFrame:
    """The changes that models have accepted, and the silences that have ended; rows of `schema.ANNOTATIONS`."""
    parts = [_changes(job, measure) for measure in measures if len(measure.judged.changes)]
    if len(slept):
        parts.insert(0, silences(measures[0].measure, slept, job.bucket_span_ms, job.time_zone))
    return _in_time_order(parts) if parts else _NO_CHANGES


def share_rows(measures: Sequence[JudgedMeasure]) -> pl.DataFrame:
    """All entities' shares of the buckets, rows of `schema.INFLUENCER_SHARES`."""
    return _in_time_order(
        [
            measure.detector.history_shares(measure.measure.statistic, measure.first_bucket, measure.end_bucket)
            for measure in measures
        ]
    )


def value_rows(job: Job, measures: Sequence[JudgedMeasure]) -> pl.DataFrame:
    """The rows of `Results.coded_values`: buckets with input rows, and for plotted series every bucket with a value."""
    tables = [_values(job, measure) for measure in measures]
    return _in_time_order(tables)


def _in_time_order(tables: list[pl.DataFrame]) -> pl.DataFrame:
    """All measures' rows by time, then measure: an order that does not tell how long the stretch was."""
    return pl.concat(tables).sort("timestamp", maintain_order=True) if len(tables) > 1 else tables[0]


def _changes(job: Job, measure: JudgedMeasure) -> pl.DataFrame:
    changes = measure.judged.changes
    names = measure.detector.known.names(np.ascontiguousarray(changes["row"]))
    return annotations(measure.measure, changes, measure.first_bucket, job.bucket_span_ms, names, job.time_zone)


def _values(job: Job, measure: JudgedMeasure) -> pl.DataFrame:
    names, judged = measure.detector.known.names(np.arange(len(measure.value), dtype=np.int32)), measure.judged
    plotted = _plotted(job, names)
    names = names.with_columns(pl.lit(measure.measure.function_description).alias("function_description"))
    names = schema.coded(names)  # before there is one a row
    value, weight = measure.value, measure.weight
    shown = ~np.isnan(value) & ((weight > 0) | plotted[:, None])
    cells = _Cells.of(shown)
    bucket, series = measure.first_bucket + cells.bucket, cells.series
    unplotted = None if plotted.all() else np.flatnonzero(~plotted[series])
    frame = names[series].with_columns(
        pl.Series("timestamp", bucket * job.bucket_span_ms, dtype=pl.Int64),
        pl.lit(measure.measure.detector_index).alias("detector_index"),
        pl.Series("series", series, dtype=pl.Int32),
        pl.Series("actual", cells.take(value)),
        pl.Series("weight", cells.take(weight)),
        _means(measure, series, bucket).alias("mean"),
        pl.Series("log_probability", cells.take(judged.ln_p)),
        _bound(judged.typical, cells, unplotted).alias("typical"),
        _bound(judged.lower, cells, unplotted).alias("lower_bound"),
        _bound(judged.upper, cells, unplotted).alias("upper_bound"),
    )
    return frame.cast(_NUMBERS).select(column.name for column in schema.BUCKET_VALUES)


class _Cells(NamedTuple):
    """Some cells of S series in T buckets, by bucket and then series.

    Attributes:
        bucket: [k] their buckets, from 0.
        series: [k] their series.
        at: [k] where they are among all, bucket by bucket; None: they are all.
    """

    bucket: Ints
    series: Ids
    at: Ints | None

    @classmethod
    def of(cls, chosen: Bools) -> "_Cells":
        """Those that are chosen [S, T]."""
        bucket, series, at = cells_by_time(chosen)
        return cls(bucket, series, None if len(at) == chosen.size else at)

    def take(self, values: Floats) -> Floats:
        """What they have of all values [S, T]. Of few the others are not looked at: most series are seldom there."""
        if self.at is not None and _FEW * len(self.at) < values.size:
            return np.asarray(values[self.series, self.bucket])
        by_time = values.T.ravel()
        return by_time if self.at is None else by_time[self.at]


def _means(measure: JudgedMeasure, series: Ids, bucket: Ints) -> pl.Expr:
    if measure.measure.statistic != "varp":
        return pl.lit(None)
    means = measure.detector.means(measure.detector.find(series, bucket))
    return pl.lit(pl.Series(means, nan_to_null=True))


def _bound(bound: Floats | None, cells: _Cells, unplotted: Ints | None) -> pl.Expr:
    if bound is None:
        return pl.lit(None)
    shown = np.array(cells.take(bound))  # of one series, or of one bucket, it would be the model's own array
    if unplotted is not None:
        shown[unplotted] = np.nan
    return pl.lit(pl.Series(shown, nan_to_null=True))


def _plotted(job: Job, names: pl.DataFrame) -> Bools:
    """The series whose bounds the job wants: all, or those one of whose split values is among its terms."""
    plot = job.model_plot_config
    if not plot.enabled:
        return np.zeros(len(names), dtype=bool)
    terms = [term.strip() for term in (plot.terms or "").split(",") if term.strip()]
    if not terms:
        return np.ones(len(names), dtype=bool)
    plotted = names.select(pl.any_horizontal(pl.col(name).is_in(terms).fill_null(False) for name in SPLIT_VALUES))
    return plotted.to_series().to_numpy()
