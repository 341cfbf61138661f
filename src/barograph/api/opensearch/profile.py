"""How a detector does: whether it is ready, what its models take, how far its historical run is."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import bad
from barograph.api.opensearch.density import MINUTE_MS
from barograph.api.opensearch.detectors import read
from barograph.api.opensearch.document import Document, categories, expression, interval_ms
from barograph.api.opensearch.endpoint import of_detectors, switch
from barograph.api.opensearch.entity_profile import entity_of_call, entity_profile
from barograph.api.opensearch.history import job_id_of
from barograph.api.opensearch.look import models_of, most_points
from barograph.api.opensearch.result_documents import shown_entity
from barograph.api.opensearch.shelves import JOBS, found
from barograph.api.opensearch.tasks import HISTORICAL, NODE, OVER, REALTIME, Task, entity_tasks, latest_of, shown
from barograph.config.forest import NEEDED
from barograph.index.documents import Documents
from barograph.jobs.service import ForestModel

_TYPES: Final = (
    *("state", "error", "models", "coordinating_node", "total_size_in_bytes", "init_progress", "total_entities"),
    *("active_entities", "ad_task"),
)
_OF_MODELS: Final = {"models", "total_size_in_bytes", "init_progress", "active_entities"}
"""What is told of the forests, which may be thousands: they are counted only where it is asked for."""
_OF_ENTITY: Final = ("init_progress", "entity_info", "state", "models")
_DEFAULT: Final = "state,error"

Profile = dict[str, Any]


def profile(call: Call) -> Profile:
    """What is asked for of a detector's state, or of that of one entity."""
    detector_id = call.path["detector_id"]
    is_of_entity = "entity" in call.query or bool(call.body and call.body.get("entity") is not None)
    asked = _asked(call, _OF_ENTITY if is_of_entity else _TYPES, "state" if is_of_entity else _DEFAULT)
    _, detector = read(call.server.documents, detector_id)
    job = found(call.server.documents, JOBS, detector_id)
    if is_of_entity:
        return entity_profile(call, detector_id, detector, entity_of_call(call, detector), asked)
    made: Profile = {}
    if job is None:
        made = {"state": "DISABLED"} if "state" in asked else {}
    else:
        made = _of_job(call, detector_id, detector, job, asked)
    task = latest_of(call.server.documents, detector_id, *HISTORICAL) if "ad_task" in asked else None
    if task is not None:
        made["ad_task"] = _ad_task(call, detector_id, *task)
    if "models" in made:
        made["model_count"] = len(made["models"])
    return made


def _asked(call: Call, known: tuple[str, ...], default: str) -> tuple[str, ...]:
    """The kinds that are asked for; unknown ones are left out.

    Raises:
        ElasticError: none is left.
    """
    if switch(call, "_all"):
        return known
    given = call.path.get("type", default).split(",")
    asked = tuple(name for name in known if name in (part.strip() for part in given))
    if not asked:
        raise bad("profiles to collect are missing or invalid")
    return asked


def _of_job(call: Call, detector_id: str, detector: Document, job: Mapping[str, Any], asked: tuple[str, ...]) -> Profile:
    """The state of a detector that was started at least once, in the order in which it is told."""
    documents = call.server.documents
    task, is_on = latest_of(documents, detector_id, *REALTIME), bool(job["enabled"])
    was_ready = task is not None and task[1]["state"] == "RUNNING"
    is_counted = bool(_OF_MODELS & {*asked}) or not was_ready
    models = models_of(call.server.service, detector_id) if is_counted else []
    points = most_points(models)
    every: Profile = {"state": ("RUNNING" if was_ready or points >= NEEDED else "INIT") if is_on else "DISABLED"}
    if task is not None and task[1]["last_update_time"] >= job["enabled_time"]:
        every["error"] = task[1]["error"]
    if is_on:
        every["models"] = [_model(model) for model in models]
        every["coordinating_node"] = NODE
        every["total_size_in_bytes"] = sum(model.bytes for model in models)
        every["init_progress"] = init_progress(points, detector)
    if categories(detector):
        every["total_entities"] = _total_entities(documents, detector)
        every["active_entities"] = len(models)
    return {name: value for name, value in every.items() if name in asked and value not in ([], None)}


def _model(model: ForestModel) -> Profile:
    entity = {"entity": shown_entity(model.entity)} if model.entity else {}
    return {"model_id": model.model_id, **entity, "model_size_in_bytes": model.bytes, "node_id": NODE}


def init_progress(points: int, detector: Document) -> Profile:
    """How far a forest is from its first score."""
    needed = max(0, NEEDED - points)
    minutes = needed * interval_ms(detector) // MINUTE_MS
    left = {"estimated_minutes_left": minutes, "needed_shingles": needed} if needed else {}
    return {"percentage": f"{min(points, NEEDED) * 100 // NEEDED}%", **left}


def _total_entities(documents: Documents, detector: Document) -> int:
    names = categories(detector)
    if len(names) == 1:
        aggs: dict[str, Any] = {"every": {"cardinality": {"field": names[0]}}}
        answered = documents.search(expression(detector), {"size": 0, "aggs": aggs}).aggregations or {}
        return int(answered["every"]["value"])
    sources = [{name: {"terms": {"field": name}}} for name in names]
    aggs = {"every": {"composite": {"sources": sources, "size": 10_000}}}
    answered = documents.search(expression(detector), {"size": 0, "aggs": aggs}).aggregations or {}
    return len(answered["every"]["buckets"])


def _ad_task(call: Call, detector_id: str, task_id: str, task: Task) -> Profile:
    """The historical run: its task, its models, and how many of its entities are done."""
    models = models_of(call.server.service, job_id_of(detector_id, task_id))
    made: Profile = {"ad_task": shown(task_id, task)}
    if task["task_type"] == HISTORICAL[0]:
        own = {"task_id": task_id, "task_type": task["task_type"], "detector_task_slots": 1}
        return {**made, **_trained(*models), **own}
    entities = entity_tasks(call.server.documents, task_id)
    under_way = {key: one for key, one in entities.items() if one["state"] not in OVER}
    running = [one["entity"] for one in under_way.values()]
    by_entity = {orjson.dumps(shown_entity(model.entity)): model for model in models}
    profiles = [
        {
            **_trained(by_entity.get(orjson.dumps(one["entity"]))),
            "entity": one["entity"],
            "task_id": key,
            "task_type": one["task_type"],
        }
        for key, one in under_way.items()
    ]
    return {
        **made,
        "node_id": NODE,
        "task_id": task_id,
        "task_type": task["task_type"],
        "detector_task_slots": 1,
        "total_entities_inited": bool(entities),
        "total_entities_count": len(entities),
        "pending_entities_count": 0,
        "running_entities_count": len(running),
        "running_entities": [orjson.dumps(one).decode() for one in running],
        "latest_hc_task_run_time": task["last_update_time"],
        **({"entity_task_profiles": profiles} if profiles else {}),
    }


def _trained(*models: ForestModel | None) -> Profile:
    """How much the forests of a run have learnt, and what they take."""
    there = [model for model in models if model is not None]
    points = most_points(there)
    return {
        "rcf_total_updates": points,
        "threshold_model_trained": points >= NEEDED,
        "threshold_model_training_data_size": 0,
        "model_size_in_bytes": sum(model.bytes for model in there),
        "node_id": NODE,
    }


_PROFILE: Final = "/{detector_id}/_profile"
_QUERY: Final = "_all category_field entity"
ENDPOINTS = (
    *of_detectors("GET", _PROFILE, profile, query=_QUERY),
    *of_detectors("GET", f"{_PROFILE}/{{type}}", profile, query=_QUERY),
    *of_detectors("POST", _PROFILE, profile, query=_QUERY, is_old=False),
    *of_detectors("POST", f"{_PROFILE}/{{type}}", profile, query=_QUERY, is_old=False),
)
