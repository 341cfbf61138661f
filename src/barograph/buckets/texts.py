"""Texts with dense ids in order of first appearance, whatever the size of a chunk."""

from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.buckets.growing_records import NO_LIMIT, GrowingRecords, with_room
from barograph.buckets.layout import TEXT
from barograph.kernels import _fold
from barograph.results.arrays import Bytes, Ids, Ints
from barograph.results.snapshot import Arrays

_ARENA: Final = 64


class Texts:
    """A set of texts. Id i is the i-th text that was new; ids never change.

    The bytes lie one after the other in one arena, so a million texts are two arrays and not a million objects.
    """

    def __init__(self, texts: NDArray[Any], arena: Bytes) -> None:
        self._pool = GrowingRecords(texts, _fold.index_texts, extra=(len(arena),))
        self._arena: Bytes = with_room(arena, len(arena), max(len(arena), _ARENA))

    @classmethod
    def build(cls, state: Arrays | None = None) -> "Texts":
        """Empty, or as `snapshot` left it."""
        if state is None:
            return cls(np.zeros(0, TEXT), np.zeros(0, np.uint8))
        return cls(state["texts"].copy(), state["arena"].astype(np.uint8))

    def __len__(self) -> int:
        return self._pool.size

    def intern(self, column: pl.Series, most: int = NO_LIMIT) -> Ids:
        """The id of each text of a String column [n], new ones being added while there are fewer than `most`.

        -1 for null, and `REFUSED` for a new one beyond.
        """
        pool, ids, done = self._pool, np.empty(len(column), np.int32), 0
        while True:
            stream = column.__arrow_c_stream__()
            done = _fold.intern(stream, done, ids, pool.raw, self._arena, pool.slots, pool.used, most)
            if done == len(column):
                return ids
            if pool.size == len(pool.rows):
                pool.grow()
            else:
                self._arena = with_room(self._arena, int(pool.used[1]), 2 * len(self._arena))

    def decode(self, ids: Ids) -> pl.Series:
        """The texts of ids [k], all >= 0, as a String column."""
        offsets, data = self._gather(ids)
        return pl.Series(_Arrow(offsets, data), dtype=pl.String) if len(ids) else pl.Series(dtype=pl.String)

    def subset(self, ids: Ids) -> "Texts":
        """Only the texts of ids [k], all different, numbered in this order."""
        offsets, data = self._gather(ids)
        texts = self._pool.live[ids]
        texts["offset"] = offsets[:-1]
        return Texts(texts, data[: offsets[-1]])

    def snapshot(self) -> Arrays:
        """The texts and their bytes."""
        return {"texts": self._pool.live.copy(), "arena": self._arena[: self._pool.used[1]].copy()}

    def _gather(self, ids: Ids) -> tuple[Ints, Bytes]:
        ids = np.ascontiguousarray(ids, np.int32)
        offsets = np.zeros(len(ids) + 1, np.int64)
        np.cumsum(self._pool.live["length"][ids], out=offsets[1:])
        data = np.empty(max(int(offsets[-1]), 1), np.uint8)
        _fold.copy_texts(ids, self._pool.raw, self._arena, offsets, data)
        return offsets, data


def repeated(text: str | None, length: int) -> pl.Series:
    """The same text `length` times, as a String column."""
    # `pl.repeat` builds and runs a query for it, which takes ten times as long.
    return pl.Series([text], dtype=pl.String).new_from_index(0, length)


class _Arrow:
    """Gathered texts in the form in which Polars takes foreign arrays."""

    def __init__(self, offsets: Ints, data: Bytes) -> None:
        self._arrays = (offsets, data)

    def __arrow_c_array__(self, _requested_schema: object = None) -> tuple[Any, Any]:
        return _fold.to_arrow(*self._arrays)
