"""Which series a row belongs to, and what its number stands for."""

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
