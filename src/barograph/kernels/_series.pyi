from numpy import float32, float64, int64, uint8
from numpy.typing import NDArray

Layout = list[tuple[str, str, int, int]]

SIZES: tuple[int, int, int, int]
"""Bytes of a series' record, of a predictive distribution, of a leaf, of a change."""

def series_fields() -> Layout:
    """Fields (name, format, items, offset) of the record of one series; `series_state.hpp` says what they mean."""

def predictive_fields() -> Layout:
    """Fields of a predictive distribution."""

def leaf_fields() -> Layout:
    """Fields of a flagged leaf; the format of its predictive distribution is "predictive"."""

def change_fields() -> Layout:
    """Fields of an accepted change."""

def advance(
    state: NDArray[uint8],
    pool: NDArray[float32],
    rows: NDArray[int64],
    values: NDArray[float64],
    local_ms: NDArray[int64],
    progress: NDArray[int64],
    leaves: NDArray[uint8],
    changes: NDArray[uint8],
    out: list[NDArray[float64]],
    first_bucket: int,
    span_ms: int,
    side: int,
    non_negative: bool,
    learn: bool,
    bounds: float,
    ln_threshold: float,
) -> tuple[int, int]:
    """Score and learn the chunk, in place; releases the GIL.

    Args:
        state: [n, SIZES[0]] records of all series, changed in place.
        pool: [m] profiles of seasons, changed in place; a record's `bins` is its offset.
        rows: [s] record of each row of `values`; no record twice.
        values: [s, t] bucket values in the metric's unit; NaN is no data, +-inf is read as +-1e140.
        local_ms: [t] civil start of each bucket, in ms since a Monday 00:00.
        progress: [s] bucket to go on from, in and out. A row that is not at t stopped: for want of room in `leaves` or
            `changes`, or, where the record's `want` is above 0, for `want` floats of the pool at `bins`; `want` is
            made negative once they are granted.
        leaves: [k, SIZES[2]] output, the buckets whose evidence is at or below `ln_threshold`, grouped by row.
        changes: [c, SIZES[3]] output, accepted changes, grouped by row; wants room for 4 before it starts a bucket.
        out: five outputs [s, t]: ln p, ln evidence (natural logs, NaN where no data), and, only with bounds,
            typical (the predicted mean), lower and upper, also of buckets without data.
        first_bucket: number (start / span) of the first bucket.
        span_ms: the bucket span.
        side: 0 both, 1 high, -1 low.
        non_negative: bounds and typical stay at or above 0.
        learn: False scores only and leaves every state as it is.
        bounds: normal quantile of the bounds, 1.96 for 95 %; 0: none.
        ln_threshold: buckets whose ln evidence is at or below go out as leaves.

    Returns:
        How many leaves and changes were written.
    """

def probability(predictive: NDArray[uint8], values: NDArray[float64], ln_p: NDArray[float64]) -> None:
    """Write ln p of `values` [k] under the distributions [k, SIZES[1]] into `ln_p` [k]; NaN stays NaN."""
