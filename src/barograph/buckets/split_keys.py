"""Split keys: the (partition, by, over) values of the series of a job's detectors as dense ids."""

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from barograph.buckets.growing_records import GrowingRecords
from barograph.buckets.layout import PAIR
from barograph.buckets.texts import Texts, repeated
from barograph.config.detector import Detector
from barograph.config.fields import text_column
from barograph.config.splits import SERIES_ROLES, SPLIT_VALUES
from barograph.kernels import _fold
from barograph.results.arrays import Ids, Ints
from barograph.results.snapshot import Arrays, prefixed, under

_TABLES: Final = ("pairs", "triples")
"""What lies in snapshots: ids of the first two values, and of these with a third."""


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

    def __init__(self, splits: list[Split], state: Arrays | None, most: int) -> None:
        """No keys yet, or as `snapshot` left them; of each split there may be `most`."""
        self.splits = splits
        self._most = most
        fields = dict.fromkeys((field, split.use_null) for split in splits for field in split.fields)
        self._texts = {
            field: Texts.build(None if state is None else under(f"texts{at}", state)) for at, field in enumerate(fields)
        }
        self._pairs = {
            split: [
                GrowingRecords(np.zeros(0, PAIR) if state is None else state[f"{kind}{at}"].copy(), _fold.index_pairs)
                for kind in _TABLES[: len(split.fields) - 1]
            ]
            for at, split in enumerate(splits)
            if split.fields
        }

    def keys(self, columns: pl.DataFrame) -> dict[Split, Ids]:
        """The key [n] of each row, for each split; -1 where the row has none, `REFUSED` where there may be no more."""
        ids = {field: texts.intern(_column(columns, *field), self._most) for field, texts in self._texts.items()}
        return {split: self._keys(split, ids, columns.height) for split in self.splits}

    def _keys(self, split: Split, ids: dict[tuple[str, bool], Ids], rows: int) -> Ids:
        parts = [ids[field, split.use_null] for field in split.fields]
        if not parts:
            return np.zeros(rows, np.int32)
        if len(parts) == 1:
            return parts[0]
        keys = parts[0]
        for part, pool in zip(parts[1:], self._pairs[split], strict=True):
            keys = _interned(keys, part, pool, self._most)
        return keys

    def count(self, split: Split, fields: int) -> int:
        """How many different values the first 1, 2 or 3 of a split's fields have together."""
        return self._pairs[split][fields - 2].size if fields > 1 else self.values(split.fields[0], split.use_null)

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

    def populations(self, split: Split, keys: Ids) -> Ids:
        """The number of the population of keys [k]: distinct values of all fields but `over`, counted from 0."""
        if split.roles[-1] is None:
            return keys
        if len(split.fields) == 1:
            return np.zeros(len(keys), np.int32)
        return np.ascontiguousarray(self._pairs[split][-1].live[keys]["first"])

    def members(self, split: Split, keys: Ids) -> Ints:
        """A number of the member of keys [k]: the same for the same values of partition and over field."""
        ids = dict(zip(split.fields, self._ids(split, keys), strict=True))
        none = np.zeros(len(keys), np.int32)
        partition, over = (none if field is None else ids[field] for field in (split.roles[0], split.roles[-1]))
        return np.asarray((partition.astype(np.int64) << 32) | over)

    def _ids(self, split: Split, keys: Ids) -> tuple[Ids, ...]:
        """For each of the split's fields the text ids [k] that keys [k] are made of."""
        if not split.fields:
            return ()
        later: list[Ids] = []
        for pool in reversed(self._pairs[split]):
            pairs = pool.live[keys]
            keys = pairs["first"]
            later.append(pairs["second"])
        return (keys, *reversed(later))

    def snapshot(self) -> Arrays:
        """All keys, in the order of their ids."""
        arrays: Arrays = {}
        for at, texts in enumerate(self._texts.values()):
            arrays |= prefixed(f"texts{at}", texts.snapshot())
        for at, split in enumerate(self.splits):
            for kind, pool in zip(_TABLES, self._pairs.get(split, ()), strict=False):
                arrays[f"{kind}{at}"] = pool.live.copy()
        return arrays


def _interned(first: Ids, second: Ids, pool: GrowingRecords, most: int) -> Ids:
    """The number of each pair [n] in a table of at most so many; -1 where either is, `REFUSED` where either is, or beyond."""
    numbers, done = np.empty(len(first), np.int32), 0
    while (done := _fold.intern_pairs(first, second, done, numbers, pool.raw, pool.slots, pool.used, most)) < len(first):
        pool.grow()
    return numbers


def _column(columns: pl.DataFrame, field: str, use_null: bool) -> pl.Series:
    column = columns[text_column(field)]
    return column.fill_null("") if use_null else column
