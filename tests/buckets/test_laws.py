"""Laws of the bucket stage: what may not change a result, and that results are what their definition says."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from barograph.config.job import Job
from barograph.results.counts import DataCounts
from tests.buckets import support
from tests.oracle import fold as oracle

TOLERANCE = {"sum": 1e-12, "mean": 1e-12, "varp": 1e-10}


def close(statistic: str, got: float | None, wanted: Fraction | None, scale: float) -> bool:
    if wanted is None or got is None:
        return wanted is None and (got is None or math.isnan(got))
    tolerance = TOLERANCE.get(statistic, 0.0)
    return abs(got - float(wanted)) <= tolerance * max(scale, abs(float(wanted)))


def flushed(job: Job, rows: list[dict[str, object]]):
    closed, buckets = support.run(job, [rows])
    before = buckets.closed_until
    buckets.flush(10 * support.SPAN)
    last = buckets.take()
    return [*closed, *([last] if last else [])], buckets, before


@given(job=support.jobs(), rows=support.stream())
def test_cells_and_shares_are_their_definition(job, rows):
    closed, _, before = flushed(job, rows)
    wanted = oracle.fold(job, rows)
    assert before == wanted.closed_until
    got, got_shares = support.cells(closed), support.shares(closed)
    seen = set()
    for index, detector in enumerate(job.detectors):
        statistic = detector.spec.statistic
        scale = 60 * 1e6 ** (2 if statistic == "varp" else 1)
        for key, cell in wanted.cells[index].items():
            seen |= {(index, statistic, *key), (index, "weight", *key)}
            assert close(statistic, got[index, statistic, *key], oracle.value_of(statistic, cell), scale)
            assert got[index, "weight", *key] == oracle.weight_of(cell)
    assert set(got) == seen
    assert len(got_shares) == len(wanted.shares)
    for (index, *key), share in wanted.shares.items():
        detector = job.detectors[index]
        statistic = detector.spec.statistic
        value, weight, mean, m2 = got_shares[index, statistic, *key]
        assert weight == oracle.weight_of(share)
        assert close(statistic, value, oracle.value_of(statistic, share), 60 * 1e12)
        if detector.spec.field_type == "number" and detector.field_name:
            assert close("mean", mean, oracle.mean_of(share), 1e6)
            assert close("varp", m2, oracle.m2_of(share), 1e12)
        else:
            assert mean is None
            assert m2 is None


@given(job=support.jobs(), rows=support.stream())
def test_late_rows_and_buckets_are_counted(job, rows):
    closed, buckets, _ = flushed(job, rows)
    wanted = oracle.fold(job, rows)
    counts = buckets.counted(DataCounts())
    assert counts.out_of_order_timestamp_count == wanted.late
    assert sum(one.reason == "out_of_order" for one in counts.examples) == min(wanted.late, 5)
    total = sum(one.end_bucket - one.first_bucket for one in closed)
    assert total == 10 - wanted.first == counts.bucket_count
    assert counts.empty_bucket_count == total - len(wanted.events)
    for one in closed:
        events = one.event_count(one.first_bucket, one.end_bucket)
        assert events.tolist() == [wanted.events.get(b, 0) for b in range(one.first_bucket, one.end_bucket)]


@given(data=st.data(), job=support.jobs(), rows=support.stream(), resume=st.booleans())
def test_chunks_and_snapshots_change_no_bit(data, job, rows, resume):
    one, buckets = support.run(job, [rows])
    other, again = support.run(job, data.draw(support.cut(rows)), resume)
    assert support.bits(support.cells(one)) == support.bits(support.cells(other))
    assert support.shares(one) == support.shares(other)
    assert support.snapshot(buckets) == support.snapshot(again)


@given(data=st.data(), rows=support.rows)
def test_rows_within_the_latency_are_as_if_in_order(data, rows):
    job = support.make_job(influencers=["user"], latency="1h")
    rows = [{"time": 0, "x": None, "n": None, "site": None, "kind": None, "user": None}, *rows]
    shuffled = [rows[0], *data.draw(st.permutations(rows[1:]))]
    (ordered, _, _), (disordered, _, _) = flushed(job, rows), flushed(job, shuffled)
    a, b = support.cells(ordered), support.cells(disordered)
    assert set(a) == set(b)
    for key in a:
        # Sums of values that cancel out have no relative precision: the tolerance is relative to the values, up to 1e6.
        scale = 0.0 if key[1] not in TOLERANCE else 1e12 if key[1] == "varp" else 1e6
        assert np.isclose(a[key], b[key], rtol=0.0, atol=1e-12 * scale, equal_nan=True)


@given(job=support.jobs(), rows=support.stream(), start=st.integers(0, 9), width=st.integers(1, 4))
def test_a_matrix_is_its_cells_and_the_zeros_of_empty_buckets(job, rows, start, width):
    closed, _, _ = flushed(job, rows)
    for one in closed:
        for detector in one.detectors:
            statistic = detector.function.statistic
            end = start + width
            matrix, weights = detector.matrix(statistic, start, end), detector.weights(start, end)
            assert matrix.shape == weights.shape == (len(detector.known), width)
            cells = detector.cells[statistic]
            for series in range(len(matrix)):
                for bucket in range(start, end):
                    cell = int(detector.find(np.array([series]), np.array([bucket]))[0])
                    zero = detector.function.empty == "zero" and bucket >= detector.known.first_bucket[series]
                    wanted = cells.actual[cell] if cell >= 0 else (0.0 if zero else math.nan)
                    assert np.array_equal(matrix[series, bucket - start], wanted, equal_nan=True)
                    assert weights[series, bucket - start] == (cells.weight[cell] if cell >= 0 else 0)
