"""What a member of a population did in a bucket, over all by values: the causes of its records."""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from barograph.config.splits import SPLIT_NAMES, SPLIT_VALUES

MOST: Final = 10
"""Causes that a record tells: the least likely."""

_NEAR: Final = 1.1  # times the least probability up to which others are causes, too ...
_LIKELY: Final = 0.05  # ... or up to this one, as Elastic's

_OF: Final = ("timestamp", "detector_index", "function_description", "partition_field_value", "over_field_value")
"""What the records of one member in a bucket have in common."""
COLUMNS: Final = (
    *("probability", "function", "function_description", "field_name", *SPLIT_NAMES, *SPLIT_VALUES, "typical", "actual"),
)
"""Those of a cause."""


def are_several(records: pl.DataFrame) -> bool:
    """Whether a member may have several records in a bucket: the members are split by by values, too."""
    return bool((records["over_field_value"].is_not_null() & records["by_field_value"].is_not_null()).any())


def wanted(records: pl.DataFrame, most: int) -> Iterator[tuple[tuple[int, ...], tuple[str, ...]]]:
    """The buckets (epoch ms) and members whose records `with_causes` wants beside records, `most` of either at once.

    A member of a bucket is in one of them.
    """
    members = records.filter(pl.col("over_field_value").is_not_null())
    for times in _slices(members["timestamp"], most):
        inside = members.filter(pl.col("timestamp").is_in(times))
        for some in _slices(inside["over_field_value"], most):
            yield times, some


def _slices(values: pl.Series, most: int) -> Iterator[tuple[Any, ...]]:
    """The different ones, in order."""
    for part in values.unique().sort().to_frame().iter_slices(most):
        yield tuple(part.to_series().to_list())


def with_causes(records: pl.DataFrame, beside: pl.DataFrame) -> pl.DataFrame:
    """Records with the column `causes`: the records of the same member in the bucket, the least likely first, as structs.

    It is null where there is no over field. A record itself is one of its causes, but where ten others are less likely.

    Args:
        records: columns of `schema.RECORDS`.
        beside: all records of their members in their buckets; the same columns.
    """
    if beside["over_field_value"].null_count() == len(beside):  # nobody is a member of anything: the most usual case
        causes_type = pl.List(pl.Struct({name: beside.schema[name] for name in COLUMNS}))
        return records.with_columns(causes=pl.lit(None, dtype=causes_type))
    members = beside.filter(pl.col("over_field_value").is_not_null()).sort("probability", maintain_order=True)
    least = pl.col("probability").min().over(_OF)
    near = members.filter(pl.col("probability") <= pl.max_horizontal(_NEAR * least, _LIKELY))
    causes = near.group_by(_OF, maintain_order=True).agg(causes=pl.struct(COLUMNS).head(MOST))
    return records.join(causes, on=_OF, how="left", nulls_equal=True, maintain_order="left")
