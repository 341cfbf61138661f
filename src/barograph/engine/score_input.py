"""Arrays and series of any library, as columns that the rest can rely on."""

import sys
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from barograph.config.duration import Duration
from barograph.config.errors import BadRequest, UnreadableInput, shortened
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.intake.parse import LARGEST, parse_numbers
from barograph.intake.parse_times import parse_times
from barograph.results.arrays import Floats, Ints

VALUE_WANTED: Final = f"a number of at most {LARGEST:g} in size, or NaN for no data"

_POLARS_UNITS: Final = ("ms", "us", "ns", "D")  # of datetime64, which Polars takes as they are


def is_pandas(given: object) -> bool:
    """Whether a pandas Series, Index or frame was given; pandas need not be installed."""
    return type(given).__module__.partition(".")[0] == "pandas"


def read_values(values: object) -> Floats:
    """The values [n] as numbers; NaN is no data.

    Raises:
        UnreadableInput: they are not one dimension of numbers; the message names the first that is none.
    """
    column = _column("values", values, "one dimension of numbers, such as an array or one column of a frame")
    numbers, wrong = parse_numbers(column)
    wrong |= _infinite(column)
    if wrong.any():
        at = int(wrong.arg_true()[0])
        raise UnreadableInput(f"values[{at}]={shortened(column[at])}: wanted {VALUE_WANTED}")
    return numbers.to_numpy().astype(float)


def _infinite(column: pl.Series) -> pl.Series:
    return column.is_infinite().fill_null(False) if column.dtype.is_float() else pl.repeat(False, len(column), eager=True)


def read_times(times: object, expected: int) -> pl.Series:
    """The times, one for each of the `expected` values, in the type in which they were given.

    Raises:
        UnreadableInput: they are no column, or not so many.
    """
    column = _column("times", times, "one time for each value, such as a column of datetimes")
    if len(column) != expected:
        raise UnreadableInput(f"times: {len(column):,} of them for {expected:,} values; wanted one for each value")
    return column


def epoch_ms(times: pl.Series, time_zone: str) -> Ints:
    """Times [n] in epoch ms, read as those of a job's rows are.

    Raises:
        ConfigError: there is no such time zone.
        UnreadableInput: one of them is no time; the message names the first.
    """
    parsed = parse_times(times, reading_job(time_zone))
    if parsed.null_count():
        at = int(parsed.is_null().arg_true()[0])
        raise UnreadableInput(f"times[{at}]={shortened(times[at])}: wanted {time_wanted(time_zone)}")
    return parsed.to_numpy().astype(np.int64)


def reading_job(time_zone: str) -> Job:
    """A job that says how times are read, as every job of this time zone reads them.

    Raises:
        ConfigError: there is no such time zone.
    """
    nothing = {"bucket_span": "1m", "detectors": [{"function": "count"}]}
    return load_job({"job_id": "score", "time_zone": time_zone, "analysis_config": nothing})


def time_wanted(time_zone: str) -> str:
    """What a time must be, for messages."""
    shown = "" if time_zone == "UTC" else f", that clocks in {time_zone} have shown"
    return f"a datetime, ISO 8601, epoch seconds or epoch ms, after 1970-01-01 and before 2200{shown}"


def zone_of(times: pl.Series) -> str:
    """The time zone that the times are in, UTC where they do not say."""
    return (times.dtype.time_zone if isinstance(times.dtype, pl.Datetime) else None) or "UTC"


def span_ms(span: object) -> int:
    """The length of a bucket in ms.

    Raises:
        BadRequest: it is no length of time, or not of whole seconds.
    """
    try:
        ms = span / timedelta(milliseconds=1) if isinstance(span, timedelta) else Duration.parse(span).ms
    except ValueError as error:
        raise BadRequest(f"span={span!r}: wanted {error}") from None
    if ms < 1_000 or ms % 1_000:
        raise BadRequest(f"span={span!r}: wanted a whole number of seconds, at least '1s'")
    return int(ms)


def usual_step_ms(time_ms: Ints) -> int:
    """The step that times [n] keep to, in whole seconds.

    Raises:
        BadRequest: they keep to none, so that buckets of the commonest step would hold several of them.
    """
    distinct = np.unique(time_ms)
    steps, often = np.unique(np.rint(np.diff(distinct) / 1_000).astype(np.int64), return_counts=True)
    wanted = "wanted a span, such as '5m', or no times: then each value is a bucket"
    if not len(steps):
        raise BadRequest(f"span=None: all times are the same; {wanted}")
    step = int(steps[np.argmax(often)])
    if step == 0:
        raise BadRequest(f"span=None: the times are less than a second apart; {wanted}")
    if (np.diff(distinct // (step * 1_000)) == 0).any():
        raise BadRequest(f"span=None: buckets of the commonest step, {step} s, would hold two different times; {wanted}")
    return step * 1_000


def _column(name: str, given: Any, wanted: str) -> pl.Series:
    """What was given, as a Polars series."""
    kind = f"{type(given).__module__}.{type(given).__qualname__}"
    shape = getattr(given, "shape", None)
    if isinstance(given, str | bytes | dict | int | float) or (shape is not None and len(shape) != 1):
        raise UnreadableInput(f"{name}={kind}{'' if shape is None else f' of shape {tuple(shape)}'}: wanted {wanted}")
    try:
        if isinstance(given, pl.Series):
            return given
        plain = _of_pandas(given) if is_pandas(given) else given
        return plain if isinstance(plain, pl.Series) else _of_array(plain)
    except Exception as error:  # of Polars, NumPy or whatever library the object is from
        reason = " ".join(str(error).split())[:200]
        raise UnreadableInput(f"{name}={kind}: wanted {wanted} ({reason})") from error


def _of_pandas(given: Any) -> Any:
    """A pandas Series or Index as an array or a list; instants of a zone as a Polars series, in UTC if it is a fixed offset."""
    kind = given.dtype.kind
    if kind != "M":
        return given.to_numpy(dtype=float, na_value=np.nan) if kind in "iuf" else given.tolist()
    index = sys.modules["pandas"].Index(given)
    if index.tz is None:
        return index.to_numpy()
    instants = _of_array(index.tz_convert("UTC").tz_localize(None).to_numpy()).dt.replace_time_zone("UTC")
    name = getattr(index.tz, "key", None) or getattr(index.tz, "zone", None)  # of zoneinfo, of pytz
    return instants if name is None else instants.dt.convert_time_zone(name)


def _of_array(given: Any) -> pl.Series:
    if isinstance(given, list | tuple):
        return pl.Series(given, strict=False)
    array = np.ma.filled(given.astype(float), np.nan) if isinstance(given, np.ma.MaskedArray) else np.asarray(given)
    if array.dtype.kind == "M" and np.datetime_data(array.dtype)[0] not in _POLARS_UNITS:
        array = array.astype("datetime64[ms]")
    if array.dtype.kind == "f":
        array = array.astype(float)
    return pl.Series(array.tolist(), strict=False) if array.dtype == object else pl.Series(array)
