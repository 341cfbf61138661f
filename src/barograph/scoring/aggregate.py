"""Series to the bucket, bottom up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from barograph.kernels.elementary import ln
from barograph.results.arrays import Floats, Ids
from barograph.scoring.combine import combine

LN_QUIET: Final = ln(0.6)
"""Buckets above this probability have nothing to tell: all score 0. Chosen: see docs/lab.md."""


@dataclass(frozen=True)
class Evidence:
    """What the partitions of one measure show in a stretch of buckets.

    Attributes:
        detector: position of the detector in the job; a detector has one measure, `metric` three.
        ln_p: [P, T] ln of the evidence against all series of each partition together, <= 0; NaN is no data.
        series: [T] how many series have data.
    """

    detector: int
    ln_p: Floats
    series: Floats

    @classmethod
    def of_series(cls, detector: int, ln_p: Floats, partition: Ids) -> Self:
        """Combine the series of each partition.

        Args:
            detector: as above.
            ln_p: [S, T] ln of the evidence against each bucket value, <= 0; NaN is no data.
            partition: [S] dense id of each series' partition within the detector.
        """
        series = np.count_nonzero(~np.isnan(ln_p), axis=0).astype(float)
        return cls(detector, combine(ln_p, partition.astype(np.int64)), series)


def detector_ln_p(measures: Sequence[Evidence]) -> Floats:
    """Combine the partitions of one detector over its measures, then among themselves.

    Args:
        measures: the detector's measures, one after the other; they have the same partitions.

    Returns:
        [T] ln of the detector's probability in each bucket; NaN where none of its series has data.
    """
    parts = [measure.ln_p for measure in measures]
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
    ln_p = combine(np.array(detectors), np.zeros(len(detectors), np.int64))[0]
    return np.where(ln_p <= LN_QUIET, ln_p, 0.0)
