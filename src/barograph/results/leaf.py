"""What a model says of one bucket of one series, whatever kind of model it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.results.arrays import Floats, Structs
from barograph.results.schema import INFLUENCER_KEY

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
        ("buckets", "f8"),  # buckets of its partition before this one, for a value that is rare among them, else 0
        ("rarity", "f8"),  # ... in how many more of them a usual value is than this one, else 0
        ("is_first", "?"),  # ... whether none of them had it
        ("added", "f8"),  # what was added to the actual value to judge an open bucket by what it is likely to become, else 0
        ("partner", "i4"),  # the series, plus one, that led to expect another value, else 0
        ("weight", "f8"),  # rows behind the value
        ("mean", "f8"),  # mean of the rows' values, NaN for counts
        ("same", "f8"),  # buckets in a row that have had this very value, where that is what is told, else 0
    ]
)
"""One odd leaf: one that may become a record. A model fills all but what it does not know: `measure`, `partner`,
`weight` and `mean`."""

OF_ROWS: Final = ("weight", "value", "mean", "m2", "without", "without_higher", "without_lower")
"""What the rows of an entity in a leaf amount to; see `schema.INFLUENCER_SHARES`."""

SHARES: Final = pl.Schema(
    {
        "leaf": pl.Int64,  # position of the leaf
        **dict.fromkeys(INFLUENCER_KEY, pl.String),
        **dict.fromkeys(OF_ROWS, pl.Float64),  # weight 0, else NaN, for an entity that is missing
        "effect": pl.Float64,  # what they do to the bucket value; NaN where they are all there are
        "usual": pl.Float64,  # what the entity usually does at such a level
        "spread": pl.Float64,  # the standard deviation of that
        "usual_share": pl.Float64,  # its usual share of the series' rows
    }
)
"""What entities contribute to odd leaves: those that have rows in them, and those that usually have."""


@dataclass(frozen=True)
class Tried:
    """What the model of one series would make of k values in the place of a bucket's own.

    Attributes:
        leaves: [k] dtype `LEAF`, one a value.
        steps: [k] ln of the evidence after each factor that the model knows, by the names of `scoring.explain.FACTORS` and in
            their order; the last one's is `ln_evidence`.
        centre: what the model expects, before bounds of what can be.
        deviation: its standard deviation.
        least: no value can be smaller: 0 where there are no negative ones, or never were; else -inf.
        has_idea: whether the model expects anything yet; else the two mean nothing.
        on_a_line: whether there are higher and lower values; of points on a circle or on the earth there are only nearer ones.
    """

    leaves: Structs
    steps: Mapping[str, Floats]
    centre: float
    deviation: float
    least: float
    has_idea: bool
    on_a_line: bool = True
