"""What is in a file: its columns, what each is likely to be, which has the time, and the first rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from barograph.config.job import DataDescription, Job
from barograph.intake.parse import parse_numbers, parse_text
from barograph.intake.parse_times import parse_times
from barograph.intake.unusable import fitting
from barograph.jobs.drafts.advice import LOOKED_AT
from barograph.jobs.drafts.uploads import Upload, rows_of
from barograph.jobs.file_checks import joined
from barograph.sources.chunk import Chunk

Kind = Literal["time", "number", "text", "empty"]

_SAMPLE: Final = 200
_SHARE: Final = 0.95
"""Of the values that are there, so many must be numbers for a column to be one of numbers."""
_TIMES: Final = 0.9
_MOST_COLUMNS: Final = 200
"""Columns that are looked at closely; of the others the names are told."""
_SHOWN_ROWS: Final = 8
_SHOWN_VALUES: Final = 5
_FIRST_MS: Final = 631_152_000_000
_LAST_MS: Final = 4_102_444_800_000
"""1990 and 2100: what numbers since 1970 mean is guessed from the time that they would be."""
_NAMES: Final = ("@timestamp", "timestamp", "time", "datetime", "date", "ts", "_time", "event_time", "created_at", "eventtime")


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: its name.
        kind: what its values are.
        distinct: how many different values the rows that were looked at have.
        missing: share of these rows without a value, 0 to 1.
        examples: some values, as they are written; the most frequent ones of a text.
        least: of numbers.
        greatest: of numbers.
    """

    name: str
    kind: Kind
    distinct: int
    missing: float
    examples: tuple[str, ...]
    least: float | None = None
    greatest: float | None = None


@dataclass(frozen=True)
class TimeColumn:
    """The column that is likely to have the time.

    Attributes:
        name: its name.
        time_format: what reads it, for `data_description.time_format`.
        also: another format that reads it: day and month cannot be told apart.
        start_ms: the earliest, epoch ms.
        end_ms: the latest.
        reason: why it is likely.
    """

    name: str
    time_format: str
    also: str | None
    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True)
class Preview:
    """What is in a file.

    Attributes:
        rows: how many rows were looked at.
        whole: they are all rows that there are.
        malformed: how many of them are none of their format.
        columns: the columns, in their order.
        time: the one with the time; None where none is likely.
        sample: the first rows.
        frame: all rows that were looked at, for whoever looks closer.
    """

    rows: int
    whole: bool
    malformed: int
    columns: tuple[Column, ...]
    time: TimeColumn | None
    sample: tuple[dict[str, Any], ...]
    frame: pl.DataFrame


def preview(upload: Upload, delimiter: str | None = None) -> Preview:
    """Look at the first rows of an upload.

    Raises:
        UnreadableInput: it cannot be read.
    """
    chunks = list(first_rows(rows_of(upload, DataDescription(field_delimiter=delimiter))))
    frame = joined(chunks)
    rows, malformed = sum(chunk.rows for chunk in chunks), sum(chunk.malformed for chunk in chunks)
    time = time_column(frame)
    columns = tuple(_column(frame.get_column(name), time) for name in frame.columns[:_MOST_COLUMNS])
    sample = frame.head(_SHOWN_ROWS).select(_shown(frame.get_column(name)) for name in frame.columns[:_MOST_COLUMNS])
    return Preview(rows, are_all(chunks), malformed, columns, time, tuple(sample.to_dicts()), frame)


def first_rows(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The chunks up to the one with row `LOOKED_AT`."""
    rows = 0
    for chunk in chunks:
        yield chunk
        rows += chunk.rows
        if rows >= LOOKED_AT:
            return


def are_all(chunks: list[Chunk]) -> bool:
    """Whether the chunks are all of their file."""
    last = chunks[-1] if chunks else None
    return last is None or last.total_bytes is None or last.read_bytes >= last.total_bytes


def plain_job(time_field: str, time_format: str = "auto") -> Job:
    """The least of a job by which times are read."""
    return Job.model_validate(
        {
            "job_id": "preview",
            "analysis_config": {"detectors": [{"function": "count"}]},
            "data_description": {"time_field": time_field, "time_format": time_format},
        }
    )


def time_column(frame: pl.DataFrame) -> TimeColumn | None:
    """The column that is likely to have the time: one that reads as times, by its name, its form and its order."""
    found = [one for name in frame.columns[:_MOST_COLUMNS] if (one := _as_time(frame.get_column(name))) is not None]
    return max(found, key=lambda one: one[0], default=(0, None))[1]


def _as_time(values: pl.Series) -> tuple[float, TimeColumn] | None:
    """How likely a column has the time, and the column; None where it has not."""
    there = values.drop_nulls()
    if not len(there) or '"' in values.name or "\\" in values.name:
        return None
    named = values.name.lower() in _NAMES
    forms = fitting(there.head(_SAMPLE), plain_job(values.name))
    if not forms:
        return None
    times = parse_times(values, plain_job(values.name, forms[0]))
    read, start, end = len(times) - times.null_count(), times.min(), times.max()
    is_number = not parse_numbers(there.head(_SAMPLE))[0].null_count()
    if read < _TIMES * len(there) or not isinstance(start, int) or not isinstance(end, int):
        return None
    steps = times.drop_nulls().diff().drop_nulls()
    forward = int((steps >= 0).sum()) / len(steps) if len(steps) else 1.0
    if is_number and not (start >= _FIRST_MS and end <= _LAST_MS and (named or (start < end and forward > 0.9))):
        return None
    reasons = ["its values read as times"]
    if named:
        reasons.append("it is called so")
    if forward > 0.9 and len(steps):
        reasons.append("they go forward")
    also = forms[1] if len(forms) > 1 else None
    told = TimeColumn(values.name, "auto" if forms[0] == "iso8601" else forms[0], also, start, end, ", ".join(reasons))
    return 2.0 * named + (not is_number) + forward, told


def _column(values: pl.Series, time: TimeColumn | None) -> Column:
    there, rows = values.drop_nulls(), max(len(values), 1)
    missing = values.null_count() / rows
    if not len(there):
        return Column(values.name, "empty", 0, missing, ())
    distinct = int(there.n_unique())
    if time is not None and values.name == time.name:
        return Column(values.name, "time", distinct, missing, tuple(_texts(there.head(_SHOWN_VALUES))))
    number = parse_numbers(there)[0]
    if len(number) - number.null_count() >= _SHARE * len(there):
        least, greatest = number.min(), number.max()
        examples = tuple(_texts(there.head(_SHOWN_VALUES)))
        return Column(values.name, "number", distinct, missing, examples, float(least), float(greatest))  # type: ignore[arg-type]
    frequent = there.value_counts(sort=True).head(_SHOWN_VALUES).to_series(0)
    return Column(values.name, "text", distinct, missing, tuple(_texts(frequent)))


def _shown(values: pl.Series) -> pl.Series:
    return pl.Series(values.name, [None if value is None else value[:200] for value in parse_text(values).to_list()])


def _texts(values: pl.Series) -> list[str]:
    return [value[:100] for value in parse_text(values).drop_nulls().to_list()]
