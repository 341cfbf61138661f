"""Episodes that begin at once: more than chance explains, though no entity says what they have in common."""

from typing import Final

import numpy as np

from barograph.kernels.elementary import e_to
from barograph.results.arrays import Bools, Floats, Ints
from barograph.scoring.episodes import QUIET_BUCKETS

BY_CHANCE: Final = 1e-4
"""So many that begin in two buckets are no chance if their probability is below this. Chosen: it takes three where nothing
began for twelve buckets (1 in 80,000), four after one, five after two."""

AT_ONCE: Final = 2
"""Buckets: what has one cause may show in the next one, wherever borders of buckets lie."""

_LEAST: Final = 0.25  # what begins in twelve buckets in which nothing did: less than one, more than none


def bursts(onset: Ints, is_alone: Bools, is_major: Bools) -> Ints:
    """The burst [n] that each episode is in, numbered from 0; -1: none.

    A burst is two buckets in which more major episodes begin that have nothing in common than chance allows, judged by what
    began in the twelve buckets before. Only the past is looked at, so what is a burst stays one.

    Args:
        onset: [n] bucket in which each episode began.
        is_alone: [n] whether it hangs together with no other.
        is_major: [n] whether it is major. Others go with a burst, but make none.
    """
    out = np.full(len(onset), -1)
    of_burst = np.unique(onset[is_alone & is_major])
    if not len(of_burst):
        return out
    at = np.sort(onset[is_alone & is_major])
    many = np.searchsorted(at, of_burst + AT_ONCE) - np.searchsorted(at, of_burst)
    every = np.sort(onset[is_major])
    before = np.searchsorted(every, of_burst) - np.searchsorted(every, of_burst - QUIET_BUCKETS)
    first = of_burst[_chance(many, AT_ONCE * np.maximum(before.astype(float), _LEAST) / QUIET_BUCKETS) < BY_CHANCE]
    if not len(first):
        return out
    number = np.cumsum(np.concatenate([[0], np.diff(first) >= AT_ONCE]))  # what overlaps is one burst
    place = np.searchsorted(first, onset, side="right") - 1
    inside = is_alone & (place >= 0) & (onset < first[np.maximum(place, 0)] + AT_ONCE)
    out[inside] = number[place[inside]]
    return out


def _chance(many: Ints, expected: Floats) -> Floats:
    """The probability of so many or more, 1 or more, where a Poisson variable has this mean."""
    term = e_to(-expected)
    below = np.zeros(len(many))
    for k in range(int(many.max())):
        below += np.where(k < many, term, 0.0)
        term = term * expected / (k + 1)
    return 1.0 - below
