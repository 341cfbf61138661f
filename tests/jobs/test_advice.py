"""Settings that mislead are told with what suits the rows."""

import numpy as np
import polars as pl
import pytest

from barograph.config.load import load_job
from barograph.jobs.drafts.advice import advised, of_rows, of_settings

START = 1_767_225_600


def job(*detectors, span="5m"):
    return load_job({"job_id": "j", "analysis_config": {"bucket_span": span, "detectors": list(detectors)}})


MEAN = {"function": "mean", "field_name": "v"}


def regular(values, step_s=60):
    return pl.DataFrame({"time": START + step_s * np.arange(len(values)), "v": values})


def noise(rows=500):
    return np.random.default_rng(1).normal(100, 5, rows)


def test_what_can_fall_silent_wants_a_count():
    told = "what falls silent is no anomaly of mean, which has no value without rows; a detector {%s} tells of it"
    assert of_settings(job(MEAN)) == [told % "function: count"]
    split = {**MEAN, "partition_field_name": "host"}
    assert of_settings(job(split)) == [told % "function: count, partition_field_name: host"]
    assert of_settings(job(MEAN, {"function": "count"})) == []
    assert of_settings(job({"function": "sum", "field_name": "v"})) == []


def test_a_counter_is_known_by_its_growth_and_its_restarts():
    grown = np.cumsum(np.random.default_rng(1).gamma(3, 1e6, 500))
    grown[250:] -= grown[250]
    told = ["v only grows, as counters do: mean of it has no usual value; give the job its growth from row to row"]
    assert of_rows(job(MEAN), regular(grown)) == told
    two = pl.concat(regular(grown).with_columns(host=pl.lit(host)) for host in ("a", "b"))
    assert of_rows(job({**MEAN, "by_field_name": "host"}), two) == told


@pytest.mark.parametrize("values", [noise(), np.full(500, 7.0), np.repeat(np.arange(5.0), 100), 0.1 * np.arange(500) + noise()])
def test_what_also_falls_or_stays_is_no_counter(values):
    assert of_rows(job(MEAN), regular(values)) == []


def test_a_span_shorter_than_the_step_is_told_with_the_step():
    told = "bucket_span='1m' is shorter than the usual step between values, 5m: most buckets have no data"
    assert of_rows(job(MEAN, span="1m"), regular(noise(), 300)) == [told]
    assert of_rows(job(MEAN), regular(noise(), 300)) == []
    at = START + np.sort(np.random.default_rng(1).integers(0, 86_400, 300))  # events have no usual step
    assert of_rows(job(MEAN, span="1m"), pl.DataFrame({"time": at, "v": noise(300)})) == []


@pytest.mark.parametrize(
    ("function", "instead"),
    [
        ("count", "non_zero_count"),
        ("high_count", "high_non_zero_count"),
        ("sum", "non_null_sum"),
        ("low_sum", "low_non_null_sum"),
    ],
)
def test_sums_and_counts_of_many_sparse_series_are_told(function, instead):
    rng = np.random.default_rng(1)
    rows = pl.DataFrame(
        {"time": START + np.sort(rng.integers(0, 40 * 300, 6_000)), "user": rng.integers(0, 2_000, 6_000), "v": noise(6_000)}
    )
    field = {"field_name": "v"} if function.endswith("sum") else {}
    (told,) = of_rows(job({"function": function, "by_field_name": "user", **field}), rows)
    assert told.startswith(f"{function} by user: 92 % of the buckets of ")
    assert told.endswith(f" series are empty, each is a zero; {instead} looks at buckets with rows only")
    few = rows.with_columns(pl.col("user") % 50)
    assert of_rows(job({"function": function, "by_field_name": "user", **field}), few) == []


def test_rows_are_looked_at_as_they_pass(monkeypatch):
    class Rows:
        def __init__(self, frame):
            self.frame = frame

    monkeypatch.setattr("barograph.jobs.drafts.advice.LOOKED_AT", 200)
    frame, notes, passed = regular(1e6 * np.arange(1.0, 501.0)), [], []
    for chunk in advised(job(MEAN), (Rows(frame[at : at + 50]) for at in range(0, 500, 50)), notes.append):
        passed.append(chunk)
        assert len(notes) == (len(passed) > 4)
    assert len(passed) == 10
    assert notes[0].startswith("note: v only grows")
