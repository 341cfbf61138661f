"""A job without any value for long sleeps: what that costs, and that it changes nothing else."""

import numpy as np
import polars as pl
import pytest

from barograph.config.errors import BadRequest
from barograph.config.functions import FUNCTIONS, OVER
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.silence import Silence, awake_buckets
from barograph.jobs.replay import replay
from barograph.results.results import Results
from barograph.store.store import Store
from tests.jobs.replays import all_of, assert_same, feed

HOUR = 3_600_000
START = 1_700_000_000_000 // HOUR * HOUR
AWAKE = awake_buckets(HOUR)
GAP = 5 * AWAKE
"""Buckets of a gap in which the job falls asleep."""


def job(span: str = "1h", **detector):
    detectors = [{"function": "count", "partition_field_name": "host", **detector}, {"function": "mean", "field_name": "x"}]
    return load_job({"job_id": "a", "analysis_config": {"bucket_span": span, "detectors": detectors, "influencers": ["host"]}})


def rows(hours=range(100), *, after: int = 0, hosts: int = 2) -> pl.DataFrame:
    """Rows of two hours a row, and as many again after a gap."""
    times = [START + HOUR * hour for hour in hours]
    times += [time + HOUR * after for time in times] if after else []
    return pl.DataFrame(
        {
            "time": np.repeat(times, hosts),
            "host": [f"h{host}" for host in range(hosts)] * len(times),
            "x": np.sin(np.arange(hosts * len(times))),
        }
    )


def test_a_job_sleeps_through_what_is_empty_for_long_and_says_so():
    results = Engine.build(job()).add(rows(after=GAP))
    times = (results.buckets["timestamp"].to_numpy() - START) // HOUR
    assert times.tolist() == [*range(99 + AWAKE + 1), *range(GAP, GAP + 99)]
    (silence,) = results.annotations.filter(kind="silence").rows(named=True)
    assert silence["timestamp"] == START + HOUR * GAP
    assert silence["before"] == GAP - 100 - AWAKE
    assert "there was no value: 3,900 buckets were not judged" in silence["text"]
    assert results.counts.bucket_count == GAP + 99


BOTH_SIDES = {name: one for name, one in FUNCTIONS.items() if not name.startswith(("high_", "low_"))}


def every_function() -> list[dict[str, str]]:
    """A detector of each function, and of each with a population; those of one side differ in what they tell only."""
    fields = {"number": "x", "text": "host", "place": "place"}
    made = []
    for name, one in BOTH_SIDES.items():
        alone = {"function": name} | ({"field_name": fields[one.field_type]} if one.needs_field == "yes" else {})
        alone |= {"by_field_name": "x"} if one.by == "required" else {}
        made += [alone] if one.over != "required" else []
        made += [alone | {"over_field_name": "host"}] if name in OVER else []
    return [one for one in made if one.get("over_field_name", "") != one.get("field_name")]


def test_a_gap_of_twenty_years_costs_every_function_a_week_of_buckets():
    detectors = every_function()
    assert {one["function"] for one in detectors} == set(BOTH_SIDES)
    engine = Engine.build(load_job({"job_id": "a", "analysis_config": {"bucket_span": "1h", "detectors": detectors}}))
    frame = rows(after=20 * 366 * 24).with_columns(place=pl.lit("41.2,2.1"))
    twice = pl.concat([frame, frame.with_columns(pl.col("x") + 1)])  # one value has no variance
    results = engine.add(twice.sort("time", maintain_order=True))
    assert len(results.buckets) == 99 + AWAKE + 1 + 99
    slept = pl.col("timestamp").is_between(START + HOUR * (99 + AWAKE + 1), START + HOUR * (20 * 366 * 24 - 1))
    assert results.bucket_values.filter(slept).is_empty()
    assert results.bucket_values["detector_index"].n_unique() == len(detectors)


def test_a_gap_that_ends_in_time_is_judged_whole():
    results = Engine.build(job()).add(rows(after=99 + AWAKE))
    assert results.annotations.filter(kind="silence").is_empty()
    assert len(results.buckets) == 99 + AWAKE + 99


@pytest.mark.parametrize("flushed", [False, True])
def test_live_and_bulk_sleep_alike(flushed):
    frame = rows(after=GAP)
    whole, parts, found = Engine.build(job()), Engine.build(job()), []
    expected = whole.add(frame)
    for index, part in enumerate(frame.iter_slices(37)):
        if index == 6 and flushed:  # somewhere within the gap, as a feed does that tells the time
            for until in (110, 100 + AWAKE, 130 + AWAKE, GAP - 1000):
                found.append(parts.flush(START + HOUR * until))
        found.append(parts.add(part))
        parts = Engine.build(job(), parts.snapshot())
    got = Results.concat(found)
    for name in ("buckets", "records", "annotations", "bucket_values", "quantiles"):
        assert getattr(got, name).equals(getattr(expected, name)), name
    if not flushed:
        assert parts.snapshot().to_bytes() == whole.snapshot().to_bytes()


def test_a_replay_sleeps_as_the_job_did(tmp_path):
    with Store.open(None, tmp_path) as store:
        feed(store, job(), rows(after=GAP), pieces=7)
        before = all_of(store, "a")
        assert before["annotations"].filter(kind="silence").height == 1
        replay(store, "a")
        assert_same(all_of(store, "a"), before)


def test_buckets_behind_a_silence_are_explained_by_the_model_that_judged_them():
    engine = Engine.build(job())
    results = engine.add(rows(after=GAP))
    record = results.records.filter(pl.col("timestamp") >= START + HOUR * GAP).row(0, named=True)
    entity = (("host", record["partition_field_value"]),) if record["partition_field_value"] else ()
    explained = engine.explain(results, record["timestamp"], entity)
    own = [one for one in explained if one.measure.detector_index == record["detector_index"]]
    assert [one.log_probability for one in own] == [record["log_probability"]]
    with pytest.raises(BadRequest, match="wanted a bucket that was judged"):
        engine.explain(results, START + HOUR * (GAP - 10))


def test_stretches_do_not_depend_on_where_calls_end():
    valued = np.array([5, 6, 40 + AWAKE, 41 + AWAKE, 10_000])
    whole = Silence.build(HOUR, None)
    expected = [bucket for start, end in whole.awake_and_learn(0, 20_000, valued) for bucket in range(start, end)]
    parts, got = Silence.build(HOUR, None), []
    for first in range(0, 20_000, 123):
        end = min(first + 123, 20_000)
        inside = valued[(valued >= first) & (valued < end)]
        got += [bucket for start, stop in parts.awake_and_learn(first, end, inside) for bucket in range(start, stop)]
        parts = Silence.build(HOUR, parts.snapshot())
    assert got == expected
    assert parts.slept.tolist() == whole.slept.tolist()
    assert whole.awake_within(0, 20_000).tolist() == expected


def test_a_gap_of_decades_in_seconds_costs_no_more_than_a_week_of_them():
    engine = Engine.build(job("1s"))
    frame = rows(range(3), hosts=1).with_columns(pl.col("time") + pl.int_range(0, 3) * 0)
    engine.add(frame)
    later = frame.with_columns(pl.col("time") + 20 * 366 * 86_400_000)
    results = engine.add(pl.concat([later, later.with_columns(pl.col("time") + 1_000)]).sort("time"))
    assert len(results.buckets) < 1.2e6
    assert engine.counts.bucket_count > 6e8


@pytest.mark.parametrize("until", [-1, 1_700_000_000_000_000, 2**63 - 1])
def test_an_absurd_time_to_flush_to_is_refused(until):
    engine = Engine.build(job())
    engine.add(rows())
    before = engine.snapshot().to_bytes()
    with pytest.raises(BadRequest, match=rf"until={until}: wanted epoch ms, from 0 to \d+ \(a year after the newest row"):
        engine.flush(until)
    assert engine.snapshot().to_bytes() == before


@pytest.mark.parametrize("days", [-9_000, 9_000])
def test_a_job_that_reads_no_field_survives_a_first_row_of_a_wrong_clock(days):
    times = [START + days * 86_400_000, *(START + HOUR * hour for hour in range(50))]
    counting = load_job({"job_id": "a", "analysis_config": {"bucket_span": "1h", "detectors": [{"function": "count"}]}})
    engine = Engine.build(counting)
    results = engine.add(pl.DataFrame({"time": times}))
    assert len(results.buckets) == 48
    assert (results.counts.out_of_order_timestamp_count, results.counts.invalid_date_count) == (1, 1)
    assert results.counts.earliest_record_timestamp == START + HOUR
