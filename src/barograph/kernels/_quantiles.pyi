"""What a job's own past makes of the probabilities of its results, day by day.

All arrays are one-dimensional, contiguous and belong to the caller; kernels change them in place and hold no reference
afterwards. Records travel as bytes in the layouts of `scoring/quantiles_layout.py`.
"""

from typing import Final

from numpy import float64, int64, uint8
from numpy.typing import NDArray

_Records = NDArray[uint8]

MEMORY_DAYS: Final[float]
"""Counts fade with it: the reference engine ages its quantiles over 2,000 half-hours (section 0)."""
PRIOR_DAYS: Final[float]
"""Days for which probabilities are taken at their word: a job's first bad day must not excuse its second. Chosen: a month."""
FEW_DAYS: Final[float]
"""Days of an entity that were as surprising, after which that rate is believed by half. Chosen."""
EDGES: Final[list[float]]
"""Surprises (nats) at which days are counted: 3 is a probability of 0.05, the last is about 1,000."""

def layout() -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Every record as (name, bytes, [(field, offset), ...])."""

def raised(quantiles: _Records, ln_p: NDArray[float64], own_day: NDArray[float64], out: NDArray[float64]) -> None:
    """Raise each of the probabilities [k] by each of the quantiles [q].

    Args:
        quantiles: [q] what the past has shown.
        ln_p: [k] ln of the probabilities of single results.
        own_day: [k] weight that the result's own day has in the counts: 0 while it is under way.
        out: [q * k] output, those by the first quantiles first.
    """

def raise_and_learn(
    state: _Records,
    today: _Records,
    span_ms: int,
    first_bucket: int,
    cells: NDArray[float64],
    bucket: NDArray[int64],
    entity: NDArray[int64],
    ln_p: NDArray[float64],
    out: NDArray[float64],
    ended: _Records,
    next_today: _Records,
) -> tuple[int, int]:
    """Raise the results of a stretch of buckets that follows the last one, day by day, and learn it; releases the GIL.

    Args:
        state: one record; changed.
        today: the odd entities of the day under way.
        span_ms: length of a bucket, > 0.
        first_bucket: number of the first bucket, >= 0.
        cells: [T] in each bucket, how many results there could have been, each of another entity.
        bucket: [k] bucket number of each result, ascending.
        entity: [k] number of the entity that it is of; [0] where there is one only.
        ln_p: [k] ln of its probability.
        out: [k] output: ln of the raised probabilities; [0] where nobody asks for them.
        ended: output: the quantiles that hold from each day's end on; room for two records more than whole days in T buckets,
            where a bucket longer than a day is one.
        next_today: output: what `today` is to be next time; room for k records more than it has.

    Returns:
        How many days have ended, and how many records `next_today` has.
    """
