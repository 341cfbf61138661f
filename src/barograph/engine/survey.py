"""What the models of very many series believe, read from a snapshot piece by piece: no model is built, and most is not kept."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.buckets import Buckets
from barograph.config.job import Job
from barograph.engine.description import description_rows
from barograph.engine.series_stage import check_readable, measures_of, model_config, model_of
from barograph.models import Known, ModelConfig, Records
from barograph.results import schema
from barograph.results.arrays import Floats, Ints, Structs
from barograph.results.snapshot import Reduce, Snapshot, under
from barograph.scoring.leaves import Measure

Read = Callable[[Mapping[str, Reduce]], Snapshot | None]
"""Reads a snapshot, of some arrays only what they are reduced to; None when there is none."""


@dataclass(frozen=True)
class Survey:
    """What was read.

    Attributes:
        rows: of the series that were the most anomalous lately, as `schema.DESCRIPTIONS`.
        known: what the models know of all series together, and what not yet.
    """

    rows: pl.DataFrame
    known: Known


def survey(job: Job, read: Read, most: int) -> Survey:
    """Describe at most so many series, those that were the most anomalous lately, and tell what is known of all.

    The order is that of `Engine.describe`. Of equally anomalous ones the first are taken.

    Raises:
        OtherModels: another version has learned the models.
    """
    worst = [_Worst.of(job, measure, model_config(job, measure, side), most) for measure, side in measures_of(job)]
    state = read({f"model{position}.{one.records.array}": one.reduce for position, one in enumerate(worst)})
    if state is None:
        return Survey(schema.empty(schema.DESCRIPTIONS), Known())
    for position, one in enumerate(worst):
        check_readable(job, one.measure, under(f"model{position}", state.arrays))
    lately = np.concatenate([one.lately for one in worst])
    owner = np.repeat(np.arange(len(worst)), [len(one.lately) for one in worst])
    best = np.sort(np.argsort(-lately, kind="stable")[:most])
    starts = np.cumsum([0, *(len(one.lately) for one in worst)])
    names = Buckets.build(job, under("buckets", state.arrays)).names
    parts = []
    for position, one in enumerate(worst):
        series, kept = one.taken(best[owner[best] == position] - starts[position])
        told = [one.records.describe(record, one.config) for record in kept]
        parts.append(description_rows(one.measure, names, series, told))
    return Survey(pl.concat([schema.empty(schema.DESCRIPTIONS), *parts]), sum((one.known for one in worst), Known()))


@dataclass
class _Worst:
    """The series of one measure that were the most anomalous lately, of those that have been read so far.

    Attributes:
        measure: the measure.
        config: how its series are modelled.
        records: how their rows are read.
        most: how many to keep.
        series: [k] their numbers, ascending.
        rows: [k] their rows.
        lately: [k] how anomalous they were.
        known: what is known of all that have been read.
    """

    measure: Measure
    config: ModelConfig
    records: Records
    most: int
    series: Ints
    rows: Structs
    lately: Floats
    known: Known

    @classmethod
    def of(cls, job: Job, measure: Measure, config: ModelConfig, most: int) -> "_Worst":
        records = model_of(job, measure).RECORDS
        none = np.zeros(0, np.int64), np.zeros(0, records.dtype), np.zeros(0)
        return cls(measure, config, records, most, *none, Known())

    def reduce(self, blocks: Iterator[NDArray[Any]]) -> NDArray[Any]:
        """Keep what is to be kept of all blocks; rows of another version are left to whoever asks whether they can be read."""
        first, dtype = 0, self.records.dtype
        for block in blocks:
            dtype = block.dtype
            if dtype == self.records.dtype:
                self._take(block, first)
            first += len(block)
        return np.zeros(0, dtype)

    def taken(self, at: Ints) -> tuple[Ints, Structs]:
        """The numbers and rows of some of those that are kept, given their places."""
        return self.series[at], self.rows[at]

    def _take(self, block: Structs, first: int) -> None:
        self.known = self.known + self.records.known(block, self.config)
        lately = self.records.lately(block)
        least = np.argsort(-lately, kind="stable")[: self.most]  # before anything is copied: rows are wide
        series, rows = np.concatenate([self.series, first + least]), np.concatenate([self.rows, block[least]])
        every = np.concatenate([self.lately, lately[least]])
        by_number = np.argsort(series)
        best = np.sort(np.argsort(-every[by_number], kind="stable")[: self.most])
        self.series, self.rows, self.lately = (of[by_number][best] for of in (series, rows, every))
