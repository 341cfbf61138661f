"""What the entities of influencer fields usually add to the buckets of a series.

An entity is to blame for what it does beside its usual, not for having rows; and one that is missing has no rows at all. So for
each series and entity is kept, over a fading memory of a week, how many rows it has and what they do to the bucket value. What
is odd is told, with all entities that are there or missing, and not learnt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.buckets.effects import Rows, effects
from barograph.buckets.finished import DetectorValues
from barograph.buckets.growing_records import NONE, GrowingRecords, with_room
from barograph.buckets.texts import Texts, repeated
from barograph.buckets.usual_layout import TOLD, USUAL_ENTITY, USUAL_SERIES
from barograph.config.duration import DAY_MS
from barograph.config.functions import Statistic
from barograph.kernels import _usual
from barograph.kernels.elementary import e_to, ln
from barograph.results.arrays import Floats, Ids, Ints, Structs, as_bytes
from barograph.results.leaf import OF_ROWS, SHARES
from barograph.results.snapshot import Arrays, prefixed, under

MEMORY_DAYS: Final = 7.0
"""A usual day is the mean of about a week. Chosen."""
LEAST_MEMORY: Final = 24.0
"""Cells that are remembered at least, where buckets are long. Chosen: a month of daily buckets."""
MANY: Final = 4096
"""Entities of a field up to which rare ones are kept, too; then twice as many as were left the last time. Chosen."""
NO_BOUND: Final = 1 << 62
"""As many entities as there are."""

_SCALED: Final = ("count", "sum", "distinct_count", "info_content")
"""Statistics that grow with the rows: at night an entity usually adds less."""


class Usual:
    """What the entities of all influencer fields usually add to the series of one statistic of a detector."""

    def __init__(self, statistic: Statistic, fields: dict[str, "_Field"]) -> None:
        self._statistic = statistic
        self._fields = fields

    @classmethod
    def build(
        cls, statistic: Statistic, fields: Sequence[str], span_ms: int, state: Arrays | None = None, most: int = NO_BOUND
    ) -> "Usual":
        """One that has seen nothing, or as `snapshot` left it.

        Of each field at most `most` entities, over all series, are known when a bucket begins: those with the largest shares
        of the rows of their series. Others are as new when they come again.
        """
        decay = 1.0 - 1.0 / max(MEMORY_DAYS * DAY_MS / span_ms, LEAST_MEMORY)
        states = [None if state is None else under(f"field{at}", state) for at in range(len(fields))]
        return cls(statistic, {field: _Field(decay, own, most) for field, own in zip(fields, states, strict=True)})

    @staticmethod
    def readable(fields: Sequence[str], state: Arrays) -> bool:
        """Whether a snapshot has what fields need; one of a former version has not."""
        return all(f"field{at}.entities" in state for at in range(len(fields)))

    @property
    def left_out(self) -> int:
        """How often an entity was forgotten that was not rare, as there is no room for more."""
        return sum(field.left_out for field in self._fields.values())

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        arrays: Arrays = {}
        for at, field in enumerate(self._fields.values()):
            arrays |= prefixed(f"field{at}", field.snapshot())
        return arrays

    def tell_and_learn(self, values: DetectorValues, start: int, end: int, leaves: Structs) -> pl.DataFrame:
        """Learn the buckets [start, end), which follow the last ones, but for the odd ones.

        Args:
            values: the detector's values.
            start: the first bucket.
            end: the one behind the last.
            leaves: [q] the odd ones, dtype `results.leaf.LEAF`, by bucket and then series.

        Returns:
            The columns `results.leaf.SHARES`: for each odd cell all entities that have rows in it or usually have; `leaf` is
            the position in `leaves`.
        """
        told = [field.tell_and_learn(self._statistic, name, values, start, end, leaves) for name, field in self._fields.items()]
        return pl.concat(told) if told else pl.DataFrame(schema=SHARES)


@dataclass(frozen=True)
class _Given:
    """The shares of one field in the cells of a stretch, and these cells."""

    frame: pl.DataFrame
    rows: Rows
    bucket: Ints
    series: Ids
    actual: Floats
    weight: Floats
    effect: Floats


class _Field:
    """The entities of one influencer field."""

    def __init__(self, decay: float, state: Arrays | None, most: int) -> None:
        self._decay = decay
        self._most = most
        self.left_out = 0 if state is None or "left_out" not in state else int(state["left_out"][0])
        self._texts = Texts.build(None if state is None else under("texts", state))
        self._series = np.zeros(0, USUAL_SERIES) if state is None else np.array(state["series"], USUAL_SERIES)
        entities = np.zeros(0, USUAL_ENTITY) if state is None else np.array(state["entities"], USUAL_ENTITY)
        self._entities = GrowingRecords(entities, _usual.index_entities)
        self._limit = min(MANY if state is None else int(state["limit"][0]), most)

    def snapshot(self) -> Arrays:
        """What must be kept; the names are numbered by their first use, which does not depend on calls."""
        entities = self._entities.live.copy()
        texts, number = self._texts_of(entities["text"])
        entities["text"] = number
        arrays: Arrays = {"series": self._series.copy(), "entities": entities, "limit": np.array([self._limit])}
        arrays |= {"left_out": np.array([self.left_out])} if self.left_out else {}
        return arrays | prefixed("texts", texts.snapshot())

    def tell_and_learn(
        self, statistic: Statistic, name: str, values: DetectorValues, start: int, end: int, leaves: Structs
    ) -> pl.DataFrame:
        """As of `Usual`."""
        self._grow(len(values.known))
        given = _given(statistic, name, values, start, end)
        text = self._texts.intern(given.frame["influencer_field_value"])
        told, usual_actual = self._run(given, text, leaves)
        row, leaf, effect = told["row"], told["cell"].astype(np.int64), np.ascontiguousarray(told["effect"])
        scale = _scale(leaves, usual_actual, leaf, effect) if statistic in _SCALED else np.ones(len(leaves))
        own = {number: _of_rows(given.frame[number].to_numpy(), row) for number in OF_ROWS}
        own["weight"] = np.where(row == NONE, 0.0, own["weight"])
        columns = {
            "leaf": leaf,
            "influencer_field_name": repeated(name, len(told)),
            "influencer_field_value": self._texts.decode(np.ascontiguousarray(told["text"])),
            **own,
            "effect": np.where(row == NONE, 0.0, _of_rows(given.effect, row)),
            "usual": effect * scale[leaf],
            "spread": np.sqrt(np.maximum(told["square"] - effect**2, 0.0)) * scale[leaf],
            "usual_share": told["share"],
        }
        return pl.DataFrame(columns, schema=SHARES)

    def _grow(self, series: int) -> None:
        if series > len(self._series):
            known = len(self._series)
            self._series = with_room(self._series, known, series)
            self._series["newest"][known:] = NONE

    def _run(self, given: _Given, text: Ids, leaves: Structs) -> tuple[Structs, Floats]:
        """The records `TOLD` of the odd cells, and the usual value of the series of each."""
        odd = (np.ascontiguousarray(leaves["bucket"]), np.ascontiguousarray(leaves["series"]))
        usual_actual, done = np.zeros(len(leaves)), np.array([self._entities.size, 0, 0, 0])
        told = np.zeros(min(len(text), 1024), TOLD)
        effect = np.where(np.isfinite(given.effect), given.effect, 0.0)
        end = np.append(given.rows.start[1:], len(text))[: len(given.rows.start)]
        cells = (given.bucket, given.series, end, given.actual, given.weight)
        while True:
            pool = self._entities
            limits, memory = (self._decay, self._limit), (as_bytes(self._series), pool.raw)
            rows = (text, given.rows.weight, effect, *odd)
            status = _usual.tell_and_learn(*cells, *rows, *limits, *memory, pool.slots, as_bytes(told), usual_actual, done)
            pool.used[0], at = done[0], int(done[2])
            first = int(end[at - 1]) if at else 0
            if status == _usual.DONE:
                return told[: done[1]], usual_actual
            if status == _usual.WANTS_TOLD:
                told = with_room(told, int(done[1]), 2 * len(told) + 16)
            elif status == _usual.WANTS_ENTITIES:
                pool.grow(pool.size + int(end[at]) - first)
            else:
                text = self._forget_rare(text, first, told[: done[1]])
                done[0] = self._entities.size

    def _forget_rare(self, text: Ids, first: int, told: Structs) -> Ids:
        """Forget rare entities, and the names that nobody has any more; the numbers of names change.

        Args:
            text: [n] number of each row's name.
            first: the first row that is still to be read.
            told: what has been told so far, changed in place.

        Returns:
            The new numbers [n]; 0 for rows that have been read.
        """
        pool = self._entities
        kept = self._forget_small(
            _usual.forget_rare(self._decay, as_bytes(self._series), len(self._series), pool.raw, pool.size)
        )
        entities = pool.live[:kept].copy()
        self._texts, number = self._texts_of(np.concatenate([entities["text"], told["text"], text[first:]]))
        entities["text"], told["text"] = number[:kept], number[kept : kept + len(told)]
        self._entities = GrowingRecords(entities, _usual.index_entities, room=len(pool.rows) // 2)
        self._limit = min(max(MANY, 2 * kept), self._most)
        return np.concatenate([np.zeros(first, np.int32), number[kept + len(told) :]])

    def _forget_small(self, kept: int) -> int:
        """Forget those of the first entities that have small shares, if there is no room; how many are left."""
        pool, most = self._entities, self._most // 2  # so that it is not done in each bucket
        if kept <= most:
            return kept
        entities = pool.rows[:kept]
        series = self._series[entities["series"]]
        fades = ln(self._decay) * (series["learnt"] - entities["learnt"])
        share = e_to(fades) * entities["weight"] / series["weight"]
        gone = np.argsort(share, kind="stable")[: kept - most]
        entities["weight"][gone] = -1.0  # less than any that is rare
        self.left_out += len(gone)
        return _usual.forget_rare(self._decay, as_bytes(self._series), len(self._series), pool.raw, kept)

    def _texts_of(self, used: Ids) -> tuple[Texts, Ids]:
        """The names in use, by first use, and the number of each use among them."""
        ids, first, inverse = np.unique(used, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return self._texts.subset(ids[order].astype(np.int32)), rank[inverse]


def _of_rows(column: Floats, row: Ints) -> Floats:
    """A column at rows [m]; NaN for -1."""
    return np.append(column, np.nan)[row]


def _given(statistic: Statistic, field: str, values: DetectorValues, start: int, end: int) -> _Given:
    """The shares of a field in the buckets [start, end), and their cells."""
    frame, cell = values.shares_between(statistic, start, end)
    cells = values.cells[statistic]
    own = np.flatnonzero((frame["influencer_field_name"] == field).to_numpy() & (cell >= 0))
    own = own[~np.isnan(cells.actual[cell[own]])]  # no value, nothing to add to
    frame = frame.select("influencer_field_value", *OF_ROWS)
    if len(own) < len(cell):
        frame, cell = frame[own], cell[own]
    first = np.flatnonzero(np.diff(cell, prepend=NONE))
    of = cell[first]
    numbers = {name: frame[name].fill_null(np.nan).to_numpy() for name in ("weight", "value", "mean", "m2", "without")}
    position = np.repeat(np.arange(len(first)), np.diff(first, append=len(cell)))
    rows = Rows(position, first.astype(np.int64), **numbers)
    actual, weight = cells.actual[of], cells.weight[of]
    effect = effects(statistic, rows, actual, weight, cells.mean[of])
    return _Given(frame, rows, cells.bucket[of], cells.series[of], actual, weight, np.asarray(effect))


def _scale(leaves: Structs, usual_actual: Floats, leaf: Ints, usual: Floats) -> Floats:
    """What is expected of each leaf [q], in usual values of its series; 1 where that means nothing."""
    # Where entities add and take away, a sum is no measure of how much there is.
    gross = np.bincount(leaf, np.abs(usual), len(leaves))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = leaves["typical"] / usual_actual
    means_something = (scale > 0.0) & np.isfinite(scale) & (gross <= 1.5 * np.abs(usual_actual))
    return np.where(means_something, scale, 1.0)
