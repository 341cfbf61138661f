"""How many buckets there were, how many of them empty or sparse."""

import numpy as np

from barograph.buckets.bucket_counts import BucketCounter
from tests.buckets.support import SPAN


def test_a_bucket_far_below_the_recent_ones_is_sparse():
    usual = np.array([100, 104, 96] * 8)
    counter = BucketCounter.build(SPAN, None).after(0, 26, np.arange(26), np.append(usual, [92, 80]))
    assert counter.counts.sparse_bucket_count == 2
    assert counter.counts.latest_sparse_bucket_timestamp == 25 * SPAN
    parts = BucketCounter.build(SPAN, None)
    for bucket, events in enumerate([*usual, 92, 80]):
        parts = parts.after(bucket, bucket + 1, np.array([bucket]), np.array([events]))
    assert parts.counts == counter.counts
    assert BucketCounter.build(SPAN, parts.snapshot()).counts == counter.counts


def test_no_bucket_of_an_even_stream_is_sparse():
    counter = BucketCounter.build(SPAN, None).after(0, 40, np.arange(40), np.full(40, 100))
    assert counter.counts.sparse_bucket_count == 0


def test_the_latest_empty_bucket_is_the_last_one_without_rows():
    for filled, latest in (([0, 1, 4], 3), ([3, 4], 2), ([0, 1], 4), ([], 4), ([0, 1, 2, 3, 4], None)):
        counter = BucketCounter.build(SPAN, None).after(0, 5, np.array(filled, np.int64), np.ones(len(filled), np.int64))
        assert counter.counts.latest_empty_bucket_timestamp == (None if latest is None else latest * SPAN)
        assert counter.counts.empty_bucket_count == 5 - len(filled)
