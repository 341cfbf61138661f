"""Detectors whose buckets begin half a bucket early: what an ordinary one says of rows that come half a bucket later."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from barograph.config.errors import BadRequest, ConfigError
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge, PlannedTime
from barograph.engine import Engine
from barograph.engine.exclusions import Exclusion
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from tests.engine.events import START, job, requests
from tests.engine.replays import DAY, FROM, SPAN, TO, assert_same, cut, live, replayed

HALF = SPAN // 2
DETECTORS: list[dict[str, Any]] = [
    {"function": "count"},
    {"function": "mean", "field_name": "bytes", "by_field_name": "host"},
    {"function": "median", "field_name": "bytes", "partition_field_name": "host"},
    {"function": "distinct_count", "field_name": "user"},
    {"function": "sum", "field_name": "bytes", "over_field_name": "user"},
]
FRAME = requests(rows=3_000).filter(pl.col("time") > START + HALF)


def of(*, overlapping: bool, **analysis: Any) -> Job:
    detectors = [{**one, "overlapping": overlapping, "detector_description": "d"} for one in DETECTORS]
    return job(analysis_config={"detectors": detectors} | analysis)


def run(this: Job, frame: pl.DataFrame, knowledge: Knowledge, cuts: int) -> Results:
    """A whole run, in pieces and resumed between them."""
    state, parts = None, []
    for piece in frame.iter_slices(-(-frame.height // cuts)):
        engine = Engine.build(this, state, knowledge)
        parts.append(engine.add(piece))
        state = Snapshot.from_bytes(engine.snapshot().to_bytes())
    return Results.concat(parts)


def planned(late_ms: int) -> Knowledge:
    """An hour with what would be told, and an hour and a half with what would be learned."""
    flood = START + 8 * DAY // 5
    times = [(flood, flood + DAY // 24), (START + DAY // 2 + HALF, START + DAY // 2 + 6 * SPAN)]
    return Knowledge(planned=tuple(PlannedTime(start + late_ms, end + late_ms, "sale") for start, end in times))


def test_it_is_the_analysis_of_rows_half_a_bucket_later() -> None:
    later = FRAME.with_columns(pl.col("time") + HALF)
    for late_ms in (0, None):
        known = [Knowledge() if late_ms is None else planned(late) for late in (0, HALF)]
        early = run(of(overlapping=True), FRAME, known[0], cuts=4)
        same = run(of(overlapping=False), later, known[1], cuts=1)
        assert early.records.height > (20 if late_ms is None else 5)
        until = early.buckets["timestamp"][-1]  # the rows that come later end one bucket later
        for name in ("records", "bucket_values", "influencers"):
            found, wanted = (getattr(one, name).filter(pl.col("timestamp") <= until) for one in (early, same))
            assert found.drop("initial_influencer_score", strict=False).equals(
                wanted.drop("initial_influencer_score", strict=False)
            )


def test_with_a_latency_it_begins_with_the_first_row_in_time() -> None:
    this, first = of(overlapping=True, latency="1h"), FRAME.head(60)
    found = [Engine.build(this) for _ in range(2)]
    for engine, rows in zip(found, (first, first.reverse()), strict=True):
        engine.add(rows)
    one, other = (engine.flush(START + DAY // 2).bucket_values for engine in found)
    columns = ["detector_index", "timestamp", "partition_field_value", "by_field_value", "over_field_value"]
    assert one.sort(columns).select(*columns, "weight").equals(other.sort(columns).select(*columns, "weight"))


def test_it_is_replayed_to_the_same_bits_and_forgets_what_its_buckets_touch() -> None:
    this = of(overlapping=True)
    found, snapshots = live(this, FRAME, cuts=(900,), flush=START + 3 * DAY)
    again, snapshot = replayed(this, found, snapshots[-1])
    assert_same(again, found)
    assert snapshot.to_bytes() == snapshots[-1].to_bytes()

    assert Exclusion(SPAN, 2 * SPAN).buckets(SPAN, HALF) == (1, 3)
    assert Exclusion(SPAN + HALF, 2 * SPAN - HALF).buckets(SPAN, HALF) == (2, 2)
    edges = (cut(FROM), cut(TO), cut(TO) + 1)
    forgotten, _ = replayed(this, found, snapshots[-1], edges, exclusions=(Exclusion(FROM, TO),))
    later = of(overlapping=False)
    whole, ends = live(later, FRAME.with_columns(pl.col("time") + HALF), flush=START + 3 * DAY)
    wanted, _ = replayed(later, whole, ends[-1], edges, exclusions=(Exclusion(FROM + HALF, TO + HALF),))
    assert not forgotten.records.equals(found.records)
    assert forgotten.records.equals(wanted.records)


def test_a_time_of_day_is_that_of_the_rows() -> None:
    time = START + np.arange(0, 4 * SPAN, 60_000)
    engine = Engine.build(job(analysis_config={"detectors": [{"function": "time_of_day", "overlapping": True}]}))
    values = engine.add(pl.DataFrame({"time": time})).bucket_values
    assert values["timestamp"].to_list() == [START + SPAN, START + 2 * SPAN]
    inside = (time >= START + HALF) & (time < START + HALF + SPAN)
    assert values["actual"][0] == pytest.approx((time[inside] % DAY).mean() / 1000)


def test_an_open_bucket_is_judged_as_it_is_once_its_second_half_is_over() -> None:
    """The newest bucket has had half of its rows: those of the one that began half a bucket early are all there."""
    time = START + HALF + np.arange(0, 60 * SPAN, 9_000)
    last = START + 60 * SPAN
    count = [{"function": "count", "overlapping": overlapping, "detector_description": "d"} for overlapping in (True, False)]
    crowd = np.repeat(np.arange(last - HALF, last + HALF, 9_000), 3)
    rows = pl.DataFrame({"time": np.sort(np.concatenate([time[time < last + HALF], crowd]))})
    engine = Engine.build(job(analysis_config={"detectors": count}))
    engine.add(rows)
    interim = engine.flush(calc_interim=True).records.filter(pl.col("timestamp") == last, pl.col("detector_index") == 0)
    final = engine.flush(last + SPAN).records.filter(pl.col("timestamp") == last, pl.col("detector_index") == 0)
    assert interim["actual"].to_list() == [400.0]
    assert interim["probability"].equals(final["probability"])


def test_what_cannot_overlap_is_refused() -> None:
    with pytest.raises(ConfigError, match="the function rare takes none"):
        job(analysis_config={"detectors": [{"function": "rare", "by_field_name": "host", "overlapping": True}]})
    with pytest.raises(BadRequest, match="wanted one without overlapping detectors"):
        Engine.build(of(overlapping=True, latency="1h")).empty(START, START + SPAN)
