"""Values at times become the values of consecutive buckets."""

from datetime import timedelta
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from barograph.buckets.means import bucket_means
from barograph.config.duration import DAY_MS
from barograph.config.errors import BadRequest
from barograph.results.arrays import Bools, Floats, Ints

MOST_EMPTY: Final = 10_000_000
"""Buckets without a value that are believed: 115 days of single seconds. Beyond, a time or the span is a typing error."""

_NEARLY_A_DAY_MS: Final = DAY_MS - 2 * 3_600_000  # clocks change by two hours at most


class Timeline(NamedTuple):
    """Consecutive buckets.

    Attributes:
        first_bucket: number of the first: its start divided by the span.
        values: [T] NaN is no data.
        rows: [T] how many values each is the mean of.
        times: [T] what each is called: the time of its value, or else its start.
    """

    first_bucket: int
    values: Floats
    rows: Floats
    times: pl.Series


def without_times(values: Floats) -> Timeline:
    """One value a bucket, called by its position."""
    return Timeline(0, values, np.ones(len(values)), pl.Series(np.arange(len(values))))


def of_times(values: Floats, times: pl.Series, time_ms: Ints, span_ms: int, time_zone: str) -> Timeline:
    """The buckets from the first time to the last: the mean of those values that share one.

    Where no bucket holds two different times, values are taken as those of finished buckets, and keep their times. Else the
    buckets are a job's: called by their starts, without a first one that began before the first time.

    Args:
        values: [n] NaN is no data.
        times: [n] their times as given, in any order; `time_ms` [n] the same in epoch ms.
        time_ms: see above.
        span_ms: length of a bucket.
        time_zone: what times without a zone are in.

    Raises:
        BadRequest: far more buckets than values.
    """
    if not len(time_ms):
        return Timeline(0, values, values, _of_epoch(time_ms, times.dtype, time_zone))
    order = np.argsort(time_ms, kind="stable")
    time_ms = time_ms[order]
    bucket = time_ms // span_ms
    first, last = int(bucket[0]), int(bucket[-1])
    check_gap(last - first + 1 - len(values), span_ms)
    means, starts = bucket_means(bucket, values[order]), np.arange(first, last + 1) * span_ms
    rows = np.bincount(bucket[~np.isnan(values[order])] - first, minlength=len(starts)).astype(float)
    if (np.diff(time_ms)[np.diff(bucket) == 0] > 0).any():
        partial = int(time_ms[0] > starts[0])
        return Timeline(first + partial, means[partial:], rows[partial:], _of_epoch(starts[partial:], times.dtype, time_zone))
    own = np.searchsorted(bucket, np.arange(first, last + 1), side="right") - 1  # the last value at or before each bucket
    labels = _of_epoch(starts + time_ms[own] % span_ms, times.dtype, time_zone)
    return Timeline(first, means, rows, _with_own(labels, times[order], own, bucket[own] == np.arange(first, last + 1)))


def check_gap(empty: int, span_ms: int) -> None:
    """Refuse more buckets in a row without a value than can be meant."""
    if empty > MOST_EMPTY:
        wanted = f"times with at most {MOST_EMPTY:,} buckets of {span_ms // 1000} s without a value between them"
        raise BadRequest(f"times: {empty:,} buckets without a value; wanted {wanted}, or a longer span")


def _with_own(labels: pl.Series, times: pl.Series, own: Ints, has_value: Bools) -> pl.Series:
    """The labels with the very times that were given where there is one: of any unit, they are found by them again."""
    if labels.dtype != times.dtype:
        return labels
    filled = np.flatnonzero(has_value)
    return labels.scatter(filled, times[own[filled]])


def _of_epoch(time_ms: Ints, dtype: pl.DataType, time_zone: str) -> pl.Series:
    """Epoch ms in the type of the times that were given; times of the time zone where that was text or a number."""
    instants = pl.Series(time_ms).cast(pl.Datetime("ms", "UTC"))
    local = instants.dt.convert_time_zone(time_zone)
    if isinstance(dtype, pl.Datetime):
        given_zone = dtype.time_zone
        return (local.dt.replace_time_zone(None) if given_zone is None else instants.dt.convert_time_zone(given_zone)).cast(
            dtype
        )
    if dtype == pl.Date and not (np.diff(time_ms) < _NEARLY_A_DAY_MS).any():
        # Midnight is not where a bucket of UTC begins, and where the clocks have changed it is an hour off.
        return (local.dt.replace_time_zone(None) + timedelta(hours=12)).cast(pl.Date)
    return local.dt.replace_time_zone(None) if dtype == pl.Date else local
