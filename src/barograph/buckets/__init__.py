"""Rows into bucket values: `Buckets` folds rows as they come, `Closed` is what finished buckets hand on."""

from barograph.buckets.buckets import Buckets
from barograph.buckets.closed import Closed, DetectorValues

__all__ = ["Buckets", "Closed", "DetectorValues"]
