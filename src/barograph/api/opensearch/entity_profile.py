"""How one entity of a detector does."""

from collections.abc import Mapping
from typing import Any

from barograph.api.elastic.endpoint import Call
from barograph.api.opensearch.document import Document, categories, expression, interval_ms
from barograph.api.opensearch.errors import refused
from barograph.api.opensearch.fields import objects, text
from barograph.api.opensearch.look import models_of
from barograph.api.opensearch.result_documents import shown_entity
from barograph.api.opensearch.shelves import JOBS, found
from barograph.api.opensearch.tasks import NODE
from barograph.config.forest import NEEDED
from barograph.index.documents import Documents
from barograph.jobs.service import ForestModel
from barograph.results.forest import Entity


def entity_of_call(call: Call, detector: Document) -> Entity:
    """The entity that a call asks for, sorted by field.

    Raises:
        ElasticError: the detector has no entities, or no such fields.
    """
    names = categories(detector)
    if not names:
        raise refused("This is not a high cardinality detector")
    if call.body and call.body.get("entity") is not None:
        given = {
            text("name", one.get("name")): text("value", one.get("value")) for one in objects("entity", call.body["entity"])
        }
        if not given:
            raise refused("Empty entity attributes")
    else:
        given = {call.query.get("category_field", names[0]): call.query["entity"]}
    for name in given:
        if name not in names:
            raise refused(f"Cannot find {name}")
    if len(given) != len(names):
        raise refused("Cannot find entity")
    return tuple(sorted(given.items()))


def entity_profile(call: Call, detector_id: str, detector: Document, entity: Entity, asked: tuple[str, ...]) -> dict[str, Any]:
    """What is asked for of the state of an entity.

    Raises:
        ElasticError: no document is of it.
    """
    service = call.server.service
    last = _last_document(call.server.documents, detector, entity)
    if last is None:
        raise refused("Cannot find entity")
    model = next((one for one in models_of(service, detector_id) if one.entity == entity), None)
    job = found(call.server.documents, JOBS, detector_id)
    is_on = job is not None and job["enabled"]
    made: dict[str, Any] = {}
    if "entity_info" in asked:
        made |= {"is_active": is_on and model is not None, "last_active_timestamp": last, "last_sample_timestamp": last}
    if "init_progress" in asked and is_on:
        made["init_progress"] = _progress(model, detector)
    if "models" in asked and model is not None:
        own = {"model_id": model.model_id, "entity": shown_entity(entity), "model_size_in_bytes": model.bytes}
        made["model"] = {**own, "node_id": NODE}
    if "state" in asked and model is not None and is_on:
        made["state"] = "RUNNING" if model.points >= NEEDED else "INIT"
    return made


def _progress(model: ForestModel | None, detector: Document) -> Mapping[str, Any]:
    points = 0 if model is None else model.points
    needed = max(0, NEEDED - points)
    left = {"estimated_minutes_left": needed * interval_ms(detector) // 60_000, "needed_shingles": needed} if needed else {}
    return {"percentage": f"{min(points, NEEDED) * 100 // NEEDED}%", **left}


def _last_document(documents: Documents, detector: Document, entity: Entity) -> int | None:
    """The time of the last document of an entity."""
    own = {"bool": {"filter": [{"term": {name: value}} for name, value in entity]}}
    body = {"size": 0, "query": own, "aggs": {"last": {"max": {"field": detector["time_field"]}}}}
    found_last = (documents.search(expression(detector), body).aggregations or {})["last"]["value"]
    return None if found_last is None else int(found_last)
