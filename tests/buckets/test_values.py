"""What a bucket's value is: value, zero and no data; weights; keys; snapshots."""

import numpy as np
import pytest

from barograph.buckets import Buckets
from barograph.buckets.bucket_counts import BucketCounter
from barograph.results.counts import DataCounts
from barograph.results.snapshot import Snapshot
from tests.buckets import support
from tests.buckets.support import SPAN, cells, frame, make_job, run


def one(function: str, **more: object) -> dict[str, object]:
    field = {} if "count" in function else {"field_name": "x"}
    return {"function": function, **field, **more}


def matrix(function: str, rows: list[dict[str, object]], buckets: int = 4) -> list[list[float]]:
    """The detector's values in the first buckets."""
    job = make_job([one(function)])
    (closed,), _ = run(job, [[*rows, {"time": buckets * SPAN}]])
    return closed.detectors[0].matrix(job.detectors[0].spec.statistic, 0, buckets).tolist()


def test_no_data_is_not_zero():
    rows = [{"time": 0, "x": 0.0}, {"time": 2 * SPAN, "x": None}]
    nan = pytest.approx(np.nan, nan_ok=True)
    assert matrix("mean", rows) == [[0.0, nan, nan, nan]]
    assert matrix("non_null_sum", rows) == [[0.0, nan, nan, nan]]
    assert matrix("sum", rows) == [[0.0, 0.0, 0.0, 0.0]]
    assert matrix("count", rows) == [[1.0, 0.0, 1.0, 0.0]]
    assert matrix("non_zero_count", rows) == [[1.0, nan, 1.0, nan]]


def test_zeros_begin_with_a_series_first_bucket():
    job = make_job([one("count", partition_field_name="site")])
    rows = [{"time": 0, "site": "old"}, {"time": 2 * SPAN, "site": "new"}, {"time": 4 * SPAN, "site": "later"}]
    (closed,), _ = run(job, [rows])
    detector = closed.detectors[0]
    nan = np.nan
    assert np.array_equal(detector.matrix("count", 0, 4), [[1, 0, 0, 0], [nan, nan, 1, 0]], equal_nan=True)
    assert detector.known.names(np.array([0, 1], np.int32))["partition_field_value"].to_list() == ["old", "new"]


def test_a_series_begins_in_its_earliest_bucket_also_when_that_row_came_second():
    job = make_job([one("count")], latency="10m")
    buckets = Buckets.build(job)
    buckets.add(*frame(job, [{"time": 0}]))
    job = make_job([one("count", by_field_name="kind")], latency="10m")
    buckets = Buckets.build(job)
    buckets.add(*frame(job, [{"time": 0, "kind": "a"}, {"time": 3 * SPAN, "kind": "b"}, {"time": SPAN, "kind": "b"}]))
    buckets.flush(4 * SPAN)
    assert buckets.take().detectors[0].matrix("count", 0, 4)[1, 1:].tolist() == [1, 0, 1]


def test_a_variance_needs_two_measurements():
    rows = [{"time": 0, "x": 5.0}, {"time": SPAN, "x": 5.0}, {"time": SPAN, "x": 7.0}]
    assert matrix("varp", rows, 2) == [[pytest.approx(np.nan, nan_ok=True), 1.0]]


def test_a_variance_survives_a_mean_of_1e12():
    rng = np.random.default_rng(1)
    values = 1e12 + rng.normal(0, 1, 5_000)
    (row,) = matrix("varp", [{"time": 0, "x": float(x)} for x in values], 1)
    assert row[0] == pytest.approx(np.var(values - 1e12), rel=1e-12)


def test_a_sum_keeps_what_cancels_out():
    values = [1.0, 1e100, 1.0, -1e100]
    assert matrix("sum", [{"time": 0, "x": x} for x in values], 1) == [[2.0]]


def test_a_sum_beyond_the_largest_double_is_infinite_and_not_no_data():
    assert matrix("sum", [{"time": 0, "x": 1.7e308}] * 2, 1) == [[np.inf]]


def test_summary_counts_weigh_counts_and_means_but_not_sums():
    rows = [{"time": 0, "x": 1.0, "n": 3.0}, {"time": 0, "x": 5.0, "n": 1.0}, {"time": SPAN, "x": 0.0, "n": 1.0}]
    job = make_job([one("count"), one("mean"), one("sum"), one("varp"), one("median")], summary="n")
    (closed,), _ = run(job, [rows])
    got = [detector.cells[detector.function.statistic].actual[0] for detector in closed.detectors]
    assert got == [4.0, 2.0, 6.0, 3.0, 1.0]
    assert closed.event_count(0, 1).tolist() == [4]


def test_a_summary_count_of_zero_counts_nothing_and_a_negative_one_is_missing():
    job = make_job([one("count", partition_field_name="site")], summary="n")
    rows = [{"time": 0, "site": "a", "n": n} for n in (2.0, 0.0, None, -1.0)] + [{"time": SPAN, "site": "b", "n": 0.0}]
    closed, buckets = run(job, [rows])
    assert cells(closed) == {(0, "count", "a", None, 0): 2.0, (0, "weight", "a", None, 0): 2.0}
    counts = buckets.counted(DataCounts(missing_field_count=1))
    assert counts.missing_field_count == 2
    (example,) = counts.examples
    assert (example.reason, example.row, example.value) == ("missing_field", 4, "-1.0")


def test_a_missing_split_value_is_a_value_only_with_use_null():
    rows = [{"time": 0, "kind": "a"}, {"time": 0, "kind": None}, {"time": SPAN}]
    job = make_job([one("count", by_field_name="kind"), one("count", by_field_name="kind", use_null=True)])
    closed, _ = run(job, [rows])
    assert {key[3] for key in cells(closed) if key[0] == 0} == {"a"}
    assert {key[3] for key in cells(closed) if key[0] == 1} == {"a", ""}


def test_a_detector_has_only_the_series_that_brought_it_data():
    job = make_job([one("mean", partition_field_name="site"), one("count", partition_field_name="site")])
    rows = [{"time": 0, "site": "silent"}, {"time": 0, "site": "loud", "x": 1.0}, {"time": SPAN, "site": "x"}]
    (closed,), _ = run(job, [rows])
    assert [len(detector.known) for detector in closed.detectors] == [1, 2]
    assert [detector.partition.tolist() for detector in closed.detectors] == [[1], [0, 1]]


def test_detectors_of_the_same_field_and_split_share_their_statistics():
    job = make_job([one(name) for name in ("mean", "max", "min", "varp", "sum", "high_mean")])
    assert len(Buckets.build(job)._accumulators) == 1


def test_series_keep_their_numbers_over_a_snapshot():
    job = make_job([one("count", partition_field_name="site", by_field_name="kind")])
    first = [{"time": 0, "site": site, "kind": kind} for site in "ab" for kind in "xy"]
    buckets = Buckets.build(job)
    buckets.add(*frame(job, first))
    buckets = Buckets.build(job, Snapshot.from_bytes(Snapshot(buckets.snapshot()).to_bytes()).arrays)
    buckets.add(*frame(job, [{"time": SPAN, "site": "b", "kind": "x"}, {"time": 2 * SPAN, "site": "c", "kind": "x"}]))
    detector = buckets.take().detectors[0]
    assert detector.cells["count"].series.tolist() == [0, 1, 2, 3, 2]
    assert detector.partition.tolist() == [0, 0, 1, 1]


def test_building_from_a_snapshot_leaves_it_as_it_was():
    job = make_job(influencers=["user"])
    rows = [{"time": t * SPAN // 3, "x": float(t), "site": "a", "kind": "b", "user": f"{t % 5}"} for t in range(20)]
    _, buckets = run(job, [rows])
    state = buckets.snapshot()
    before = Snapshot(state).to_bytes()
    resumed = Buckets.build(job, state)
    resumed.add(*frame(job, [{**row, "time": row["time"] + 8 * SPAN} for row in rows]))
    resumed.take()
    assert Snapshot(state).to_bytes() == before


def test_near_unique_influencers_are_forgotten_with_their_buckets():
    job = make_job([one("count")], influencers=["user"])
    buckets = Buckets.build(job)
    for minute in range(50):
        buckets.add(*frame(job, [{"time": minute * SPAN, "user": f"u{minute}-{i}"} for i in range(100)]))
        closed = buckets.take()
        assert len(buckets._influencers.texts["user"]) <= 100
    assert buckets.snapshot()["influencers0.arena"].size < 1_000
    frame_ = closed.detectors[0].history_shares("count", closed.first_bucket, closed.end_bucket)
    assert sorted(frame_["influencer_field_value"]) == sorted(f"u48-{i}" for i in range(100))


def test_forgetting_an_influencer_does_not_show_in_a_snapshot():
    job = make_job([one("count")], influencers=["user"])
    rows = [{"time": 0, "user": "a"}, {"time": SPAN, "user": "b"}, {"time": SPAN, "user": "a"}]
    (_, whole), (_, parts) = run(job, [rows]), run(job, [[row] for row in rows])
    assert support.snapshot(whole) == support.snapshot(parts)


def test_shares_are_asked_for_by_cell():
    job = make_job([one("mean", partition_field_name="site")], influencers=["user", "kind"])
    rows = [
        {"time": 0, "site": "a", "x": 1.0, "user": "u", "kind": "k"},
        {"time": 0, "site": "a", "x": 3.0, "user": "v", "kind": None},
        {"time": 0, "site": "b", "x": 7.0, "user": "u", "kind": "k"},
        {"time": SPAN, "site": "b", "x": 0.0},
    ]
    (closed,), _ = run(job, [rows])
    detector = closed.detectors[0]
    wanted = detector.find(np.array([1, 0, 1]), np.array([0, 0, 3]))
    assert wanted.tolist() == [1, 0, -1]
    columns = ("leaf", "influencer_field_name", "influencer_field_value", "value", "weight", "mean", "m2")
    assert detector.shares("mean", wanted).select(columns).rows() == [
        (0, "user", "u", 7.0, 1.0, 7.0, 0.0),
        (0, "kind", "k", 7.0, 1.0, 7.0, 0.0),
        (1, "user", "u", 1.0, 1.0, 1.0, 0.0),
        (1, "user", "v", 3.0, 1.0, 3.0, 0.0),
        (1, "kind", "k", 1.0, 1.0, 1.0, 0.0),
    ]
    spread = run(make_job([one("varp", partition_field_name="site")]), [rows])[0][0].detectors[0]
    assert spread.means(wanted)[:2].tolist() == [7.0, 2.0]


def test_large_sketches_survive_a_snapshot_in_the_middle_of_a_bucket():
    job = make_job([one("median"), {"function": "distinct_count", "field_name": "user"}], influencers=["site"])
    rng = np.random.default_rng(2)
    rows = [{"time": 0, "x": float(x), "user": f"{int(x * 1e6)}", "site": "s"} for x in rng.normal(size=9_000)]
    rows += [{"time": SPAN}]
    chunks = [rows[:2_000], rows[2_000:4_099], rows[4_099:5_000], rows[5_000:]]
    (whole, a), (parts, b) = run(job, [rows]), run(job, chunks, resume=True)
    assert support.bits(cells(whole)) == support.bits(cells(parts))
    assert support.shares(whole) == support.shares(parts)
    assert support.snapshot(a) == support.snapshot(b)
    (_, c) = run(job, [*chunks[:3], chunks[3][:100]], resume=True)
    (_, d) = run(job, [rows[:5_100]])
    assert support.snapshot(c) == support.snapshot(d)


def test_a_bucket_far_below_the_recent_ones_is_sparse():
    usual = np.array([100, 104, 96] * 8)
    counter = BucketCounter.build(SPAN, None).after(0, 26, np.arange(26), np.append(usual, [92, 80]))
    assert counter.counts.sparse_bucket_count == 2
    assert counter.counts.latest_sparse_bucket_timestamp == 25 * SPAN
    parts = BucketCounter.build(SPAN, None)
    for bucket, events in enumerate([*usual, 92, 80]):
        parts = parts.after(bucket, bucket + 1, np.array([bucket]), np.array([events]))
    assert parts.counts == counter.counts
    assert BucketCounter.build(SPAN, parts.snapshot()).counts == counter.counts


def test_no_bucket_of_an_even_stream_is_sparse():
    counter = BucketCounter.build(SPAN, None).after(0, 40, np.arange(40), np.full(40, 100))
    assert counter.counts.sparse_bucket_count == 0


def test_the_latest_empty_bucket_is_the_last_one_without_rows():
    for filled, latest in (([0, 1, 4], 3), ([3, 4], 2), ([0, 1], 4), ([], 4), ([0, 1, 2, 3, 4], None)):
        counter = BucketCounter.build(SPAN, None).after(0, 5, np.array(filled, np.int64), np.ones(len(filled), np.int64))
        assert counter.counts.latest_empty_bucket_timestamp == (None if latest is None else latest * SPAN)
        assert counter.counts.empty_bucket_count == 5 - len(filled)
