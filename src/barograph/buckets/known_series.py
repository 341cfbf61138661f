"""The series of a detector: when each began, and which values of the split fields it stands for."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from barograph.buckets.split_keys import Split, SplitKeys
from barograph.results.arrays import Ids, Ints

NOT_BEGUN = np.iinfo(np.int64).max
"""In place of a series' first bucket, until it has one."""


@dataclass(frozen=True)
class KnownSeries:
    """The S series of one detector, numbered by their first rows. A number never changes its meaning.

    Attributes:
        first_bucket: int64[S], each series' first bucket with a row; one that has not begun has a bucket that is still open, or
            `NOT_BEGUN`.
        key: int32[S], split key of each.
        split: the split that the keys are of.
        splits: what keys stand for. Keys keep their ids, so this stays true while later rows bring new ones.
    """

    first_bucket: Ints
    key: Ids
    split: Split
    splits: SplitKeys

    def __len__(self) -> int:
        return len(self.first_bucket)

    @cached_property
    def partition(self) -> Ids:
        """int32[S], number of each series' partition; all 0 without a partition field."""
        return self.splits.partitions(self.split, self.key)

    @cached_property
    def population(self) -> Ids:
        """int32[S], number of each series' population, which are those with the same partition and by values."""
        return self.splits.populations(self.split, self.key)

    @cached_property
    def member(self) -> Ints:
        """int64[S], the same for series of one partition and over value."""
        return self.splits.members(self.split, self.key)

    def names(self, series: Ids) -> pl.DataFrame:
        """The split values of series [k]: the columns `SPLIT_VALUES`, all null for a role without a field."""
        return self.splits.names(self.split, self.key[series])

    def beginning(self, first_bucket: Ints) -> "KnownSeries":
        """The first k of them, as if they had begun in these buckets [k]."""
        return replace(self, first_bucket=first_bucket, key=self.key[: len(first_bucket)])
