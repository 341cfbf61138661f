"""Distinct counts, medians and others of owners (cells, shares): exact up to a size, beyond it with a stated error."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import numpy as np

from barograph.buckets.batch import Batch
from barograph.buckets.growing_records import NONE, GrowingRecords
from barograph.buckets.layout import HASH, HOLDERS, PLACE_SUM, SAMPLE, SKETCH, VALUE, WEIGHTED
from barograph.kernels import _fold, _points
from barograph.results.arrays import Floats, Ids, Ints, Structs, as_bytes
from barograph.results.snapshot import Arrays


@dataclass(frozen=True)
class Groups:
    """The shares [n] of one influencer field in k cells, those of one cell together.

    Attributes:
        cell: [k] owner of each cell's sketch.
        end: [k] where its shares end.
        share: [n] owner of each share's sketch.
    """

    cell: Ids
    end: Ints
    share: Ids


class WithoutShares(NamedTuple):
    """A statistic [n] of the cell of each share, without some of its rows.

    Attributes:
        alone: without those of the share; NaN when nothing is left.
        higher: and without those of all shares that raise it more; NaN for one that does not raise it.
        lower: or without those of all shares that lower it more; NaN for one that does not lower it.
    """

    alone: Floats
    higher: Floats
    lower: Floats

    @classmethod
    def to_fill(cls, shares: int) -> "WithoutShares":
        """Room for so many shares."""
        return cls(np.empty(shares), np.empty(shares), np.empty(shares))

    @classmethod
    def unknown(cls, shares: int) -> "WithoutShares":
        """Of a statistic of which nothing was kept to tell it by."""
        nothing = np.full(shares, np.nan)
        return cls(nothing, nothing, nothing)


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

    def without(self, shares: Self, groups: Groups) -> WithoutShares:
        """The statistic of cells, which are the owners, without the rows of shares, which are those of the other."""

    def snapshot(self) -> Arrays:
        """All owners' sketches; equal for equal rows in equal order."""


class Distinct:
    """Distinct texts an owner: exact up to 4,096, beyond it with a standard error of 1.9 %."""

    def __init__(self, samples: GrowingRecords, entries: GrowingRecords) -> None:
        self._samples = samples
        self._entries = entries

    @classmethod
    def build(cls, state: Arrays | None = None) -> Self:
        """Without owners, or as `snapshot` left it."""
        if state is None:
            state = {"samples": np.zeros(0, SAMPLE), "hashes": np.zeros(0, HASH)}
        return cls(GrowingRecords(state["samples"].copy()), GrowingRecords(state["hashes"].copy(), _fold.index_hashes))

    def resize(self, owners: int) -> None:
        """Make empty samples for new owners."""
        _resize(self._samples, owners, np.array((0, 0, NONE), SAMPLE))

    def fold(self, owner: Ids, batch: Batch) -> None:
        """Enter what is told apart in the rows into the samples of their owners."""
        done = 0
        while True:
            done = self._enter(owner, batch, done)
            if done == len(owner):
                return
            self._make_room()

    def _enter(self, owner: Ids, batch: Batch, start: int) -> int:
        """Enter rows from `start` on, as far as there is room; the first row that is still to be entered."""
        assert batch.hash is not None
        entries = self._entries
        return _fold.fold_distinct(owner, batch.hash, start, self._samples.raw, entries.raw, entries.slots, entries.used)

    def _make_room(self) -> None:
        # Entries that a rising level has dropped still take room; the pool grows only when few of them do.
        room = len(self._entries.rows)
        if 2 * int(self._samples.live["kept"].sum()) >= room:
            self._entries.grow()
        else:
            packed = self._packed(np.arange(self._samples.size, dtype=np.int32), room)
            self._samples, self._entries = packed._samples, packed._entries

    def packed(self, owners: Ids) -> Self:
        """Only the samples of these owners, renumbered in this order."""
        return self._packed(owners, int(self._samples.live["kept"][owners].sum()))

    def _packed(self, owners: Ids, room: int) -> Self:
        samples, entries, used = np.zeros(len(owners), SAMPLE), np.zeros(room, HASH), np.zeros(1, np.int64)
        _fold.pack_samples(owners, self._samples.raw, self._entries.raw, as_bytes(samples), as_bytes(entries), used)
        return type(self)(GrowingRecords(samples), GrowingRecords(entries[: used[0]], _fold.index_hashes, room=room))

    def values(self, owners: Ids) -> Floats:
        """The number of distinct texts of these owners [k]."""
        samples = self._samples.live[owners]
        return np.asarray(np.ldexp(samples["kept"].astype(np.float64), samples["level"]), np.float64)

    def without(self, shares: "Distinct", groups: Groups) -> WithoutShares:
        """As of `Sketch`. A text is a share's own if no other share has it; rows that are nobody's are not looked at."""
        kept, out = shares._samples.live["kept"][groups.share].astype(np.int64), WithoutShares.to_fill(len(groups.share))
        most = np.diff(np.append(0, np.cumsum(kept))[groups.end], prepend=0).max(initial=0)
        table = np.zeros(1 << (2 * int(most) + 1).bit_length(), HOLDERS)
        scratch = (np.empty(len(kept)), np.empty(len(kept), np.int64))
        cells = (self._samples.raw, self._entries.raw, shares._samples.raw, shares._entries.raw)
        _fold.distinct_without(groups.cell, groups.end, groups.share, *cells, as_bytes(table), *scratch, *out)
        return out

    def snapshot(self) -> Arrays:
        """The samples and their hashes, in the order of owners and chains."""
        packed = self.packed(np.arange(self._samples.size, dtype=np.int32))
        return {"samples": packed._samples.live.copy(), "hashes": packed._entries.live.copy()}


class Information(Distinct):
    """Information in an owner's texts, in bytes: different runs of five bytes, counted as `Distinct` counts texts."""

    def _enter(self, owner: Ids, batch: Batch, start: int) -> int:
        """As of `Distinct`."""
        assert batch.text is not None
        stream, entries = batch.text.__arrow_c_stream__(), self._entries
        return _fold.fold_information(owner, stream, start, self._samples.raw, entries.raw, entries.slots, entries.used)


class MeanPlace:
    """Mean places of owners: where the sum of their unit vectors points to."""

    def __init__(self, sums: GrowingRecords) -> None:
        self._sums = sums

    @classmethod
    def build(cls, state: Arrays | None = None) -> Self:
        """Without owners, or as `snapshot` left it."""
        return cls(GrowingRecords(np.zeros(0, PLACE_SUM) if state is None else state["sums"].copy()))

    def resize(self, owners: int) -> None:
        """Make empty sums for new owners."""
        _resize(self._sums, owners, np.zeros((), PLACE_SUM))

    def fold(self, owner: Ids, batch: Batch) -> None:
        """Add the rows' places to the sums of their owners."""
        assert batch.place is not None
        _points.fold(owner, batch.place, batch.weight, self._sums.raw)

    def packed(self, owners: Ids) -> Self:
        """Only the sums of these owners, renumbered in this order."""
        return type(self)(GrowingRecords(self._sums.live.take(owners)))

    def values(self, owners: Ids) -> Floats:
        """The mean place of these owners [k], as one number each."""
        out = np.empty(len(owners))
        _points.means(as_bytes(self._sums.live[owners]), out)
        return out

    def without(self, shares: Self, groups: Groups) -> WithoutShares:  # noqa: ARG002
        """As of `Sketch`: the places of the shares tell enough."""
        return WithoutShares.unknown(len(groups.share))

    def snapshot(self) -> Arrays:
        """The sums of all owners."""
        return {"sums": self._sums.live.copy()}


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
        _fold.pack_sketches(owners, self._sketches.raw, self._values.raw, as_bytes(sketches), as_bytes(values), used)
        return Median(GrowingRecords(sketches), GrowingRecords(values, extra=(NONE,)))

    def values(self, owners: Ids) -> Floats:
        """The median of these owners [k]."""
        out = np.empty(len(owners))
        scratch = np.empty(int(self._sizes(owners).max(initial=1)), WEIGHTED)
        _fold.medians(owners, self._sketches.raw, self._values.raw, as_bytes(scratch), out)
        return out

    def without(self, shares: "Median", groups: Groups) -> WithoutShares:
        """As of `Sketch`."""
        size, out = int(self._sizes(groups.cell).max(initial=1)), WithoutShares.to_fill(len(groups.share))
        scratch = (
            as_bytes(np.empty(size, WEIGHTED)),
            np.empty(size),
            np.empty(len(out.alone)),
            np.empty(len(out.alone), np.int64),
        )
        cells = (self._sketches.raw, self._values.raw, shares._sketches.raw, shares._values.raw)
        _fold.medians_without(groups.cell, groups.end, groups.share, *cells, *scratch, *out)
        return out

    def _sizes(self, owners: Ids) -> Ints:
        sketches = self._sketches.live[owners]
        sizes = sketches["count"] + sketches["upper_count"]
        return np.asarray(sizes, np.int64)

    def snapshot(self) -> Arrays:
        """The sketches and their values, in the order of owners and chains."""
        packed = self.packed(np.arange(self._sketches.size, dtype=np.int32))
        return {"sketches": packed._sketches.live.copy(), "values": packed._values.live.copy()}


def _resize(pool: GrowingRecords, owners: int, blank: Structs) -> None:
    pool.reserve(owners)
    pool.rows[pool.size : owners] = blank
    pool.used[0] = owners
