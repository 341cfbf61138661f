"""What the series stage hands to the score stage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.config.functions import Statistic
from barograph.config.splits import SPLIT_NAMES
from barograph.results.arrays import Floats, Structs
from barograph.results.schema import INFLUENCER_KEY
from barograph.scoring.aggregate import Evidence


@dataclass(frozen=True)
class Measure:
    """One statistic of one detector, and how its records are labelled."""

    detector_index: int
    function: str
    function_description: str
    field_name: str | None
    partition_field_name: str | None
    by_field_name: str | None
    over_field_name: str | None
    statistic: Statistic

    @property
    def labels(self) -> dict[str, int | str | None]:
        """The columns of results that say what was measured."""
        return {name: getattr(self, name) for name in ("detector_index", "function_description", "field_name", *SPLIT_NAMES)}


PRESENCE: Final = pl.Schema(
    {
        "bucket": pl.Int64,
        **dict.fromkeys(INFLUENCER_KEY, pl.String),
        "leaves": pl.UInt32,  # in how many leaves of the bucket, quiet ones included, the entity has rows
    }
)

NO_PRESENCE: Final = pl.DataFrame(schema=PRESENCE)

LnPOf = Callable[[Structs, Floats], Floats]
"""Payload [k] of leaves, other values [k] of them -> ln of these values' probabilities [k]."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of finished buckets, as plain arrays and frames: it can be sent to another process.

    Attributes:
        first_bucket: index of the first bucket.
        event_count: [n] rows in each bucket, one entry a bucket, also the empty ones.
        evidence: one a measure: what its partitions show.
        leaves: [k] odd leaves, dtype `results.leaf.LEAF`, in any order.
        payloads: one a measure: what its model needs to judge other values of its leaves, in their order.
        names: [k] the split values of each leaf, the columns `SPLIT_VALUES`, and `correlated_by_field_value`: that of the
            series that led to expect another value.
        shares: what each entity contributes to the leaves, columns `results.leaf.SHARES`, also of those that usually have rows
            and now have none. Empty without influencers.
        presence: the entities that have rows in the stretch, columns `PRESENCE`. Empty without influencers.
        filled: [n] in how many leaves of each bucket, quiet ones included, anybody has rows.
    """

    first_bucket: int
    event_count: Floats
    evidence: Sequence[Evidence]
    leaves: Structs
    payloads: Sequence[Structs]
    names: pl.DataFrame
    shares: pl.DataFrame
    presence: pl.DataFrame
    filled: Floats

    @property
    def buckets(self) -> int:
        """How many there are."""
        return len(self.event_count)

    def leaves_of(self, entities: pl.DataFrame) -> Floats:
        """In how many leaves each of `entities` [k] has rows in its bucket: rows of `bucket` and `INFLUENCER_KEY`."""
        asked, in_bucket = entities[["bucket", *INFLUENCER_KEY]], np.zeros(self.buckets, np.bool_)
        in_bucket[asked["bucket"].to_numpy() - self.first_bucket] = True
        # What is joined to is hashed as a whole, so that those who are asked for come first: they are few, and in few buckets.
        known = self.presence[np.flatnonzero(in_bucket[self.presence["bucket"].to_numpy() - self.first_bucket])]
        known = known.join(asked, on=asked.columns, how="semi")
        leaves = asked.join(known, on=asked.columns, how="left", maintain_order="left")["leaves"].to_numpy()
        return np.asarray(np.nan_to_num(leaves.astype(np.float64)))  # null is NaN: none

    def present(self, field: str) -> tuple[Floats, Floats]:
        """In each bucket, how many entities of an influencer field have rows, and in how many leaves these do in all."""
        # Series are compared at once, where a filter of the frame is a query: too long for a live bucket.
        of_field = (self.presence["influencer_field_name"] == field).to_numpy()
        bucket = self.presence["bucket"].to_numpy()[of_field] - self.first_bucket
        leaves = self.presence["leaves"].to_numpy()[of_field].astype(float)
        entities = np.bincount(bucket, minlength=self.buckets).astype(float)
        return entities, np.bincount(bucket, leaves, self.buckets).astype(float)
