"""What every kind of model does: bucket values in, probabilities out, for all series of one measure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np

from barograph.models.civil import Shifts
from barograph.models.config import ModelConfig
from barograph.models.describe import Description, Known
from barograph.models.forecast import Foreseen, Horizon
from barograph.models.skips import Skips
from barograph.results.arrays import Bools, Floats, Ids, Ints, Structs
from barograph.results.leaf import Tried
from barograph.results.snapshot import Arrays


@dataclass(frozen=True)
class Skipped:
    """Leaves of which users want no results.

    Attributes:
        leaves: [k] as those of `Judged`.
        by: [k] the rule, or `skips.PLANNED`, or `skips.FREQUENT`.
    """

    leaves: Structs
    by: Ints

    @classmethod
    def joined(cls, parts: Sequence["Skipped"]) -> "Skipped":
        """Those of consecutive stretches, as one."""
        return cls(np.concatenate([part.leaves for part in parts]), np.concatenate([part.by for part in parts]))


@dataclass(frozen=True)
class Judged:
    """What a model thinks of S series in T buckets. NaN in `ln_p` and `ln_evidence` where there is no data.

    Attributes:
        ln_p: [S, T] natural log of the chance of a value at least as unlikely, two- or one-sided by the config.
        ln_evidence: [S, T] natural log of the severity after evidence of several buckets and of earlier anomalies.
        typical: [S, T] predicted mean, also where no data; NaN before the series has a scale. None without bounds.
        lower: [S, T] lower bound, None without bounds.
        upper: [S, T] upper bound, None without bounds.
        leaves: [k] the buckets worth sending on (dtype `results.leaf.LEAF`) by time, then series. Their bounds are at 95 %.
        payload: [k] what the model needs to judge other values of the leaves: records that nobody else reads.
        changes: accepted changes (dtype `state.CHANGE`) by time, then series; `row` and `t` index S and T.
        skipped: what would have been leaves, but for what users want skipped.
    """

    ln_p: Floats
    ln_evidence: Floats
    typical: Floats | None
    lower: Floats | None
    upper: Floats | None
    leaves: Structs
    payload: Structs
    changes: Structs
    skipped: Skipped

    def without(self, cells: Bools, first_bucket: int, by: int) -> "Judged":
        """The same with nothing told of some cells [S, T], the first of them in `first_bucket`; they are skipped by `by`."""
        evidence = np.where(cells & ~np.isnan(self.ln_evidence), 0.0, self.ln_evidence)
        gone = cells[self.leaves["series"], self.leaves["bucket"] - first_bucket]
        leaves = np.concatenate([self.skipped.leaves, self.leaves[gone]])
        reasons = np.append(self.skipped.by, np.full(np.count_nonzero(gone), by))
        order = np.lexsort((leaves["series"], leaves["bucket"]))
        skipped = Skipped(leaves[order], reasons[order])
        told = {"leaves": self.leaves[~gone], "payload": self.payload[~gone]}
        return replace(self, ln_evidence=evidence, skipped=skipped, **told)

    @classmethod
    def joined(cls, parts: Sequence["Judged"]) -> "Judged":
        """What was thought of consecutive stretches of the same series, as one."""
        if len(parts) == 1:
            return parts[0]
        starts = np.cumsum([0, *(part.ln_p.shape[1] for part in parts[:-1])])
        for part, start in zip(parts, starts.tolist(), strict=True):
            part.changes["t"] += start
        ln_p, ln_evidence = (
            np.concatenate([getattr(part, name) for part in parts], axis=1) for name in ("ln_p", "ln_evidence")
        )
        typical, lower, upper = (
            _side_by_side([getattr(part, name) for part in parts]) for name in ("typical", "lower", "upper")
        )
        names = ("leaves", "payload", "changes")
        leaves, payload, changes = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
        skipped = Skipped.joined([part.skipped for part in parts])
        return cls(ln_p, ln_evidence, typical, lower, upper, leaves, payload, changes, skipped)


def _side_by_side(parts: Sequence[Floats | None]) -> Floats | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known, axis=1) if known else None


@dataclass(frozen=True)
class Records:
    """How the rows of a snapshot, one a series, are read without a model of them all.

    Attributes:
        array: their name in a snapshot.
        dtype: theirs, in this version.
        known: what rows [S] know together, and what not yet.
        lately: [S] how anomalous each series was lately; 0 is quiet.
        describe: what one row says that the model believes, in words and numbers.
        of_population: bytes of what the rows of a population, or of one by value of a partition, have together.
        of_partition: bytes of what the rows of a partition have together.
    """

    array: str
    dtype: np.dtype[np.void]
    known: Callable[[Structs, ModelConfig], Known]
    lately: Callable[[Structs], Floats]
    describe: Callable[[Any, ModelConfig], Description]
    of_population: int = 0
    of_partition: int = 0


class Kin(NamedTuple):
    """What series have in common.

    Attributes:
        partition: [S] dense number of the partition of each.
        population: [S] dense number of its partition and by value: members of one have the same.
        member: [S] a number of its partition and over value, not dense: series of one member have the same.
    """

    partition: Ids
    population: Ids
    member: Ints


class Model(Protocol):
    """All series of one measure, under one kind of model. `models.kinds.MODELS` says which kinds there are.

    `build` is the only way in, `snapshot` the only way out. `advance` alone learns, and `grow` alone adds series; all else
    changes nothing. What comes out does not depend on how time is cut into calls, on threads, or on snapshots in between.
    """

    config: ModelConfig
    RECORDS: ClassVar[Records]
    TOGETHER: ClassVar[bool]
    """Whether series are judged by the others of their partition, so that to learn one is to learn all of these."""

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> Self:
        """A model without series, or the one that `snapshot` wrote.

        Raises:
            ValueError: another version wrote it.
        """

    @classmethod
    def of_one(cls, config: ModelConfig, state: Arrays, row: int, newest: Arrays) -> Self | None:
        """A model of series `row` of a snapshot alone, as it was then; the newest one knows what siblings have taught since.

        None where there was no such series yet, where it had not had a value, or where another version wrote either snapshot.
        """

    @classmethod
    def at_birth(cls, config: ModelConfig, state: Arrays, row: int, first: float) -> Self:
        """A model of one series of a snapshot before its `first` value: it knows what its siblings had taught, and no more."""

    @staticmethod
    def readable(state: Arrays) -> bool:
        """Whether this version can read a snapshot."""

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""

    @property
    def n_series(self) -> int:
        """How many series the model has."""

    def grow(self, n_series: int, kin: Kin | None = None) -> None:
        """Add series until there are `n_series`; `kin` of all of them, for a kind that judges some by others."""

    def advance(
        self, values: Floats, first_bucket_ms: int, *, skips: Skips | None = None, weights: Floats | None = None
    ) -> Judged:
        """Score each bucket with what was known before it, then learn it.

        Args:
            values: [S, T] bucket values of consecutive buckets of all series; NaN is no data.
            first_bucket_ms: start of bucket 0, a multiple of the span.
            skips: what of it is not to be told, or not to be learned.
            weights: [S, T] rows behind each value; None: as many behind each. Only a kind with `of_rows` reads it.
        """

    def judge(self, values: Floats, bucket_ms: int, *, skips: Skips | None = None, weights: Floats | None = None) -> Judged:
        """Score one bucket of values [S] of `weights` [S] rows without learning it. Judged is [S, 1]."""

    @staticmethod
    def ln_p_of(payload: Structs, values: Floats) -> Floats:
        """ln of the probability of other values [k] in the place of leaves, given by their payload [k]; NaN gives NaN. Pure."""

    def try_values(self, values: Floats, bucket_ms: int, shifts: Shifts | None = None, weight: float = 0.0) -> Tried:
        """What the model of one series would make of any of `values` [k] in a bucket, which is not learned.

        Only where `ln_threshold` is 0 does every value have a leaf. `shifts` are the changes of the clock of this one series,
        `weight` is how many rows there would be behind each value; 0: as many as usual.
        """

    def expect(self, first_bucket_ms: int, buckets: int, shifts: Shifts | None = None) -> Floats:
        """What all series are expected to be in coming buckets, [S, T] by what is known now; NaN is no idea.

        `shifts` are the changes of the clock; None: there are none.
        """

    def describe(self, row: int) -> Description:
        """What the model believes about series `row` now, in words and numbers."""

    def known(self) -> Known:
        """What the model knows of its series together, and what not yet."""


class Together(Model, Protocol):
    """A model of series that are judged by others."""

    def beside(
        self, row: int, values: Floats, bucket_ms: int, weights: Floats | None = None, shifts: Shifts | None = None
    ) -> Model:
        """The model of series `row` alone, in a bucket in which all series [S] have these values; nothing is learnt.

        `weights` [S] are the rows behind them, None as many as ever; `shifts` the changes of the clock of all series.
        """


@runtime_checkable
class Sleeper(Protocol):
    """A model whose series may sleep on the disk while they have no data. Results do not depend on it."""

    @property
    def patterns(self) -> object:
        """What repeats in the series that are awake: what only some of them have."""

    @property
    def n_series(self) -> int:
        """How many series the model has."""

    @property
    def asleep(self) -> int:
        """How many of them sleep."""

    @property
    def awake_bytes(self) -> int:
        """What those that are awake take."""

    def keep_awake(self, awake_bytes: int) -> None:
        """From now on at most so much is awake, where series may sleep: those that have been without data for longest do."""


@runtime_checkable
class Forecaster(Protocol):
    """A model that can say what its series will do next."""

    def forecast(self, rows: Ints, ask: Horizon, shifts: Shifts | None = None) -> Foreseen:
        """What some of the series are expected to do next; nothing is learnt.

        Args:
            rows: [S] the series.
            ask: from when on, how long, and how wide the bounds are to be.
            shifts: changes of the clock of all series; None: there are none.
        """
