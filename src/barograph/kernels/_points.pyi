from numpy import float64, int32, int64, uint8
from numpy.typing import NDArray

PLACES: int
"""Places that a series keeps to at most."""
CIRCLE: int
EARTH: int
"""The two geometries."""
LEAST: float
"""Values before which nothing is odd."""
MANY: int
"""Who has been at a place, of more than two members."""
"""... of less than two the second."""

def fields(record: str) -> list[tuple[str, str, int, int]]:
    """Fields (name, format, items, offset) of a record: place, series, member, usual, predictive, leaf or sum."""

def size(record: str) -> int:
    """Bytes of a record."""

def advance(
    state: NDArray[uint8],
    rows: NDArray[int64],
    values: NDArray[float64],
    buckets: int,
    progress: NDArray[int64],
    leaves: NDArray[uint8],
    out: list[NDArray[float64]],
    first_bucket: int,
    span_ms: int,
    learning: bool,
    settings: list[float],
    ln_threshold: float,
    outside: float,
    planned: NDArray[uint8],
    rules: NDArray[uint8],
    conditions: NDArray[uint8],
    scope: NDArray[uint8],
    clock: NDArray[int64],
    shifts: NDArray[uint8],
    shift_scope: NDArray[uint8],
) -> int:
    """Score and learn the points of a chunk, in place; releases the GIL.

    Args:
        state: records `series` as bytes, changed in place.
        rows: [s] record of each row of `values`; no record twice.
        values: [s * buckets] seconds of a day or a week, or codes of places; NaN is no data.
        buckets: how many there are.
        progress: [s] bucket to go on from, in and out: a row that is not at the end stopped for want of room in `leaves`.
        leaves: records `leaf` as bytes, output, grouped by row.
        out: five outputs [s * buckets]: ln p, ln evidence, and, only with bounds, typical, lower and upper (seconds; of a
            place only typical, a code). NaN where there is nothing to tell.
        first_bucket: number of the first bucket.
        span_ms: length of a bucket.
        learning: False scores only and leaves every state as it is.
        settings: geometry, period (s), first idea of a spread, widest spread (s or km), buckets that teach, buckets between
            two occasions.
        ln_threshold: values with ln p at or below go out as leaves.
        outside: share of values outside of bounds; 0: no bounds.
        planned: [buckets] what planned times skip, as bits.
        rules: records of `models.skips` as bytes.
        conditions: the same.
        scope: [r * s] whether each rule is about the series of each row.
        clock: [buckets] by how much the clock of all series has been changed, ms; places have none.
        shifts: changes of the clock of some series, records of `models.civil.Shifts` as bytes.
        shift_scope: [c * s] which rows each of these is of.

    Returns:
        How many leaves were written.
    """

def advance_members(
    members: NDArray[uint8],
    populations: NDArray[uint8],
    t: NDArray[int64],
    row: NDArray[int32],
    values: NDArray[float64],
    start: int,
    buckets: int,
    leaves: NDArray[uint8],
    out: list[NDArray[float64]],
    first_bucket: int,
    span_ms: int,
    learning: bool,
    settings: list[float],
    ln_threshold: float,
    outside: float,
    planned: NDArray[uint8],
    rules: NDArray[uint8],
    conditions: NDArray[uint8],
    scope: NDArray[uint8],
    clock: NDArray[int64],
    shifts: NDArray[uint8],
    shift_scope: NDArray[uint8],
) -> list[int]:
    """The same of members, by what is usual in their population before a bucket; those of a bucket are judged, then learnt.

    Each bucket of a population is done as a whole, or not at all for want of room in `leaves`.

    Args:
        members: [s] records `member` as bytes, changed in place.
        populations: [g] records `series` as bytes, changed in place.
        t: [c] bucket of each value, from 0; those of one population and bucket lie together, buckets of one ascending.
        row: [c] its member.
        values: [c] no NaN.
        start: the value to begin with.
        buckets: how many there are.
        leaves: as of `advance`; their rows are members.
        out: as of `advance`, [c] each.
        first_bucket: as of `advance`, and so are all that follow.

    Returns:
        The value at which it stopped, and how many leaves were written.
    """

def probability(predictives: NDArray[uint8], values: NDArray[float64], ln_p: NDArray[float64]) -> None:
    """Write ln p of `values` [k] under records `predictive` [k] into `ln_p` [k]; NaN stays NaN."""

def codes(latitude: NDArray[float64], longitude: NDArray[float64], code: NDArray[float64]) -> None:
    """Write places [n] in degrees as one number each; NaN where there is no such place."""

def degrees(code: NDArray[float64], latitude: NDArray[float64], longitude: NDArray[float64]) -> None:
    """Write the degrees of places [n], to the nearest step of 0.3 m (latitude) and 0.6 m (longitude)."""

def fold(owner: NDArray[int32], code: NDArray[float64], weight: NDArray[float64], sums: NDArray[uint8]) -> None:
    """Add places [n] to records `sum` of their owners (-1: none); `weight` is [n] or, where each counts one, [0]."""

def means(sums: NDArray[uint8], code: NDArray[float64]) -> None:
    """Write the mean place of each record `sum`; the first one where places cancel out, NaN where there is none."""
