"""A series as it would be without the rows of one entity."""

import numpy as np
import polars as pl

from barograph.buckets.effects import Rows, effects
from barograph.config.errors import BadRequest
from barograph.config.functions import Statistic
from barograph.config.job import Job
from barograph.jobs.views.one_series import OneSeries
from barograph.results.arrays import Floats, Ints
from barograph.store.history import Span
from barograph.store.store import Store


def without(store: Store, job: Job, series: OneSeries, entity: tuple[str, str], rows: pl.DataFrame) -> pl.Series:
    """The values of a series without the rows of an entity: one for each of `rows`, null where nothing is left.

    Args:
        store: where the job lives.
        job: the job.
        series: the series, with its measure.
        entity: an influencer field and its value.
        rows: the series' `timestamp` and `actual`, in the order of time.

    Raises:
        BadRequest: the field is no influencer of the job, of which the rows of single entities are not kept.
    """
    field, value = entity
    if field not in job.influencers:
        known_fields = ", ".join(job.influencers)
        wanted = f"one of the influencer fields ({known_fields})" if job.influencers else "none: the job has no influencers"
        raise BadRequest(f"without={f'{field}={value}'!r}: wanted {wanted}")
    actual = rows["actual"]
    if rows.is_empty():
        return actual
    start, end = rows["timestamp"][0], rows["timestamp"][-1] + job.bucket_span_ms
    span = Span(start, end, series.detector_index, series.function, series.split_values)
    shares = store.influencer_shares(job.job_id, span).filter(pl.col("influencer_field_name") == field)
    cells = store.bucket_values(job.job_id, span, ("timestamp", "actual", "weight", "mean")).sort("timestamp")
    known = cells.filter(pl.col("timestamp").is_in(shares["timestamp"].unique().implode()))
    numbered = known.with_row_index("cell").select("timestamp", "cell")
    of_cells = shares.join(numbered, on="timestamp").sort("cell", maintain_order=True)
    if of_cells.is_empty():
        return actual
    effect = effects(_statistic(job, series), _rows(of_cells), *(_floats(known[name]) for name in ("actual", "weight", "mean")))
    done = of_cells.select("timestamp", "influencer_field_value").with_columns(effect=pl.Series(effect, nan_to_null=False))
    ours = done.filter(pl.col("influencer_field_value") == value).select("timestamp", "effect")
    left = rows.select("timestamp", "actual").join(ours, on="timestamp", how="left", maintain_order="left")
    return left.select((pl.col("actual") - pl.col("effect").fill_null(0.0)).fill_nan(None)).to_series()


def _statistic(job: Job, series: OneSeries) -> Statistic:
    spec = job.detectors[series.detector_index].spec
    return next(statistic for statistic, _ in spec.statistics if spec.measured(statistic) == series.function)


def _rows(shares: pl.DataFrame) -> Rows:
    cell: Ints = shares["cell"].to_numpy().astype(np.int64)
    start: Ints = np.flatnonzero(np.diff(cell, prepend=-1)).astype(np.int64)
    numbers = {name: _floats(shares[name]) for name in ("weight", "value", "mean", "m2", "without")}
    return Rows(cell=cell, start=start, **numbers)


def _floats(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy()
