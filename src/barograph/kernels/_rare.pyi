"""Values judged by how rarely the buckets of their partition have them.

All arrays are contiguous and belong to the caller; kernels change them in place, allocate nothing and hold no reference
afterwards. Records travel as bytes in the layouts of `models/rare_state.py`.
"""

from typing import Final

from numpy import float64, int32, int64, uint8
from numpy.typing import NDArray

_Records = NDArray[uint8]

CLASSES: Final[int]
"""Of counts: four to a doubling, from an eighth up to 440,871."""

def layout() -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Every record as (name, bytes, [(field, offset), ...])."""

def shares(values: _Records, parts: _Records, out: NDArray[float64]) -> None:
    """Write the share of buckets that have each value now into `out` [n]; NaN for one that no bucket had."""

def probability(
    expected: NDArray[float64],
    rest: NDArray[float64],
    of_member: NDArray[float64],
    alone: NDArray[float64],
    rows: NDArray[float64],
    ln_p: NDArray[float64],
) -> None:
    """Write ln p of what was found [k], with other numbers of rows, into `ln_p` [k]."""

def advance_pairs(
    pairs: _Records,
    categories: _Records,
    populations: _Records,
    t: NDArray[int64],
    row: NDArray[int32],
    rows: NDArray[float64],
    rest: NDArray[float64],
    of_member: NDArray[float64],
    first: int,
    span_ms: int,
    memory: float,
    learns: bool,
    ln_threshold: float,
    planned: NDArray[uint8],
    rules: _Records,
    conditions: _Records,
    scope: NDArray[uint8],
    here: NDArray[int32],
    learnt: NDArray[uint8],
    ln_p: NDArray[float64],
    ln_evidence: NDArray[float64],
    found: _Records,
) -> int:
    """The same as `advance` of pairs of a member and a value, by how few other members have the value.

    Args:
        pairs: PAIR records, changed in place.
        categories: CATEGORY records, changed in place.
        populations: POPULATION records, changed in place.
        rows: [k] rows behind each cell.
        rest: [k] rows that its member has of other values in the bucket; 0 where it does not matter how many.
        of_member: [k] values that its member has in the bucket.
        here: for each category, pairs that are new in the bucket beside those that are judged: mostly 0. Scratch.
    """

def advance(
    values: _Records,
    parts: _Records,
    t: NDArray[int64],
    row: NDArray[int32],
    first: int,
    span_ms: int,
    memory: float,
    learns: bool,
    ln_threshold: float,
    planned: NDArray[uint8],
    rules: _Records,
    conditions: _Records,
    scope: NDArray[uint8],
    learnt: NDArray[uint8],
    ln_p: NDArray[float64],
    ln_evidence: NDArray[float64],
    found: _Records,
) -> int:
    """Judge the values of each bucket by what was known before it, then learn them; releases the GIL.

    Args:
        values: VALUE records, changed in place.
        parts: PART records, changed in place.
        t: [k] bucket of each cell, counted from `first`, ascending. A cell is a bucket that has a value.
        row: [k] the value, ascending within a bucket.
        first: number (start / span) of bucket 0.
        span_ms: the bucket span.
        memory: filled buckets of a partition after which all its counts are halved, at most 440,871.
        learns: False judges only and leaves every record as it is.
        ln_threshold: cells whose ln p is at or below are found.
        planned: [T] what planned times skip, as bits: 1 the result, 2 the learning.
        rules: records of `models.skips` as bytes.
        conditions: the same.
        scope: [R, n] whether each rule is about each value.
        learnt: [k] scratch.
        ln_p: [k] output: ln of the chance that a bucket of the partition has any value that is as rare.
        ln_evidence: [k] output: the same for one of the values that a bucket has; 0 where no result is wanted.
        found: FOUND records, output, room for one a cell.

    Returns:
        How many were found.
    """
