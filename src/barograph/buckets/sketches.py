"""Distinct counts and medians of owners (open cells, or shares): exact up to a size, sketches with a stated error beyond it."""

from typing import Protocol

import numpy as np

from barograph.buckets.batch import Batch
from barograph.buckets.growing_records import NONE, GrowingRecords, raw
from barograph.buckets.layout import HASH, SAMPLE, SKETCH, VALUE, WEIGHTED
from barograph.kernels import _fold
from barograph.results.arrays import Floats, Ids, Ints, Structs
from barograph.results.snapshot import Arrays


class Sketch(Protocol):
    """What a bucket keeps of its rows beside sums and moments, to answer one more statistic."""

    def resize(self, owners: int) -> None:
        """Make empty sketches for new owners."""

    def fold(self, owner: Ids, batch: Batch) -> None:
        """Fold rows into the sketches of their owners; rows of owner -1 are skipped."""

    def packed(self, owners: Ids) -> "Sketch":
        """Only the sketches of these owners, renumbered in this order."""

    def values(self, owners: Ids) -> Floats:
        """The statistic of these owners [k]."""

    def snapshot(self) -> Arrays:
        """All owners' sketches; equal for equal rows in equal order."""


class Distinct:
    """Distinct texts an owner: exact up to 4,096, beyond it with a standard error of 1.9 %."""

    def __init__(self, samples: GrowingRecords, entries: GrowingRecords) -> None:
        self._samples = samples
        self._entries = entries

    @classmethod
    def build(cls, state: Arrays | None = None) -> "Distinct":
        """Without owners, or as `snapshot` left it."""
        if state is None:
            state = {"samples": np.zeros(0, SAMPLE), "hashes": np.zeros(0, HASH)}
        return cls(GrowingRecords(state["samples"].copy()), GrowingRecords(state["hashes"].copy(), _fold.index_hashes))

    def resize(self, owners: int) -> None:
        """Make empty samples for new owners."""
        _resize(self._samples, owners, np.array((0, 0, NONE), SAMPLE))

    def fold(self, owner: Ids, batch: Batch) -> None:
        """Enter the rows' hashes into the samples of their owners."""
        assert batch.hash is not None
        done = 0
        while True:
            entries = self._entries
            done = _fold.fold_distinct(owner, batch.hash, done, self._samples.raw, entries.raw, entries.slots, entries.used)
            if done == len(owner):
                return
            self._make_room()

    def _make_room(self) -> None:
        # Entries that a rising level has dropped still take room; the pool grows only when few of them do.
        room = len(self._entries.rows)
        if 2 * int(self._samples.live["kept"].sum()) >= room:
            self._entries.grow()
        else:
            packed = self._packed(np.arange(self._samples.size, dtype=np.int32), room)
            self._samples, self._entries = packed._samples, packed._entries

    def packed(self, owners: Ids) -> "Distinct":
        """Only the samples of these owners, renumbered in this order."""
        return self._packed(owners, int(self._samples.live["kept"][owners].sum()))

    def _packed(self, owners: Ids, room: int) -> "Distinct":
        samples, entries, used = np.zeros(len(owners), SAMPLE), np.zeros(room, HASH), np.zeros(1, np.int64)
        _fold.pack_samples(owners, self._samples.raw, self._entries.raw, raw(samples), raw(entries), used)
        return Distinct(GrowingRecords(samples), GrowingRecords(entries[: used[0]], _fold.index_hashes, room=room))

    def values(self, owners: Ids) -> Floats:
        """The number of distinct texts of these owners [k]."""
        samples = self._samples.live[owners]
        return np.asarray(np.ldexp(samples["kept"].astype(np.float64), samples["level"]), np.float64)

    def snapshot(self) -> Arrays:
        """The samples and their hashes, in the order of owners and chains."""
        packed = self.packed(np.arange(self._samples.size, dtype=np.int32))
        return {"samples": packed._samples.live.copy(), "hashes": packed._entries.live.copy()}


class Median:
    """Medians: exact up to 2,048 values an owner, beyond it within the rank error stated at `_fold.fold_median`."""

    def __init__(self, sketches: GrowingRecords, values: GrowingRecords) -> None:
        self._sketches = sketches
        self._values = values

    @classmethod
    def build(cls, state: Arrays | None = None) -> "Median":
        """Without owners, or as `snapshot` left it."""
        if state is None:
            state = {"sketches": np.zeros(0, SKETCH), "values": np.zeros(0, VALUE)}
        return cls(GrowingRecords(state["sketches"].copy()), GrowingRecords(state["values"].copy(), extra=(NONE,)))

    def resize(self, owners: int) -> None:
        """Make empty sketches for new owners."""
        _resize(self._sketches, owners, np.array((NONE, 0, NONE, 0, 0), SKETCH))

    def fold(self, owner: Ids, batch: Batch) -> None:
        """Add the rows' values to the sketches of their owners."""
        assert batch.value is not None
        done = 0
        while True:
            values = self._values
            done = _fold.fold_median(owner, batch.value, batch.weight, done, self._sketches.raw, values.raw, values.used)
            if done == len(owner):
                return
            values.grow()

    def packed(self, owners: Ids) -> "Median":
        """Only the sketches of these owners, renumbered in this order."""
        room = int(self._sizes(owners).sum())
        sketches, values, used = np.zeros(len(owners), SKETCH), np.zeros(room, VALUE), np.zeros(1, np.int64)
        _fold.pack_sketches(owners, self._sketches.raw, self._values.raw, raw(sketches), raw(values), used)
        return Median(GrowingRecords(sketches), GrowingRecords(values, extra=(NONE,)))

    def values(self, owners: Ids) -> Floats:
        """The median of these owners [k]."""
        out = np.empty(len(owners))
        scratch = np.empty(int(self._sizes(owners).max(initial=1)), WEIGHTED)
        _fold.medians(owners, self._sketches.raw, self._values.raw, raw(scratch), out)
        return out

    def _sizes(self, owners: Ids) -> Ints:
        sketches = self._sketches.live[owners]
        return np.asarray(sketches["count"] + sketches["upper_count"], np.int64)

    def snapshot(self) -> Arrays:
        """The sketches and their values, in the order of owners and chains."""
        packed = self.packed(np.arange(self._sketches.size, dtype=np.int32))
        return {"sketches": packed._sketches.live.copy(), "values": packed._values.live.copy()}


def _resize(pool: GrowingRecords, owners: int, blank: Structs) -> None:
    pool.reserve(owners)
    pool.rows[pool.size : owners] = blank
    pool.used[0] = owners
