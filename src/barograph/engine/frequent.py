"""Values that are there nearly always: a detector with `exclude_frequent` learns them, and tells nothing of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.buckets import KnownSeries
from barograph.config.detector import Detector
from barograph.config.duration import UNIT_MS
from barograph.config.job import Job
from barograph.kernels.elementary import e_to
from barograph.results.arrays import Bools, Floats, Ids, Ints
from barograph.results.snapshot import Arrays

OFTEN: Final = 0.1
"""A value is frequent that is in a larger share of the buckets of its partition (reference engine, section 0)."""
_FADES: Final = 0.0005
"""How much of that a bucket of half an hour forgets; a longer one no more, a shorter one as much less (the same section)."""


def roles_of(detector: Detector) -> tuple[str, ...]:
    """The roles whose frequent values a detector leaves out."""
    wanted = {"by": ("by",), "over": ("over",), "all": ("by", "over")}.get(detector.exclude_frequent or "none", ())
    return tuple(role for role in wanted if role in detector.splits)


def fading(span_ms: int) -> float:
    """The part of what was seen that counts still in the next bucket."""
    return e_to(-_FADES * min(1.0, span_ms / (30 * UNIT_MS["m"])))


@dataclass
class _Values:
    """The values of one role, each in its partition.

    Attributes:
        column: of the split values.
        of_series: [S] number of each series' value.
        number: number of each value, by partition and value.
        present: [V] faded number of buckets that had it.
    """

    column: str
    of_series: Ids
    number: dict[tuple[str | None, str | None], int]
    present: Floats

    def grow(self, known: KnownSeries, series: int) -> None:
        """Know the values of so many series. Numbers go by the first series of each value, so they need not be kept."""
        names = known.names(np.arange(len(self.of_series), series, dtype=np.int32))
        keys = names.select("partition_field_value", self.column).iter_rows()
        numbers = [self.number.setdefault(key, len(self.number)) for key in keys]
        self.of_series = np.append(self.of_series, np.array(numbers, np.int32))
        self.present = np.append(self.present, np.zeros(max(len(self.number) - len(self.present), 0)))


class Frequent:
    """How often the values of a detector come. None are frequent where it leaves out nothing."""

    def __init__(self, kept: float, values: tuple[_Values, ...], seen: Floats) -> None:
        self._kept, self._values, self._seen = kept, values, seen

    @classmethod
    def build(cls, job: Job, detector_index: int, state: Arrays | None = None) -> "Frequent":
        """Nothing seen, or as `snapshot` left it."""
        values = tuple(
            _Values(f"{role}_field_value", np.zeros(0, np.int32), {}, _kept(state, role))
            for role in roles_of(job.detectors[detector_index])
        )
        return cls(fading(job.bucket_span_ms), values, _kept(state, "seen"))

    def snapshot(self) -> Arrays:
        """What must be kept to go on; nothing for a detector that leaves out nothing."""
        if not self._values:
            return {}
        arrays: Arrays = {values.column.removesuffix("_field_value"): values.present.copy() for values in self._values}
        return arrays | {"seen": self._seen.copy()}

    def tell_and_learn(self, known: KnownSeries, weight: Floats, start: int) -> Bools | None:
        """Whether the series are of frequent values [S, T], by what was known before each bucket; then learn the bucket.

        Args:
            known: the series that have begun.
            weight: [S, T] rows of each in consecutive buckets.
            start: number of the first of these.

        Returns:
            None where none are left out.
        """
        if not self._values:
            return None
        partition, out = known.partition, np.zeros(weight.shape, np.bool_)
        begin = np.full(int(partition.max(initial=-1)) + 1, np.iinfo(np.int64).max)
        np.minimum.at(begin, partition, known.first_bucket)
        self._seen = np.append(self._seen, np.zeros(len(begin) - len(self._seen)))
        for values in self._values:
            values.grow(known, len(weight))
        for t in range(weight.shape[1]):
            there = weight[:, t] > 0.0
            for values in self._values:
                often = values.present[values.of_series] > OFTEN * self._seen[partition]
                out[:, t] |= often & there
                values.present *= self._kept
                values.present[np.unique(values.of_series[there])] += 1.0
            self._seen = self._seen * self._kept + (begin <= start + t)
        return out


def _kept(state: Arrays | None, name: str) -> Floats:
    """An array of a snapshot; empty where there is none, as in those of former versions."""
    return np.array(state[name], np.float64) if state else np.zeros(0)


def share_of(job: Job, with_rows: Ints, judged: Ints) -> float:
    """The share of buckets that had rows of a value, as `Frequent` knows it behind the last of them.

    Args:
        job: the job.
        with_rows: numbers of the buckets that had some, among those that were judged.
        judged: numbers of all buckets since its partition began.
    """
    if not len(judged):
        return 0.0
    kept = fading(job.bucket_span_ms)
    faded = kept ** np.arange(len(judged) - 1, -1, -1, dtype=np.float64)
    return float(faded[np.isin(judged, with_rows)].sum() / faded.sum())
