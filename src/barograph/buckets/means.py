"""The mean of each bucket's values, of values that are all there at once."""

from typing import Final

import numpy as np

from barograph.buckets.accumulator import Accumulator, Folded
from barograph.buckets.batch import EACH_ONE, Batch
from barograph.buckets.growing_records import NONE
from barograph.buckets.split_keys import Split
from barograph.results.arrays import Floats, Ints

_VALUES: Final = Folded(Split((), False), "value", "number")


def bucket_means(bucket: Ints, value: Floats) -> Floats:
    """The mean of each bucket from the first one to the last, the same bits as a job's; NaN where a bucket has no value.

    Args:
        bucket: [n >= 1] bucket number of each value, ascending.
        value: [n] finite numbers in the order of their times; NaN is no value.
    """
    first, end = int(bucket[0]), int(bucket[-1]) + 1
    fold = Accumulator.build(_VALUES, frozenset({"mean"}), ())
    fold.fold(bucket, np.where(np.isnan(value), np.int32(NONE), np.int32(0)), Batch(EACH_ONE, value=value), {})
    cells = fold.finish(end, {})
    means = np.full(end - first, np.nan)
    means[cells.bucket - first] = cells.statistics.value("mean")
    return means
