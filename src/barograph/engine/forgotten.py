"""Spans of time that a job's models are not to have seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.config.errors import InputError
from barograph.config.job import Job
from barograph.engine.finished import FinishedValues


@dataclass(frozen=True)
class Forgotten:
    """A span that is not learned: of all series, or of those that one entity's field values name.

    Attributes:
        start_ms: epoch ms, inclusive.
        end_ms: epoch ms, exclusive. Half a bucket cannot be forgotten: every bucket that the span touches is.
        entity: values of partition or by fields, by field name; a series must have them all. Empty is every series.
    """

    start_ms: int
    end_ms: int
    entity: tuple[tuple[str, str], ...] = ()

    def buckets(self, span_ms: int) -> tuple[int, int]:
        """The numbers of the first bucket and of the one behind the last."""
        return self.start_ms // span_ms, -(-self.end_ms // span_ms)

    def check(self, job: Job) -> None:
        """Refuse what no series of the job could be.

        Raises:
            InputError: the span is empty, or no detector is split by all fields of the entity.
        """
        if self.start_ms >= self.end_ms:
            raise InputError(f"span={self.start_ms} to {self.end_ms}: wanted an end after the start")
        splits = [_fields(job, at) for at in range(len(job.detectors))]
        for field, value in self.entity:
            if not any(field in fields for fields in splits):
                known = sorted({field for fields in splits for field in fields})
                wanted = f"a partition or by field ({', '.join(known)})" if known else "no entity: the job has no split"
                raise InputError(f"entity={field}={value!r}: wanted {wanted}")
        if not any(all(field in fields for field, _ in self.entity) for fields in splits):
            named = ", ".join(f"{field}={value}" for field, value in self.entity)
            raise InputError(f"entity={named!r}: wanted fields that one detector is split by together")

    def series(self, job: Job, detector_index: int, values: FinishedValues, count: int) -> NDArray[np.bool_]:
        """Which of the first `count` series of a detector it names."""
        found = np.ones(count, np.bool_)
        if not self.entity:
            return found
        fields: Mapping[str, int] = _fields(job, detector_index)
        if not all(field in fields for field, _ in self.entity):
            return ~found
        columns = values.splits(np.arange(count, dtype=np.int32))
        for field, value in self.entity:
            column = columns[fields[field]]
            assert column is not None
            found &= (column == value).to_numpy()
        return found


def _fields(job: Job, detector_index: int) -> Mapping[str, int]:
    """The split fields of a detector, each with its place in what `splits` returns."""
    detector = job.detectors[detector_index]
    both = enumerate((detector.partition_field_name, detector.by_field_name))
    return {field: place for place, field in both if field is not None}
