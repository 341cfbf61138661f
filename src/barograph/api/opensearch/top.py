"""The entities of a detector with the worst anomalies, or the most."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.opensearch.detectors import read
from barograph.api.opensearch.endpoint import of_detectors, switch
from barograph.api.opensearch.errors import not_requested
from barograph.api.opensearch.fields import texts, whole
from barograph.api.opensearch.shelves import RESULTS, own_results, results_alias
from barograph.api.opensearch.tasks import HISTORICAL, latest_of
from barograph.index.catalog import Options
from barograph.index.documents import Documents

_ORDERS: Final = {"severity": "max_anomaly_grade", "occurrence": "doc_count"}
_PAGE: Final = 10_000


def top_anomalies(call: Call) -> Mapping[str, Any]:
    """The entities with the worst anomalies of a span, or the most, by some or all of the category fields."""
    body: Mapping[str, Any] = call.body or {}
    start, end = body.get("start_time_ms"), body.get("end_time_ms")
    if start is None or end is None:
        raise not_requested("Must set both start time and end time with epoch of milliseconds")
    first, last = whole("start_time_ms", start), whole("end_time_ms", end)
    if first > last:
        raise not_requested("Start time should be before end time")
    detector_id = call.path["detector_id"]
    _, detector = read(call.server.documents, detector_id)
    fields = _fields(body, detector_id, detector)
    of_run = _of_run(call, body, detector_id)
    order, size = str(body.get("order", "severity")).lower(), whole("size", body.get("size", 10))
    if order not in _ORDERS:
        raise bad(f"Ordering by {body['order']} is not a valid option")
    if size > 1000:
        raise bad("Size cannot exceed 1000")
    if size < 1:
        raise bad("Size must be a positive integer")
    span = {"range": {"data_end_time": {"gte": first, "lte": last, "format": "epoch_millis"}}}
    grouped = _grouped(call.server.documents, detector, [*of_run, span], fields)
    by = _ORDERS[order]
    ordered = sorted(grouped, key=lambda one: (-one[by], sorted(one["key"].items())))
    return {"buckets": ordered[:size]}


def _fields(body: Mapping[str, Any], detector_id: str, detector: Mapping[str, Any]) -> Sequence[str]:
    names = detector.get("category_field") or []
    if not names:
        raise bad(f"No category fields found for detector ID {detector_id}")
    asked = texts("category_field", body["category_field"]) if body.get("category_field") else list(names)
    for field in asked:
        if field not in names:
            raise bad(f"Category field {field} doesn't exist for detector ID {detector_id}")
    return asked


def _of_run(call: Call, body: Mapping[str, Any], detector_id: str) -> list[dict[str, Any]]:
    """The queries for the results of real time, or of a historical run."""
    if not switch(call, "historical"):
        return [{"term": {"detector_id": detector_id}}, {"bool": {"must_not": {"exists": {"field": "task_id"}}}}]
    task_id = body.get("task_id")
    if task_id is None:
        task = latest_of(call.server.documents, detector_id, *HISTORICAL)
        if task is None:
            raise ElasticError(500, "resource_not_found_exception", f"No historical tasks found for detector ID {detector_id}")
        task_id = task[0]
    return [{"term": {"task_id": str(task_id)}}]


def _grouped(
    documents: Documents, detector: Mapping[str, Any], filters: Sequence[Mapping[str, Any]], fields: Sequence[str]
) -> list[dict[str, Any]]:
    """The buckets of entities that are alike in `fields`."""
    query = {"bool": {"filter": [*filters, {"range": {"anomaly_grade": {"gt": 0}}}]}}
    entity = {"top_hits": {"size": 1, "_source": ["entity"]}}
    inside = {"worst": {"max": {"field": "anomaly_grade"}}, "entity": entity}
    names = ",".join([f"{RESULTS}*", *own_results(documents, results_alias(detector))])
    grouped: dict[tuple[str, ...], dict[str, Any]] = {}
    for bucket in _models(documents, names, query, inside):
        told = bucket["entity"]["hits"]["hits"][0]["_source"]["entity"]
        values = {one["name"]: one["value"] for one in told}
        key = {field: values[field] for field in fields}
        one = grouped.setdefault(tuple(key.values()), {"key": key, "doc_count": 0, "max_anomaly_grade": 0.0})
        one["doc_count"] += bucket["doc_count"]
        one["max_anomaly_grade"] = max(one["max_anomaly_grade"], bucket["worst"]["value"])
    return list(grouped.values())


def _models(
    documents: Documents, names: str, query: Mapping[str, Any], inside: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """A bucket for each model of the results in these indices that a query is true of, however many there are."""
    pages: dict[str, Any] = {"size": _PAGE, "sources": [{"model": {"terms": {"field": "model_id"}}}]}
    while True:
        body = {"size": 0, "query": query, "aggs": {"models": {"composite": pages, "aggs": inside}}}
        found = (documents.search(names, body, Options(with_hidden=True)).aggregations or {})["models"]
        yield from found["buckets"]
        if len(found["buckets"]) < _PAGE:
            return
        pages = {**pages, "after": found["after_key"]}


ENDPOINTS = (
    *of_detectors("GET POST", "/{detector_id}/results/_topAnomalies", top_anomalies, query="historical", is_old=False),
)
