"""Results of a detector as documents: the shape that clients and dashboards read."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from barograph.api.opensearch.document import interval_ms
from barograph.api.opensearch.features import Feature, enabled
from barograph.results.forest import Entity, model_id

SCHEMA: Final = 7
"""The version of the mapping of results that is followed."""
_SPLITS: Final = ("partition_field_value", "by_field_value")

Result = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """Of what results are.

    Attributes:
        detector_id: the detector; None for one that is only tried.
        detector: its document.
        task_id: the historical run; None for real time.
        phase_ms: how much later than multiples of their length its intervals begin.
        began_ms: when the results were begun to be made; None: that is not told.
        ended_ms: when they were made.
    """

    detector_id: str | None
    detector: Mapping[str, Any]
    task_id: str | None = None
    phase_ms: int = 0
    began_ms: int | None = None
    ended_ms: int | None = None

    @property
    def executed(self) -> Result:
        """The times of the execution."""
        return {} if self.began_ms is None else {"execution_start_time": self.began_ms, "execution_end_time": self.ended_ms}


def entity_of(detector: Mapping[str, Any], row: Mapping[str, Any]) -> Entity:
    """The entity of a row of results, sorted by field."""
    values = zip(detector.get("category_field") or (), _SPLITS, strict=False)
    return tuple(sorted((field, str(row[column])) for field, column in values))


def shown_entity(entity: Entity) -> list[dict[str, str]]:
    """An entity as it is told."""
    return [{"name": name, "value": value} for name, value in entity]


def documents(rows: pl.DataFrame, origin: Origin) -> Iterator[tuple[str, Result]]:
    """The documents of rows of `schema.FOREST_RESULTS`, each with an id that is the same each time."""
    features, span = enabled(origin.detector), interval_ms(origin.detector)
    for row in rows.iter_rows(named=True):
        entity = entity_of(origin.detector, row)
        start = row["timestamp"] + origin.phase_ms
        yield key_of(origin, entity, start), _document(row, origin, features, entity, (start, start + span))


def key_of(origin: Origin, entity: Entity, start_ms: int) -> str:
    """The id of the result of an entity and interval: results that are made again take the place of the old ones."""
    text = "\0".join([str(origin.detector_id), str(origin.task_id), str(start_ms), *(part for pair in entity for part in pair)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _document(
    row: Mapping[str, Any], origin: Origin, features: Sequence[Feature], entity: Entity, span: tuple[int, int]
) -> Result:
    start, end = span
    made: Result = {
        "detector_id": origin.detector_id,
        "schema_version": SCHEMA,
        "data_start_time": start,
        "data_end_time": end,
        "feature_data": _feature_data(features, row["feature_data"]),
        **origin.executed,
        "anomaly_score": row["anomaly_score"],
        "anomaly_grade": row["anomaly_grade"],
        "confidence": row["confidence"],
    }
    if entity:
        made["entity"] = shown_entity(entity)
    if origin.task_id is not None:
        made["task_id"] = origin.task_id
    if origin.detector_id is not None and (entity or origin.task_id is None):
        made["model_id"] = model_id(origin.detector_id, entity)
    if row["anomaly_grade"] > 0:
        made |= _blame(row, features, start, end - start)
    if _is_number(row["threshold"]):
        made["threshold"] = row["threshold"]
    if origin.detector.get("imputation_option") is not None:
        pairs = zip(features, row["feature_imputed"], strict=True)
        made["feature_imputed"] = [{"feature_id": one["feature_id"], "imputed": imputed} for one, imputed in pairs]
    return made


def _blame(row: Mapping[str, Any], features: Sequence[Feature], start: int, span: int) -> Result:
    """What only an anomaly has: since when, who is to blame, what was there, what was expected."""
    made: Result = {}
    if row["late"] > 0:
        made["approx_anomaly_start_time"] = start - row["late"] * span
    made["relevant_attribution"] = _values(features, row["relevant_attribution"])
    if row["past_values"] is not None:
        made["past_values"] = _values(features, row["past_values"])
    made["expected_values"] = [
        {"likelihood": one["likelihood"], "value_list": _values(features, one["values"])} for one in row["expected_values"]
    ]
    return made


def _values(features: Sequence[Feature], values: Sequence[float | None]) -> list[Result]:
    pairs = zip(features, values, strict=True)
    return [{"feature_id": one["feature_id"], "data": value} for one, value in pairs if _is_number(value)]


def _feature_data(features: Sequence[Feature], values: Sequence[float | None]) -> list[Result]:
    pairs = zip(features, values, strict=True)
    return [
        {"feature_id": one["feature_id"], "feature_name": one["feature_name"], "data": value}
        for one, value in pairs
        if _is_number(value)
    ]


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def failure(origin: Origin, span: tuple[int, int], error: str) -> tuple[str, Result]:
    """The document of an interval that there is no result of, and its id."""
    made: Result = {"detector_id": origin.detector_id, "schema_version": SCHEMA}
    made |= {"data_start_time": span[0], "data_end_time": span[1]}
    if origin.task_id is None:
        made["feature_data"] = []
    made |= {**origin.executed, "error": error}
    if origin.task_id is not None:
        made["task_id"] = origin.task_id
    return key_of(origin, (), span[0]), made


def flattened(made: Result, features: Sequence[Feature]) -> Result:
    """A result that also has each of its numbers under a name of its own."""
    names = {one["feature_id"]: one["feature_name"] for one in features}
    flat: Result = {}
    for field, head in (("feature_data", None), ("relevant_attribution", None), ("past_values", "past_value")):
        for one in made.get(field, ()):
            flat[f"{head or field}_{names[one['feature_id']]}"] = one["data"]
    for one in (made.get("expected_values") or [{"value_list": []}])[0]["value_list"]:
        flat[f"expected_values_{names[one['feature_id']]}"] = one["data"]
    for one in made.get("entity", ()):
        flat[f"entity_{one['name']}"] = one["value"]
    return {**made, **flat}
