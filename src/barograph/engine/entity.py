"""Series by the values of their partition and by fields."""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.results.arrays import Bools, Ids

Entity = tuple[tuple[str, str], ...]
"""(field, value) pairs that a series must all have; empty is every series."""

SplitsOf = Callable[[Ids], tuple[pl.Series | None, pl.Series | None]]
"""Series of a detector [k] -> their partition and by values; None where it has no such field."""


def check_entity(job: Job, entity: Entity) -> None:
    """Refuse what no series of the job could be.

    Raises:
        BadRequest: no detector is split by all fields of the entity.
    """
    splits = [_fields(job, at) for at in range(len(job.detectors))]
    for field, value in entity:
        if not any(field in fields for fields in splits):
            known = sorted({field for fields in splits for field in fields})
            wanted = f"a partition or by field ({', '.join(known)})" if known else "no entity: the job has no split"
            raise BadRequest(f"entity={field}={value!r}: wanted {wanted}")
    if not any(all(field in fields for field, _ in entity) for fields in splits):
        named = ", ".join(f"{field}={value}" for field, value in entity)
        raise BadRequest(f"entity={named!r}: wanted fields that one detector is split by together")


def of_entity(job: Job, detector_index: int, entity: Entity, splits: SplitsOf, count: int) -> Bools:
    """Which of the first `count` series of a detector are of an entity; `splits` gives the split values of series."""
    found = np.ones(count, np.bool_)
    if not entity:
        return found
    fields: Mapping[str, int] = _fields(job, detector_index)
    if not all(field in fields for field, _ in entity):
        return ~found
    columns = splits(np.arange(count, dtype=np.int32))
    for field, value in entity:
        column = columns[fields[field]]
        assert column is not None
        found &= (column == value).to_numpy()
    return found


def _fields(job: Job, detector_index: int) -> Mapping[str, int]:
    """The split fields of a detector, each with its place in what `splits` returns."""
    detector = job.detectors[detector_index]
    both = enumerate((detector.partition_field_name, detector.by_field_name))
    return {field: place for place, field in both if field is not None}
