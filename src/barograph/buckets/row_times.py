"""Times of rows as values: seconds of the civil day or week of a job's zone."""

import numpy as np
import polars as pl

from barograph.results.arrays import Floats, Ints


def row_seconds(time_ms: Ints, from_ms: Ints, span_ms: int, period: float, zone: str) -> Floats:
    """Seconds of the day or week of each row [n], as clocks show them.

    Within a bucket they run on, through midnight and through changes of the clock, so that their mean is a time among them.
    Where a bucket is as long as the period there is no such order, and each is what it is.

    Args:
        time_ms: [n] epoch ms.
        from_ms: [n] start of each row's bucket, epoch ms.
        span_ms: length of a bucket.
        period: of a day or a week, s; weeks begin as 1970 did, on a Thursday.
        zone: IANA name of the job's zone.
    """
    from_ms = from_ms if span_ms < period * 1_000 else time_ms
    at, back = np.unique(from_ms, return_inverse=True)
    starts = pl.Series(at).cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(zone)
    offset = (starts.dt.base_utc_offset() + starts.dt.dst_offset()).dt.total_milliseconds().to_numpy()
    civil = (at + offset) % int(period * 1_000)
    return np.asarray((civil[back] + (time_ms - from_ms)) / 1_000.0, np.float64)
