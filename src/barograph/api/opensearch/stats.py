"""Numbers of all detectors together."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import bad
from barograph.api.opensearch.endpoint import BASE, endpoints
from barograph.api.opensearch.look import models_of
from barograph.api.opensearch.result_documents import shown_entity
from barograph.api.opensearch.shelves import (
    CUSTOM_PREFIX,
    DETECTORS,
    JOBS,
    OF_DETECTORS,
    RESULTS,
    TASKS,
    every,
    is_there,
    own_results,
)
from barograph.api.opensearch.tasks import HISTORICAL, NODE

_INDICES: Final = {
    "anomaly_detectors_index_status": DETECTORS,
    "anomaly_detection_state_status": TASKS,
    "anomaly_detection_job_index_status": JOBS,
    "models_checkpoint_index_status": ".opendistro-anomaly-checkpoints",
    "anomaly_results_index_status": RESULTS,
}
_COUNTS: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "detector_count": (),
    "single_stream_detector_count": ({"term": {"detector_type": "SINGLE_ENTITY"}},),
    "hc_detector_count": ({"term": {"detector_type": "MULTI_ENTITY"}},),
}


def stats(call: Call) -> Mapping[str, Any]:
    """How many detectors, models and runs there are, and whether the indices are there."""
    asked = _asked(call)
    documents = call.server.documents
    told: dict[str, Any] = {}
    for name in asked:
        if name in _INDICES:
            told[name] = "green" if is_there(documents, _INDICES[name]) else "non-existent"
        elif name in _COUNTS:
            told[name] = len(every(documents, DETECTORS, *_COUNTS[name]))
    node = call.path.get("node_id", NODE)
    own = {name: _OF_NODE[name](call) for name in asked if name in _OF_NODE} if node in (NODE, "_local", "_all") else {}
    return {**told, "nodes": {NODE: own} if own else {}}


def _asked(call: Call) -> list[str]:
    known = [*_INDICES, *_COUNTS, *_OF_NODE]
    given = [part.strip() for part in call.path.get("stat", "_all").split(",")]
    path = f"{BASE}/stats/{call.path.get('stat', '')}"
    if "_all" in given:
        if len(given) > 1:
            raise bad(f"Request {path} contains _all and individual stats")
        return known
    unknown = [name for name in given if name not in known]
    if unknown:
        raise bad(f"request [{path}] contains unrecognized stat{'s' if len(unknown) > 1 else ''}: [{', '.join(unknown)}]")
    return given


def _tasks(*filters: Mapping[str, Any]) -> Callable[[Call], int]:
    kinds = {"terms": {"task_type": [*HISTORICAL]}}
    return lambda call: len(every(call.server.documents, TASKS, kinds, *filters))


def _results(is_failure: bool, is_split: bool) -> Callable[[Call], int]:
    """How many results of real time there are: of one entity each, or of whole detectors; those that failed, or all."""

    def count(call: Call) -> int:
        documents = call.server.documents
        common = [RESULTS] if is_there(documents, RESULTS) else []
        names = [*common, *own_results(documents, CUSTOM_PREFIX)]
        if not names:
            return 0
        must: list[Mapping[str, Any]] = [{"exists": {"field": "error"}}] if is_failure else []
        not_these: list[Mapping[str, Any]] = [{"exists": {"field": "task_id"}}]
        (must if is_split else not_these).append({"exists": {"field": "entity"}})
        return documents.count(",".join(names), {"query": {"bool": {"filter": must, "must_not": not_these}}})

    return count


def _models(call: Call) -> list[dict[str, Any]]:
    """The models of all detectors that run in real time."""
    found = []
    for detector_id, job in every(call.server.documents, JOBS, {"term": {"enabled": True}}, OF_DETECTORS).items():
        for model in models_of(call.server.service, detector_id):
            entity = {"entity": shown_entity(model.entity)} if model.entity else {}
            head = {"model_id": model.model_id, "config_id": detector_id, "model_type": "rcf"}
            found.append({**head, "last_used_time": job["last_update_time"], **entity})
    return found


_OF_NODE: Final[Mapping[str, Callable[[Call], Any]]] = {
    "ad_execute_request_count": _results(is_failure=False, is_split=False),
    "ad_execute_failure_count": _results(is_failure=True, is_split=False),
    "ad_hc_execute_request_count": _results(is_failure=False, is_split=True),
    "ad_hc_execute_failure_count": _results(is_failure=True, is_split=True),
    "ad_executing_batch_task_count": _tasks({"terms": {"state": ["CREATED", "INIT", "RUNNING"]}}),
    "ad_canceled_batch_task_count": _tasks({"term": {"state": "STOPPED"}}),
    "ad_total_batch_task_execution_count": _tasks(),
    "ad_batch_task_failure_count": _tasks({"term": {"state": "FAILED"}}),
    "ad_model_corruption_count": lambda _call: 0,
    "model_count": lambda call: len(_models(call)),
    "models": _models,
}

ENDPOINTS = (
    *endpoints("GET", "/stats", stats),
    *endpoints("GET", "/stats/{stat}", stats),
    *endpoints("GET", "/{node_id}/stats", stats),
    *endpoints("GET", "/{node_id}/stats/{stat}", stats),
)
