"""The records of series: in memory while series are awake, on the disk, just as they were, while they sleep.

A series without data learns nothing: no data changes no bit. So where its record lies meanwhile shows in no result, and which
series sleep may depend on whatever suits. Those sleep that have been without data for longest; data of their own wakes them.
"""

import weakref
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from barograph.models.config import Bed
from barograph.models.pool import Pool, floats
from barograph.models.siblings import LEARNT_FROM
from barograph.models.state import SERIES, extended, fresh
from barograph.results.arrays import Bools, Disk, Ints, Structs

AT_ONCE: Final = 4096
"""Series that are read from the disk at once, beside those that are awake."""

_SPARE: Final = 8
"""An eighth of the room is cleared when it is full, so that not every bucket has to."""

_ASLEEP: Final = -1
_ABOUT: Final = np.dtype(
    [*((name, LEARNT_FROM.fields[name][0]) for name in LEARNT_FROM.names or ()), ("floats", "i4")]  # type: ignore[index]
)
"""What must be known of a series also while it sleeps: what siblings learn from it, and how long its profile is."""


ASLEEP_BYTES: Final = _ABOUT.itemsize + 8
"""Memory of a series that sleeps: what is known of it, and that it does."""


class Held:
    """Records (dtype `state.SERIES`) of series, and the profiles of their seasons.

    Attributes:
        records: those of the series that are awake.
        pool: their profiles.
    """

    def __init__(self, records: Structs, pool: Pool, bed: Bed | None = None) -> None:
        self.records, self.pool = records, pool
        self._bed = bed
        self._sleepers: _Sleepers | None = None
        self._lent: weakref.ref[Structs] | None = None

    @classmethod
    def build(cls, bed: Bed | None, series: NDArray[Any] | None = None, packed: NDArray[Any] | None = None) -> "Held":
        """None, or those of a snapshot; if these are more than may be awake, all of them sleep until they are needed."""
        if series is None or packed is None:
            return cls(fresh(0), Pool(), bed)
        if bed is None or series.nbytes + packed.nbytes <= bed.awake:
            records = np.array(series, SERIES)
            return cls(records, Pool.unpack(records, packed.astype(np.float32)), bed)
        held = cls(fresh(0), Pool(), bed)
        held._sleepers = _Sleepers(bed.disk)
        for first in range(0, len(series), AT_ONCE):
            held._sleepers.add(np.array(series[first : first + AT_ONCE], SERIES), packed)
        return held

    def __len__(self) -> int:
        return len(self.records) if self._sleepers is None else len(self._sleepers.place)

    @property
    def asleep(self) -> int:
        """How many series sleep."""
        return len(self) - len(self.records)

    @property
    def nbytes(self) -> int:
        """What those that are awake take."""
        return int(self.records.nbytes) + self.pool.nbytes

    def keep(self, awake: int) -> None:
        """From now on so many bytes may be awake, where the others may sleep."""
        if self._bed is not None:
            self._bed = self._bed._replace(awake=awake)
            self._settle()

    def grow(self, n: int) -> None:
        """Add series that have seen nothing, until there are `n`."""
        missing = n - len(self)
        if self._sleepers is None and (self._bed is None or n * SERIES.itemsize <= self._bed.awake):
            self.own()
            self.records = extended(self.records, missing)
            return
        for first in range(0, missing, AT_ONCE):
            self._beds.add(fresh(min(AT_ONCE, missing - first)), np.zeros(0, np.float32))

    def parts(self, series: Ints, needed: Bools) -> Iterator[Ints]:
        """The needed ones among some series [k], as positions in `series`: in parts, each awake until the next is asked for.

        Those that nobody needs may sleep on.
        """
        if self._sleepers is None:
            yield np.arange(len(series))
            return
        place = self._sleepers.place[series]
        yield np.flatnonzero(needed & (place != _ASLEEP))
        waking = np.flatnonzero(needed & (place == _ASLEEP))
        for first in range(0, len(waking), AT_ONCE):
            some = waking[first : first + AT_ONCE]
            self._wake(series[some])
            yield some
            self._settle()

    def places(self, series: Ints) -> Ints:
        """Where the records of series [k] are that are awake."""
        return series if self._sleepers is None else self._sleepers.place[series]

    def awake(self, series: Ints) -> Ints:
        """Where the records of series [k] are, all at once: they are woken."""
        if self._sleepers is not None:
            self._settle()
            self._wake(series[self._sleepers.place[series] == _ASLEEP])
        return self.places(series)

    def series(self) -> Ints:
        """Which series each of the records is of."""
        return np.arange(len(self.records)) if self._sleepers is None else self._sleepers.series

    def blocks(self) -> Iterator[tuple[Structs, NDArray[np.float32]]]:
        """All records in the order of the series, block by block, and the profiles of each block one after the other.

        They are copies, with profiles numbered from the first float of all on: what a snapshot has.
        """
        start = 0
        for first in range(0, len(self), AT_ONCE):
            records, profiles = self._block(np.arange(first, min(first + AT_ONCE, len(self))))
            held = records["season.kind"] > 0
            sizes = np.where(held, floats(records["season.knots"]), 0)
            ends = start + np.cumsum(sizes)
            records["season.bins"] = np.where(held, ends - sizes, -1)
            start = int(ends[-1])
            yield records, profiles

    def packed(self) -> tuple[Structs, NDArray[np.float32]]:
        """All records in the order of the series, and their profiles one after the other; on the disk where some sleep.

        They stay as they are for as long as somebody has them, and must not be written to.
        """
        if self._sleepers is None:
            packed = self.pool.packed(self.records)
            self.own()
            self.pool = Pool.unpack(self.records, packed)
            return self._lend(), packed
        disk, about = self._sleepers.disk, self.about()
        records, packed = disk(SERIES, len(self)), disk(np.dtype(np.float32), int(about["floats"].sum()))
        at = start = 0
        for block, profiles in self.blocks():
            records[at : at + len(block)] = block
            packed[start : start + len(profiles)] = profiles
            at, start = at + len(block), start + len(profiles)
        for array in (records, packed):
            disk.let_go(array)
        self._sleepers.let_go()
        return records, packed

    def own(self) -> None:
        """To be called before records change: those that a snapshot still has are left to it."""
        if self._lent is not None and self._lent() is not None:
            self.records = self.records.copy()
        self._lent = None

    def _lend(self) -> Structs:
        """The records themselves, to read. Most snapshots are written at once, and a copy is as large as all models.

        They are an array over a buffer, so that parts of it hold on to it, and not to the array below.
        """
        if not len(self.records):
            return self.records.copy()
        lent: Structs = np.frombuffer(self.records.view(np.uint8).data.toreadonly(), SERIES)
        self._lent = weakref.ref(lent)
        return lent

    def about(self) -> Structs:
        """What siblings learn from each series, in their order; at least the fields of `LEARNT_FROM`."""
        if self._sleepers is None:
            return self.records
        about = self._sleepers.about.copy()
        about[self._sleepers.series] = _about(self.records)
        return about

    @property
    def _beds(self) -> "_Sleepers":
        """What sleeps; from now on some may."""
        assert self._bed is not None, "there is nowhere to sleep"
        if self._sleepers is None:
            self._sleepers = _Sleepers(self._bed.disk)
            self._sleepers.all_awake(len(self.records))
        return self._sleepers

    def _settle(self) -> None:
        """Put those to sleep that have been without data for longest, if more are awake than may be."""
        if self._bed is None or self.nbytes <= self._bed.awake or not len(self.records):
            return
        each = SERIES.itemsize + self.pool.used_bytes // len(self.records)
        stay = self._bed.awake // each * (_SPARE - 1) // _SPARE
        if stay >= len(self.records):
            return
        order = np.argsort(self.records["last"], kind="stable")
        self._lie_down(np.sort(order[: len(order) - stay]))

    def _lie_down(self, places: Ints) -> None:
        self.own()
        beds = self._beds
        for first in range(0, len(places), AT_ONCE):
            some = places[first : first + AT_ONCE]
            beds.lie_down(beds.series[some], self.records[some], self.pool)
        # The last ones take the places that are free: a copy of all that stay awake would take as much memory again.
        stay = len(self.records) - len(places)
        is_free = np.zeros(len(self.records), np.bool_)
        is_free[places] = True
        movers, free = stay + np.flatnonzero(~is_free[stay:]), np.flatnonzero(is_free[:stay])
        self.records[free], beds.series[free] = self.records[movers], beds.series[movers]
        beds.place[beds.series[free]] = free
        self.records.resize(stay, refcheck=False)
        beds.series = beds.series[:stay].copy()
        self.pool = self.pool.shrunk(self.records)
        beds.let_go()

    def _wake(self, series: Ints) -> None:
        self.own()
        beds, awake = self._beds, len(self.records)
        woken = beds.get_up(series, self.pool)
        self.records.resize(awake + len(series), refcheck=False)
        self.records[awake:] = woken
        beds.place[series] = awake + np.arange(len(series))
        beds.series = np.concatenate([beds.series, series])

    def _block(self, series: Ints) -> tuple[Structs, NDArray[np.float32]]:
        if self._sleepers is None:
            records = self.records[series]
            return records, self.pool.packed(records)
        place = self._sleepers.place[series]
        records = self._sleepers.records[series]
        awake = place != _ASLEEP
        records[awake] = self.records[place[awake]]
        pools = (self._sleepers.pool, self.pool)
        return records, _packed([pools[int(is_awake)] for is_awake in awake], records)


class _Sleepers:
    """The records of series that sleep, by series, and where those are that do not.

    Attributes:
        place: [S] where the record of each is in memory; -1: it sleeps.
        series: [A] of which series each of the records in memory is.
        about: [S] dtype `_ABOUT`, of those that sleep.
    """

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.records: Structs = np.zeros(0, SERIES)
        self.pool = Pool(disk)
        self.place = np.zeros(0, np.int64)
        self.series = np.zeros(0, np.int64)
        self.about: Structs = np.zeros(0, _ABOUT)

    def all_awake(self, n: int) -> None:
        """Begin with `n` series that are awake, in order."""
        self.place, self.series = np.arange(n), np.arange(n)
        self._make_room(n)

    def add(self, records: Structs, packed: NDArray[Any]) -> None:
        """Add series that sleep; `packed` are the profiles that their records point into."""
        n = len(self.place)
        self.place = np.concatenate([self.place, np.full(len(records), _ASLEEP)])
        self._make_room(n + len(records))
        self._keep(np.arange(n, n + len(records)), records, packed)

    def lie_down(self, series: Ints, records: Structs, pool: Pool) -> None:
        """Take the records of series, and their profiles out of a pool."""
        starts = records["season.bins"][records["season.kind"] > 0].tolist()
        self._keep(series, records, pool.array)
        self.place[series] = _ASLEEP
        for start in starts:
            pool.give(start)

    def get_up(self, series: Ints, pool: Pool) -> Structs:
        """Their records; their profiles go into a pool."""
        records = self.records[series]
        starts = records["season.bins"][records["season.kind"] > 0].tolist()
        _move(records, self.pool.array, pool)
        for start in starts:
            self.pool.give(start)
        return records

    def let_go(self) -> None:
        """Keep nothing of those that sleep in memory."""
        for array in (self.records, self.pool.array):
            self.disk.let_go(array)

    def _keep(self, series: Ints, records: Structs, profiles: NDArray[Any]) -> None:
        self.about[series] = _about(records)
        _move(records, profiles, self.pool)
        self.records[series] = records

    def _make_room(self, n: int) -> None:
        if n > len(self.about):
            about = np.zeros(n, _ABOUT)
            about[: len(self.about)] = self.about
            self.about = about
        if n > len(self.records):
            grown = self.disk(SERIES, max(n, 2 * len(self.records)))
            grown[: len(self.records)] = self.records
            self.records = grown


def _about(records: Structs) -> Structs:
    about = np.zeros(len(records), _ABOUT)
    for name in LEARNT_FROM.names or ():
        about[name] = records[name][:, :1] if records[name].ndim > 1 else records[name]
    about["floats"] = np.where(records["season.kind"] > 0, floats(records["season.knots"]), 0)
    return about


def _move(records: Structs, old: NDArray[Any], new: Pool) -> None:
    """Copy the profiles of records into another pool, and point the records there."""
    for i in np.flatnonzero(records["season.kind"] > 0):
        start, size = int(records["season.bins"][i]), int(floats(records["season.knots"][i]))
        at = new.take(size)
        new.array[at : at + size] = old[start : start + size]
        records["season.bins"][i] = at


def _packed(pools: list[Pool], records: Structs) -> NDArray[np.float32]:
    """The profiles of records, each from its pool, one after the other."""
    held = np.flatnonzero(records["season.kind"] > 0)
    parts = [pools[i].array[records["season.bins"][i] :][: floats(records["season.knots"][i])] for i in held]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
