"""Detectors: made, changed, told, removed."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.arguments import whole
from barograph.api.elastic.cluster_state import setting
from barograph.api.elastic.endpoint import Call
from barograph.api.opensearch.checks import (
    Limits,
    check_data,
    check_name,
    check_results,
    check_source,
    check_time_field,
    check_unchanged,
    of_create,
)
from barograph.api.opensearch.document import Document, parsed
from barograph.api.opensearch.endpoint import LEGACY, body_of, of_detectors, switch
from barograph.api.opensearch.errors import no_config, refused
from barograph.api.opensearch.features import new_id
from barograph.api.opensearch.runs import one_by_one, runs_of
from barograph.api.opensearch.shelves import (
    DETECTORS,
    JOBS,
    deleted,
    ensure_results,
    find,
    flattened_alias,
    found,
    result_aliases,
    results_alias,
    write,
)
from barograph.api.opensearch.tasks import HISTORICAL, REALTIME, forget, is_running, latest_of, shown
from barograph.index.documents import Documents, Stored
from barograph.index.errors import VersionConflict
from barograph.index.write import Operation


@one_by_one
def create(call: Call) -> Answer:
    """Make a detector."""
    documents = call.server.documents
    detector = parsed(body_of(call), documents.now_ms())
    check_source(documents, detector)
    of_create(documents, detector, Limits.of(call.server))
    detector_id = new_id()
    answer = _written(documents, detector_id, detector)
    return Answer(answer, 201, {"Location": f"{LEGACY}/{detector_id}"})


def _written(documents: Documents, detector_id: str, detector: Document, if_seq: int | None = None) -> dict[str, Any]:
    _make_place(documents, detector)
    outcome = write(documents, DETECTORS, detector_id, detector, if_seq)
    head = {"_id": detector_id, "_version": outcome.version, "_seq_no": outcome.seq}
    return {**head, "anomaly_detector": detector, "_primary_term": 1}


def _make_place(documents: Documents, detector: Document) -> None:
    """Make the indices of results that are the detector's own."""
    if detector.get("result_index"):
        ensure_results(documents, results_alias(detector))
    flat = flattened_alias(detector)
    if flat is not None:
        ensure_results(documents, flat, is_flat=True)


@one_by_one
def update(call: Call) -> Mapping[str, Any]:
    """Change a detector that does not run."""
    documents, detector_id = call.server.documents, call.path["detector_id"]
    detector = parsed(body_of(call), documents.now_ms())
    stored, old = read(documents, detector_id)
    check_source(documents, detector)
    check_results(documents, detector)
    check_name(detector)
    check_time_field(documents, detector)
    refuse_started(documents, detector_id)
    check_unchanged(old, detector)
    refuse_historical(documents, detector_id)
    check_data(documents, detector, detector_id)
    given = call.query.get("if_seq_no")
    try:
        return _written(documents, stored.id, detector, None if given is None else whole(call, "if_seq_no", 0, given))
    except VersionConflict:
        raise refused(f"There was a problem updating the config:[{detector_id}]") from None


def read(documents: Documents, detector_id: str) -> tuple[Stored, Document]:
    """A detector, as it is stored and as it is.

    Raises:
        ElasticError: there is none of this id (404).
    """
    stored = find(documents, DETECTORS, detector_id)
    if stored is None:
        raise no_config(detector_id)
    return stored, orjson.loads(stored.source)


def refuse_started(documents: Documents, detector_id: str) -> None:
    """Refuse to change a detector that runs.

    Raises:
        ElasticError: it does.
    """
    job = found(documents, JOBS, detector_id)
    if job is not None and job["enabled"]:
        raise refused(f"Job is running: {detector_id}")


def refuse_historical(documents: Documents, detector_id: str) -> None:
    """Refuse to change a detector while a historical run of it goes on.

    Raises:
        ElasticError: one does.
    """
    if is_running(documents, detector_id):
        raise refused("Historical is running")


def get(call: Call) -> Answer:
    """A detector, with its job and its latest tasks if asked for."""
    documents, detector_id = call.server.documents, call.path["detector_id"]
    stored, detector = read(documents, detector_id)
    answer: dict[str, Any] = {"_id": stored.id, "_version": stored.version, "_primary_term": 1, "_seq_no": stored.seq}
    answer["anomaly_detector"] = detector
    if switch(call, "job"):
        answer["anomaly_detector_job"] = found(documents, JOBS, detector_id)
    if switch(call, "task"):
        for name, kinds in (("realtime_task", REALTIME), ("historical_analysis_task", HISTORICAL)):
            task = latest_of(documents, detector_id, *kinds)
            answer[name] = None if task is None else shown(*task)
    return Answer(answer)


@one_by_one
def delete(call: Call) -> Answer:
    """Remove a detector that does not run, with its tasks; results stay, unless a setting of the cluster says otherwise."""
    documents, detector_id = call.server.documents, call.path["detector_id"]
    stored = find(documents, DETECTORS, detector_id)
    refuse_started(documents, detector_id)
    refuse_historical(documents, detector_id)
    if stored is not None and setting(call.server, _WITH_RESULTS) in (True, "true"):
        for name in result_aliases(documents, orjson.loads(stored.source)):
            documents.delete_matching(name, {"term": {"detector_id": detector_id}})
    runs_of(call).forget(detector_id)
    forget(documents, {"term": {"detector_id": detector_id}})
    if JOBS in documents.catalog.indices:
        documents.write(Operation("delete", JOBS, detector_id, b""))
    return Answer(deleted(DETECTORS, documents.write(Operation("delete", DETECTORS, detector_id, b""))))


_WITH_RESULTS: Final = "plugins.anomaly_detection.delete_anomaly_result_when_delete_detector"
_ONE: Final = "/{detector_id}"
ENDPOINTS = (
    *of_detectors("POST", "", create, query="refresh", writes=True),
    *of_detectors("PUT", _ONE, update, query="refresh if_seq_no if_primary_term", writes=True),
    *of_detectors("GET HEAD", _ONE, get, query="job task version"),
    *of_detectors("DELETE", _ONE, delete, query="refresh", writes=True),
)
