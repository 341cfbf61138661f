from numpy import bool_, float32, float64, int64, uint8
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
    weights: NDArray[float64],
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
    lesson: list[float],
    zeros_since: int,
    calendar: bool,
    planned: NDArray[uint8],
    rules: NDArray[uint8],
    conditions: NDArray[uint8],
    scope: NDArray[uint8],
    shifts: NDArray[uint8],
    shift_scope: NDArray[uint8],
    resets: NDArray[uint8],
) -> tuple[int, int]:
    """Score and learn the chunk, in place; releases the GIL.

    Args:
        state: [n, SIZES[0]] records of all series, changed in place.
        pool: [m] profiles of seasons, changed in place; a record's `bins` is its offset.
        rows: [s] record of each row of `values`; no record twice.
        values: [s, t] bucket values in the metric's unit; NaN is no data, +-inf is read as +-1e140.
        weights: [s, t] rows that each value is the mean of, at least one, or of no size where that does not matter.
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
        lesson: the six numbers of `models.siblings.TAUGHT` without the day; then 1 where there is one, or no
            sibling to give it, else 0.
        zeros_since: number of the bucket since which a series without values has been zero; -1: it has not.
        calendar: whether days and weeks are looked for.
        planned: [t] what planned times skip, as bits: 1 the result, 2 the learning.
        rules: records of `models.skips`, [r] as bytes: first condition, the one behind the last, what is skipped.
        conditions: the same, [c]: subject (actual, typical, their difference, start), comparison (<, <=, >, >=), value.
        scope: [r, s] whether each rule is about the series of each row.
        shifts: [c] records of `skips::Shift` as bytes: from when on, epoch ms, and by how many ms more the clock is changed.
        shift_scope: [c, s] whether each is of the series of each row.
        resets: [s, t] where a record becomes that of a series without a value before the bucket; of no size where none does.

    Returns:
        How many leaves and changes were written.
    """

def probability(predictive: NDArray[uint8], values: NDArray[float64], ln_p: NDArray[float64]) -> None:
    """Write ln p of `values` [k] under the distributions [k, SIZES[1]] into `ln_p` [k]; NaN stays NaN."""

def forecast(
    state: NDArray[uint8],
    pool: NDArray[float32],
    rows: NDArray[int64],
    local_ms: NDArray[int64],
    out: list[NDArray[float64]],
    known: NDArray[bool_],
    first_bucket: int,
    start_bucket: int,
    span_ms: int,
    z: float,
    non_negative: bool,
    shifts: NDArray[uint8],
    shift_scope: NDArray[uint8],
) -> None:
    """Forecast series from what they remember, which stays as it is; releases the GIL.

    Args:
        state: [n, SIZES[0]] records of all series.
        pool: [m] profiles of seasons.
        rows: [s] the records to forecast.
        local_ms: [b] civil start of the buckets from `first_bucket` on, in ms since a Monday 00:00: from the earliest
            `window_first` of the rows to the last bucket of the forecast.
        out: four outputs [s, t] in the metric's unit: lower, prediction (the mean), upper, and the prediction without its
            season, which alone may go below 0.
        known: [s] output: False where the past is too short to forecast; its row of `out` is left as it was.
        first_bucket: number of the bucket that `local_ms` begins with.
        start_bucket: number of the first bucket to forecast, later than the last value of each row.
        span_ms: the bucket span.
        z: normal quantile of the bounds' half width.
        non_negative: nothing below 0; else only where no value has been below 0.
        shifts: [c] changes of the clock of some rows, as of `advance`.
        shift_scope: [c, s] whether each is of the series of each row.
    """
