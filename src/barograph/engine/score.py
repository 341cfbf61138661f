"""One array in, a table of scores out."""

import sys
from datetime import timedelta
from typing import Any, Final

import polars as pl

from barograph.config.duration import Duration
from barograph.config.errors import BadRequest
from barograph.config.functions import Side
from barograph.engine.one_series import OneSeries, Scores, settings
from barograph.engine.score_input import epoch_ms, is_pandas, read_times, read_values, span_ms, usual_step_ms, zone_of
from barograph.engine.timeline import Timeline, of_times, without_times
from barograph.results.arrays import Floats
from barograph.scoring.severity import STANDARD_SPAN_MS

_COLUMNS: Final = ("value", *Scores._fields)


def score(
    values: Any,
    times: Any = None,
    span: str | timedelta | Duration | None = None,
    *,
    time_zone: str | None = None,
    side: Side = "both",
) -> Any:
    """Score every bucket of one series by what came before it: the numbers of a job that has this series alone.

    Args:
        values: [n] numbers: NumPy, Polars, pandas, a list. NaN (null, None) is no data, which is neither zero nor odd.
        times: [n] one a value, in any order: datetimes, ISO 8601, epoch seconds or ms. None takes those of a pandas series'
            DatetimeIndex; where there is none, each value is a bucket, and no day or week is looked for.
        span: length of a bucket, such as `5m`; values that share one count as their mean. None: the step that the times
            keep to, or half an hour without times (it decides how many alarms a month a score stands for).
        time_zone: IANA name: the zone of times without one, and of days and weeks. None: that of the times, or else UTC.
        side: which values are odd: `high`, `low`, or `both`.

    Returns:
        A row a bucket from the first time to the last, also where there is no value: `time` (the value's own; the bucket's
        start where several share it; the position without times), `value`, `score` (0 to 100), `typical`, `lower`, `upper`
        (95 % bounds), and `probability`. A pandas frame, with the series' index, where pandas was given, else a Polars one.

    Raises:
        InputError: something cannot be used; the message names it, its value and what was wanted.
    """
    numbers, given = read_values(values), times
    if times is None and hasattr(getattr(values, "index", None), "tz"):
        given = values.index
    timeline, zone, length_ms = _timeline(numbers, given, span, time_zone)
    series = OneSeries.build(settings(length_ms, zone, side))
    scores = series.judge_and_learn(timeline.values, timeline.first_bucket, timeline.rows)
    columns = dict(zip(_COLUMNS, (timeline.values, *scores), strict=True))
    if not is_pandas(values) and not is_pandas(given):
        return pl.DataFrame(
            {"time": timeline.times} | {name: pl.Series(one, nan_to_null=True) for name, one in columns.items()}
        )
    time = timeline.times.to_numpy() if given is None else _pandas_index(timeline.times, given)
    index = getattr(values, "index", None) if given is None else time
    return sys.modules["pandas"].DataFrame({"time": time} | columns, index=index)


def _timeline(values: Floats, times: Any, span: Any, time_zone: str | None) -> tuple[Timeline, str | None, int]:
    """The buckets, the time zone that days and weeks follow (None: there are none), and the length of a bucket in ms."""
    asked_ms = None if span is None else span_ms(span)
    if times is None:
        if time_zone is not None:
            raise BadRequest(f"time_zone={time_zone!r}: wanted times as well; without them a value is at no time of any day")
        return without_times(values), None, asked_ms or STANDARD_SPAN_MS
    column = read_times(times, len(values))
    zone = time_zone if time_zone is not None else zone_of(column)
    time_ms = epoch_ms(column, zone)
    length_ms = asked_ms or (usual_step_ms(time_ms) if len(time_ms) else STANDARD_SPAN_MS)
    return of_times(values, column, time_ms, length_ms, zone), zone, length_ms


def _pandas_index(times: pl.Series, given: Any) -> Any:
    """The times as a pandas index, in the time zone that pandas had them in."""
    zone = times.dtype.time_zone if isinstance(times.dtype, pl.Datetime) else None
    instants = times.cast(pl.Datetime("ms")) if times.dtype == pl.Date else times
    plain = instants if zone is None else instants.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    index = sys.modules["pandas"].DatetimeIndex(plain.to_numpy())
    if zone is None:
        return index
    own_zone = getattr(getattr(given, "dt", given), "tz", None)  # fixed offsets, of which Polars knows nothing, too
    return index.tz_localize("UTC").tz_convert(own_zone or zone)
