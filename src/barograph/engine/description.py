"""What the models of a job believe, series by series, as rows that people and programs read."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.engine.entity import DetectorNames, Entity, check_entity, of_entity
from barograph.engine.series_stage import SeriesStage
from barograph.models import Description
from barograph.results import schema
from barograph.results.arrays import Ints
from barograph.scoring.leaves import Measure

_SCHEMA: Final = schema.polars_schema(schema.DESCRIPTIONS)
_SAME: Final = (
    *("values", "level", "deviation", "period_ms", "shift_ms", "follows", "trend", "trend_certainty", "memory", "family"),
    *("certainty", "occupancy", "repeats", "severity", "former_level"),
)


def described(job: Job, stages: Sequence[SeriesStage], names: DetectorNames, entity: Entity) -> pl.DataFrame:
    """Rows of `schema.DESCRIPTIONS`, of all series of an entity.

    Raises:
        BadRequest: no series of the job could be of the entity.
    """
    check_entity(job, entity)
    chosen = [
        np.flatnonzero(of_entity(job, at, entity, partial(names, at), stage.model.n_series))
        for stage in stages
        for at in [stage.measure.detector_index]
    ]
    parts = [
        description_rows(stage.measure, names, rows, [stage.model.describe(row) for row in rows.tolist()])
        for stage, rows in zip(stages, chosen, strict=True)
    ]
    return pl.concat([schema.empty(schema.DESCRIPTIONS), *parts])


def description_rows(measure: Measure, names: DetectorNames, series: Ints, descriptions: Sequence[Description]) -> pl.DataFrame:
    """Rows of `schema.DESCRIPTIONS` of some series of a measure."""
    rows = [_row(description) for description in descriptions]
    frame = pl.DataFrame(rows, schema={name: _SCHEMA[name] for name in _OWN})
    labels = (pl.lit(value, dtype=_SCHEMA[name]).alias(name) for name, value in measure.labels.items())
    return frame.hstack(names(measure.detector_index, series.astype(np.int32))).with_columns(*labels).select(list(_SCHEMA))


def _row(description: Description) -> dict[str, Any]:
    return {
        **{name: getattr(description, name) for name in _SAME},
        "first_timestamp": description.first_ms,
        "last_timestamp": description.last_ms,
        "incident_since": description.incident_ms,
        "season": None if description.season is None else description.season.name.lower(),
        "changed": description.changed_ms,
        "change": None if description.change is None else description.change.name.lower(),
        "text": " ".join(description.sentences),
    }


_OWN: Final = (*_SAME, "first_timestamp", "last_timestamp", "incident_since", "season", "changed", "change", "text")
