"""Results as documents, under the field names of Elastic's result documents. What has no value is absent, never null."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from barograph.config.splits import SPLITS
from barograph.results.category import CategorizerStats, CategoryDefinition
from barograph.results.points import PERIODS, PLACES, degrees, place

if TYPE_CHECKING:
    from barograph.jobs.service import SavedForecast

Row = Mapping[str, Any]
Document = dict[str, Any]

_SPLITS: Final = tuple(name for split in SPLITS for name in split)
_RECORD: Final = (
    *("probability", "multi_bucket_impact", "record_score", "initial_record_score", "bucket_span", "detector_index"),
    *("is_interim", "timestamp"),
    *_SPLITS,
    *("correlated_by_field_value", "function", "function_description", "field_name"),
)
_CAUSE: Final = ("probability", "function", "field_name", *_SPLITS)
"""What a member of a population did; beside it what all records have, too."""
_EXPLANATION: Final = {
    "anomaly_type": "anomaly_type",
    "anomaly_length": "anomaly_length",
    "single_bucket_impact": "single_bucket_impact",
    "multi_bucket_impact": "means_impact",
    "anomaly_characteristics_impact": "characteristics_impact",
    "high_variance_penalty": "high_variance_penalty",
    "incomplete_bucket_penalty": "incomplete_bucket_penalty",
    "multimodal_distribution": "multimodal_distribution",
    "by_field_first_occurrence": "by_field_first_occurrence",
    "by_field_relative_rarity": "by_field_relative_rarity",
}
"""Fields of an explanation and the columns that they come from; those that say nothing (0, false) are left out."""
_BUCKET: Final = (
    *("timestamp", "anomaly_score", "bucket_span", "initial_anomaly_score", "event_count", "is_interim"),
    *("processing_time_ms", "bucket_influencers", "episode_start", "is_news"),
)
_BUCKET_INFLUENCER: Final = (
    *("influencer_field_name", "initial_anomaly_score", "anomaly_score", "raw_anomaly_score", "probability"),
    *("timestamp", "bucket_span", "is_interim"),
)
_INFLUENCER: Final = (
    *("influencer_field_name", "influencer_field_value", "influencer_score", "initial_influencer_score", "probability"),
    *("bucket_span", "is_interim", "timestamp"),
)

_ANNOTATION: Final = (
    *("timestamp", "bucket_span", "detector_index", "function_description", "field_name"),
    *(*_SPLITS, "kind", "before", "after"),
)


def _document(job_id: str, result_type: str, row: Row, names: tuple[str, ...]) -> Document:
    document: Document = {"job_id": job_id, "result_type": result_type}
    document.update((name, row[name]) for name in names if row.get(name) is not None)
    return document


def record(job_id: str, row: Row) -> Document:
    """A record. `row` has the columns of `schema.RECORDS`, and `causes` where it is of a member of a population."""
    document = _document(job_id, "record", row, _RECORD) | _measured(row)
    explanation = {field: row[name] for field, name in _EXPLANATION.items() if row.get(name)}
    bounds = {"lower_confidence_bound": row["lower_bound"], "upper_confidence_bound": row["upper_bound"]}
    explanation |= {name: bound for name, bound in bounds.items() if bound is not None}
    if explanation:
        if row["typical"] is not None and row["function"] != PLACES:
            explanation["typical_value"] = row["typical"]
        document["anomaly_score_explanation"] = explanation
    if row.get("causes"):
        document["causes"] = [
            {name: one[name] for name in _CAUSE if one[name] is not None} | _measured(one) for one in row["causes"]
        ]
    if row["influencers"]:
        names = ("influencer_field_name", "influencer_field_values")
        document["influencers"] = [{name: entity[name] for name in names} for entity in row["influencers"]]
    return document


def _measured(row: Row) -> Document:
    """The values of a record or of one of its causes, and what they are of."""
    is_place, told = row["function"] == PLACES, {name: row[name] for name in ("typical", "actual") if row[name] is not None}
    described = {"function_description": "time" if row["function"] in PERIODS else row["function_description"]}
    values = {name: [*degrees(value)] if is_place else [value] for name, value in told.items()}
    if not is_place:
        return {**described, **values}
    return {**described, **values, "geo_results": {f"{name}_point": place(value) for name, value in told.items()}}


def bucket(job_id: str, row: Row) -> Document:
    """A bucket. `row` has the columns of `schema.BUCKETS`, and `bucket_influencers` as rows of their own table."""
    children = [_document(job_id, "bucket_influencer", child, _BUCKET_INFLUENCER) for child in row["bucket_influencers"]]
    return _document(job_id, "bucket", {**row, "bucket_influencers": children}, _BUCKET)


def influencer(job_id: str, row: Row) -> Document:
    """An influencer. `row` has the columns of `schema.INFLUENCERS`."""
    return _document(job_id, "influencer", row, _INFLUENCER)


def category(job_id: str, found: CategoryDefinition) -> Document:
    """A category of messages; a partition is told under its field's own name, too."""
    told = {**vars(found), "examples": list(found.examples), "preferred_to_categories": list(found.preferred_to_categories)}
    partition = {} if found.partition_field_name is None else {found.partition_field_name: found.partition_field_value}
    own = {"job_id": job_id, "result_type": "category_definition", "mlcategory": str(found.category_id)}
    return {**partition, **{name: value for name, value in told.items() if value is not None}, **own}


def categorizer_stats(job_id: str, found: CategorizerStats, time_ms: int) -> Document:
    """How well the categories of a partition, or of all messages, fit."""
    told = {name: value for name, value in vars(found).items() if value is not None and name != "is_stopped"}
    return {"job_id": job_id, "result_type": "categorizer_stats", **told, "log_time": time_ms, "timestamp": time_ms}


def annotation(job_id: str, row: Row) -> Document:
    """An annotation, text and times under the names of Elastic's. `row` has the columns of `schema.ANNOTATIONS`."""
    elastic = {"annotation": row["text"], "event": "model_change", "type": "annotation"}
    ends = {"end_timestamp": row["timestamp"] + row["bucket_span"] * 1000}
    return {**_document(job_id, "annotation", row, _ANNOTATION), **ends, **elastic}


def forecast(job_id: str, row: Row) -> Document:
    """A bucket of a forecast. `row` has the columns of `schema.FORECASTS` and `forecast_id`."""
    return _document(job_id, "model_forecast", row, tuple(row))


def forecast_stats(job_id: str, saved: "SavedForecast") -> Document:
    """A forecast as a whole; it is made before anybody can see it, so it is finished."""
    times = {"create": saved.create_time, "start": saved.start_ms, "end": saved.end_ms, "expiry": saved.expiry_time}
    return {
        "job_id": job_id,
        "result_type": "model_forecast_request_stats",
        "forecast_id": saved.forecast_id,
        **{f"forecast_{name}_timestamp": time for name, time in times.items() if time is not None},
        "forecast_progress": 1.0,
        "forecast_status": "finished",
        "forecast_messages": [],
        "processed_record_count": saved.rows,
        "timestamp": saved.start_ms,
    }


def crossing(job_id: str, row: Row) -> Document:
    """When a series will reach a value. `row` has the columns of `schema.CROSSINGS` and `forecast_id`."""
    return _document(job_id, "forecast_crossing", row, tuple(row))


def incident(job_id: str, row: Row) -> Document:
    """An incident, in the columns of `schema.INCIDENTS`."""
    lists = {name: [{k: v for k, v in item.items() if v is not None} for item in row[name]] for name in ("members", "entities")}
    return {"job_id": job_id, "result_type": "incident", **row, **lists}


def description(job_id: str, row: Row) -> Document:
    """What a model believes about a series, in the columns of `schema.DESCRIPTIONS`."""
    return _document(job_id, "model_description", row, tuple(row))


def overall_bucket(row: Row) -> Document:
    """An overall bucket, in the columns of `schema.OVERALL_BUCKETS`."""
    return {"result_type": "overall_bucket", **row}


def documents(job_id: str, frame: pl.DataFrame, build: Callable[[str, Row], Document]) -> Iterator[Document]:
    """The rows of a result table as documents, in their order."""
    return (build(job_id, row) for row in frame.iter_rows(named=True))


def buckets(job_id: str, found: pl.DataFrame, influencers: pl.DataFrame) -> Iterator[Document]:
    """Buckets as documents, given the rows of `schema.BUCKET_INFLUENCERS` of them all."""
    return (bucket(job_id, row) for row in _with_influencers(found, influencers))


def _with_influencers(buckets: pl.DataFrame, influencers: pl.DataFrame) -> Iterator[Row]:
    children: dict[int, list[Row]] = {}
    for row in influencers.iter_rows(named=True):
        children.setdefault(row["timestamp"], []).append(row)
    for row in buckets.iter_rows(named=True):
        yield {**row, "bucket_influencers": children.get(row["timestamp"], [])}
