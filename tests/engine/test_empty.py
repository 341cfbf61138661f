"""Rows of open buckets that are taken out again have never been: what takes their place is judged as if it had come first."""

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from barograph.config.job import Job
from barograph.engine.engine import Engine

SPAN, BEGIN = 600, 1_700_000_400
JOB = Job.model_validate(
    {
        "job_id": "late",
        "analysis_config": {
            "bucket_span": "10m",
            "latency": "1h",
            "influencers": ["host", "user"],
            "detectors": [
                {"function": "mean", "field_name": "load", "by_field_name": "host"},
                {"function": "median", "field_name": "load", "by_field_name": "host"},
                {"function": "distinct_count", "field_name": "user"},
                {"function": "count", "partition_field_name": "user"},
            ],
        },
        "data_description": {"time_field": "time"},
    }
)


def rows(first: int, last: int, seed: int, scale: float = 1.0) -> pl.DataFrame:
    """Rows of the buckets from `first` up to `last`, ten a bucket."""
    noise = np.random.default_rng(seed)
    time = np.repeat(np.arange(first, last) * SPAN, 10) + np.tile(np.arange(10) * 60, last - first) + BEGIN
    host, user = (noise.choice(names, len(time)) for names in (["a", "b", "c"], ["ada", "bo", "eve"]))
    return pl.DataFrame({"time": time, "host": host, "user": user, "load": scale * noise.gamma(2.0, 10.0, len(time))})


def test_other_rows_take_their_place_to_the_last_bit():
    before, wrong, right = rows(0, 40, 1), rows(37, 40, 2, 500.0), rows(37, 40, 3)
    after = rows(40, 60, 4)
    emptied, never = Engine.build(JOB), Engine.build(JOB)
    outside = before.filter(pl.col("time") < BEGIN + 37 * SPAN)
    emptied.add(before)
    emptied.add(wrong.with_columns(host=pl.lit("z")))
    emptied.empty((BEGIN + 37 * SPAN + 5) * 1000, (BEGIN + 40 * SPAN - 5) * 1000)
    never.add(outside)
    found = []
    for engine in (emptied, Engine.build(JOB, emptied.snapshot()), never):
        engine.add(right)
        results = engine.add(after)
        found.append((results, engine.flush()))
    for part in (0, 1):
        gone, resumed, wanted = (one[part] for one in found)
        for table in ("buckets", "influencers", "bucket_values"):
            assert_frame_equal(_plain(gone, table), _plain(wanted, table))
            assert_frame_equal(getattr(gone, table), getattr(resumed, table))
        assert gone.buckets["event_count"].sum() > 0


def test_what_is_not_emptied_stays():
    emptied, kept = Engine.build(JOB), Engine.build(JOB)
    for engine in (emptied, kept):
        engine.add(rows(0, 40, 1))
    emptied.empty((BEGIN + 38 * SPAN) * 1000, (BEGIN + 39 * SPAN) * 1000)
    gone, all_of_it = emptied.flush((BEGIN + 40 * SPAN) * 1000), kept.flush((BEGIN + 40 * SPAN) * 1000)
    assert gone.buckets["event_count"].to_list()[-3:] == [10, 0, 10]
    assert all_of_it.buckets["event_count"].to_list()[-3:] == [10, 10, 10]


def _plain(results, table: str) -> pl.DataFrame:
    frame = getattr(results, table)
    return frame.sort(frame.columns[:4]) if table == "bucket_values" else frame
