"""In which order the series of an incident are worth a look: what is likely the cause before what follows from it."""

import polars as pl

from barograph.results import schema
from barograph.scoring.bursts import AT_ONCE


def likely_first(members: pl.DataFrame, bucket_span_ms: int) -> pl.DataFrame:
    """The members of each incident, the likely cause first.

    What began two buckets or more before others stands before them. What began at once goes by score times how much of all
    the surprise of its detector in the incident is its own. Surprises of one measure compare, those of several do not:
    latencies may go a hundred deviations off where a share of errors has no deviations to go. And an incident has one
    cause: where many series of a measure are odd, each of them tells less of who it is.

    Args:
        members: a row a series of an incident: `incident`, and what `schema.MEMBER` and records of it are called.
        bucket_span_ms: length of a bucket.
    """
    surprise = -pl.col("log_probability")
    share = surprise / surprise.sum().over("incident", "detector_index")
    later = (pl.col("onset") - pl.col("onset").min().over("incident")) // (AT_ONCE * bucket_span_ms)
    order = members.with_columns(later=later, weight=pl.col("score") * share)
    keys = ("incident", "later", "weight", "onset", *schema.SERIES_KEY)
    return order.sort(keys, descending=[key == "weight" for key in keys]).drop("later", "weight")
