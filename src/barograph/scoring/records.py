"""Leaves that are odd enough, as records with what explains them."""

from typing import Final

import numpy as np
import polars as pl

from barograph.config.splits import SPLIT_NAMES
from barograph.kernels.elementary import ln
from barograph.results import schema
from barograph.results.arrays import Bools, Floats, Ints, Structs
from barograph.results.points import POINTS
from barograph.scoring.blame import influencers_of
from barograph.scoring.leaves import Measure, Stretch
from barograph.scoring.severity import LN_10
from barograph.scoring.tables import Records, common, score_and_initial, typed

_TYPES: Final = schema.polars_schema(schema.RECORDS)
_LABELS: Final = (
    "detector_index",
    "function",
    "function_description",
    "field_name",
    *SPLIT_NAMES,
)
_TELLING: Final = -ln(0.05)  # smaller surprises are none
_TOGETHER: Final = 2.0  # multi-bucket impact from which it is the last buckets together that are odd; Kibana's "medium"


def in_order(leaves: Structs, positions: Ints) -> Ints:
    """Positions of leaves by bucket, the least likely first."""
    if len(positions) < 2:
        return positions
    chosen = leaves[positions]
    return positions[np.lexsort((chosen["series"], chosen["measure"], chosen["ln_evidence"], chosen["bucket"]))]


def records_frame(
    stretch: Stretch,
    measures: tuple[Measure, ...],
    records: Records,
    blamed: pl.DataFrame,
    span_ms: int,
) -> pl.DataFrame:
    """The rows of `schema.RECORDS`.

    Args:
        stretch: the stretch of buckets.
        measures: what each leaf measures.
        records: the leaves that are records.
        blamed: who is to blame, by leaf.
        span_ms: length of a bucket.
    """
    leaves = stretch.leaves[records.leaf]
    measure = leaves["measure"]
    is_point = np.array([one.statistic in POINTS for one in measures])[measure]
    frame = stretch.names[records.leaf].hstack(
        [
            *common(records.bucket, leaves["ln_evidence"], span_ms),
            *(pl.Series(name, [getattr(one, name) for one in measures], dtype=_TYPES[name])[measure] for name in _LABELS),
            *(pl.Series(name, leaves[name]) for name in ("actual", "typical")),
            pl.Series("lower_bound", leaves["lower"], nan_to_null=True),
            pl.Series("upper_bound", leaves["upper"], nan_to_null=True),
            pl.Series("log_evidence", leaves["ln_evidence"]),
            pl.Series("multi_bucket_impact", leaves["impact"]),
            *_explained(leaves, is_point),
            *score_and_initial("record_score", records.score),
            pl.Series("seq", np.arange(len(leaves)) - np.searchsorted(records.bucket, records.bucket)),
            influencers_of(records.leaf, blamed),
        ]
    )
    return typed(frame, schema.RECORDS)


def _explained(leaves: Structs, is_point: Bools) -> list[pl.Series]:
    return [
        pl.Series("anomaly_type", anomaly_type(leaves, leaves["weight"], is_point), dtype=pl.String),
        pl.Series("anomaly_length", leaves["bucket"] - leaves["since"] + 1),
        pl.Series("single_bucket_impact", decades(-leaves["ln_p"])),
        pl.Series("means_impact", decades(leaves["means"])),
        pl.Series("characteristics_impact", decades(leaves["seen"])),
        pl.Series("high_variance_penalty", leaves["high_variance"]),
        pl.Series("incomplete_bucket_penalty", leaves["added"] != 0.0),
        pl.Series("multimodal_distribution", leaves["multimodal"]),
        pl.Series("values_before", leaves["count"].astype(np.int64)),
        *_rarity(leaves),
    ]


def _rarity(leaves: Structs) -> list[pl.Series]:
    """How rare values are; null for what is not judged by that."""
    rare, nothing = leaves["buckets"] > 0, np.full(len(leaves), None)
    columns = {
        "buckets_before": (leaves["buckets"].astype(np.int64), pl.Int64),
        "by_field_first_occurrence": (leaves["is_first"], pl.Boolean),
        "by_field_relative_rarity": (leaves["rarity"], pl.Float64),
    }
    return [pl.Series(name, np.where(rare, values, nothing).tolist(), dtype=kind) for name, (values, kind) in columns.items()]


def anomaly_type(leaves: Structs, weight: Floats, is_point: Bools) -> list[str | None]:
    """What a person would call each leaf with so many rows: a missing value, one that stands still, a change, a spike, a dip.

    None for a time or a place, which is neither high nor low.
    """
    actual, typical = leaves["actual"], leaves["typical"]
    missing = (actual == 0.0) & (weight == 0.0) & (typical > 0.0)
    change = (leaves["impact"] >= _TOGETHER) | (actual == typical)
    kinds = {"missing": missing, "still": leaves["same"] > 0, "change": change, "spike": actual > typical}
    types: list[str] = np.select(list(kinds.values()), list(kinds), "dip").tolist()
    return [None if point else one for one, point in zip(types, is_point.tolist(), strict=True)]


def decades(surprise: Floats) -> Ints:
    """Nats as powers of ten, whole ones; 0 where nobody would be surprised."""
    whole = np.rint(np.minimum(surprise, 1e6) / LN_10)
    return np.where(surprise > _TELLING, whole, 0.0).astype(np.int64)
