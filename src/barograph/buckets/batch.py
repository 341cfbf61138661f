"""Rows on their way into the kernels."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.results.arrays import Floats

EACH_ONE: Final[Floats] = np.ones(0)
"""The weight of rows that count one each: kernels take "no weights" as an empty array."""
EACH_ONE.setflags(write=False)


@dataclass(frozen=True)
class Batch:
    """What of n rows goes into their owners' statistics.

    Attributes:
        weight: [n] summary counts > 0, or `EACH_ONE`.
        value: [n] finite numbers where the row has an owner; None when rows are counted only.
        hash: [n] 64-bit hashes of the texts to tell apart; None when they are not.
        text: [n] the texts, beside their hashes.
        place: [n] places as one number each, where the row has an owner.
    """

    weight: Floats
    value: Floats | None = None
    hash: NDArray[np.uint64] | None = None
    text: pl.Series | None = None
    place: Floats | None = None
