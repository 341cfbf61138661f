"""Members of populations, each judged against its peers in the same bucket and lately.

All arrays are one-dimensional, contiguous and belong to the caller; kernels change them in place, allocate only what a bucket
needs and hold no reference afterwards. Records travel as bytes in the layouts of `models/population_state.py`.
"""

from collections.abc import Sequence

from numpy import float64, int32, int64, uint8
from numpy.typing import NDArray

_Records = NDArray[uint8]

SIZES: tuple[int, int, int, int]
"""Bytes of a MEMBER, a POPULATION, a PAYLOAD and a FOUND."""

def advance(
    members: _Records,
    populations: _Records,
    t: NDArray[int64],
    row: NDArray[int32],
    value: NDArray[float64],
    rows: NDArray[float64],
    start: int,
    ln_p: NDArray[float64],
    ln_evidence: NDArray[float64],
    shown: Sequence[NDArray[float64]],
    found: _Records,
    settings: Sequence[float],
    first: int,
    span_ms: int,
    learn: bool,
    planned: NDArray[uint8],
    rules: _Records,
    conditions: _Records,
    scope: NDArray[uint8],
) -> list[int]:
    """Judge values by what was known before their bucket and by the other values in it, then learn them.

    Each bucket of a population is done as a whole, or not at all for want of room in `found`.

    Args:
        members: [s] MEMBER records.
        populations: [g] POPULATION records.
        t: [c] bucket of each value, from 0; those of one population and bucket lie together, buckets of one ascending.
        row: [c] its member, ascending within a bucket of a population.
        value: [c] no NaN.
        rows: [c] rows that each is the mean of, or nothing: as many as ever.
        start: the value to begin with.
        ln_p: [c] set to ln of the probability of each.
        ln_evidence: [c] set to ln of what scores are made of.
        shown: typical value, lower and upper bound [c] each, to be set; or nothing.
        found: [k] FOUND records, set from 0 on.
        settings: whether values are counts, side, ln of what a bucket leaves of habits, share of a habit's hour that one is,
            buckets an hour, -ln of the share beyond each bound, ln evidence at or below which a value is found.
        first: number of bucket 0.
        span_ms: length of a bucket.
        learn: false: members and populations stay as they are.
        planned: [t] actions of planned times.
        rules: records of `models/skips.py`.
        conditions: theirs.
        scope: [r * s] whether a rule is about a member.

    Returns:
        The value at which it stopped, and how many were found.
    """

def probability(payload: _Records, value: NDArray[float64], ln_p: NDArray[float64]) -> None:
    """ln p [n] of values [n] in the place of those that PAYLOAD records [n] are of; NaN gives NaN."""

def expected(members: _Records, populations: _Records, counts: bool, now: int, decay: float, out: NDArray[float64]) -> None:
    """What members [s] are expected to have in bucket `now`, by their habits and what was usual lately; NaN is no idea."""
