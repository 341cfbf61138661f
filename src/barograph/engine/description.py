"""What the models of a job believe, series by series, as rows that people and programs read."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.engine.entity import Entity, check_entity, of_entity
from barograph.engine.series_stage import SeriesStage
from barograph.models import Description
from barograph.results import schema
from barograph.results.arrays import Ids

_SCHEMA: Final = schema.polars_schema(schema.DESCRIPTIONS)
_SAME: Final = (
    *("values", "level", "deviation", "period_ms", "shift_ms", "follows", "trend", "trend_certainty", "memory", "family"),
    *("certainty", "occupancy", "repeats", "severity"),
)


Names = Callable[[int, Ids], pl.DataFrame]
"""A detector's index and series [k] of it -> their split values, the columns `SPLIT_VALUES`."""


def described(job: Job, stages: Sequence[SeriesStage], names: Names, entity: Entity, most: int | None) -> pl.DataFrame:
    """Rows of `schema.DESCRIPTIONS`: of all series of an entity, or of so many that were the most anomalous lately.

    Raises:
        BadRequest: no series of the job could be of the entity.
    """
    check_entity(job, entity)
    chosen = [
        np.flatnonzero(of_entity(job, at, entity, partial(names, at), one.model.n_series))
        for one in stages
        for at in [one.measure.detector_index]
    ]
    if most is not None:
        severity = np.concatenate([one.model.severity()[rows] for one, rows in zip(stages, chosen, strict=True)])
        owner = np.repeat(np.arange(len(stages)), [len(rows) for rows in chosen])
        best = np.sort(np.argsort(-severity, kind="stable")[:most])
        chosen = [np.concatenate(chosen)[best[owner[best] == at]] for at in range(len(stages))]
    parts = [_rows(one, names, rows) for one, rows in zip(stages, chosen, strict=True)]
    return pl.concat([schema.empty(schema.DESCRIPTIONS), *parts])


def _rows(stage: SeriesStage, names: Names, series: np.ndarray[Any, np.dtype[np.int64]]) -> pl.DataFrame:
    measure = stage.measure
    rows = [_row(stage.model.describe(row)) for row in series.tolist()]
    frame = pl.DataFrame(rows, schema={name: _SCHEMA[name] for name in _OWN})
    labels = (pl.lit(value, dtype=_SCHEMA[name]).alias(name) for name, value in measure.labels.items())
    return frame.hstack(names(measure.detector_index, series.astype(np.int32))).with_columns(*labels).select(list(_SCHEMA))


def _row(one: Description) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in _SAME},
        "first_timestamp": one.first_ms,
        "last_timestamp": one.last_ms,
        "season": None if one.season is None else one.season.name.lower(),
        "changed": one.changed_ms,
        "change": None if one.change is None else one.change.name.lower(),
        "text": " ".join(one.sentences),
    }


_OWN: Final = (*_SAME, "first_timestamp", "last_timestamp", "season", "changed", "change", "text")
