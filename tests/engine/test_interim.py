"""Interim results: what open buckets are likely to come to, told without a trace."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.completeness import still_to_come
from barograph.results.results import Results
from tests.engine.events import START, job, requests

TABLES = ("buckets", "records", "influencers", "bucket_influencers")
SPAN, HOUR, DAY = 900_000, 3_600_000, 86_400_000
FRAME = requests()
SAMPLES = {
    "detectors": [
        {"function": "mean", "field_name": "bytes", "by_field_name": "host"},
        {"function": "median", "field_name": "bytes", "partition_field_name": "host"},
        {"function": "metric", "field_name": "bytes"},
        {"function": "varp", "field_name": "bytes"},
    ]
}


def assert_interim_is_final(of: Job, frame: pl.DataFrame) -> Results:
    engine = Engine.build(of)
    engine.add(frame)
    interim = engine.flush(calc_interim=True)
    final = engine.flush((frame["time"].max() // SPAN + 1) * SPAN)
    for name in TABLES:
        found = getattr(interim, name)
        assert found["is_interim"].all()
        assert_frame_equal(found.with_columns(is_interim=False), getattr(final, name), check_exact=True)
    assert interim.bucket_values.is_empty()
    assert interim.influencer_shares.is_empty()
    assert interim.quantiles.is_empty()
    return interim


@settings(max_examples=8)
@given(rows=st.integers(1, FRAME.height), latency=st.sampled_from(["0s", "40m"]))
def test_what_is_no_sum_of_rows_is_judged_to_the_bit_as_if_no_more_came(rows: int, latency: str) -> None:
    assert_interim_is_final(job(analysis_config=SAMPLES | {"latency": latency}), FRAME[:rows])


def test_an_open_bucket_names_its_influencers() -> None:
    flooded = FRAME.filter(pl.col("time") < START + 0.81 * 2 * DAY)
    interim = assert_interim_is_final(job(analysis_config=SAMPLES), flooded)
    assert interim.records.height > 0
    assert interim.influencers.filter(influencer_field_value="user-7").height == 1


@pytest.mark.parametrize("latency", ["0s", "50m"])
def test_interim_results_leave_no_trace(latency: str) -> None:
    of = job(analysis_config={"latency": latency})
    asked, silent = Engine.build(of), Engine.build(of)
    parts, expected = [], []
    for piece in FRAME.iter_slices(1_500):
        parts.append(asked.add(piece))
        before = asked.snapshot().to_bytes()
        assert asked.flush(calc_interim=True).buckets.height > 0
        assert asked.snapshot().to_bytes() == before
        expected.append(silent.add(piece))
    one, other = Results.concat(parts), Results.concat(expected)
    for name in (*TABLES, "bucket_values", "quantiles"):
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    assert asked.snapshot().to_bytes() == silent.snapshot().to_bytes()


def test_an_engine_without_an_open_bucket_has_no_interim_results() -> None:
    engine = Engine.build(job())
    assert engine.flush(calc_interim=True).buckets.is_empty()
    engine.add(FRAME[:500])
    over = (FRAME["time"][499] // SPAN + 1) * SPAN
    closed = engine.flush(over, calc_interim=True)
    assert not closed.buckets["is_interim"].any()
    assert engine.flush(calc_interim=True).buckets.is_empty()


def test_with_a_latency_all_open_buckets_are_judged_and_none_is_closed() -> None:
    engine = Engine.build(job(analysis_config={"latency": "1h"}))
    frame = FRAME[:3_000]
    finished = engine.add(frame).buckets["timestamp"][-1]
    newest = frame["time"].max() // SPAN * SPAN
    interim = engine.flush(calc_interim=True)
    assert interim.buckets["timestamp"].to_list() == list(range(finished + SPAN, newest + SPAN, SPAN))
    assert interim.buckets.height == 5
    both = engine.flush(newest - SPAN, calc_interim=True)
    assert both.buckets["is_interim"].to_list() == [False, False, False, True, True]
    assert engine.counts.latest_bucket_timestamp == newest - 2 * SPAN


def hourly(function: str = "count", **changes: object) -> Job:
    return load_job(
        {
            "job_id": "traffic",
            "analysis_config": {
                "bucket_span": "1h",
                "summary_count_field_name": "n",
                "detectors": [{"function": function, **changes}],
            },
            "data_description": {"time_format": "epoch_ms"},
        }
    )


def usual(hour: np.ndarray) -> np.ndarray:
    """A day of traffic: few rows at night, many at noon."""
    return 1_000.0 - 900.0 * np.cos(2 * np.pi * hour / 24)


def traffic(hours: float, factor: float = 1.0, hosts: int = 1) -> pl.DataFrame:
    """Summarised rows, twelve an hour, of so many hours; `factor` is the last hour's, by the usual."""
    step = np.arange(round(hours * 12))
    random = np.random.default_rng(3)
    n = random.poisson(usual(step // 12) / 12 / hosts, (hosts, len(step))).astype(float)
    n[:, step // 12 == (len(step) - 1) // 12] *= factor
    time = np.tile(DAY * 20_000 + step * HOUR // 12, (hosts, 1))
    host = np.repeat([f"h{one}" for one in range(hosts)], len(step))
    frame = pl.DataFrame({"time": time.ravel(), "n": n.ravel(), "host": host})
    return frame.with_columns(size=pl.col("n") * 3.0).sort("time", maintain_order=True)


WEEKS = 24 * 14


def judged(of: Job, frame: pl.DataFrame) -> tuple[Results, Results]:
    """The newest bucket, as it is judged while it is open, and if no more rows came."""
    engine = Engine.build(of)
    engine.add(frame)
    end = (frame["time"].max() // HOUR + 1) * HOUR
    return engine.flush(calc_interim=True), engine.flush(end)


@pytest.mark.parametrize("of", [hourly(), hourly("sum", field_name="size"), hourly("low_non_zero_count")])
@pytest.mark.parametrize("hour", [10, 12])
def test_half_a_bucket_at_the_usual_pace_is_quiet(of: Job, hour: int) -> None:
    interim, final = judged(of, traffic(WEEKS + hour + 0.5))
    assert interim.records.is_empty()
    assert interim.buckets["anomaly_score"][0] < 1
    assert final.records["anomaly_type"].to_list() == ["dip"]


def test_what_is_beyond_the_usual_already_is_told_at_once() -> None:
    interim, final = judged(hourly(), traffic(WEEKS + 12.5, factor=6.0))
    found = interim.records.row(0, named=True)
    assert found["record_score"] > 50
    assert found["actual"] > 1.5 * found["typical"]
    assert not found["incomplete_bucket_penalty"]
    assert_frame_equal(interim.records.with_columns(is_interim=False), final.records, check_exact=True)


def test_what_has_come_is_shown_beside_what_was_to_be_expected_by_now() -> None:
    """A whole bucket's rows of one host of two: half of the job's rows are there, and of the other host none."""
    frame = traffic(WEEKS + 13, hosts=2)
    newest = frame["time"].max() // HOUR * HOUR
    interim, final = judged(hourly(by_field_name="host"), frame.filter((pl.col("host") == "h0") | (pl.col("time") < newest)))
    (one,), (other,) = (found.records.filter(by_field_value="h1").rows(named=True) for found in (interim, final))
    assert (one["actual"], one["incomplete_bucket_penalty"], one["anomaly_type"]) == (0.0, True, "missing")
    assert (other["actual"], other["incomplete_bucket_penalty"]) == (0.0, False)
    assert one["typical"] == pytest.approx(other["typical"] / 2, rel=0.05)
    assert 0.0 <= one["lower_bound"] < one["typical"] < one["upper_bound"] < other["upper_bound"]
    assert other["log_probability"] < one["log_probability"] < -10
    assert interim.records.filter(by_field_value="h0").is_empty()


@pytest.mark.parametrize(("hour", "share"), [(3, 0.25), (9, 0.5), (12, 0.5), (18, 0.75), (23, 0.25)])
def test_how_full_a_bucket_is_follows_the_time_of_day(hour: int, share: float) -> None:
    engine = Engine.build(hourly())
    engine.add(traffic(WEEKS + hour + share))
    still_open = engine._buckets.still_open()
    assert still_open is not None
    assert engine._arrivals.completeness(still_open) == pytest.approx([share], abs=0.1)


def test_a_job_that_knows_nothing_takes_a_bucket_as_full() -> None:
    engine = Engine.build(hourly())
    engine.add(traffic(1.0)[:3])
    still_open = engine._buckets.still_open()
    assert still_open is not None
    assert engine._arrivals.completeness(still_open).tolist() == [1.0]


def test_how_full_buckets_are_is_learned_anew_where_it_is_not_known() -> None:
    """Snapshots of a version before, and of other records."""
    of = hourly()
    engine = Engine.build(of)
    engine.add(traffic(100))
    snapshot = engine.snapshot()
    for name, array in list(snapshot.arrays.items()):
        if name == "arrivals.series":
            snapshot.arrays[name] = np.zeros(1, np.dtype([("count", "f8")]))
        elif name.startswith("arrivals."):
            snapshot.arrays[name] = array[:0]
    older = {name: array for name, array in snapshot.arrays.items() if not name.startswith("arrivals.")}
    for arrays in (snapshot.arrays, older):
        resumed = Engine.build(of, type(snapshot)(arrays))
        still_open = resumed._buckets.still_open()
        assert still_open is not None
        assert resumed._arrivals.completeness(still_open).tolist() == [1.0]


numbers = st.floats(-1e6, 1e6)


@given(value=numbers, typical=numbers, complete=st.floats(0, 1), whole=st.booleans())
def test_a_value_comes_nearer_to_the_typical_one_by_no_more_than_is_due(value, typical, complete, whole) -> None:
    (added,) = still_to_come(np.array([value]), np.array([typical]), complete, whole=whole)
    rounding = 0.5 if whole else 0.0
    assert abs(added) <= (1.0 - complete) * abs(typical) * (1 + 1e-12) + rounding
    assert added == 0.0 or np.sign(added) == np.sign(typical) == np.sign(typical - value)
    assert abs(added) <= abs(typical - value) + rounding
    assert not whole or added == np.rint(added)


def test_counts_at_the_usual_pace_are_usual() -> None:
    """Six rows a bucket, of which the model is sure to within a fifth: none so far is short of what is to come."""
    for so_far in range(7):
        value, typical = np.array([float(so_far)]), np.array([5.97])
        assert value + still_to_come(value, typical, so_far / 6, whole=True) == 6.0


def test_nothing_is_added_where_nothing_is_known() -> None:
    nothing = np.array([np.nan])
    assert still_to_come(np.array([3.0]), nothing, 0.5, whole=False).tolist() == [0.0]
    assert still_to_come(nothing, np.array([3.0]), 0.5, whole=False).tolist() == [0.0]
    assert still_to_come(np.array([3.0]), np.array([9.0]), 1.0, whole=False).tolist() == [0.0]
