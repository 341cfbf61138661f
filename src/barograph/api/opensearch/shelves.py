"""Where detectors, their jobs, tasks and results lie: indices of the built-in index, under the names that clients search."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from barograph.api.opensearch.errors import no_index
from barograph.index.catalog import Options
from barograph.index.documents import Documents, Stored
from barograph.index.errors import NoSuchIndex
from barograph.index.write import Operation, Outcome

DETECTORS: Final = ".opendistro-anomaly-detectors"
JOBS: Final = ".opendistro-anomaly-detector-jobs"
TASKS: Final = ".opendistro-anomaly-detection-state"
RESULTS: Final = ".opendistro-anomaly-results"
MONITORS: Final = ".opendistro-alerting-config"
ALERTS: Final = ".opendistro-alerting-alerts"
_KEYWORD: Final[Mapping[str, Any]] = {"type": "keyword"}
_DOUBLE: Final[Mapping[str, Any]] = {"type": "double"}
_DATE: Final = {"type": "date", "format": "strict_date_time||epoch_millis"}
_WORDS: Final = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
_ENTITY: Final = {"type": "nested", "properties": {"name": _KEYWORD, "value": _KEYWORD}}
_BATCH: Final = 10_000
_FLAT: Final = "_flattened_"
CUSTOM_PREFIX: Final = "opensearch-ad-plugin-result-"
"""Indices of results that are not in the common one begin with this."""

_DETECTOR: Final = {
    **{"name": _WORDS, "description": {"type": "text"}, "time_field": _KEYWORD, "indices": _WORDS, "result_index": _KEYWORD},
    **{"detector_type": _KEYWORD, "category_field": _KEYWORD, "last_update_time": _DATE, "schema_version": {"type": "integer"}},
    **{"shingle_size": {"type": "integer"}, "history": {"type": "integer"}, "recency_emphasis": {"type": "integer"}},
    "feature_attributes": {
        "type": "nested",
        "properties": {"feature_id": _KEYWORD, "feature_name": _WORDS, "feature_enabled": {"type": "boolean"}},
    },
}
_TASK: Final = {
    **dict.fromkeys(("state", "detector_id", "task_type", "started_by", "stopped_by", "parent_task_id"), _KEYWORD),
    **dict.fromkeys(("last_update_time", "execution_start_time", "execution_end_time", "current_piece"), _DATE),
    **{"task_progress": {"type": "float"}, "init_progress": {"type": "float"}, "is_latest": {"type": "boolean"}},
    **{"error": {"type": "text"}, "entity": _ENTITY, "estimated_minutes_left": {"type": "integer"}},
    "detection_date_range": {"properties": {"start_time": _DATE, "end_time": _DATE}},
    "detector": {"properties": _DETECTOR},
}
_JOB: Final = {
    **{"name": _KEYWORD, "enabled": {"type": "boolean"}, "type": _KEYWORD, "lock_duration_seconds": {"type": "long"}},
    **dict.fromkeys(("enabled_time", "disabled_time", "last_update_time"), _DATE),
}
_VALUES: Final = {"type": "nested", "properties": {"feature_id": _KEYWORD, "data": _DOUBLE}}
_RESULT: Final[Mapping[str, Mapping[str, Any]]] = {
    **dict.fromkeys(("detector_id", "task_id", "model_id"), _KEYWORD),
    **dict.fromkeys(("anomaly_score", "anomaly_grade", "confidence", "threshold"), _DOUBLE),
    **dict.fromkeys(("data_start_time", "data_end_time", "execution_start_time", "execution_end_time"), _DATE),
    **{"approx_anomaly_start_time": _DATE, "error": {"type": "text"}, "schema_version": {"type": "integer"}},
    "feature_data": {"type": "nested", "properties": {"feature_id": _KEYWORD, "feature_name": _KEYWORD, "data": _DOUBLE}},
    "entity": _ENTITY,
    "relevant_attribution": _VALUES,
    "past_values": _VALUES,
    "expected_values": {"type": "nested", "properties": {"likelihood": _DOUBLE, "value_list": _VALUES}},
    "feature_imputed": {"type": "nested", "properties": {"feature_id": _KEYWORD, "imputed": {"type": "boolean"}}},
}
_MONITOR: Final = {
    "monitor": {
        "properties": {
            **{"name": _WORDS, "type": _KEYWORD, "monitor_type": _KEYWORD, "enabled": {"type": "boolean"}},
            **{"enabled_time": _DATE, "last_update_time": _DATE},
            "inputs": {"type": "nested", "properties": {"search": {"properties": {"indices": _WORDS}}}},
        }
    }
}
_ALERT: Final = {
    **dict.fromkeys(("monitor_id", "trigger_id", "state", "severity"), _KEYWORD),
    **{"monitor_name": _WORDS, "trigger_name": _WORDS, "error_message": {"type": "text"}},
    **dict.fromkeys(("start_time", "last_notification_time", "acknowledged_time", "end_time"), _DATE),
}
_MAPPINGS: Final = {DETECTORS: _DETECTOR, TASKS: _TASK, JOBS: _JOB, MONITORS: _MONITOR, ALERTS: _ALERT}


def is_there(documents: Documents, name: str) -> bool:
    """Whether an index or an alias is called so."""
    return name in documents.catalog.indices or name in documents.catalog.aliases


def write(documents: Documents, name: str, key: str, document: Mapping[str, Any], if_seq: int | None = None) -> Outcome:
    """Write a document of a detector, a job or a task.

    Raises:
        VersionConflict: it is not the one of `if_seq` any more.
    """
    if name not in documents.catalog.indices:
        documents.create_index(name, {"mappings": {"dynamic": "false", "properties": _MAPPINGS[name]}})
    return documents.write(Operation("index", name, key, orjson.dumps(document), if_seq))


def find(documents: Documents, name: str, key: str) -> Stored | None:
    """A document by its id; None where there is none.

    Raises:
        ElasticError: there has never been one of its kind.
    """
    try:
        return documents.get(name, key)
    except NoSuchIndex:
        raise no_index(name) from None


def deleted(name: str, outcome: Outcome) -> dict[str, Any]:
    """What is told of a document that was removed, or was not there."""
    return {
        "_index": name,
        "_id": outcome.id,
        "_version": outcome.version,
        "result": outcome.result,
        "forced_refresh": True,
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "_seq_no": outcome.seq,
        "_primary_term": 1,
    }


def found(documents: Documents, name: str, key: str) -> dict[str, Any] | None:
    """The source of a document; None where there is none, or never was one of its kind."""
    if name not in documents.catalog.indices:
        return None
    stored = documents.get(name, key)
    return None if stored is None else orjson.loads(stored.source)


def every(documents: Documents, name: str, *filters: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Documents that these queries are true of, by id, the newest first."""
    if not is_there(documents, name):
        return {}
    body: dict[str, Any] = {"query": {"bool": {"filter": [*filters]}}, "size": _BATCH, "sort": [{"_doc": "desc"}]}
    read: dict[str, dict[str, Any]] = {}
    while True:
        page = documents.search(name, body)
        read |= {hit["_id"]: hit["_source"] for hit in page.hits}
        if len(page.hits) < _BATCH:
            return read
        body["search_after"] = page.last


def results_alias(detector: Mapping[str, Any]) -> str:
    """Where the results of a detector go."""
    return str(detector.get("result_index") or RESULTS)


def flattened_alias(detector: Mapping[str, Any]) -> str | None:
    """Where the flattened copies of results go; None where nobody asked for them."""
    if not detector.get("flatten_custom_result_index") or not detector.get("result_index"):
        return None
    return f"{detector['result_index']}{_FLAT}{detector['name'].lower()}"


def own_results(documents: Documents, names: str) -> list[str]:
    """The indices of results that names mean, with all that begin so; flattened copies only where they are named.

    Args:
        documents: the index.
        names: separated by commas; those of other indices mean none.
    """
    found: list[str] = []
    for part in names.split(","):
        if part.startswith(CUSTOM_PREFIX):
            matching = documents.catalog.names(f"{part.rstrip('*')}*", Options(with_hidden=True))
            found += [name for name in matching if _FLAT in part or _FLAT not in name]
    return list(dict.fromkeys(found))


def ensure_results(documents: Documents, alias: str, *, is_flat: bool = False) -> None:
    """Make the first index of results of this name, if there is none."""
    catalog = documents.catalog
    if alias in catalog.aliases or alias in catalog.indices:
        return
    day = datetime.fromtimestamp(documents.now_ms() / 1000, UTC)
    mappings = {"dynamic": "true" if is_flat else "false", "properties": _RESULT, "_meta": {"schema_version": 7}}
    name = f"{alias}-history-{day:%Y.%m.%d}-1"
    documents.create_index(name, {"mappings": mappings, "aliases": {alias: {"is_write_index": True}}})


def holds_results(documents: Documents, alias: str) -> bool:
    """Whether an index that is there has the fields of results."""
    wanted = {path: part["type"] for path, part in _RESULT.items() if "properties" not in part}
    for target in documents.catalog.targets(alias):
        fields = target.index.mapping.fields
        if any(path not in fields or fields[path].type != kind for path, kind in wanted.items()):
            return False
    return True


def write_many(documents: Documents, name: str, made: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write documents, with their ids, to an index or an alias that is there.

    Raises:
        BarographError: one of them could not be written.
    """
    listed = [Operation("index", name, key, orjson.dumps(document)) for key, document in made]
    for at in range(0, len(listed), _BATCH):
        for outcome in documents.bulk(listed[at : at + _BATCH]):
            if outcome.error is not None:
                raise outcome.error
