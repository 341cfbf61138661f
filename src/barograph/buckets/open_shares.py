"""Influencer shares: what the rows of one influencer value alone add to a cell."""

from dataclasses import dataclass

import numpy as np

from barograph.buckets.aggregates import Aggregates, FinishedStatistics
from barograph.buckets.batch import Batch
from barograph.buckets.growing_records import NONE, GrowingRecords
from barograph.buckets.layout import OPEN_SHARE
from barograph.buckets.sketches import Groups, WithoutShares
from barograph.buckets.texts import Texts
from barograph.config.functions import Statistic
from barograph.kernels import _fold
from barograph.results.arrays import Bools, Ids
from barograph.results.snapshot import Arrays, prefixed, under


@dataclass(frozen=True)
class FinishedShares:
    """The shares of one influencer field in k finished cells, in the order in which they came up.

    Attributes:
        field: the influencer field.
        cell: [s] row of the cell that each belongs to.
        value: [s] id of the influencer value in `texts`.
        statistics: what the rows of each amount to.
        without: for statistics that need a sketch, what the cell's is without the rows of each, and of several.
        texts: what `value` numbers.
    """

    field: str
    cell: Ids
    value: Ids
    statistics: FinishedStatistics
    without: dict[Statistic, WithoutShares]
    texts: Texts


class OpenShares:
    """The shares of one influencer field in the open cells of one accumulator."""

    def __init__(self, shares: GrowingRecords, aggregates: Aggregates) -> None:
        self._shares = shares
        self._aggregates = aggregates

    @classmethod
    def build(cls, numeric: bool, statistics: frozenset[Statistic], state: Arrays | None = None) -> "OpenShares":
        """Empty, or as `snapshot` left it."""
        shares = np.zeros(0, OPEN_SHARE) if state is None else state["shares"].copy()
        aggregates = Aggregates.build(numeric, statistics, None if state is None else under("stats", state))
        return cls(GrowingRecords(shares, _fold.index_shares), aggregates)

    @property
    def texts(self) -> Ids:
        """The text id of every open share."""
        return np.array(self._shares.live["value"])

    def fold(self, cell: Ids, value: Ids, batch: Batch) -> None:
        """Fold rows [n] into the shares of their cells; rows without a cell or an influencer value are skipped."""
        pool, share, done = self._shares, np.empty(len(cell), np.int32), 0
        while (done := _fold.locate_shares(cell, value, done, share, pool.raw, pool.slots, pool.used)) < len(cell):
            pool.grow()
        self._aggregates.resize(pool.size)
        self._aggregates.fold(share, batch)

    def finish(self, field: str, cells: Aggregates, finished: Ids, moved: Ids, texts: Texts) -> FinishedShares:
        """Take out the shares of finished cells.

        Args:
            field: the influencer field.
            cells: the statistics of the open cells.
            finished: [cells] row of each cell among the finished ones, -1 for one that stays open.
            moved: [cells] row of each cell among those that stay open, -1 for a finished one.
            texts: what the shares' values are numbers of.
        """
        shares = self._shares.live
        over = finished[shares["cell"]] != NONE
        rows = np.flatnonzero(over).astype(np.int32)
        without = self._without(cells, shares["cell"][rows], rows) if cells.sketched else {}
        out = FinishedShares(
            field, finished[shares["cell"][rows]], shares["value"][rows].copy(), self._aggregates.finished(rows), without, texts
        )
        self._keep(~over, moved)
        return out

    def keep(self, gone: Bools, moved: Ids) -> None:
        """Forget the shares of cells.

        Args:
            gone: [cells] which cells go.
            moved: [cells] row of each cell among those that stay, -1 for one that goes.
        """
        self._keep(~gone[self._shares.live["cell"]], moved)

    def _keep(self, staying: Bools, moved: Ids) -> None:
        rest = np.flatnonzero(staying).astype(np.int32)
        still_open = self._shares.live.take(rest)
        cell = still_open["cell"]
        still_open["cell"] = moved[cell]
        # Room for as many as there were: the next bucket will bring about as many again.
        self._shares = GrowingRecords(still_open, _fold.index_shares, room=self._shares.size)
        self._aggregates = self._aggregates.packed(rest)

    def _without(self, cells: Aggregates, cell: Ids, rows: Ids) -> dict[Statistic, WithoutShares]:
        """What the sketched statistics of the cells are without each of the shares `rows`, in their order."""
        order = np.argsort(cell, kind="stable")
        of, count = np.unique(cell, return_counts=True)
        found = cells.without(self._aggregates, Groups(of, np.cumsum(count), rows[order]))
        place = np.argsort(order)
        return {name: WithoutShares(*(column[place] for column in without)) for name, without in found.items()}

    def renumber(self, ids: Ids) -> None:
        """The text ids change: id i becomes `ids[i]`."""
        value = self._shares.live["value"]
        value[:] = ids[value]
        self._shares.reindex()

    def snapshot(self, ids: Ids) -> Arrays:
        """The open shares, with text id i written as `ids[i]`."""
        shares = self._shares.live.copy()
        value = shares["value"]
        shares["value"] = ids[value]
        return {"shares": shares, **prefixed("stats", self._aggregates.snapshot())}
