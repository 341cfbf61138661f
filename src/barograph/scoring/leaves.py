"""What the series stage hands to the score stage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.config.functions import Statistic
from barograph.scoring.aggregate import Evidence
from barograph.scoring.influence import Judge
from barograph.scoring.severity import Floats

LEAF: Final = np.dtype(
    [
        ("bucket", "i8"),  # bucket index
        ("measure", "i4"),  # position in the score stage's measures
        ("series", "i4"),  # dense id of the series within its measure
        ("ln_p", "f8"),  # ln of the bucket value's own probability
        ("ln_evidence", "f8"),  # the same with the evidence of the buckets before; what scores are made of
        ("actual", "f8"),
        ("typical", "f8"),
        ("lower", "f8"),
        ("upper", "f8"),
        ("impact", "f8"),  # multi-bucket impact, -5..5
        ("means", "f8"),  # surprise of the means of the last buckets, nats
        ("seen", "f8"),  # surprise against what the series has shown before, nats
        ("since", "i8"),  # bucket index where the series' present anomaly began
        ("count", "f8"),  # values of the series before this one
        ("high_variance", "?"),  # the model expects more spread here than usual, which lowers the score
        ("multimodal", "?"),  # values far from the centre are a habit of the series, which lowers the score
        ("added", "f8"),  # what was added to the actual value to judge an open bucket by what it is likely to become, else 0
        ("weight", "f8"),  # rows behind the value
        ("mean", "f8"),  # mean of the rows' values, NaN for counts
    ]
)
"""One odd leaf: one that may become a record."""


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
        leaves: [k] odd leaves, dtype `LEAF`, in any order.
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
