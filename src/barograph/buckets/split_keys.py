"""Split keys: the (partition value, by value) pairs of a job's detectors as dense ids."""

from typing import NamedTuple

import numpy as np
import polars as pl

from barograph.buckets.growing_records import GrowingRecords
from barograph.buckets.layout import PAIR
from barograph.buckets.texts import Texts, repeated
from barograph.config.detector import Detector
from barograph.config.fields import text_column
from barograph.config.splits import SERIES_ROLES, SPLIT_VALUES
from barograph.kernels import _fold
from barograph.results.arrays import Ids
from barograph.results.snapshot import Arrays, prefixed, under


class Split(NamedTuple):
    """How a detector's rows fall apart into series. Without `use_null` a row that lacks a split value has no series.

    Attributes:
        roles: the field of each of `SERIES_ROLES`; None where there is none.
    """

    roles: tuple[str | None, ...]
    use_null: bool

    @classmethod
    def of(cls, detector: Detector) -> "Split":
        """The split of a detector; `use_null` says nothing without a split field, so it is dropped there."""
        fields = tuple(detector.splits.get(role) for role in SERIES_ROLES)
        return cls(fields, detector.use_null and any(fields))

    @property
    def fields(self) -> tuple[str, ...]:
        """The split fields there are, in the order of their roles."""
        return tuple(field for field in self.roles if field is not None)


class SplitKeys:
    """The keys seen so far. A key's id counts the distinct keys that came before it in the job's rows.

    A field's values are interned once for all the splits that it is in (apart for `use_null`, where null is a value too).
    """

    def __init__(self, splits: list[Split], state: Arrays | None) -> None:
        self.splits = splits
        fields = dict.fromkeys((field, split.use_null) for split in splits for field in split.fields)
        self._texts = {
            field: Texts.build(None if state is None else under(f"texts{at}", state)) for at, field in enumerate(fields)
        }
        self._pairs = {
            split: GrowingRecords(np.zeros(0, PAIR) if state is None else state[f"pairs{at}"].copy(), _fold.index_pairs)
            for at, split in enumerate(splits)
            if len(split.fields) == 2
        }

    def keys(self, columns: pl.DataFrame) -> dict[Split, Ids]:
        """The key [n] of each row, for each split; -1 where the row has none."""
        ids = {field: texts.intern(_column(columns, *field)) for field, texts in self._texts.items()}
        return {split: self._keys(split, ids, columns.height) for split in self.splits}

    def _keys(self, split: Split, ids: dict[tuple[str, bool], Ids], rows: int) -> Ids:
        parts = [ids[field, split.use_null] for field in split.fields]
        if not parts:
            return np.zeros(rows, np.int32)
        if len(parts) == 1:
            return parts[0]
        (first, second), pool = parts, self._pairs[split]
        keys, done = np.empty(rows, np.int32), 0
        while (done := _fold.intern_pairs(first, second, done, keys, pool.raw, pool.slots, pool.used)) < rows:
            pool.grow()
        return keys

    def count(self, split: Split) -> int:
        """How many keys a split has."""
        if not split.fields:
            return 1
        if split in self._pairs:
            return self._pairs[split].size
        return len(self._texts[split.fields[0], split.use_null])

    def values(self, field: str, use_null: bool) -> int:
        """How many values of a split field have been seen."""
        return len(self._texts[field, use_null])

    def names(self, split: Split, keys: Ids) -> pl.DataFrame:
        """What keys [k] stand for: the columns `SPLIT_VALUES`, all null for a role without a field."""
        ids = dict(zip(split.fields, self._ids(split, keys), strict=True))
        columns = [
            repeated(None, len(keys)) if field is None else self._texts[field, split.use_null].decode(ids[field])
            for field in split.roles
        ]
        return pl.DataFrame(columns, schema=SPLIT_VALUES)

    def partitions(self, split: Split, keys: Ids) -> Ids:
        """The number of the partition of keys [k], distinct values counted from 0; all 0 without a partition field."""
        if split.roles[0] is None:
            return np.zeros(len(keys), np.int32)
        return np.ascontiguousarray(self._ids(split, keys)[0])

    def _ids(self, split: Split, keys: Ids) -> tuple[Ids, ...]:
        """For each of the split's fields the text ids [k] that keys [k] are made of."""
        if split in self._pairs:
            pairs = self._pairs[split].live[keys]
            return pairs["first"], pairs["second"]
        return (keys,) if split.fields else ()

    def snapshot(self) -> Arrays:
        """All keys, in the order of their ids."""
        arrays: Arrays = {}
        for at, texts in enumerate(self._texts.values()):
            arrays |= prefixed(f"texts{at}", texts.snapshot())
        for at, split in enumerate(self.splits):
            if split in self._pairs:
                arrays[f"pairs{at}"] = self._pairs[split].live.copy()
        return arrays


def _column(columns: pl.DataFrame, field: str, use_null: bool) -> pl.Series:
    column = columns[text_column(field)]
    return column.fill_null("") if use_null else column
