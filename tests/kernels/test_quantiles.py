"""Days of results against their slow definition."""

import numpy as np
import pytest

from barograph.scoring.normalise import Normaliser
from tests.oracle.quantiles import Past

HOUR = 3_600_000


@pytest.mark.parametrize("hours", [1, 7, 24, 36, 168])
def test_days_are_learned_and_judged_by_their_definition(hours: int) -> None:
    """Three entities that are odd often, one after a pause, and one at times; the job sleeps for some days."""
    random, buckets = np.random.default_rng(hours), max(24 * 60 // hours, 12)
    past, normaliser, known = Past(hours * HOUR), Normaliser.build(hours * HOUR), []
    for first in (100, 130 + buckets):
        odd = random.random((buckets, 5)) < np.array([0.5, 0.5, 0.2, 0.02, first > 100])
        bucket, entity = np.nonzero(odd)
        ln_p = -random.gamma(1.5, 5.0, len(bucket))
        cells = random.integers(odd.sum(axis=1), 8).astype(float)
        raised, ended = normaliser.raise_and_learn(first, cells, bucket + first, entity, ln_p)
        of_bucket = [list(zip(entity[bucket == at], ln_p[bucket == at], strict=True)) for at in range(buckets)]
        expected = [one for at in range(buckets) for one in past.judge_and_learn(first + at, cells[at], of_bucket[at])]
        np.testing.assert_allclose(raised, expected, rtol=1e-9)
        known += [(day.tolist()[:3], day["counts"], at) for day, at in zip(ended.quantiles, ended.bucket, strict=True)]
    assert (raised > ln_p).any()
    for (counted, counts, at), (expected_at, *expected_counted, expected_counts) in zip(known, past.ended, strict=True):
        assert at == expected_at
        np.testing.assert_allclose(counted, expected_counted, rtol=1e-9)
        np.testing.assert_allclose(counts, expected_counts, rtol=1e-9, atol=1e-9)
