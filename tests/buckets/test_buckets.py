"""Rows into buckets: when a series begins, what is shared, what is left out, what a snapshot keeps."""

from barograph.buckets import Buckets
from barograph.results.counts import DataCounts
from barograph.results.snapshot import Snapshot
from tests.buckets.support import SPAN, cells, frame, make_job, one, run


def test_a_series_begins_in_its_earliest_bucket_also_when_that_row_came_second():
    job = make_job([one("count")], latency="10m")
    buckets = Buckets.build(job)
    buckets.add(*frame(job, [{"time": 0}]))
    job = make_job([one("count", by_field_name="kind")], latency="10m")
    buckets = Buckets.build(job)
    buckets.add(*frame(job, [{"time": 0, "kind": "a"}, {"time": 3 * SPAN, "kind": "b"}, {"time": SPAN, "kind": "b"}]))
    buckets.flush(4 * SPAN)
    assert buckets.take().detectors[0].matrix("count", 0, 4)[1, 1:].tolist() == [1, 0, 1]


def test_a_summary_count_of_zero_counts_nothing_and_one_that_cannot_be_is_missing():
    job = make_job([one("count", partition_field_name="site")], summary="n")
    rows = [{"time": 0, "site": "a", "n": n} for n in (2.0, 0.0, None, -1.0, 1e150)] + [{"time": SPAN, "site": "b", "n": 0.0}]
    closed, buckets = run(job, [rows])
    assert cells(closed) == {(0, "count", "a", None, None, 0): 2.0, (0, "weight", "a", None, None, 0): 2.0}
    counts = buckets.counted(DataCounts(missing_field_count=1))
    assert counts.missing_field_count == 3
    assert [(example.reason, example.row, example.value) for example in counts.examples] == [
        ("missing_field", 4, "-1.0"),
        ("missing_field", 5, "1e+150"),
    ]


def test_detectors_of_the_same_field_and_split_share_their_statistics():
    job = make_job([one(name) for name in ("mean", "max", "min", "varp", "sum", "high_mean")])
    assert len(Buckets.build(job)._accumulators) == 1


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
