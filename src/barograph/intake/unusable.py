"""Why most rows of an input cannot be used, when they cannot: its likely cause, in one line that says what to change."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.config.time_format import EPOCHS, TIME_FORMATS
from barograph.intake.examples import value_text
from barograph.intake.parse import parse_numbers
from barograph.intake.parse_times import parse_times
from barograph.results.arrays import Ints

_SAMPLE: Final = 200
"""Values that a format is tried on."""
_LONGEST: Final = 60
"""Characters of a value or a header that are shown."""
_FITS: Final = 0.9
"""Share of them that it must read to be named."""

_DATES: Final = (
    *(
        "yyyy-MM-dd",
        "yyyy/MM/dd",
        "yyyy.MM.dd",
        "yyyyMMdd",
        "dd.MM.yyyy",
        "dd/MM/yyyy",
        "MM/dd/yyyy",
        "dd-MM-yyyy",
        "MM-dd-yyyy",
    ),
    *("dd.MM.yy", "dd/MM/yy", "MM/dd/yy", "dd MMM yyyy", "dd/MMM/yyyy", "dd-MMM-yyyy", "MMM dd yyyy", "MMM dd, yyyy"),
)
_BETWEEN: Final = (" ", "'T'", ":", ", ", "_", "-", "")
_CLOCKS: Final = (
    *("HH:mm:ss", "HH:mm", "HH:mm:ss.SSS", "HH:mm:ss,SSS", "HH.mm.ss", "HH.mm", "HH-mm-ss", "HHmmss", "HHmm"),
    *("hh:mm a", "hh:mm:ss a", "hh:mma"),
)
_ZONES: Final = ("", "X", " X", " VV")
_OTHERS: Final = ("EEE MMM dd HH:mm:ss yyyy", "EEE, dd MMM yyyy HH:mm:ss X", "EEE MMM dd HH:mm:ss VV yyyy")

_T, _OFFSET, _WORD = "\x01", "\x02", "\x03"  # in the shape of a text

_NO_VALUE: Final = ("nan", "null", "na", "n/a", "none", "nil", "-", "?")
"""Words by which others say that there is no value: they are no numbers, but a column of them is not misread."""

_DECIMAL_COMMA: Final = r"^\s*[-+]?[0-9]+(\.[0-9]{3})*,[0-9]+\s*$"
_THOUSANDS: Final = r"^\s*[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?\s*$"


@dataclass(frozen=True)
class Order:
    """How the times of rows follow each other.

    Attributes:
        left_out: share of the rows that come too late to be used.
        newest_first: most of them are older than the row before.
    """

    left_out: float
    newest_first: bool


def order_of(time_ms: Ints, job: Job) -> Order:
    """How rows [n] with these times, epoch ms, follow each other, for the job's buckets and latency."""
    if len(time_ms) < 2:
        return Order(0.0, False)
    newest = np.maximum.accumulate(time_ms)[:-1]
    late = time_ms[1:] // job.bucket_span_ms < (newest - job.latency_ms) // job.bucket_span_ms
    steps = np.diff(time_ms)
    return Order(float(late.mean()), bool((steps < 0).sum() > 2 * (steps > 0).sum()))


def unusable(
    job: Job, frame: pl.DataFrame, times: pl.Series | None, header: Sequence[str] = (), malformed: int = 0
) -> str | None:
    """Why most rows cannot be used, whatever their order; None when they can.

    Args:
        job: the job.
        frame: the rows.
        times: those of the field with the time, as they are written; None where there is none.
        header: the names in the first line of what they come from, where it has one.
        malformed: rows that are none of their format, and not in the frame.
    """
    rows = frame.height + malformed
    if 2 * malformed > rows:
        odd = _header_cause(header, job.time_field)
        return f"{malformed:,} of {rows:,} rows are not rows of its format{f'; {odd}' if odd else ''}"
    if times is None:
        return _header_cause(header, job.time_field)  # of all others, who reads the times says what there is
    unread = values_without(times, job)
    if 2 * (len(unread) + malformed) > rows:
        return _time_cause(job, times, unread)
    return _number_cause(job, frame)


def _header_cause(header: Sequence[str], time_field: str) -> str | None:
    """What is odd about a header without the field of the time."""
    if not header or time_field in header:
        return None
    shown = ", ".join(header)[:_LONGEST]
    if header[0].startswith(("#", "//", "--")):
        return f"its first line, {shown!r}, looks like a comment; remove it, the names of the columns come first"
    near = [name for name in header if name.strip().lower() == time_field.lower()]
    if near:
        return f"data_description.time_field={time_field!r}: wanted a column of it, such as {near[0]!r}"
    if all(_is_number(name) or _starts_like_time(name) for name in header):
        return f"its first line, {shown!r}, looks like data; the names of the columns come first"
    if len(header) == 1 and time_field in re.split(r"[^\w.@-]+", header[0]):
        return f"its header, {shown!r}, is one column; data_description.field_delimiter says what is between two"
    return None


def _starts_like_time(text: str) -> bool:
    return re.match(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", text) is not None


def values_without(times: pl.Series, job: Job) -> pl.Series:
    """The values that are no times of the job's format."""
    return times.filter(parse_times(times, job).is_null())


def _time_cause(job: Job, times: pl.Series, unread: pl.Series) -> str:
    name, wanted = job.time_field, job.data_description.time_format
    told = f"{len(unread):,} of {len(times):,} times of {name!r} cannot be read"
    sample = unread.drop_nulls().head(_SAMPLE)
    if not len(sample):
        return f"{told}: they are missing"
    if sample.dtype.is_temporal():  # of which some are no date of Python's
        return f"{told}, such as {value_text(sample.head(1))}: wanted timestamps after 1970-01-01 and before 2200"
    told += f", such as {_shown(sample[0])}"
    fits = fitting(sample, job)
    if not fits:
        return f"{told}; data_description.time_format={wanted!r} does not fit, nor does any usual one"
    unit = {"epoch_us": " (microseconds)", "epoch_ns": " (nanoseconds)", "epoch_ms": " (milliseconds)"}
    return f"{told}: data_description.time_format: {' or '.join(repr(fit) + unit.get(fit, '') for fit in fits)} would fit"


def fitting(sample: pl.Series, job: Job) -> list[str]:
    """The time formats that read a sample of times: one, or two where day and month cannot be told apart."""
    words = TIME_FORMATS if sample.dtype.is_numeric() or _is_number(str(sample[0])) else ("auto", "iso8601")
    epochs = [word for word in words if word in EPOCHS]
    for form in (*(["auto"] if "auto" in words else []), *epochs, "iso8601"):
        if _reads(form, sample, job) >= _FITS:
            return [_by_size(sample) if form == "auto" and epochs else form]
    shape = _shape_of_text(str(sample[0]))
    close = (form for form in _patterns() if _shape_of_pattern(form) == shape)
    shares = {form: _reads(form, sample, job) for form in close}
    best = max(shares.values(), default=0.0)
    return [form for form, share in shares.items() if share == best >= _FITS][:2]


def _by_size(sample: pl.Series) -> str:
    """The unit of numbers since 1970, by their size."""
    size = abs(float(sample[0]))
    return next((form for form, below in (("epoch", 1e11), ("epoch_ms", 1e14), ("epoch_us", 1e17)) if size < below), "epoch_ns")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _reads(form: str, sample: pl.Series, job: Job) -> float:
    """The share of a sample that a time format reads."""
    described = job.data_description.model_copy(update={"time_format": form})
    times = parse_times(sample, job.model_copy(update={"data_description": described}))
    return 1 - times.null_count() / len(sample)


def _patterns() -> Iterator[str]:
    yield from _OTHERS
    yield from _DATES
    for date, between, clock, zone in product(_DATES, _BETWEEN, _CLOCKS, _ZONES):
        yield f"{date}{between}{clock}{zone}"


def _shape_of_text(text: str) -> str:
    """A text with each run of digits as `0` and each of letters as `a`, a `T` between digits and an offset apart."""
    text = re.sub(r"[+-]\d\d:?\d\d$|(?<=\d)Z$", _OFFSET, text.strip())
    text = re.sub(r"(?<=\d)T(?=\d)", _T, text)
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"[0-9]+", "0", text))


def _shape_of_pattern(form: str) -> str:
    """The shape of the texts that a pattern reads."""
    form = form.replace("'T'", _T).replace("X", _OFFSET)
    form = re.sub(r"MMM|EEE|VV|a", _WORD, form)
    return re.sub(f"{_WORD}+", "a", re.sub(r"[yMdHhmsS]+", "0", form))


def _number_cause(job: Job, frame: pl.DataFrame) -> str | None:
    """Why every detector lacks most of its values: those of its field are there, and are no numbers."""
    causes: list[str] = []
    for detector in job.detectors:
        name = detector.field_name
        if name is None or detector.spec.field_type != "number" or name not in frame.columns:
            return None
        values = frame.get_column(name)
        wrong = parse_numbers(values)[1] & ~values.cast(pl.String, strict=False).str.to_lowercase().is_in(_NO_VALUE).fill_null(
            False
        )
        if 2 * int(wrong.sum()) <= max(len(values) - values.null_count(), 1):
            return None
        causes.append(f"{int(wrong.sum()):,} of {len(values):,} values of {name!r} are no numbers{_kind(values.filter(wrong))}")
    return causes[0] if causes else None


def _kind(wrong: pl.Series) -> str:
    text = wrong.cast(pl.String, strict=False).drop_nulls().head(_SAMPLE)
    if not len(text):
        return ""
    such = f", such as {_shown(text[0])}"
    thousands, commas = (bool(text.str.contains(pattern).all()) for pattern in (_THOUSANDS, _DECIMAL_COMMA))
    if commas or thousands:
        what = " or ".join(
            word for word, there in (("decimal commas", commas), ("commas between thousands", thousands)) if there
        )
        return f"{such}: they have {what}; write 1234.5"
    return such


def _shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
