"""Times of any form become epoch ms.

What a value means depends on the value and on the job, never on its neighbours, so the size of a chunk cannot change it.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Final
from zoneinfo import available_timezones

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.config.moment import MS_FROM, NS_FROM, US_FROM
from barograph.config.time_format import EPOCHS, NUMERIC, TIME_FORMATS, TimePattern, java_pattern
from barograph.intake.parse import parse_text
from barograph.results.arrays import Floats

EARLIEST_MS: Final = 1
"""After 1970-01-01: missing times are written as 0001-01-01 or epoch 0, and one of them would begin a job decades too early."""
LATEST_MS: Final = 7_258_118_399_999
"""The last ms of the year 2199."""

_MS: Final = pl.Int64()
_ZONE_NAME: Final = r"^(.*?)([A-Za-z][\w+/-]*)$"

# Every ISO form. Where two of them read the same text they read the same time, so they can be tried in any order.
_ISO_FORMS: Final = (
    *(
        f"%Y-%m-%d{separator}%H:%M{second}{zone}"
        for zone in ("", "%#z")
        for second in (":%S", ":%S%.f", "")
        for separator in (" ", "T")
    ),
    "%Y-%m-%d",
)
_ISO_PARTS: Final = re.compile(
    r"\s*\d+-\d+-\d+(?:(?P<separator>[ T])\s*\d+:\d+(?P<second>:\d+(?P<fraction>[.,]\d+)?)?(?P<zone>\s*[-+Z].*)?)?\s*"
)


def parse_times(values: pl.Series, job: Job) -> pl.Series:
    """Epoch ms (Int64) of each value; null where it is not a time of the job's `time_format`.

    Text and numbers follow `time_format`; columns that hold instants already (Datetime, Date) are taken as they are. Times
    without an offset are local times of the job's `time_zone`: one that comes twice, when clocks go back, is the first of the
    two; one that never comes, when clocks go forward, is not a time.
    """
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        times = _of_local(values, job.time_zone) if dtype.time_zone is None else values.dt.epoch("ms")
    elif dtype == pl.Date:
        times = _of_local(values.cast(pl.Datetime("ms")), job.time_zone)
    elif dtype.is_numeric():
        times = _of_numbers(values, job)
    elif dtype in (pl.String, pl.Categorical, pl.Enum):
        times = _of_text(values.cast(pl.String), job)
    else:
        times = _nothing(len(values))
    earliest, latest = times.min(), times.max()
    if earliest is None or (earliest >= EARLIEST_MS and latest <= LATEST_MS):  # type: ignore[operator]
        return times
    return _where(times.is_between(EARLIEST_MS, LATEST_MS), times)


def _where(keep: pl.Series, values: pl.Series) -> pl.Series:
    """The values, null where `keep` is not true."""
    return pl.select(pl.when(keep).then(values)).to_series()


def _nothing(length: int) -> pl.Series:
    return pl.Series([None], dtype=_MS).new_from_index(0, length)


def _of_local(local: pl.Series, zone: str) -> pl.Series:
    if zone != "UTC":
        local = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return local.dt.epoch("ms")


def _of_numbers(values: pl.Series, job: Job) -> pl.Series:
    """Numbers are since 1970 in some unit; only a pattern of digits, such as yyyyMMdd, can mean something else."""
    time_format = job.data_description.time_format
    if time_format not in TIME_FORMATS:
        return _of_pattern(parse_text(values), java_pattern(time_format), job.time_zone)
    if time_format not in NUMERIC:
        return _nothing(len(values))
    if time_format == "epoch_ms" and values.dtype.is_integer():
        return values.cast(_MS, strict=False)
    number = values.cast(pl.Float64).to_numpy()  # with NaN for null
    with np.errstate(over="ignore"):  # what is infinite is no time
        number = _ms_by_size(number) if time_format == "auto" else number * EPOCHS[time_format]
    usable = (number >= EARLIEST_MS) & (number <= LATEST_MS)  # not so for NaN and the infinities
    times = pl.Series(np.floor(np.where(usable, number, 0.0) + 0.5).astype(np.int64))
    return times if usable.all() else _where(pl.Series(usable), times)


def _ms_by_size(number: Floats) -> Floats:
    """What `config.moment.ms_of` says of each number."""
    size = np.abs(number)
    if not (size >= US_FROM).any():  # nearly always
        return np.where(size < MS_FROM, number * 1_000.0, number)
    return np.select([size < MS_FROM, size < US_FROM, size < NS_FROM], [number * 1e3, number, number / 1e3], number / 1e6)


def _of_text(values: pl.Series, job: Job) -> pl.Series:
    time_format = job.data_description.time_format
    if time_format not in TIME_FORMATS:
        return _of_pattern(values, java_pattern(time_format), job.time_zone)
    times = _nothing(len(values))
    if time_format != "iso8601":
        times = _fill(times, values, lambda text: _of_numbers(text.cast(pl.Float64, strict=False), job))
        times = _fill(times, values, lambda text: _of_numbers(text.str.strip_chars().cast(pl.Float64, strict=False), job))
    if time_format in ("auto", "iso8601"):
        times = _fill(times, values, lambda text: _of_iso(text, job.time_zone))
    return times


def _fill(times: pl.Series, values: pl.Series, parse: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Parse the values that have no time yet."""
    left = (times.is_null() & values.is_not_null()).arg_true()
    if len(left) == 0:
        return times
    if len(left) == len(values):
        return parse(values)
    return times.scatter(left, parse(values.gather(left)))


def _of_iso(values: pl.Series, zone: str) -> pl.Series:
    """Try the form that the first unread value seems to have, until all is read or all forms have been tried."""
    times, untried = _nothing(len(values)), dict.fromkeys(_ISO_FORMS)
    values = values.str.strip_chars().str.replace(",", ".", literal=True)
    while untried:
        left = (times.is_null() & values.is_not_null()).arg_true()
        if len(left) == 0:
            break
        likely = _iso_form(values[int(left[0])])
        form = likely if likely in untried else next(iter(untried))
        del untried[form]
        times = _fill(times, values, partial(_strptime, form=form, zone=zone))
    return times


def _iso_form(text: str) -> str:
    """The ISO form that a text seems to have."""
    parts = _ISO_PARTS.fullmatch(text)
    if parts is None or parts["separator"] is None:
        return "%Y-%m-%d"
    second = (":%S%.f" if parts["fraction"] else ":%S") if parts["second"] else ""
    return f"%Y-%m-%d{parts['separator']}%H:%M{second}{'%#z' if parts['zone'] else ''}"


def _strptime(values: pl.Series, form: str, zone: str) -> pl.Series:
    parsed = values.str.to_datetime(form, time_unit="ms", strict=False)
    return parsed.dt.epoch("ms") if "%#z" in form else _of_local(parsed, zone)


def _of_pattern(values: pl.Series, pattern: TimePattern, zone: str) -> pl.Series:
    values = values.str.strip_chars()
    if not pattern.has_zone_name:
        return _strptime(values, pattern.strptime, zone)
    parts = values.str.extract_groups(_ZONE_NAME).struct.unnest()
    texts, names = parts.get_column("1"), parts.get_column("2")
    if pattern.has_offset:
        return _strptime(texts, pattern.strptime, zone)  # the offset says it all
    times = _nothing(len(values))
    for name in names.unique().drop_nulls().to_list():
        rows = (names == name).arg_true()
        if _is_zone(name):
            times = times.scatter(rows, _strptime(texts.gather(rows), pattern.strptime, "UTC" if name == "Z" else name))
    return times


def _is_zone(name: str) -> bool:
    return name == "Z" or name in available_timezones()
