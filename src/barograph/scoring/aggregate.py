"""Series to the bucket, bottom up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.kernels.elementary import ln
from barograph.results.arrays import Floats, Ids
from barograph.results.snapshot import Arrays
from barograph.scoring.groups import Groups

LN_QUIET: Final = ln(0.6)
"""Buckets above this probability have nothing to tell: all score 0. Chosen: see docs/lab.md."""


@dataclass(frozen=True)
class Evidence:
    """What the partitions of one measure show in a stretch of buckets.

    Attributes:
        detector: position of the detector in the job; a detector has one measure, `metric` three.
        ln_p: [P, T] ln of the evidence against all series of each partition together, <= 0; NaN is no data.
        series: [T] how many series have data.
    """

    detector: int
    ln_p: Floats
    series: Floats


def evidence_and_learn(groups: Groups, detector: int, ln_p: Floats, partition: Ids) -> Evidence:
    """Combine the series of each partition, and learn how they go together.

    Args:
        groups: what the partitions have shown before.
        detector: as above.
        ln_p: [S, T] ln of the evidence against each bucket value, <= 0; NaN is no data.
        partition: [S] dense id of each series' partition within the detector.
    """
    series = np.count_nonzero(~np.isnan(ln_p), axis=0).astype(float)
    return Evidence(detector, groups.combine_and_learn(ln_p, partition.astype(np.int64)), series)


class Levels:
    """From the partitions of each measure to the bucket. It remembers how far the members of each level go together."""

    def __init__(self, measures: list[Groups], partitions: list[Groups], detectors: Groups) -> None:
        self._measures = measures
        self._partitions = partitions
        self._detectors = detectors

    @classmethod
    def build(cls, detectors: int, bucket_span_ms: int, state: Arrays | None = None) -> "Levels":
        """Levels that have seen nothing, or as `snapshot` left them."""

        def groups(name: str, take_word: bool = False) -> Groups:
            return Groups.build(bucket_span_ms, None if state is None else state[name], take_word=take_word)

        measures, partitions = ([groups(f"{name}{i}") for i in range(detectors)] for name in ("measures", "partitions"))
        return cls(measures, partitions, groups("detectors", take_word=True))

    @staticmethod
    def readable(state: Arrays) -> bool:
        """Whether this is a snapshot of this version."""
        return "detectors" in state and Groups.readable(state["detectors"])

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        arrays: Arrays = {"detectors": self._detectors.snapshot()}
        for i, (measures, partitions) in enumerate(zip(self._measures, self._partitions, strict=True)):
            arrays |= {f"measures{i}": measures.snapshot(), f"partitions{i}": partitions.snapshot()}
        return arrays

    def detector_and_learn(self, detector: int, measures: Sequence[Evidence]) -> Floats:
        """Combine the partitions of one detector over its measures, then among themselves.

        Args:
            detector: its position in the job.
            measures: the detector's measures, one after the other; they have the same partitions.

        Returns:
            [T] ln of the detector's probability in each bucket; NaN where none of its series has data.
        """
        parts = [measure.ln_p for measure in measures]
        if len(parts) > 1:
            partition = np.tile(np.arange(len(parts[0])), len(parts))
            parts = [self._measures[detector].combine_and_learn(np.concatenate(parts), partition)]
        whole = parts[0]
        if not len(whole):
            return np.full(whole.shape[1], np.nan)
        return np.asarray(self._partitions[detector].combine_and_learn(whole, np.zeros(len(whole), np.int64))[0])

    def bucket_and_learn(self, detectors: Sequence[Floats]) -> Floats:
        """Combine detectors [T] to the bucket; one without data, or with nothing to tell, has probability 1.

        Returns:
            [T] ln of the bucket's probability, <= 0.
        """
        ln_p = self._detectors.combine_and_learn(np.array(detectors), np.zeros(len(detectors), np.int64))[0]
        return np.where(ln_p <= LN_QUIET, ln_p, 0.0)
