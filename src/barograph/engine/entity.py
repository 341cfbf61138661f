"""Series by the values of their partition and by fields."""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.splits import SERIES_ROLES, SPLIT_VALUES
from barograph.results import schema
from barograph.results.arrays import Bools, Ids

Entity = tuple[tuple[str, str], ...]
"""(field, value) pairs that a series must all have; empty is every series."""

NamesOf = Callable[[Ids], pl.DataFrame]
"""Series of a detector [k] -> their split values, the columns `SPLIT_VALUES`."""

DetectorNames = Callable[[int, Ids], pl.DataFrame]
"""The same of a detector given by its index."""


def check_entity(job: Job, entity: Entity) -> None:
    """Refuse what no series of the job could be.

    Raises:
        BadRequest: no detector is split by all fields of the entity.
    """
    splits = [split_columns(job, at) for at in range(len(job.detectors))]
    for field, value in entity:
        if not any(field in fields for fields in splits):
            known = sorted({field for fields in splits for field in fields})
            wanted = f"a partition or by field ({', '.join(known)})" if known else "no entity: the job has no split"
            raise BadRequest(f"entity={field}={value!r}: wanted {wanted}")
    if not any(all(field in fields for field, _ in entity) for fields in splits):
        named = ", ".join(f"{field}={value}" for field, value in entity)
        raise BadRequest(f"entity={named!r}: wanted fields that one detector is split by together")


def of_entity(job: Job, detector_index: int, entity: Entity, names_of: NamesOf, count: int) -> Bools:
    """Which of the first `count` series of a detector are of an entity."""
    if not entity:
        return np.ones(count, np.bool_)
    columns = split_columns(job, detector_index)
    if not all(field in columns for field, _ in entity):
        return np.zeros(count, np.bool_)
    names = names_of(np.arange(count, dtype=np.int32))
    chosen = names.select(pl.all_horizontal(pl.col(columns[field]).eq_missing(value) for field, value in entity))
    return chosen.to_series().to_numpy()


def names_series(job: Job, entity: Entity) -> pl.Expr:
    """Whether a row names a series of an entity, by the columns of `schema.SERIES_KEY`."""
    if not entity:
        return pl.lit(True)
    splits = ((at, split_columns(job, at)) for at in range(len(job.detectors)))
    of_detectors = (
        pl.all_horizontal(
            pl.col("detector_index") == at, *(pl.col(columns[field]).eq_missing(value) for field, value in entity)
        )
        for at, columns in splits
        if all(field in columns for field, _ in entity)
    )
    return pl.any_horizontal(pl.lit(False), *of_detectors)


def names_influencer(entity: Entity) -> pl.Expr:
    """Whether a row names an influencer that is a part of an entity, by the columns of `schema.INFLUENCER_KEY`."""
    if not entity:
        return pl.lit(True)
    name, value = (pl.col(column) for column in schema.INFLUENCER_KEY)
    return pl.any_horizontal((name == field) & (value == of) for field, of in entity)


def split_columns(job: Job, detector_index: int) -> Mapping[str, str]:
    """The split fields of a detector, each with the column of its values."""
    splits = job.detectors[detector_index].splits
    return {splits[role]: column for role, column in zip(SERIES_ROLES, SPLIT_VALUES, strict=True) if role in splits}
