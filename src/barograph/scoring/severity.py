"""From a probability to a number a person can rank: the raw score and the normalised score, both 0 to 100."""

import sys
from typing import Final

import numpy as np

from barograph.kernels.elementary import e_to, least_of, ln, one_of
from barograph.results.arrays import Floats

RECORD_SCORE: Final = 10.0
"""Records are written from this score on, as the reference engine does (section 0): a probability of 0.01 in half an hour."""

STANDARD_SPAN_MS: Final = 30 * 60_000
"""A score means the same number of alarms a month whatever the bucket span: it is anchored on half-hour buckets."""

LN_10: Final = ln(10.0)

# An honest probability passes 50 about 0.4 times a month, and 75 once in two years: chosen, so that nobody is woken by chance
# alone who watches a few dozen series.
_ANCHORS: Final = np.array([1.0, 0.03, 0.01, 0.001, 3e-4, 3e-5, 1e-6])
_SURPRISE: Final = np.array([*(-ln(_ANCHORS) / LN_10), 10.0, 20.0, 50.0, 308.0])
_SCORE: Final = np.array([0.0, 3.0, 10.0, 35.0, 50.0, 75.0, 88.0, 94.0, 97.0, 98.5, 100.0])


def normalised_score(ln_p: Floats, bucket_span_ms: int) -> Floats:
    """The 0-100 score of probabilities: a normal series passes 75 once in two years, whatever its bucket span.

    Args:
        ln_p: [k] natural logarithms of probabilities, <= 0.
        bucket_span_ms: length of a bucket in milliseconds. Buckets shorter than half an hour give more chances to be
            odd within one, so their probability is first turned into that of the least likely bucket in half an hour.
    """
    score, odd = np.zeros(len(ln_p)), np.flatnonzero(~(ln_p >= 0.0))  # half of all buckets are not odd at all
    if len(odd):
        chances = max(1.0, STANDARD_SPAN_MS / bucket_span_ms)
        score[odd] = np.interp(-least_of(ln_p[odd], chances) / LN_10, _SURPRISE, _SCORE)
    return score


def raw_score(ln_p: Floats) -> Floats:
    """The deviation of a probability, 0-100, before normalisation (reference engine, section 6.4).

    Zero from 0.05 up, rises to 1 at 1e-4 with 1/p, to 50 at 1e-50 and 100 at the smallest normal double with ln p.
    """
    score, odd = np.zeros(len(ln_p)), np.flatnonzero(~(ln_p > ln(0.06)))  # nearly no bucket is so odd
    if len(odd):
        small, tiny, least = ln(1e-4), ln(1e-50), ln(sys.float_info.min)
        bounded = np.maximum(ln_p[odd], least)
        mild = np.clip((e_to(-np.maximum(bounded, small)) - 20.0) / (1e4 - 20.0), 0.0, 1.0)
        strong = 49.0 * np.clip((small - bounded) / (small - tiny), 0.0, 1.0)
        score[odd] = mild + strong + 50.0 * np.clip((tiny - bounded) / (tiny - least), 0.0, 1.0)
    return score


def ln_p_of_score(score: float, bucket_span_ms: int) -> float:
    """ln of the probability that `normalised_score` gives this score, in (0, 100]."""
    surprise = np.interp(score, _SCORE, _SURPRISE) * LN_10
    return float(one_of(np.array([-surprise]), max(1.0, STANDARD_SPAN_MS / bucket_span_ms))[0])
