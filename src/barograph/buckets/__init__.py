"""Rows into bucket values: `Buckets` folds rows as they come, `FinishedBuckets` is what finished buckets hand on."""

from barograph.buckets.buckets import Buckets
from barograph.buckets.finished import Cells, DetectorValues, FinishedBuckets
from barograph.buckets.known_series import NOT_BEGUN, KnownSeries
from barograph.buckets.usual import Usual

__all__ = ["NOT_BEGUN", "Buckets", "Cells", "DetectorValues", "FinishedBuckets", "KnownSeries", "Usual"]
