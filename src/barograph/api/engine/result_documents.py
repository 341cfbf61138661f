"""Results as documents of the Engine API. What has no value is absent."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

from barograph.api.engine.detectors import told_name
from barograph.api.engine.times import text_of
from barograph.config.splits import ROLES
from barograph.results.category import CategoryDefinition
from barograph.results.points import PERIODS, PLACES, degrees

Row = Mapping[str, Any]
Document = dict[str, Any]

_ENTITIES: Final = {f"{role}Field{part.title()}": f"{role}_field_{part}" for role in ROLES for part in ("name", "value")}
RECORD: Final = {
    "bucketSpan": "bucket_span",
    "detectorIndex": "detector_index",
    "function": "function",
    "functionDescription": "function_description",
    "fieldName": "field_name",
    **_ENTITIES,
    "correlatedByFieldValue": "correlated_by_field_value",
    "probability": "probability",
    "anomalyScore": "anomaly_score",
    "normalizedProbability": "record_score",
    "initialNormalizedProbability": "initial_record_score",
    "isInterim": "is_interim",
}
"""Fields of records, and the columns that they come from; `anomaly_score` is that of the bucket."""

_CAUSE: Final = {name: RECORD[name] for name in ("probability", "function", "functionDescription", "fieldName", *_ENTITIES)}
INFLUENCER: Final = {
    "influencerFieldName": "influencer_field_name",
    "influencerFieldValue": "influencer_field_value",
    "probability": "probability",
    "anomalyScore": "influencer_score",
    "initialAnomalyScore": "initial_influencer_score",
    "isInterim": "is_interim",
}
BUCKET: Final = {
    "bucketSpan": "bucket_span",
    "anomalyScore": "anomaly_score",
    "initialAnomalyScore": "initial_anomaly_score",
    "maxNormalizedProbability": "max_record_score",
    "recordCount": "record_count",
    "eventCount": "event_count",
    "isInterim": "is_interim",
}
_BUCKET_INFLUENCER: Final = {
    "influencerFieldName": "influencer_field_name",
    "anomalyScore": "anomaly_score",
    "initialAnomalyScore": "initial_anomaly_score",
    "rawAnomalyScore": "raw_anomaly_score",
    "probability": "probability",
}
_WHOLE_BUCKET: Final = {"bucket_time": "bucketTime"}
"""The name under which a bucket's own result stands beside those of its influencer fields."""


def _document(row: Row, names: Mapping[str, str]) -> Document:
    told = {name: row[column] for name, column in names.items() if row.get(column) is not None}
    return {name: told_name(value) if name.endswith("FieldName") else value for name, value in told.items()}


def record(row: Row) -> Document:
    """A record. `row` has the columns of `schema.RECORDS`, `anomaly_score` of its bucket, and `causes`."""
    told = {"timestamp": text_of(row["timestamp"]), **_measured(row, RECORD)}
    if row["causes"]:
        told["causes"] = [_measured(one, _CAUSE) for one in row["causes"]]
    if row["influencers"]:
        told["influencers"] = [
            {
                "influencerFieldName": told_name(entity["influencer_field_name"]),
                "influencerFieldValues": list(entity["influencer_field_values"]),
            }
            for entity in row["influencers"]
        ]
    return told


def _measured(row: Row, names: Mapping[str, str]) -> Document:
    """A record or one of its causes, with its values."""
    told = _document(row, names)
    if row["function"] in PERIODS:
        told["functionDescription"] = "time"
    values = {name: row[name] for name in ("typical", "actual") if row[name] is not None}
    return told | {name: [*degrees(value)] if row["function"] == PLACES else value for name, value in values.items()}


def bucket(row: Row, influencers: Iterable[Row], bucket_influencers: Iterable[Row]) -> Document:
    """A bucket with those who are to blame for it. `row` has the columns of `schema.BUCKETS`."""
    return {
        "id": row["timestamp"] // 1000,
        "timestamp": text_of(row["timestamp"]),
        **_document(row, BUCKET),
        "bucketInfluencers": [_bucket_influencer(child) for child in bucket_influencers],
        "influencers": [influencer(child) for child in influencers],
    }


def _bucket_influencer(row: Row) -> Document:
    told = _document(row, _BUCKET_INFLUENCER)
    return told | {"influencerFieldName": _WHOLE_BUCKET.get(told["influencerFieldName"], told["influencerFieldName"])}


def influencer(row: Row) -> Document:
    """An influencer. `row` has the columns of `schema.INFLUENCERS`."""
    return {"timestamp": text_of(row["timestamp"]), **_document(row, INFLUENCER)}


def category(found: CategoryDefinition) -> Document:
    """A category of messages."""
    return {
        "categoryId": found.category_id,
        "terms": found.terms,
        "regex": found.regex,
        "examples": list(found.examples),
    }


def by_time(frame: pl.DataFrame) -> dict[int, list[Row]]:
    """The rows of a result table, by the start of their bucket, in their order."""
    found: dict[int, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["timestamp"], []).append(row)
    return found
