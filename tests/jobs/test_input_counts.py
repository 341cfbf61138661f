"""Counts of a job: what the engine saw, and what never reached it, with the places of rows in the input."""

import numpy as np
import polars as pl

from barograph.jobs.input_counts import InputCounts
from barograph.jobs.inputs import NewRows
from barograph.results.counts import DataCounts, Example


def chunk(good: int, bad_rows: list[int], first_row: int = 0) -> NewRows:
    """A chunk with malformed rows at these places."""
    frame = pl.DataFrame({"time": list(range(good))})
    examples = [Example("malformed", first_row + at + 1, "{", "wanted an object") for at in bad_rows]
    rows = good + len(bad_rows)
    return NewRows(frame, first_row, rows, 10 * rows, len(bad_rows), np.array(bad_rows, np.int64), examples)


def engine(read: int, *bad_times: int) -> DataCounts:
    """The engine's counts after so many rows; those at these numbers (from 1) had no time."""
    counts = DataCounts(input_record_count=read, invalid_date_count=len(bad_times))
    return counts.with_examples([Example("invalid_date", row, "x", "wanted a time") for row in bad_times])


def test_malformed_rows_and_bytes_are_added_to_what_the_engine_saw() -> None:
    counts = InputCounts(DataCounts(), DataCounts())
    counts.add(chunk(8, [2, 5]), engine(8))
    total = counts.total(engine(8))
    assert (total.input_record_count, total.malformed_record_count, total.input_bytes) == (10, 2, 100)
    assert [(example.reason, example.row) for example in total.examples] == [("malformed", 3), ("malformed", 6)]


def test_the_engines_examples_are_numbered_as_the_rows_of_the_input() -> None:
    counts = InputCounts(DataCounts(), DataCounts())
    seen = engine(5, 1, 3, 5)
    counts.add(chunk(5, [1, 3]), seen)  # input rows: good, bad, good, bad, good, good, good
    dates = [example.row for example in counts.total(seen).examples if example.reason == "invalid_date"]
    assert dates == [1, 5, 7]


def test_a_resumed_job_goes_on_from_what_was_saved() -> None:
    whole, seen = InputCounts(DataCounts(), DataCounts()), engine(6, 2)
    whole.add(chunk(6, [0]), seen)
    saved = whole.total(seen)
    resumed = InputCounts(saved, seen)
    assert resumed.total(seen) == saved
    later = DataCounts(input_record_count=9, invalid_date_count=1).with_examples(seen.examples)
    resumed.add(chunk(3, [1], first_row=7), later)
    whole.add(chunk(3, [1], first_row=7), later)
    assert resumed.total(later) == whole.total(later)
    assert resumed.total(later).input_record_count == 11
