import subprocess
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.config.errors import InputError
from barograph.config.load import load_job
from barograph.intake import Intake
from barograph.results.counts import Example

JOB = load_job(
    {
        "job_id": "a",
        "analysis_config": {
            "detectors": [
                {"function": "mean", "field_name": "v", "by_field_name": "host.name"},
                {"function": "distinct_count", "field_name": "v"},
            ],
            "influencers": ["user"],
        },
    }
)
FRAME = pl.DataFrame(
    {
        "time": ["1403481600", "soon", None, "2014-07-01", "1403481601"],
        "v": ["1", "2", "3", "nan", " 2.5 "],
        "host.name": ["a", "b", "c", "", "d"],
        "user": ["u", "u", "u", None, "w"],
        "other": [1, 2, None, 4, 5],
    }
)


def parsed(table, job=JOB):
    intake = Intake.build(job)
    return intake.parse(table), intake.counts


def test_rows_come_out_clean_and_in_order():
    rows, _ = parsed(FRAME)
    assert rows.time_ms.dtype == np.int64
    assert rows.time_ms.tolist() == [1403481600000, 1404172800000, 1403481601000]
    assert len(rows) == 3
    assert rows.columns.to_dict(as_series=False) == {
        "n:v": [1.0, None, 2.5],
        "s:host.name": ["a", None, "d"],
        "s:v": ["1", "nan", " 2.5 "],
        "s:user": ["u", None, "w"],
    }


def test_everything_is_counted_under_elastics_names():
    counts = parsed(FRAME)[1]
    assert counts.input_record_count == 5
    assert counts.input_field_count == 5 + 5 + 4 + 4
    assert counts.processed_record_count == 3
    assert counts.processed_field_count == 3 * 3 - 3
    assert counts.missing_field_count == 3
    assert counts.not_a_number_count == 1
    assert counts.invalid_date_count == 2
    assert (counts.earliest_record_timestamp, counts.latest_record_timestamp) == (1403481600000, 1404172800000)


def test_the_two_records_of_elastics_test_give_its_counts():
    job = load_job(
        {
            "job_id": "a",
            "analysis_config": {"detectors": [{"function": "mean", "field_name": "responsetime", "by_field_name": "airline"}]},
        }
    )
    frame = pl.DataFrame({"airline": ["AAL", "JZA"], "responsetime": ["132.2", "990.4"], "sourcetype": ["f", "f"]})
    frame = frame.with_columns(time=1403481600)
    counts = parsed(frame, job)[1]
    assert (counts.processed_field_count, counts.input_field_count) == (4, 6)


def test_examples_name_the_row_the_value_and_what_was_wanted():
    assert parsed(FRAME)[1].examples == (
        Example(
            "invalid_date", 2, "soon", "time: wanted epoch seconds, ms, us or ns, or ISO 8601, after 1970-01-01 and before 2200"
        ),
        Example(
            "invalid_date", 3, "", "time: wanted epoch seconds, ms, us or ns, or ISO 8601, after 1970-01-01 and before 2200"
        ),
        Example("missing_field", 4, "", "host.name: wanted a value"),
        Example("missing_field", 4, "", "user: wanted a value"),
        Example("not_a_number", 4, "nan", "v: wanted a number"),
    )


def test_examples_are_numbered_on_from_the_tables_before():
    intake = Intake.build(JOB)
    intake.parse(FRAME.head(1))
    intake.parse(FRAME.slice(1, 1))
    intake.parse(FRAME.slice(1, 1))
    assert [example.row for example in intake.counts.examples] == [2, 3]


TABLES_OF_OTHERS = {"pyarrow": FRAME.to_arrow(), "pandas": FRAME.to_pandas(), "lazy": FRAME.lazy()}


@pytest.mark.parametrize("kind", TABLES_OF_OTHERS)
def test_every_kind_of_table_gives_the_same_rows(kind):
    rows, counts = parsed(FRAME)
    other, other_counts = parsed(TABLES_OF_OTHERS[kind])
    assert other.time_ms.tolist() == rows.time_ms.tolist()
    assert other.columns.equals(rows.columns)
    assert other_counts.processed_field_count == counts.processed_field_count


def test_a_duckdb_relation_is_a_table():
    # In a process of its own, because DuckDB's bindings print their leaks when the interpreter ends.
    code = """
import duckdb
from barograph.config.load import load_job
from barograph.intake import Intake
job = load_job({"job_id": "a", "analysis_config": {"detectors": [{"function": "sum", "field_name": "v"}]}})
rows = Intake.build(job).parse(duckdb.sql("select 1403481600 + i as time, i / 2 as v from range(3) t(i)"))
assert rows.time_ms.tolist() == [1403481600000, 1403481601000, 1403481602000]
assert rows.columns["n:v"].to_list() == [0.0, 0.5, 1.0]
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pandas_instants_keep_their_zone():
    frame = pl.DataFrame({"time": ["2014-07-01T10:00:00+02:00"]}).to_pandas()
    frame["time"] = frame["time"].astype("datetime64[ns, Europe/Berlin]")
    frame.index = [7]
    assert parsed(frame)[0].time_ms.tolist() == [1404201600000]


@pytest.mark.parametrize("table", [{"time": [1]}, [1], "x", None, 5])
def test_anything_else_is_refused_by_the_name_of_its_type(table):
    with pytest.raises(InputError, match=f"frame=.*{type(table).__name__}: wanted a table that speaks Arrow"):
        parsed(table)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (pa.table([[1], [2]], names=["time", "time"]), "more than once"),
        (pd.DataFrame({"time": [1, "x", 3.5]}), "'x'"),
        (pd.DataFrame([[1, 2]], columns=["time", "time"]), "non-unique"),
    ],
    ids=["a name twice", "mixed types", "a name twice in pandas"],
)
def test_a_table_that_is_none_to_arrow_is_refused_with_the_reason(table, reason):
    with pytest.raises(InputError, match=f"frame=.*: wanted a table with each column's name once and .*{reason}"):
        parsed(table)


def test_a_table_without_the_time_is_refused_and_its_columns_are_named():
    with pytest.raises(InputError, match=r"time_field='time': wanted a column of the input, which has: timestamp, v"):
        parsed(pl.DataFrame({"timestamp": [1], "v": [2]}))


def test_a_name_that_nobody_can_read_is_cut_in_the_message():
    with pytest.raises(InputError, match=r"which has: n{100}\.\.\. \(2000000 characters\), v$"):
        parsed(pl.DataFrame({"n" * 2_000_000: [1], "v": [2]}))


def test_a_table_without_rows_gives_none():
    rows, counts = parsed(pl.DataFrame())
    assert len(rows) == 0
    assert rows.columns.columns == ["n:v", "s:host.name", "s:v", "s:user"]
    assert counts.input_record_count == 0


def test_a_column_that_is_not_there_is_missing_in_every_row():
    rows, counts = parsed(pl.DataFrame({"time": [1, 2]}))
    assert rows.columns.null_count().row(0) == (2, 2, 2, 2)
    assert counts.missing_field_count == 6
    assert counts.processed_field_count == 0


def test_a_job_that_reads_no_field_still_has_rows():
    job = load_job({"job_id": "a", "analysis_config": {"detectors": [{"function": "count"}]}})
    assert parsed(FRAME, job)[0].columns.height == 3


def test_fields_inside_objects_are_found_by_their_path():
    frame = pl.DataFrame({"time": [1, 2], "host": [{"name": "a"}, {"name": None}], "v": [1, 2], "user": ["x", "y"]})
    assert parsed(frame)[0].columns["s:host.name"].to_list() == ["a", None]


VALUES = st.sampled_from(["1", "x", "", None, "nan", " 2", "1403481600", "2014-07-01 10:00:00"])
TABLES = st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES), max_size=25)


@given(TABLES, st.lists(st.integers(0, 25), max_size=4))
def test_how_rows_are_cut_into_tables_changes_nothing(table, cuts):
    schema = dict.fromkeys(["time", "v", "host.name", "user"], pl.String)
    frame = pl.DataFrame(table, schema=schema, orient="row")
    whole, counts = parsed(frame)
    intake = Intake.build(JOB)
    edges = [0, *sorted(min(cut, frame.height) for cut in cuts), frame.height]
    parts = []
    for start, end in pairwise(edges):
        intake = Intake.build(JOB, intake.snapshot())
        parts.append(intake.parse(frame.slice(start, end - start)))
    assert np.concatenate([part.time_ms for part in parts]).tolist() == whole.time_ms.tolist()
    assert pl.concat([part.columns for part in parts]).equals(whole.columns)
    assert intake.counts == counts


def test_a_long_value_is_cut_in_an_example():
    counts = parsed(pl.DataFrame({"time": ["x" * 1000]}))[1]
    assert len(counts.examples[0].value) == 200
