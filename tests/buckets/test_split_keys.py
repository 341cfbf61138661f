"""Which series a row belongs to, and what its number stands for."""

import numpy as np

from barograph.buckets import Buckets
from barograph.results.snapshot import Snapshot
from tests.buckets.support import SPAN, cells, frame, make_job, one, run


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


def test_members_of_a_population_are_told_apart_within_partition_and_by_value():
    by_all = {"partition_field_name": "site", "by_field_name": "kind", "over_field_name": "user"}
    job = make_job([one("sum", **by_all), one("count", over_field_name="user")])
    first = [{"time": 0, "x": 1.0, "site": site, "kind": kind, "user": "u"} for site in "ab" for kind in "xy"]
    nobody = {"time": 0, "x": 1.0, "site": "a", "kind": "x", "user": None}
    buckets = Buckets.build(job)
    buckets.add(*frame(job, [*first, nobody]))
    buckets = Buckets.build(job, Snapshot.from_bytes(Snapshot(buckets.snapshot()).to_bytes()).arrays)
    later = [{**first[3], "time": SPAN}, {**first[3], "time": SPAN, "user": "v"}, {**first[0], "time": 2 * SPAN}]
    buckets.add(*frame(job, later))
    members, alone = buckets.take().detectors
    assert members.cells["sum"].series.tolist() == [0, 1, 2, 3, 3, 4]
    assert members.known.names(np.arange(5, dtype=np.int32)).rows() == [
        *((site, kind, "u") for site in "ab" for kind in "xy"),
        ("b", "y", "v"),
    ]
    assert alone.known.names(np.arange(2, dtype=np.int32)).rows() == [(None, None, "u"), (None, None, "v")]
    assert buckets.split_counts() == {"partition": 2, "by": 4, "over": 4}


def test_a_member_without_rows_has_no_value():
    job = make_job([one("count", over_field_name="user"), one("count", partition_field_name="user")])
    (closed,), _ = run(job, [[{"time": 0, "user": "u"}, {"time": SPAN, "user": "v"}, {"time": 2 * SPAN, "user": "v"}]])
    over, partition = (detector.matrix("count", 0, 2)[0].tolist() for detector in closed.detectors)
    assert partition == [1.0, 0.0]
    assert over[0] == 1.0
    assert np.isnan(over[1])
