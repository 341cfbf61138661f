"""What finished buckets say: value, zero and no data; influencer shares by cell; slices."""

import numpy as np
import pytest

from barograph.results import schema
from barograph.results.counts import DataCounts
from tests.buckets import support
from tests.buckets.support import SPAN, make_job, matrix, one, run


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


def test_shares_know_their_cell():
    job = make_job([one("mean", partition_field_name="site")], influencers=["user", "kind"])
    rows = [
        {"time": 0, "site": "a", "x": 1.0, "user": "u", "kind": "k"},
        {"time": 0, "site": "a", "x": 3.0, "user": "v", "kind": None},
        {"time": 0, "site": "b", "x": 7.0, "user": "u", "kind": "k"},
        {"time": SPAN, "site": "b", "x": 0.0},
    ]
    (closed,), _ = run(job, [rows])
    detector = closed.detectors[0]
    cells = detector.find(np.array([1, 0, 1]), np.array([0, 0, 3]))
    assert cells.tolist() == [1, 0, -1]
    shares, cell = detector.shares_between("mean", 0, 1)
    columns = ("influencer_field_name", "influencer_field_value", "value", "weight", "mean", "m2", "without")
    assert [(at, *share) for at, share in zip(cell.tolist(), shares.select(columns).rows(), strict=True)] == [
        (0, "user", "u", 1.0, 1.0, 1.0, 0.0, None),
        (0, "user", "v", 3.0, 1.0, 3.0, 0.0, None),
        (1, "user", "u", 7.0, 1.0, 7.0, 0.0, None),
        (0, "kind", "k", 1.0, 1.0, 1.0, 0.0, None),
        (1, "kind", "k", 7.0, 1.0, 7.0, 0.0, None),
    ]
    spread = run(make_job([one("varp", partition_field_name="site")]), [rows])[0][0].detectors[0]
    assert spread.means(cells)[:2].tolist() == [7.0, 2.0]


def test_a_gap_of_a_billion_buckets_costs_only_what_is_asked_for():
    far = 10**9 * 1_000
    job = make_job([{"function": "count", "partition_field_name": "site"}], span="1s")
    near = [{"time": 0, "site": "a"}, {"time": 1_000, "site": "a"}]
    rows = [*near, *({"time": time, "site": "b"} for time in (far, far, far + 1_000))]  # one alone is a wrong clock
    (closed,), buckets = support.run(job, [rows])
    assert closed.end_bucket - closed.first_bucket == 10**9 + 1
    assert buckets.counted(DataCounts()).empty_bucket_count == 10**9 - 2
    piece = next(closed.slices(1_000))
    (detector,) = piece.detectors
    matrix = detector.matrix("count", piece.first_bucket, piece.end_bucket)
    assert matrix.shape == (2, 500)  # as many values as were asked for
    assert matrix[0, :3].tolist() == [1, 1, 0]


def test_slices_cover_the_buckets_in_order_without_overlap():
    rows = [{"time": bucket * SPAN, "site": f"{bucket % 3}", "x": 1.0} for bucket in range(20)]
    (closed,), _ = support.run(make_job(), [rows])
    pieces = list(closed.slices(12))
    assert [piece.first_bucket for piece in pieces] == [0, 4, 8, 12, 16]
    assert [piece.end_bucket for piece in pieces] == [4, 8, 12, 16, 19]
    whole = closed.detectors[0].matrix("count", 0, 19)
    parts = [piece.detectors[0].matrix("count", piece.first_bucket, piece.end_bucket) for piece in pieces]
    assert np.array_equal(np.hstack(parts), whole, equal_nan=True)
    assert np.concatenate([piece.event_count(piece.first_bucket, piece.end_bucket) for piece in pieces]).tolist() == [1] * 19


def test_shares_have_the_columns_of_the_history():
    rows = [{"time": 0, "x": 1.0, "site": "a", "kind": "k", "user": "u"}, {"time": SPAN, "site": "b"}]
    for influencers in ((), ("user",), ("user", "kind")):
        (closed,), _ = run(make_job(influencers=influencers), [rows])
        for detector in closed.detectors:
            shares = detector.history_shares(detector.function.statistic, 0, 1)
            assert shares.schema == schema.polars_schema(schema.INFLUENCER_SHARES)
            assert set(shares["influencer_field_name"]) == set(influencers)
