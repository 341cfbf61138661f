"""In which order the series of an incident are worth a look: what is likely the cause before what follows from it."""

from typing import Final

import numpy as np
import polars as pl

from barograph.results import schema
from barograph.results.arrays import Floats
from barograph.results.points import POINTS
from barograph.results.severity import MAJOR
from barograph.scoring.bursts import AT_ONCE
from barograph.scoring.point_blame import from_typical

_UNKNOWN: Final = 1.0  # change of what has no usual value, such as something rare
_LEAST: Final = 1e-9  # change of what stands still where it is usual, and is odd for that


def likely_first(members: pl.DataFrame, bucket_span_ms: int) -> pl.DataFrame:
    """The members of each incident, the likely cause first.

    What began two buckets or more before others stands before them, if it is major: what is mildly odd hours before an
    outage is no cause of it. What began at once goes by score times how much of what changed in its detector is its own,
    each change taken as a share of the larger of actual and typical; of a time or place, how far it is from typical. An
    incident has one cause: where many series of a measure are odd, each of them tells less of who it is. What follows from
    a cause is thinned out on its way. Scores, and the surprises behind them, do not compare so: a latency may be a hundred
    deviations off where a share of errors has no deviations to go, and how far a tail reaches is another matter in each
    series.

    Args:
        members: a row a series of an incident: `incident`, and the fields of `schema.MEMBER`.
        bucket_span_ms: length of a bucket.
    """
    is_major = (pl.col("score") >= MAJOR) | (pl.col("score").max().over("incident") < MAJOR)
    first = pl.when(is_major).then("onset").min().over("incident")
    later = (pl.col("onset") - first).clip(0) // (AT_ONCE * bucket_span_ms)
    share = pl.col("change") / pl.col("change").sum().over("incident", "detector_index")
    order = members.with_columns(later=later, change=pl.Series(_change(members))).with_columns(weight=pl.col("score") * share)
    keys = ("incident", "later", "weight", "onset", *schema.SERIES_KEY)
    return order.sort(keys, descending=[key == "weight" for key in keys]).drop("later", "change", "weight")


def _change(members: pl.DataFrame) -> Floats:
    """How much each series changed, > 0: to be compared within a detector."""
    actual, typical = pl.col("actual"), pl.col("typical")
    part = (actual - typical).abs() / pl.max_horizontal(actual.abs(), typical.abs())
    change = np.array(members.select(part.fill_null(_UNKNOWN).fill_nan(0.0)).to_series())
    function = members["function_description"].to_numpy()
    for name in POINTS & set(function):  # numbers of which neither the size nor the difference means anything
        at = np.flatnonzero(function == name)
        change[at] = from_typical(name, *(members[value][at].to_numpy() for value in ("typical", "actual")))
    return np.asarray(np.maximum(change, _LEAST))
