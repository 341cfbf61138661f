"""What a bucket value is made of: spreads, sums, weights."""

import numpy as np
import pytest

from tests.buckets.support import SPAN, make_job, matrix, one, run


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
