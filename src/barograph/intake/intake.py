"""Intake: tables in, clean rows out, and a count of everything that was not clean."""

import json
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from barograph.config.errors import ConfigError, Problem, UnreadableInput, named
from barograph.config.fields import number_column, place_column, text_column
from barograph.config.job import Job
from barograph.intake.clean_rows import CleanRows
from barograph.intake.examples import TableExamples
from barograph.intake.frames import as_frame
from barograph.intake.parse import PLACE_WANTED, parse_numbers, parse_places, parse_text
from barograph.intake.parse_times import parse_times
from barograph.results.counts import DataCounts
from barograph.results.snapshot import Arrays

_COUNTS: Final = "counts"


class Intake:
    """Reads tables for one job and counts what it reads. How the rows are cut into tables changes nothing."""

    def __init__(self, job: Job, counts: DataCounts) -> None:
        self._job = job
        self._number_fields, self._text_fields, self._fields = job.number_fields, job.text_fields, job.fields
        self._place_fields = job.place_fields
        self._counts = counts

    @classmethod
    def build(cls, job: Job, state: Arrays | None = None) -> "Intake":
        """A new intake, or one that goes on from a `snapshot`.

        Raises:
            ConfigError: Polars does not know the job's time zone.
        """
        try:
            pl.Series([0]).cast(pl.Datetime("ms")).dt.replace_time_zone(job.time_zone)
        except pl.exceptions.PolarsError:
            raise ConfigError(
                [Problem("time_zone", job.time_zone, "an IANA time zone such as 'UTC' or 'Europe/Berlin'")]
            ) from None
        if state is None:
            return cls(job, DataCounts())
        return cls(job, DataCounts.from_dict(json.loads(state[_COUNTS].tobytes())))

    def snapshot(self) -> Arrays:
        """The state, to `build` from."""
        text = json.dumps(self._counts.to_dict(), separators=(",", ":"))
        return {_COUNTS: np.frombuffer(text.encode(), dtype=np.uint8)}

    @property
    def counts(self) -> DataCounts:
        """What was read so far. Buckets and order are not judged here, so their counts are zero."""
        return self._counts

    def parse(self, table: object) -> CleanRows:
        """The clean rows of a table.

        Rows without a readable time are left out; values that are missing or cannot be read are null. All are counted.

        Args:
            table: any table that speaks Arrow; columns that the job does not need are counted and ignored.

        Raises:
            UnreadableInput: this is not a table, or it has no column with the time.
        """
        frame = as_frame(table)
        start = self._counts.input_record_count
        examples = TableExamples(start, frame.height, self._counts)
        times = self._times(frame, examples)
        clean = frame
        if times.null_count():
            good = times.is_not_null()
            clean, times = frame.filter(good), times.filter(good)
            examples.keep_rows(good)
        columns, missing, wrong = self._columns(clean, examples)
        self._counts = self._counted(frame, times, missing, wrong).with_examples(examples.in_order())
        return CleanRows(times.to_numpy().astype(np.int64, copy=False), columns, examples.numbers)

    def _times(self, frame: pl.DataFrame, examples: TableExamples) -> pl.Series:
        name = self._job.time_field
        values = column_of(frame, name)
        if values is None:
            if frame.height == 0:
                return pl.Series([], dtype=pl.Int64())
            present = named(frame.columns) or "none"
            raise UnreadableInput(f"data_description.time_field={name!r}: wanted a column of the input, which has: {present}")
        times = parse_times(values, self._job)
        if times.null_count():
            examples.add("invalid_date", times.is_null(), values, f"{name}: wanted {_time_wanted(self._job)}")
        return times

    def _columns(self, frame: pl.DataFrame, examples: TableExamples) -> tuple[pl.DataFrame, int, int]:
        """The clean columns; how many values of the job's fields they miss; how many of those are there but cannot be read."""
        columns: list[pl.Series] = []
        missing: dict[str, int] = {}
        not_numbers = 0
        for name in self._number_fields:
            values = column_of(frame, name)
            number, wrong = parse_numbers(_nulls(frame.height) if values is None else values)
            columns.append(number.alias(number_column(name)))
            missing[name] = number.null_count()
            if values is not None:
                not_numbers += int(wrong.sum())
                examples.add("not_a_number", wrong, values, f"{name}: wanted a number")
            if missing[name]:
                examples.add("missing_field", number.is_null() & ~wrong, None, f"{name}: wanted a value")
        for name in self._place_fields:
            values = column_of(frame, name)
            place, no_place = parse_places(_nulls(frame.height) if values is None else values)
            columns.append(place.alias(place_column(name)))
            if values is not None:
                not_numbers += int(no_place.sum())
                examples.add("not_a_number", no_place, values, f"{name}: wanted {PLACE_WANTED}")
            if name not in missing:
                missing[name] = place.null_count()
                if missing[name]:
                    examples.add("missing_field", place.is_null() & ~no_place, None, f"{name}: wanted a value")
        for name in self._text_fields:
            values = column_of(frame, name)
            text = parse_text(_nulls(frame.height) if values is None else values)
            columns.append(text.alias(text_column(name)))
            if name not in missing:
                missing[name] = text.null_count()
                if missing[name]:
                    examples.add("missing_field", text.is_null(), None, f"{name}: wanted a value")
        table = pl.DataFrame(columns) if columns else pl.DataFrame(height=frame.height)
        return table, sum(missing.values()), not_numbers

    def _counted(self, frame: pl.DataFrame, times: pl.Series, missing: int, wrong: int) -> DataCounts:
        """The counts with those of this table. A value that is not a number counts as missing too, as in Elastic."""
        counts = self._counts
        fields = [name for name in frame.columns if name != self._job.time_field]
        present = sum(frame.height - frame.get_column(name).null_count() for name in fields)
        earliest, latest = [counts.earliest_record_timestamp], [counts.latest_record_timestamp]
        if len(times):
            earliest.append(int(times.min()))  # type: ignore[arg-type]
            latest.append(int(times.max()))  # type: ignore[arg-type]
        return replace(
            counts,
            input_record_count=counts.input_record_count + frame.height,
            input_field_count=counts.input_field_count + present,
            processed_record_count=counts.processed_record_count + len(times),
            processed_field_count=counts.processed_field_count + len(self._fields) * len(times) - missing,
            missing_field_count=counts.missing_field_count + missing,
            invalid_date_count=counts.invalid_date_count + frame.height - len(times),
            not_a_number_count=counts.not_a_number_count + wrong,
            earliest_record_timestamp=min((time for time in earliest if time is not None), default=None),
            latest_record_timestamp=max((time for time in latest if time is not None), default=None),
        )


def column_of(frame: pl.DataFrame, name: str) -> pl.Series | None:
    """A column by its name, or by its path of names with dots between them inside objects, as Elastic names fields."""
    if name in frame.columns:
        return frame.get_column(name)
    head, dot, rest = name.partition(".")
    if dot and head in frame.columns and isinstance(frame.schema[head], pl.Struct):
        return column_of(frame.get_column(head).struct.unnest(), rest)
    return None


def _nulls(height: int) -> pl.Series:
    return pl.Series([None], dtype=pl.Null).new_from_index(0, height)


def _time_wanted(job: Job) -> str:
    wanted = job.data_description.time_format
    form = "epoch seconds, ms, us or ns, or ISO 8601" if wanted == "auto" else f"the format {wanted}"
    return f"{form}, after 1970-01-01 and before 2200"
