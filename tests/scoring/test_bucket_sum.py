"""The score of a bucket, taken apart."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.scoring.bucket_sum import BUCKET_FACTORS, bucket_sum
from barograph.scoring.severity import normalised_score

HOUR = 3_600_000

ln_ps = st.floats(-700.0, 0.0)


@given(st.lists(st.one_of(ln_ps, st.just(math.nan)), min_size=1, max_size=30), ln_ps, st.floats(0.0, 100.0))
def test_factors_add_up_to_the_score_and_shares_to_one(series: list[float], bucket: float, score: float) -> None:
    found = bucket_sum(np.array(series), bucket, score, HOUR)
    assert tuple(factor.name for factor in found.factors) == tuple(BUCKET_FACTORS)
    assert sum(factor.points for factor in found.factors) == pytest.approx(score, abs=1e-9)
    known = ~np.isnan(series)
    assert found.series == known.sum()
    assert np.array_equal(np.isnan(found.shares), ~known)
    assert np.nansum(found.shares) == pytest.approx(1.0) or not np.nan_to_num(found.shares).any()


def test_one_very_odd_series_is_the_bucket_less_what_the_number_of_series_explains() -> None:
    series = np.log([1e-9, *[0.5] * 99])
    found = bucket_sum(series, math.log(1e-7), float(normalised_score(np.log([1e-7]), HOUR)[0]), HOUR)
    oddest, number, together, job = (factor.points for factor in found.factors)
    assert oddest == pytest.approx(normalised_score(np.log([1e-9]), HOUR)[0])
    assert number < 0
    assert together == pytest.approx(0.0, abs=1e-3)
    assert job == 0.0
    assert found.shares[0] > 0.95


def test_equally_odd_series_share_equally() -> None:
    found = bucket_sum(np.log([0.01] * 20), math.log(1e-12), 94.0, HOUR)
    assert found.shares == pytest.approx([0.05] * 20)
    assert found.factors[2].points > 80
