"""Snapshots of jobs' models: listed, noted, gone back to, removed."""

from typing import Any, Final

from barograph.api.elastic.arguments import argument, flag, page
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad, conflict, not_found
from barograph.api.elastic.stats import size_stats
from barograph.api.elastic.times import query_time
from barograph.api.elastic.version import NODE_ID, VERSION
from barograph.jobs.service import JobState, SavedSnapshot, Service

_SORTS: Final = {
    "timestamp": lambda one: one["timestamp"],
    "description": lambda one: one.get("description", ""),
    "snapshot_id": lambda one: one["snapshot_id"],
    "latest_record_time_stamp": lambda one: one.get("latest_record_time_stamp", 0),
    "latest_result_time_stamp": lambda one: one.get("latest_result_time_stamp", 0),
    "min_version": lambda one: one["min_version"],
}


def get_snapshots(call: Call) -> dict[str, Any]:
    """The snapshots of a job, the newest first unless asked otherwise."""
    at, most = page(call)
    sort = str(argument(call, "sort") or "timestamp")
    if sort not in _SORTS:
        raise bad(f"[sort] wanted one of {', '.join(_SORTS)}, found [{sort[:100]}]")
    start, end = (query_time(name, argument(call, name)) for name in ("start", "end"))
    found = [_document(call, snapshot) for snapshot in call.server.service.snapshots(call.path["job_id"])]
    wanted = call.path.get("snapshot_id", "_all")
    if wanted not in ("_all", "*"):
        ids = wanted.split(",")
        found = [one for one in found if one["snapshot_id"] in ids]
        if not found:
            raise _missing(call, wanted)
    found = [one for one in found if (start is None or one["timestamp"] >= start) and (end is None or one["timestamp"] < end)]
    found.sort(key=_SORTS[sort], reverse=flag(call, "desc", True))
    return {"count": len(found), "model_snapshots": found[at : at + most]}


def _document(call: Call, snapshot: SavedSnapshot) -> dict[str, Any]:
    return snapshot_document(call.server.service, call.path["job_id"], snapshot)


def snapshot_document(service: Service, job_id: str, snapshot: SavedSnapshot) -> dict[str, Any]:
    """A snapshot of a job's models."""
    job = service.job(job_id)
    told: dict[str, Any] = {
        "job_id": job_id,
        "min_version": VERSION,
        "timestamp": snapshot.latest_record_timestamp or 0,
        "description": snapshot.description or f"commit {snapshot.number}",
        "snapshot_id": snapshot.snapshot_id,
        "snapshot_doc_count": 1,
        "model_size_stats": size_stats(job, snapshot, service.split_counts(job_id), snapshot.latest_record_timestamp or 0),
        "retain": snapshot.retain,
    }
    if snapshot.latest_record_timestamp is not None:
        told["latest_record_time_stamp"] = snapshot.latest_record_timestamp
    if snapshot.latest_bucket_timestamp is not None:
        told["latest_result_time_stamp"] = snapshot.latest_bucket_timestamp
    return told


def _missing(call: Call, snapshot_id: str) -> ElasticError:
    return not_found(f"No model snapshot with id [{snapshot_id}] exists for job [{call.path['job_id']}]")


def _named(call: Call) -> SavedSnapshot:
    """The snapshot of the path."""
    snapshot_id = call.path["snapshot_id"]
    for snapshot in call.server.service.snapshots(call.path["job_id"]):
        if snapshot.snapshot_id == snapshot_id:
            return snapshot
    raise _missing(call, snapshot_id)


def update_snapshot(call: Call) -> dict[str, Any]:
    """Note something of a snapshot, or say that it is to be kept."""
    snapshot, description = _named(call), call.body.get("description")
    if description is not None and not isinstance(description, str):
        raise ElasticError(400, "x_content_parse_exception", "[update_model_snapshot] failed to parse field [description]")
    retain = flag(call, "retain", False) if "retain" in call.body else None
    call.server.service.note_snapshot(call.path["job_id"], snapshot.snapshot_id, description, retain)
    return {"acknowledged": True, "model": _document(call, _named(call))}


def revert_snapshot(call: Call) -> dict[str, Any]:
    """Take a job back to a snapshot."""
    service, job_id, snapshot = call.server.service, call.path["job_id"], _named(call)
    if service.summary(job_id).state not in (JobState.CLOSED, JobState.FAILED):
        raise conflict("Can only revert to a model snapshot when the job is closed.")
    service.revert(job_id, snapshot.snapshot_id, delete_later_results=flag(call, "delete_intervening_results", False))
    service.tell(job_id, "info", f"Reverted to the model snapshot [{snapshot.snapshot_id}]")
    return {"model": _document(call, _named(call))}


def delete_snapshot(call: Call) -> dict[str, Any]:
    """Remove a snapshot that the job does not go on from."""
    service, job_id, snapshot = call.server.service, call.path["job_id"], _named(call)
    if snapshot == service.snapshots(job_id)[-1]:
        raise bad(f"Model snapshot '{snapshot.snapshot_id}' is the active snapshot for job '{job_id}', so cannot be deleted")
    service.delete_snapshot(job_id, snapshot.snapshot_id)
    service.tell(job_id, "info", f"Model snapshot [{snapshot.snapshot_id}] deleted")
    return {"acknowledged": True}


def upgrade_snapshot(call: Call) -> dict[str, Any]:
    """Bring a snapshot to this version. What another version has learned is made anew when its job is opened."""
    _named(call)
    return {"node": NODE_ID, "completed": True}


def upgrade_stats(call: Call) -> dict[str, Any]:
    """Upgrades that are under way: none ever is."""
    if call.path["job_id"] not in ("_all", "*"):
        call.server.service.jobs([call.path["job_id"]])
    if call.path["snapshot_id"] not in ("_all", "*"):
        _named(call)
    return {"count": 0, "model_snapshot_upgrades": []}


_LIST: Final = "/_ml/anomaly_detectors/{job_id}/model_snapshots"
_ONE: Final = f"{_LIST}/{{snapshot_id}}"
_QUERY: Final = "desc end from size sort start"
_FIELDS: Final = "desc end page sort start job_id snapshot_id"
ENDPOINTS = (
    Endpoint("GET POST", _LIST, get_snapshots, query=_QUERY, fields=_FIELDS),
    Endpoint("GET POST", _ONE, get_snapshots, query=_QUERY, fields=_FIELDS),
    Endpoint(
        "POST", f"{_ONE}/_update", update_snapshot, fields="description retain", role="write", in_worker=True, body_needed=True
    ),
    Endpoint(
        "POST",
        f"{_ONE}/_revert",
        revert_snapshot,
        query="delete_intervening_results force",
        fields="delete_intervening_results",
        role="write",
        in_worker=True,
    ),
    Endpoint("DELETE", _ONE, delete_snapshot, role="write", in_worker=True),
    Endpoint("POST", f"{_ONE}/_upgrade", upgrade_snapshot, query="wait_for_completion timeout", role="write"),
    Endpoint("GET", f"{_ONE}/_upgrade/_stats", upgrade_stats, query="allow_no_match"),
)
