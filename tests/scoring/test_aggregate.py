"""Leaves to buckets."""

import math

import numpy as np
import pytest

from barograph.scoring.aggregate import Leaves, bucket_ln_p
from barograph.scoring.severity import normalised_score

HALF_HOUR = 1_800_000


def leaves(*rows: tuple[int, int, int, float], series: float = 1.0, partitions: float = 1.0) -> Leaves:
    bucket, detector, partition, p = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    return Leaves(bucket, detector, detector, np.ones(n), partition, np.log(p), np.full(n, series), np.full(n, partitions))


def test_a_job_of_one_series_has_the_series_probability() -> None:
    bucket, ln_p = bucket_ln_p(leaves((5, 0, 0, 1e-9), (7, 0, 0, 0.01)), detectors=1)
    assert bucket.tolist() == [5, 7]
    assert ln_p == pytest.approx(np.log([1e-9, 0.01]))


def test_two_detectors_that_agree_are_less_likely_than_one() -> None:
    _, one = bucket_ln_p(leaves((5, 0, 0, 1e-6)), detectors=2)
    _, two = bucket_ln_p(leaves((5, 0, 0, 1e-6), (5, 1, 0, 1e-6)), detectors=2)
    assert two[0] < one[0] < math.log(1e-5)


def test_adding_quiet_partitions_changes_a_severe_score_by_less_than_5_per_cent() -> None:
    scores = []
    for partitions in (1.0, 10.0, 1000.0):
        _, ln_p = bucket_ln_p(leaves((5, 0, 0, 1e-20), partitions=partitions), detectors=1)
        scores.append(float(normalised_score(ln_p, HALF_HOUR)[0]))
    assert min(scores) > 0.95 * max(scores)


def test_a_metric_detector_is_as_calibrated_as_three_detectors() -> None:
    """Null: 3 measures of 40 series are uniform. The bucket's p falls below q about as often as q."""
    buckets, series = 4_000, 40
    p = np.random.default_rng(5).random((buckets, 3, series))
    bucket, measure, which = np.nonzero(p <= 0.2)
    n = len(bucket)
    zeros, many = np.zeros(n, np.int64), np.full(n, float(series))
    null = Leaves(bucket, zeros, measure, np.full(n, 3.0), zeros, np.log(p[bucket, measure, which]), many, np.ones(n))
    _, ln_p = bucket_ln_p(null, detectors=1)
    for q in (0.1, 0.01):
        assert np.mean(ln_p <= math.log(q)) * len(ln_p) / buckets <= 1.3 * q + 3 * math.sqrt(q / buckets)


def test_no_leaf_no_bucket() -> None:
    nothing = np.zeros(0)
    none = nothing.astype(np.int64)
    bucket, ln_p = bucket_ln_p(Leaves(none, none, none, nothing, none, nothing, nothing, nothing), detectors=1)
    assert bucket.size == ln_p.size == 0
