"""Why a bucket scores what it scores: what its series add up to, and how much of it each of them is."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.kernels.elementary import least_of
from barograph.results.arrays import Floats
from barograph.scoring.explain import Factor
from barograph.scoring.groups import added
from barograph.scoring.severity import normalised_score

BUCKET_FACTORS: Final = {
    "oddest_series": "the oddest series by itself",
    "number_of_series": "that so many series were looked at",
    "together": "what they show together, and showed before",
    "job": "how often the job has been this odd",
}
"""Names of the factors in the order in which they are applied, and what a person calls them."""


@dataclass(frozen=True)
class BucketSum:
    """What makes the score of a whole bucket.

    Attributes:
        score: the score that the bucket had when it was first written.
        series: how many series of all detectors have data in it.
        factors: what adds up to the score, in the order of `BUCKET_FACTORS`.
        shares: [n] of each series in what they show together, 0 to 1; 1 in all, or all 0 where nothing is odd. NaN: no data.
    """

    score: float
    series: int
    factors: tuple[Factor, ...]
    shares: Floats


def bucket_sum(series_ln_p: Floats, bucket_ln_p: float, score: float, bucket_span_ms: int) -> BucketSum:
    """Take the score of a bucket apart.

    Args:
        series_ln_p: [n] ln of the evidence against each series of the job; NaN is no data.
        bucket_ln_p: ln of the bucket's probability.
        score: its initial score.
        bucket_span_ms: length of a bucket.
    """
    known = ~np.isnan(series_ln_p)
    members = int(known.sum())
    least = np.array([series_ln_p[known].min() if members else 0.0])
    steps = (least, least_of(least, float(max(members, 1))), np.array([bucket_ln_p]))
    scores = [float(normalised_score(ln_p, bucket_span_ms)[0]) for ln_p in steps]
    points = np.diff([0.0, *scores, score]).tolist()
    factors = tuple(Factor(name, one) for name, one in zip(BUCKET_FACTORS, points, strict=True))
    shares = np.full(len(series_ln_p), np.nan)
    shares[known] = added(series_ln_p[known])
    total = float(shares[known].sum())
    return BucketSum(score, members, factors, shares / total if total > 0.0 else np.where(known, 0.0, np.nan))
