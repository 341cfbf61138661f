"""From a probability to a number a person can rank: the raw score and the normalised score, both 0 to 100."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RECORD_SCORE: Final = 10.0
"""Records are written from this score on: a probability of 0.035 in half an hour (reference engine, section 0)."""

STANDARD_SPAN_MS: Final = 30 * 60_000
"""A score means the same number of alarms a month whatever the bucket span: it is anchored on half-hour buckets."""

# log10 of 1/p for a standard bucket -> score. The anchors up to 5e-4 are the reference engine's absolute ceiling (section 7:
# .05 -> 5, .035 -> 10, .01 -> 30, .001 -> 65, 5e-4 -> 75); where that saturates this scale goes on, so gross anomalies rank.
_SURPRISE: Final = np.array([*-np.log10([1.0, 0.05, 0.035, 0.01, 0.001, 5e-4]), 4.0, 6.0, 10.0, 20.0, 50.0, 308.0])
_SCORE: Final = np.array([0.0, 5.0, 10.0, 30.0, 65.0, 75.0, 85.0, 90.0, 94.0, 97.0, 98.5, 100.0])


def normalised_score(ln_p: Floats, bucket_span_ms: int) -> Floats:
    """The 0-100 score of probabilities: 75 is passed about 0.7 times a month by a normal series, whatever its bucket span.

    Args:
        ln_p: natural logarithms of probabilities, <= 0.
        bucket_span_ms: length of a bucket in milliseconds. Buckets shorter than half an hour give more chances to be
            odd within one, so their probability is first turned into that of the least likely bucket in half an hour.
    """
    chances = max(1.0, STANDARD_SPAN_MS / bucket_span_ms)
    return np.asarray(np.interp(-least_of(ln_p, chances) / math.log(10.0), _SURPRISE, _SCORE))


def raw_score(ln_p: Floats) -> Floats:
    """The deviation of a probability, 0-100, before normalisation (reference engine, section 6.4).

    Zero from 0.05 up, rises to 1 at 1e-4 with 1/p, to 50 at 1e-50 and 100 at the smallest normal double with ln p.
    """
    bounded = np.maximum(ln_p, math.log(np.finfo(float).tiny))
    small, tiny = math.log(1e-4), math.log(1e-50)
    mild = np.clip((np.exp(-np.maximum(bounded, small)) - 20.0) / (1e4 - 20.0), 0.0, 1.0)
    strong = 49.0 * np.clip((small - bounded) / (small - tiny), 0.0, 1.0)
    extreme = 50.0 * np.clip((tiny - bounded) / (tiny - math.log(np.finfo(float).tiny)), 0.0, 1.0)
    return np.asarray(mild + strong + extreme)


def least_of(ln_p: Floats, n: Floats | float) -> Floats:
    """ln(1 - (1 - p)^n): the chance that the least of `n` independent probabilities is at most p."""
    ln_p = np.minimum(np.asarray(ln_p, dtype=float), 0.0)
    with np.errstate(divide="ignore"):  # p = 1 gives log1p(-1) = -inf and the right answer 0
        direct = np.log(-np.expm1(n * np.log1p(-np.exp(ln_p))))
    # Below 1e-12 the direct form loses digits and then underflows; there n p is exact to within n p / 2.
    return np.where(ln_p + np.log(n) < math.log(1e-12), ln_p + np.log(n), direct)


def one_of(ln_p: Floats, n: Floats | float) -> Floats:
    """ln(1 - (1 - p)^(1/n)): the probability of each of `n` of which the least is at most p; undoes `least_of`."""
    ln_p = np.minimum(np.asarray(ln_p, dtype=float), 0.0)
    with np.errstate(divide="ignore"):  # p = 1 gives log1p(-1) = -inf and the right answer 0
        direct = np.log(-np.expm1(np.log1p(-np.exp(ln_p)) / n))
    return np.where(ln_p < math.log(1e-12), ln_p - np.log(n), direct)


def ln_p_of_score(score: float, bucket_span_ms: int) -> float:
    """ln of the probability that `normalised_score` gives this score, in (0, 100]."""
    surprise = np.interp(score, _SCORE, _SURPRISE) * math.log(10.0)
    return float(one_of(np.array([-surprise]), max(1.0, STANDARD_SPAN_MS / bucket_span_ms))[0])
