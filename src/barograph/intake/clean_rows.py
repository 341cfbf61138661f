"""What intake hands on: clean rows."""

from dataclasses import dataclass

import polars as pl

from barograph.results.arrays import Ints


@dataclass(frozen=True)
class CleanRows:
    """Clean rows, in the order they came. Nothing is said about the order of their times.

    Attributes:
        time_ms: int64[n], epoch ms.
        columns: n rows; a Float64 column `n:FIELD` for each field the job reads as a number, a String column `s:FIELD` for each
            that it reads as text (`barograph.config.fields`). Null is a missing value; numbers are finite.
        number: int64[n], the place of each among the job's rows, from 1, those without a readable time included.
    """

    time_ms: Ints
    columns: pl.DataFrame
    number: Ints

    def __len__(self) -> int:
        return len(self.time_ms)
