"""Series to the bucket, bottom up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.scoring.combine import combine
from barograph.scoring.severity import Floats

LN_QUIET: Final = np.log(0.6)
"""Buckets above this probability have nothing to tell: all score 0. Chosen: see docs/modelling.md."""


@dataclass(frozen=True)
class Evidence:
    """What the series of one measure show in a stretch of buckets.

    Attributes:
        detector: position of the detector in the job; a detector has one measure, `metric` three.
        ln_p: [S, T] ln of the evidence against each bucket value, <= 0; NaN is no data.
        partition: [S] dense id of each series' partition within the detector.
    """

    detector: int
    ln_p: Floats
    partition: NDArray[np.int32]


def detector_ln_p(measures: Sequence[Evidence]) -> Floats:
    """Combine the series of one detector over partitions, then measures, then partitions among themselves.

    Args:
        measures: the detector's measures, one after the other; they have the same series.

    Returns:
        [T] ln of the detector's probability in each bucket; NaN where none of its series has data.
    """
    parts = [combine(one.ln_p, one.partition.astype(np.int64)) for one in measures]
    if len(parts) > 1:
        partition = np.tile(np.arange(len(parts[0])), len(parts))
        parts = [combine(np.concatenate(parts), partition)]
    whole = parts[0]
    if not len(whole):
        return np.full(whole.shape[1], np.nan)
    return np.asarray(combine(whole, np.zeros(len(whole), np.int64))[0])


def bucket_ln_p(detectors: Sequence[Floats]) -> Floats:
    """Combine detectors [T] to the bucket; one without data, or with nothing to tell, has probability 1.

    Returns:
        [T] ln of the bucket's probability, <= 0.
    """
    ln_p = combine(np.stack(detectors), np.zeros(len(detectors), np.int64))[0]
    return np.where(ln_p <= LN_QUIET, ln_p, 0.0)
