"""Leaves to buckets, bottom up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.scoring.combine import combine
from barograph.scoring.severity import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Leaves:
    """The odd leaves of a stretch of time, one row each, with the numbers of those that were quiet.

    Attributes:
        bucket: [k] bucket index.
        detector: [k] position of the detector in the job.
        measure: [k] position of the measure in the job; a detector has one, `metric` three.
        measures: [k] measures of the detector.
        partition: [k] dense id of the partition within the detector.
        ln_p: [k] ln of the evidence against the bucket value, <= 0.
        series: [k] series with data in the same measure, partition and bucket, this one included.
        partitions: [k] partitions with data in the same measure and bucket, this one included.
    """

    bucket: Ints
    detector: Ints
    measure: Ints
    measures: Floats
    partition: Ints
    ln_p: Floats
    series: Floats
    partitions: Floats


def bucket_ln_p(leaves: Leaves, detectors: int) -> tuple[Ints, Floats]:
    """Combine leaves over series, then measures, then partitions, then detectors.

    Args:
        leaves: the leaves at or below `combine.LN_LEAF`.
        detectors: how many detectors the job has.

    Returns:
        The buckets with at least one leaf, ascending [g], and ln of their probability [g].
    """
    by_measure = _key(leaves.bucket, leaves.measure, leaves.partition)
    group, ln_p = combine(leaves.ln_p, by_measure.code, leaves.series)
    first = by_measure.first[group]
    by_partition = _key(leaves.bucket[first], leaves.detector[first], leaves.partition[first])
    group, ln_p = combine(ln_p, by_partition.code, leaves.measures[first])
    first = first[by_partition.first[group]]
    by_detector = _key(leaves.bucket[first], leaves.detector[first])
    group, ln_p = combine(ln_p, by_detector.code, leaves.partitions[first])
    first = first[by_detector.first[group]]
    return combine(ln_p, leaves.bucket[first], np.full(len(first), float(detectors)))


@dataclass(frozen=True)
class _Key:
    code: Ints
    first: Ints


def _key(*columns: Ints) -> _Key:
    """Dense codes of the rows' distinct tuples in ascending order, and the first row of each."""
    _, first, code = np.unique(np.stack(columns, axis=1), axis=0, return_index=True, return_inverse=True)
    return _Key(code.reshape(-1), first)
