"""What the series stage hands to the score stage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.config.functions import Statistic
from barograph.scoring.aggregate import Evidence
from barograph.scoring.influence import Judge
from barograph.scoring.severity import Floats


@dataclass(frozen=True)
class Measure:
    """One statistic of one detector, and how its records are labelled."""

    detector_index: int
    function: str
    function_description: str
    field_name: str | None
    partition_field_name: str | None
    by_field_name: str | None
    statistic: Statistic


@dataclass(frozen=True)
class Stretch:
    """A stretch of finished buckets.

    Attributes:
        first_bucket: index of the first bucket.
        event_count: [n] rows in each bucket, one entry a bucket, also the empty ones.
        evidence: one a measure: what all its series show.
        leaves: [k] odd leaves, dtype `results.leaf.LEAF`, in any order.
        names: [k] `partition_field_value` and `by_field_value` of each leaf.
        shares_of: leaf positions -> what each entity contributes to them: `leaf`, `influencer_field_name`,
            `influencer_field_value`, `weight`, `value`, `mean`, `m2`. Empty without influencers.
        presence: entities of the stretch: `bucket`, `influencer_field_name`, `influencer_field_value`, `leaves` (in how many
            leaves, quiet ones included, the entity has rows). Empty without influencers.
        judge: ln of the probability of other values of the leaves.
    """

    first_bucket: int
    event_count: Floats
    evidence: Sequence[Evidence]
    leaves: NDArray[np.void]
    names: pl.DataFrame
    shares_of: Callable[[NDArray[np.int64]], pl.DataFrame]
    presence: pl.DataFrame
    judge: Judge

    @property
    def buckets(self) -> int:
        """How many there are."""
        return len(self.event_count)

    def present(self, field: str) -> Floats:
        """In each bucket, how many entities of an influencer field have rows."""
        bucket = self.presence.filter(influencer_field_name=field)["bucket"].to_numpy() - self.first_bucket
        return np.bincount(bucket, minlength=self.buckets).astype(float)
