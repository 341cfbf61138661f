"""Rare values of populations: pairs of a member and a value that it has, judged by how few other members have the value.

A series is a by value of an over value in a partition. `docs/modelling.md` says what is computed, `kernels/rare_members.hpp`
does it.
"""

from typing import ClassVar, NamedTuple, Self

import numpy as np

from barograph.kernels import _rare
from barograph.models.base import Kin, Records
from barograph.models.civil import Shifts
from barograph.models.config import ModelConfig
from barograph.models.rare_base import Cells, RareBase, described, known, lately
from barograph.models.rare_state import CATEGORY, PAIR, POPULATION
from barograph.models.skips import Skips
from barograph.results.arrays import Floats, Structs, as_bytes


class _Company(NamedTuple):
    """What else there is in the bucket in which one pair is judged: new pairs of its value; rows and values of its member."""

    new: int = 0
    rows: float = 0.0
    values: int = 0


class RareOverModel(RareBase):
    """All pairs of one measure. Built by `build` only; `snapshot` is the only way out."""

    LAYOUT: ClassVar = {"rare_pairs": PAIR, "rare_categories": CATEGORY, "rare_populations": POPULATION}
    RECORDS: ClassVar = Records("rare_pairs", PAIR, known, lately, described, CATEGORY.itemsize, POPULATION.itemsize)

    def grow(self, n_series: int, kin: Kin | None = None) -> None:
        """Add pairs until there are `n_series`, each of its value and partition; without `kin` all are of one value."""
        fresh = self._longer("rare_pairs", n_series)
        if not len(fresh):
            return
        none = np.zeros(n_series, np.int32)
        partition, population, member = (none, none, none) if kin is None else kin
        new = slice(n_series - len(fresh), n_series)
        fresh["category"], fresh["member"] = population[new], member[new]
        self._longer("rare_categories", int(fresh["category"].max()) + 1)
        self._arrays["rare_categories"]["part"][population[new]] = partition[new]
        self._longer("rare_populations", int(partition[new].max()) + 1)

    def __init__(self, config: ModelConfig, arrays: dict[str, Structs]) -> None:
        super().__init__(config, arrays)
        self._company = _Company()

    def beside(
        self,
        row: int,
        values: Floats,
        bucket_ms: int,  # noqa: ARG002  # the same at any time
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
        shifts: Shifts | None = None,  # noqa: ARG002  # the same at any time
    ) -> Self:
        """One pair beside all of its partition, and the others of a bucket."""
        pairs, alone = self._arrays["rare_pairs"], self._of(self.config, self._arrays, row)
        there = ~np.isnan(values)
        there[row] = False
        new = there & (pairs["category"] == pairs["category"][row]) & (pairs["buckets"] == 0)
        own = there & (pairs["member"] == pairs["member"][row])
        alone._company = _Company(int(new.sum()), float(values[own].sum()), int(own.sum()))
        return alone

    def _kernel(self, cells: Cells, skips: Skips, learn: bool, out: tuple[Floats, Floats, Structs]) -> int:
        return _rare.advance_pairs(
            as_bytes(self._arrays["rare_pairs"]),
            as_bytes(self._arrays["rare_categories"]),
            as_bytes(self._arrays["rare_populations"]),
            cells.t,
            cells.row,
            cells.value,
            *self._beside(cells),
            cells.first,
            self.config.bucket_span_ms,
            self._memory,
            learn,
            self.config.ln_threshold,
            skips.planned,
            as_bytes(skips.rules),
            as_bytes(skips.conditions),
            skips.scope,
            np.full(len(self._arrays["rare_categories"]), self._company.new, np.int32),
            np.empty(len(cells.t), np.uint8),
            out[0],
            out[1],
            as_bytes(out[2]),
        )

    def _beside(self, cells: Cells) -> tuple[Floats, Floats]:
        """Of each cell [k]: rows that its member has of other values in the bucket, as far as they matter; its values there."""
        return np.zeros(len(cells.t)), np.ones(len(cells.t))


class FreqRareModel(RareOverModel):
    """The same, where a value counts as far as it is what its member does in the bucket."""

    def _beside(self, cells: Cells) -> tuple[Floats, Floats]:
        member = self._arrays["rare_pairs"]["member"][cells.row]
        order = np.lexsort((member, cells.t))
        first = (np.diff(cells.t[order], prepend=-1) != 0) | (np.diff(member[order], prepend=-1) != 0)
        group = np.empty(len(order), np.int64)
        group[order] = np.cumsum(first) - 1
        rows, values = np.bincount(group, cells.value)[group], np.bincount(group)[group] + self._company.values
        rest = rows - cells.value + self._company.rows
        return np.where(values > 1, rest, 0.0), values.astype(np.float64)
