"""Series to buckets."""

import math

import numpy as np
import pytest

from barograph.scoring.aggregate import Evidence, Levels, evidence_and_learn
from barograph.scoring.groups import Groups
from barograph.scoring.severity import normalised_score

HALF_HOUR = 1_800_000


def evidence(p: list[list[float]], partition: list[int], detector: int = 0) -> Evidence:
    return evidence_and_learn(Groups.build(HALF_HOUR), detector, np.log(np.array(p)), np.array(partition, np.int32))


def of_bucket(*detectors: list[Evidence]) -> np.ndarray:
    levels = Levels.build(len(detectors), HALF_HOUR)
    return levels.bucket_and_learn([levels.detector_and_learn(i, one) for i, one in enumerate(detectors)])


def of_detector(measures: list[Evidence]) -> np.ndarray:
    return Levels.build(1, HALF_HOUR).detector_and_learn(0, measures)


def test_a_job_of_one_series_has_the_series_probability() -> None:
    ln_p = of_bucket([evidence([[1e-9, 0.01, math.nan, 0.7]], [0])])
    assert ln_p == pytest.approx(np.log([1e-9, 0.01, 1.0, 1.0]))


def test_two_detectors_that_agree_are_less_likely_than_one() -> None:
    odd, quiet = evidence([[1e-6]], [0]), evidence([[0.5]], [0])
    (one,), (two,) = of_bucket([odd], [quiet]), of_bucket([odd], [odd])
    assert two < one < math.log(1e-5)


def test_adding_quiet_partitions_changes_a_severe_score_by_less_than_5_per_cent() -> None:
    scores = []
    for partitions in (1, 10, 1000):
        p = np.full((partitions, 1), 0.5)
        p[0] = 1e-20
        ln_p = of_bucket([evidence(p.tolist(), list(range(partitions)))])
        scores.append(float(normalised_score(ln_p, HALF_HOUR)[0]))
    assert min(scores) > 0.95 * max(scores)


def test_many_mildly_odd_series_and_one_very_odd_one_both_show() -> None:
    before = np.log(np.random.default_rng(4).random((200, 2_000)))
    mild, one = np.full((200, 1), 0.5), np.full((200, 1), 0.5)
    mild[:60], one[0] = 0.02, 1e-9
    for p in (mild, one):
        ln_p = np.concatenate([before, np.log(p)], axis=1)
        assert Levels.build(1, HALF_HOUR).detector_and_learn(0, [Evidence(0, ln_p, np.full(2_001, 200.0))])[-1] < math.log(1e-6)


def test_series_without_data_are_no_members() -> None:
    present = [[1e-4], [0.3]]
    absent = [*present, *[[math.nan]] * 50]
    assert of_bucket([evidence(absent, list(range(52)))]) == of_bucket([evidence(present, [0, 1])])


def test_the_measures_of_a_metric_meet_partition_by_partition() -> None:
    # Two partitions of one series each: in the first all three measures are odd, in the second none is.
    measures = [evidence([[odd], [quiet]], [0, 1]) for odd, quiet in ((1e-4, 0.9), (2e-4, 0.8), (5e-4, 0.7))]
    together = Groups.build(HALF_HOUR).combine_and_learn(
        np.log([[1e-4], [2e-4], [5e-4], [0.9], [0.8], [0.7]]), np.array([0, 0, 0, 1, 1, 1])
    )
    assert of_detector(measures) == of_detector([Evidence(0, together, np.full(1, 2.0))])


def test_a_metric_detector_is_as_calibrated_as_three_detectors() -> None:
    """Null: 3 measures of 40 series are uniform. The bucket's p falls below q about as often as q."""
    buckets, series = 4_000, 40
    ln_p = np.log(np.random.default_rng(5).random((3, series, buckets)))
    partition = np.zeros(series, np.int32)
    found = of_bucket([evidence_and_learn(Groups.build(HALF_HOUR), 0, one, partition) for one in ln_p])
    for q in (0.1, 0.01):
        assert np.mean(found <= math.log(q)) <= 1.3 * q + 3 * math.sqrt(q / buckets)
