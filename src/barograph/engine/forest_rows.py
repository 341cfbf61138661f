"""What forests found, as rows of results."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.engine.forest_stage import JudgedForest, ln_p_of_grade
from barograph.results import schema
from barograph.results.arrays import Floats, Ints
from barograph.scoring.severity import normalised_score

_TYPES: Final = schema.polars_schema(schema.FOREST_RESULTS)
_ROLES: Final = ("partition", "by")


def forest_rows(job: Job, judged: JudgedForest) -> pl.DataFrame:
    """The rows of `schema.FOREST_RESULTS`, by time, then entity in the order of appearance."""
    at, entity = np.nonzero(judged.told.T)
    found, span_ms = judged.found, job.bucket_span_ms
    grade, late = found.grade[entity, at], found.late[entity, at]
    anomalies = list(_anomalies(judged, at, entity, grade))
    plain: dict[str, Any] = {
        "timestamp": (judged.first_bucket + at) * span_ms,
        "bucket_span": np.full(len(at), span_ms // 1_000),
        "anomaly_score": np.nan_to_num(found.score[entity, at]),
        "anomaly_grade": grade,
        "confidence": found.confidence[entity, at],
        "threshold": found.threshold[entity, at],
        "severity": normalised_score(ln_p_of_grade(grade), span_ms),
        "late": late,
        "is_interim": np.zeros(len(at), np.bool_),
    }
    lists = {
        "feature_data": [_numbers(row) for row in judged.values[entity, judged.before + at]],
        "feature_imputed": found.imputed[entity, at].tolist(),
        **{name: [one[name] for one in anomalies] for name in ("relevant_attribution", "expected_values", "past_values")},
    }
    frame = _names(job, judged, entity.astype(np.int32)).with_columns(
        *(pl.Series(name, values, dtype=_TYPES[name]) for name, values in (plain | lists).items())
    )
    frame = frame.with_columns(seq=pl.int_range(pl.len(), dtype=pl.Int32).over("timestamp"))
    return frame.select(_TYPES.names())


def _anomalies(judged: JudgedForest, at: Ints, entity: Ints, grade: Floats) -> Iterator[dict[str, Any]]:
    """What only anomalies have, row by row."""
    none = dict.fromkeys(("relevant_attribution", "expected_values", "past_values"))
    for t, e, odd in zip(at.tolist(), entity.tolist(), (grade > 0).tolist(), strict=True):
        if not odd:
            yield none
            continue
        modes = [{"likelihood": mode.likelihood, "values": mode.values.tolist()} for mode in judged.found.modes[e, t]]
        past = _numbers(judged.blamed(e, t)) if judged.found.late[e, t] else None
        attribution = judged.found.attribution[e, t].tolist()
        yield {"relevant_attribution": attribution, "expected_values": modes, "past_values": past}


def _numbers(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124  # a number that is none


def _names(job: Job, judged: JudgedForest, entity: "np.typing.NDArray[np.int32]") -> pl.DataFrame:
    """The split fields and values of entities [k]."""
    entities = judged.entities
    feature = np.argmax(entities.series >= 0, axis=0)  # the first that knows an entity
    frame = pl.DataFrame(schema={"entity": pl.Int32, **dict.fromkeys((f"{role}_field_value" for role in _ROLES), pl.String)})
    parts = [frame]
    for at, known in enumerate(entities.known):
        own = np.flatnonzero((feature == at) & (entities.series[at] >= 0)).astype(np.int32)
        names = known.names(np.ascontiguousarray(entities.series[at, own]))
        parts.append(names.select(pl.Series("entity", own, dtype=pl.Int32), *frame.columns[1:]))
    values = pl.concat(parts)
    told = pl.DataFrame({"entity": entity}).join(values, on="entity", how="left", maintain_order="left").drop("entity")
    detector = job.detectors[0]
    fields = {f"{role}_field_name": getattr(detector, f"{role}_field_name") for role in _ROLES}
    return told.with_columns(*(pl.lit(name, dtype=pl.String).alias(column) for column, name in fields.items()))
