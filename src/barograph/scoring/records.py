"""Leaves that are odd enough, as records with what explains them."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.results import schema
from barograph.scoring.blame import nested
from barograph.scoring.leaves import Measure, Stretch
from barograph.scoring.severity import Floats

_TYPES: Final = schema.polars_schema(schema.RECORDS)
_LABELS: Final = (
    "detector_index",
    "function",
    "function_description",
    "field_name",
    "partition_field_name",
    "by_field_name",
)
_TELLING: Final = -np.log(0.05)  # smaller surprises are none
_TOGETHER: Final = 2.0  # multi-bucket impact from which it is the last buckets together that are odd; Kibana's "medium"


def in_order(leaves: NDArray[np.void], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of leaves by bucket, the least likely first."""
    found = leaves[positions]
    return positions[np.lexsort((found["series"], found["measure"], found["ln_evidence"], found["bucket"]))]


def records_frame(
    stretch: Stretch,
    measures: tuple[Measure, ...],
    positions: NDArray[np.int64],
    score: Floats,
    common: list[pl.Series],
    blamed: pl.DataFrame,
) -> pl.DataFrame:
    """The rows of `schema.RECORDS`.

    Args:
        stretch: the stretch of buckets.
        measures: what each leaf measures.
        positions: [k] of the leaves that are records, in the order of `in_order`.
        score: [k] their scores.
        common: the columns that every result has.
        blamed: who is to blame, by leaf.
    """
    found = stretch.leaves[positions]
    labels = [measures[one] for one in found["measure"]]
    frame = stretch.names[positions].with_columns(
        *common,
        *(pl.Series(name, [getattr(one, name) for one in labels], dtype=_TYPES[name]) for name in _LABELS),
        *(pl.Series(name, found[name]) for name in ("actual", "typical")),
        pl.Series("lower_bound", found["lower"]),
        pl.Series("upper_bound", found["upper"]),
        pl.Series("log_evidence", found["ln_evidence"]),
        pl.Series("multi_bucket_impact", found["impact"]),
        *_explained(found),
        pl.Series("record_score", score),
        pl.Series("initial_record_score", score),
        pl.Series("leaf", positions, dtype=pl.Int64),
    )
    frame = frame.with_columns(seq=pl.int_range(pl.len()).over("timestamp"))
    nobody = pl.lit([], dtype=pl.List(schema.INFLUENCE))
    joined = frame.join(nested(blamed), on="leaf", how="left", maintain_order="left")
    return typed(joined.with_columns(pl.col("influencers").fill_null(nobody)), schema.RECORDS)


def _explained(found: NDArray[np.void]) -> list[pl.Series]:
    return [
        pl.Series("anomaly_type", anomaly_type(found, found["weight"]), dtype=pl.String),
        pl.Series("anomaly_length", found["bucket"] - found["since"] + 1),
        pl.Series("single_bucket_impact", decades(-found["ln_p"])),
        pl.Series("means_impact", decades(found["means"])),
        pl.Series("characteristics_impact", decades(found["seen"])),
        pl.Series("high_variance_penalty", found["high_variance"]),
        pl.Series("incomplete_bucket_penalty", found["added"] != 0.0),
        pl.Series("multimodal_distribution", found["multimodal"]),
        pl.Series("values_before", found["count"].astype(np.int64)),
    ]


def anomaly_type(leaves: NDArray[np.void], weight: Floats) -> list[str]:
    """What a person would call each leaf with so many rows: a missing value, a change that lasts, a spike or a dip."""
    actual, typical = leaves["actual"], leaves["typical"]
    missing = (actual == 0.0) & (weight == 0.0) & (typical > 0.0)
    change = (leaves["impact"] >= _TOGETHER) | (actual == typical)
    found: list[str] = np.select([missing, change, actual > typical], ["missing", "change", "spike"], "dip").tolist()
    return found


def decades(surprise: Floats) -> NDArray[np.int64]:
    """Nats as powers of ten, whole ones; 0 where nobody would be surprised."""
    whole = np.rint(np.minimum(surprise, 1e6) / np.log(10.0))
    return np.where(surprise > _TELLING, whole, 0.0).astype(np.int64)


def typed(frame: pl.DataFrame, table: tuple[schema.Column, ...]) -> pl.DataFrame:
    """The columns of a result table, in its order and types."""
    return frame.select(pl.col(column.name).cast(column.dtype) for column in table)
