"""Tasks: what is told of a run of a detector, real-time or historical, while it goes on and afterwards."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.opensearch.features import new_id
from barograph.api.opensearch.shelves import TASKS, every, found, write
from barograph.index.documents import Documents

REALTIME: Final = ("REALTIME_SINGLE_ENTITY", "REALTIME_HC_DETECTOR")
HISTORICAL: Final = ("HISTORICAL_SINGLE_ENTITY", "HISTORICAL_HC_DETECTOR")
OF_ENTITY: Final = "HISTORICAL_HC_ENTITY"
DONE: Final = ("FINISHED", "FAILED", "STOPPED")
INACTIVE: Final = "INACTIVE"
"""Of the task of an entity: its run was cut off by the end of the server."""
OVER: Final = (*DONE, INACTIVE)
NODE: Final = "barograph"
_ORDER: Final = (
    *("last_update_time", "error", "state", "task_progress", "init_progress", "current_piece", "execution_start_time"),
    *("execution_end_time", "is_latest", "task_type", "coordinating_node", "worker_node", "entity", "parent_task_id"),
    *("estimated_minutes_left", "detector_id", "detector", "detection_date_range"),
)
"""The fields of a task as they are told."""
_KEPT: Final = 1
"""Tasks that are not the latest, of a detector and kind."""

Task = dict[str, Any]


def new_task(documents: Documents, detector_id: str, detector: Mapping[str, Any], kinds: tuple[str, str], **more: Any) -> str:
    """Begin a task, which is the latest of its kinds from now on; its id."""
    now, task_id = documents.now_ms(), new_id()
    for other in latest(documents, detector_id, *kinds):
        change(documents, other, is_latest=False)
    task: Task = {
        "last_update_time": now,
        "error": "",
        "state": "CREATED",
        "task_progress": 0.0,
        "init_progress": 0.0,
        "execution_start_time": now,
        "is_latest": True,
        "task_type": kinds[bool(detector.get("category_field"))],
        "coordinating_node": NODE,
        "worker_node": NODE,
        "estimated_minutes_left": 0,
        **more,
        "detector_id": detector_id,
        "detector": detector,
    }
    write(documents, TASKS, task_id, ordered(task))
    return task_id


def ordered(task: Task) -> Task:
    """A task with its fields in the order in which they are told."""
    return {name: task[name] for name in _ORDER if name in task}


def change(documents: Documents, task_id: str, **changes: Any) -> None:
    """Tell what has become of a task; one that is gone stays gone."""
    task = found(documents, TASKS, task_id)
    if task is not None:
        write(documents, TASKS, task_id, ordered({**task, **changes, "last_update_time": documents.now_ms()}))


def end(documents: Documents, task_id: str, state: str, **changes: Any) -> None:
    """A task is over."""
    change(documents, task_id, state=state, execution_end_time=documents.now_ms(), **changes)


def latest(documents: Documents, detector_id: str, *kinds: str) -> dict[str, Task]:
    """The latest tasks of a detector, by id; those of entities are found by their kind alone."""
    return every(
        documents,
        TASKS,
        {"term": {"detector_id": detector_id}},
        {"term": {"is_latest": True}},
        {"terms": {"task_type": [*kinds]}},
    )


def latest_of(documents: Documents, detector_id: str, *kinds: str) -> tuple[str, Task] | None:
    """The latest task of these kinds; None where there never was one."""
    return next(iter(latest(documents, detector_id, *kinds).items()), None)


def is_running(documents: Documents, detector_id: str) -> bool:
    """Whether a historical run of a detector goes on."""
    task = latest_of(documents, detector_id, *HISTORICAL)
    return task is not None and task[1]["state"] not in DONE


def entity_tasks(documents: Documents, task_id: str) -> dict[str, Task]:
    """The tasks of the entities of a run, by id."""
    return every(documents, TASKS, {"term": {"parent_task_id": task_id}})


def outlived(documents: Documents, detector_id: str, kinds: tuple[str, ...]) -> list[str]:
    """Tasks of a detector that are older than those that are kept."""
    filters = ({"term": {"detector_id": detector_id}}, {"terms": {"task_type": [*kinds]}}, {"term": {"is_latest": False}})
    tasks = every(documents, TASKS, *filters)
    by_age = sorted(tasks, key=lambda task_id: tasks[task_id]["execution_start_time"], reverse=True)
    return by_age[_KEPT:]


def forget(documents: Documents, *filters: Mapping[str, Any]) -> None:
    """Remove tasks."""
    if TASKS in documents.catalog.indices:
        documents.delete_matching(TASKS, {"bool": {"filter": [*filters]}})


def shown(task_id: str, task: Task) -> Task:
    """A task as it is told beside its detector: with its id, which the stored document has in its name only."""
    return {"task_id": task_id, **task}
