"""The model of a series that is judged by the others of its partition: to know it as it was, all of these are learned again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from barograph.buckets import KnownSeries
from barograph.config.errors import OtherModels
from barograph.config.job import Job
from barograph.config.splits import SPLIT_VALUES
from barograph.engine.exclusions import Exclusion
from barograph.engine.prune import Prune
from barograph.engine.skips import DetectorSkips
from barograph.models import Kin, Model, ModelConfig, Shifts, Together
from barograph.models.skips import Skips
from barograph.results.arrays import Bools, Floats, Ints
from barograph.results.snapshot import Arrays

_CELLS_AT_ONCE = 1_000_000


def kin_of(known: KnownSeries) -> Kin:
    """What series have in common, as models take it."""
    return Kin(known.partition, known.population, known.member)


@dataclass(frozen=True)
class Learned:
    """The models of a partition before a bucket, and what its series have in it.

    Attributes:
        model: of all series of the detector; those of other partitions have learned nothing.
        bucket_ms: start of the bucket.
        values: [S] bucket values; NaN without rows.
        weights: [S] rows behind them.
        shifts: changes of the clock of all series.
    """

    model: Together
    bucket_ms: int
    values: Floats
    weights: Floats
    shifts: Shifts

    def one(self, row: int) -> tuple[Model, float, float]:
        """The model of a series alone, its value and the rows behind it."""
        model = self.model.beside(row, self.values, self.bucket_ms, self.weights, self.shifts)
        return model, float(self.values[row]), float(self.weights[row])


@dataclass(frozen=True)
class Others:
    """The series of one measure that share a partition with the one that is asked for.

    Attributes:
        job: the job.
        detector_index: the detector.
        kind: what models its series.
        config: how.
        known: all series of the detector.
        row: the one that is asked for.
        skips: what users do not want learned.
        forgotten: what the models have not seen.
    """

    job: Job
    detector_index: int
    kind: type[Together]
    config: ModelConfig
    known: KnownSeries
    row: int
    skips: DetectorSkips
    forgotten: Sequence[Exclusion]

    @property
    def rows(self) -> Bools:
        """[S] which series they are, the one itself too."""
        return np.asarray(self.known.partition == self.known.partition[self.row])

    @property
    def first_bucket(self) -> int:
        """Where the first of them begins."""
        return int(self.known.first_bucket[self.rows].min())

    @property
    def split_values(self) -> tuple[str | None, ...]:
        """What they have in common of the columns `SPLIT_VALUES`; None for what they have not."""
        names = self.known.names(np.array([self.row], np.int32)).row(0, named=True)
        return tuple(names[name] if name == "partition_field_value" else None for name in SPLIT_VALUES)

    def learned(
        self, state: Arrays | None, numbers: Ints, values: pl.DataFrame, newest: Arrays, prune: Prune | None
    ) -> "Learned":
        """The models of all of them before a bucket, after the buckets before it.

        Args:
            state: what the models had learned before; None: nothing.
            numbers: [T] the buckets that follow, without those that the job slept through; the last is the one to be judged.
            values: `timestamp`, `series`, `actual` and `weight` of all of the series in them.
            newest: the newest that was learned.
            prune: when series are forgotten, as of `state`; None: they are not.

        Raises:
            OtherModels: another version has learned it.
        """
        if not self.kind.readable(newest):
            raise OtherModels(self.job.job_id)
        model = self.kind.build(self.config, state)
        model.grow(len(self.known), kin_of(self.known))
        bucket = values["timestamp"].to_numpy() // self.job.bucket_span_ms
        series, actual, rows = (values[name].to_numpy() for name in ("series", "actual", "weight"))
        for first, end in self._stretches(numbers[:-1]):
            matrix = self._nothing(first, end)
            behind = np.zeros(matrix.shape)
            inside = (bucket >= first) & (bucket < end)
            cell = series[inside], bucket[inside] - first
            matrix[cell], behind[cell] = actual[inside], rows[inside]
            hidden = self._hidden(first, end)
            matrix[hidden], behind[hidden] = np.nan, 0.0
            skips = self.skips.between(self.known, len(self.known), first, end)
            if prune is not None:
                skips = prune.take_out_and_learn(matrix, behind, first, skips)
            model.advance(matrix, first * self.job.bucket_span_ms, skips=skips, weights=behind)
        here = self._nothing(int(numbers[-1]), int(numbers[-1]) + 1)[:, 0]
        inside = bucket == numbers[-1]
        here[series[inside]] = actual[inside]
        weight = np.zeros(len(self.known))
        weight[series[inside]] = rows[inside]
        if prune is not None:
            first = int(numbers[-1])
            seen = np.where(self._hidden(first, first + 1), 0.0, weight[:, None])
            forgotten = prune.forget_and_learn(seen, first)
            here[forgotten.gone[:, 0]], weight[forgotten.gone[:, 0]] = np.nan, 0.0
            if forgotten.resets.any():  # what has no data changes nothing else
                nothing, resets = np.full_like(seen, np.nan), replace(Skips.none(*seen.shape), resets=forgotten.resets)
                model.advance(nothing, first * self.job.bucket_span_ms, skips=resets)
        shifts = self.skips.shifts(self.known.names(np.arange(len(self.known), dtype=np.int32)))
        return Learned(model, int(numbers[-1]) * self.job.bucket_span_ms, here, weight, shifts)

    def _nothing(self, first: int, end: int) -> Floats:
        """[S, T] what buckets are without rows: zero where that counts, once a series has begun."""
        matrix = np.full((len(self.known), end - first), np.nan)
        if self.job.detectors[self.detector_index].spec.empty == "zero":
            matrix[self.rows[:, None] & (self.known.first_bucket[:, None] <= np.arange(first, end))] = 0.0
        return matrix

    def _stretches(self, numbers: Ints) -> Iterator[tuple[int, int]]:
        """Consecutive buckets, no more at once than memory is to hold."""
        step = max(_CELLS_AT_ONCE // max(len(self.known), 1), 1)
        for stretch in np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1):
            for first in range(int(stretch[0]), int(stretch[-1]) + 1, step) if len(stretch) else ():
                yield first, min(first + step, int(stretch[-1]) + 1)

    def _hidden(self, first: int, end: int) -> Bools:
        """[S, T] which buckets the models have not seen."""
        hidden = np.zeros((len(self.known), end - first), np.bool_)
        for exclusion in self.forgotten:
            span = exclusion.buckets(self.job.bucket_span_ms, self.job.early_ms(self.detector_index))
            since, until = (max(number - first, 0) for number in span)
            named = exclusion.series(self.job, self.detector_index, self.known, len(self.known))
            hidden[named, since:until] = True
        return hidden
