"""The open cells of all detectors that read the same field under the same split."""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barograph.buckets.aggregates import Aggregates, FinishedStatistics
from barograph.buckets.batch import Batch
from barograph.buckets.growing_records import NONE, GrowingRecords
from barograph.buckets.known_series import NOT_BEGUN
from barograph.buckets.layout import CELL, OPEN_SERIES
from barograph.buckets.open_shares import FinishedShares, OpenShares
from barograph.buckets.split_keys import Split
from barograph.buckets.texts import Texts
from barograph.config.functions import Statistic
from barograph.kernels import _fold
from barograph.results.arrays import Ids, Ints
from barograph.results.snapshot import Arrays, prefixed, under


class Folded(NamedTuple):
    """What an accumulator folds: rows as such (`field` None) or their times, the numbers of a field, its texts or places.

    Its buckets begin `early_ms` before those of the job.
    """

    split: Split
    field: str | None
    read: Literal["rows", "time_of_day", "time_of_week", "number", "text", "place"]
    early_ms: int = 0


class FinishedCells(NamedTuple):
    """The cells of finished buckets, ordered by bucket and then by series.

    Attributes:
        bucket: [k] bucket numbers.
        series: [k] series of each.
        statistics: theirs.
        first_bucket: [series] earliest bucket of each series that has begun; of one that has not, a bucket still open.
        key: [series] split key of each.
        shares: one an influencer field.
    """

    bucket: Ints
    series: Ids
    statistics: FinishedStatistics
    first_bucket: Ints
    key: Ids
    shares: tuple[FinishedShares, ...]


class Accumulator:
    """Folds rows into open cells, one a series and bucket, and hands out those whose bucket is over.

    A series is a key that has brought at least one row here; series are numbered in the order of their first rows. Cells and
    shares lie in the order of their first rows too, also after others were taken out, so equal rows make equal snapshots.
    """

    def __init__(
        self, folded: Folded, tables: dict[str, GrowingRecords], aggregates: Aggregates, shares: dict[str, OpenShares]
    ) -> None:
        self.folded = folded
        self.shares = shares
        self._series = tables["series"]
        self._cells = tables["cells"]
        self._aggregates = aggregates
        self._series_of = np.full(0, NONE, np.int32)

    @classmethod
    def build(
        cls, folded: Folded, statistics: frozenset[Statistic], influencers: tuple[str, ...], state: Arrays | None = None
    ) -> "Accumulator":
        """Empty, or as `snapshot` left it; `statistics` are those that will be asked for."""
        numeric = folded.read in ("number", "time_of_day", "time_of_week")
        series: NDArray[Any] = np.zeros(0, OPEN_SERIES) if state is None else state["series"].copy()
        cells: NDArray[Any] = np.zeros(0, CELL) if state is None else state["cells"].copy()
        tables = {"series": GrowingRecords(series), "cells": GrowingRecords(cells)}
        aggregates = Aggregates.build(numeric, statistics, None if state is None else under("stats", state))
        shares = {
            field: OpenShares.build(numeric, statistics, None if state is None else under(f"shares{at}", state))
            for at, field in enumerate(influencers)
        }
        made = cls(folded, tables, aggregates, shares)
        made._know_keys(int(series["key"].max(initial=-1)) + 1)
        made._series_of[series["key"]] = np.arange(len(series))
        return made

    @property
    def keys(self) -> Ids:
        """int32[S], the split key of each series."""
        return self._series.live["key"].copy()

    def fold(self, bucket: Ints, key: Ids, batch: Batch, influencers: dict[str, Ids]) -> None:
        """Fold rows [n].

        Args:
            bucket: [n] bucket number.
            key: [n] split key; -1 leaves the row out.
            batch: what of each row to fold.
            influencers: for each influencer field the text id [n], -1 where the row has none.
        """
        self._know_keys(int(key.max(initial=-1)) + 1)
        cell = self._locate(bucket, key)
        self._aggregates.resize(self._cells.size)
        self._aggregates.fold(cell, batch)
        for field, shares in self.shares.items():
            shares.fold(cell, influencers[field], batch)

    def _know_keys(self, keys: int) -> None:
        if keys > len(self._series_of):
            grown = np.full(max(keys, 2 * len(self._series_of)), NONE, np.int32)
            grown[: len(self._series_of)] = self._series_of
            self._series_of = grown

    def _locate(self, bucket: Ints, key: Ids) -> Ids:
        series, cells, cell, done = self._series, self._cells, np.empty(len(key), np.int32), 0
        sizes = np.array([series.size, cells.size])
        while True:
            done = _fold.locate(bucket, key, done, cell, self._series_of, series.raw, cells.raw, sizes)
            series.used[0], cells.used[0] = sizes
            if done == len(key):
                return cell
            for pool in (series, cells):
                if pool.size == len(pool.rows):
                    pool.grow()

    def finish(self, until: int, texts: dict[str, Texts]) -> FinishedCells:
        """Take out the cells of the buckets before `until`; `texts` number the influencer values of the shares."""
        cells = self._cells.live
        ended = cells["bucket"] < until
        over, rest = (np.flatnonzero(rows).astype(np.int32) for rows in (ended, ~ended))
        if len(over) > 1:
            over = over[np.lexsort((cells["series"][over], cells["bucket"][over]))]
        moved = _positions(rest, len(cells))
        shares: tuple[FinishedShares, ...] = ()
        if self.shares:
            finished = _positions(over, len(cells))
            shares = tuple(
                open_shares.finish(field, self._aggregates, finished, moved, texts[field])
                for field, open_shares in self.shares.items()
            )
        begun = np.flatnonzero(self._series.live["first_bucket"] < until)
        series = self._series.live[: begun[-1] + 1 if len(begun) else 0]
        out = FinishedCells(
            cells["bucket"][over],
            cells["series"][over],
            self._aggregates.finished(over),
            series["first_bucket"].copy(),
            series["key"].copy(),
            shares,
        )
        heads = self._series.live["head_bucket"]
        heads[heads < until] = _fold.NO_BUCKET
        self._keep(rest, moved)
        return out

    def empty(self, first: int, end: int) -> None:
        """Take the rows of the open buckets from `first` up to `end` out again. A series with no others has not begun."""
        cells, series = self._cells.live, self._series.live
        inside = (cells["bucket"] >= first) & (cells["bucket"] < end)
        gone = np.append(inside, False)  # the last: that there is no cell
        if not gone.any():
            return
        previous = cells["previous"]
        for place in (previous, series["head"]):
            while (skips := gone[place]).any():
                further = place[skips]
                place[skips] = previous[further]
        rest = np.flatnonzero(~gone[:-1]).astype(np.int32)
        begun = np.full(len(series), NOT_BEGUN)
        np.minimum.at(begun, cells["series"][rest], cells["bucket"][rest])
        lost = (series["first_bucket"] >= first) & (series["first_bucket"] < end)
        series["first_bucket"][lost] = begun[lost]
        newest = np.append(cells["bucket"], _fold.NO_BUCKET)
        head = series["head"]
        series["head_bucket"] = newest[head]
        moved = _positions(rest, len(cells))
        for open_shares in self.shares.values():
            open_shares.keep(gone, moved)
        self._keep(rest, moved)

    def _keep(self, rest: Ids, moved: Ids) -> None:
        series, room = self._series.live, self._cells.size
        cells = self._cells.live.take(rest)
        previous, head = cells["previous"], series["head"]
        cells["previous"], series["head"] = moved[previous], moved[head]
        # Room for as many as there were: the next bucket will bring about as many again.
        self._cells = GrowingRecords(cells, room=room)
        self._aggregates = self._aggregates.packed(rest)

    def snapshot(self, text_ids: dict[str, Ids]) -> Arrays:
        """The series and their open cells and shares, with influencer text id i of a field written as `text_ids[field][i]`."""
        arrays: Arrays = {"series": self._series.live.copy(), "cells": self._cells.live.copy()}
        arrays |= prefixed("stats", self._aggregates.snapshot())
        for at, (field, shares) in enumerate(self.shares.items()):
            arrays |= prefixed(f"shares{at}", shares.snapshot(text_ids[field]))
        return arrays


def _positions(rows: Ids, size: int) -> Ids:
    """For each of `size` rows its position in `rows`, -1 where it is not in there; and behind them, that `NONE` has none."""
    positions = np.full(size + 1, NONE, np.int32)
    positions[rows] = np.arange(len(rows), dtype=np.int32)
    return positions
