"""What finished buckets are to the models and the score stage, whether rows have just finished them or the history has."""

from collections.abc import Iterator, Sequence
from typing import Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.config.functions import Statistic

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
Rows = NDArray[np.int64]


class FinishedValues(Protocol):
    """One detector's values; `buckets.DetectorValues` says what each method gives."""

    @property
    def partition(self) -> Ids:
        """Number of each series' partition [S]."""

    def matrix(self, statistic: Statistic, start: int, end: int) -> Floats:
        """The values of the buckets [start, end) as float64[S, end - start]; NaN is no data."""

    def weights(self, start: int, end: int) -> Floats:
        """The rows behind them, float64[S, end - start]."""

    def find(self, series: Ids, bucket: Rows) -> Rows:
        """The cell of each (series, bucket) [k]; -1 where there are no rows."""

    def means(self, cells: Rows) -> Floats:
        """The mean of the values of cells [k]; NaN where it is not known."""

    def splits(self, series: Ids) -> tuple[pl.Series | None, pl.Series | None]:
        """The partition and the by values of series [k]; None where the detector has no such field."""

    def shares(self, statistic: Statistic, cells: Rows) -> pl.DataFrame:
        """The influencer shares of cells [k], with `leaf`, the position in `cells`."""

    def history_shares(self, statistic: Statistic, start: int, end: int) -> pl.DataFrame:
        """All influencer shares of the buckets [start, end), in the columns of `schema.INFLUENCER_SHARES`."""


class FinishedBuckets(Protocol):
    """Finished buckets of a job [first_bucket, end_bucket); `buckets.Closed` says more."""

    @property
    def first_bucket(self) -> int:
        """Number of the first one."""

    @property
    def end_bucket(self) -> int:
        """Number of the one behind the last."""

    @property
    def detectors(self) -> Sequence[FinishedValues]:
        """One a detector of the job."""

    def event_count(self, start: int, end: int) -> NDArray[np.int64]:
        """The rows of the job in each of the buckets [start, end)."""

    def slices(self, values: int) -> Iterator[Self]:
        """The same in stretches of about so many values a detector."""
