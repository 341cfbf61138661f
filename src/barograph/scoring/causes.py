"""In which order the series of an incident are worth a look: what is likely the cause before what follows from it."""

from typing import Final

import polars as pl

from barograph.results import schema
from barograph.scoring.bursts import AT_ONCE

_UNKNOWN: Final = 1.0  # change of what has no usual value, such as something rare
_LEAST: Final = 1e-9  # change of what stands still where it is usual, and is odd for that


def likely_first(members: pl.DataFrame, bucket_span_ms: int) -> pl.DataFrame:
    """The members of each incident, the likely cause first.

    What began two buckets or more before others stands before them. What began at once goes by score times how much of what
    changed in its detector is its own, each change taken as a share of the larger of actual and typical. An incident has one
    cause: where many series of a measure are odd, each of them tells less of who it is. What follows from a cause is thinned
    out on its way. Scores, and the surprises behind them, do not compare so: a latency may be a hundred deviations off where
    a share of errors has no deviations to go, and how far a tail reaches is another matter in each series.

    Args:
        members: a row a series of an incident: `incident`, and the fields of `schema.MEMBER`.
        bucket_span_ms: length of a bucket.
    """
    actual, typical = pl.col("actual"), pl.col("typical")
    change = (actual - typical).abs() / pl.max_horizontal(actual.abs(), typical.abs())
    later = (pl.col("onset") - pl.col("onset").min().over("incident")) // (AT_ONCE * bucket_span_ms)
    share = pl.col("change") / pl.col("change").sum().over("incident", "detector_index")
    change = change.fill_null(_UNKNOWN).fill_nan(0.0).clip(_LEAST)
    order = members.with_columns(later=later, change=change).with_columns(weight=pl.col("score") * share)
    keys = ("incident", "later", "weight", "onset", *schema.SERIES_KEY)
    return order.sort(keys, descending=[key == "weight" for key in keys]).drop("later", "change", "weight")
