"""Snapshots of jobs' models: listed, noted, gone back to, removed."""

from typing import Any, Final

from barograph.api.elastic.arguments import allow_no_match, argument, check_timeout, flag, page
from barograph.api.elastic.deleted_results import note_reverted
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad, conflict, not_found
from barograph.api.elastic.ids import jobs_of, matching
from barograph.api.elastic.stats import size_stats
from barograph.api.elastic.times import query_time
from barograph.api.elastic.version import NODE_ID, VERSION
from barograph.api.elastic.written_snapshots import (
    EMPTY,
    WrittenSnapshot,
    active_snapshot,
    change,
    make_active,
    remove,
    revert_to,
    written_snapshot,
    written_snapshots,
)
from barograph.jobs.service import JobState, SavedSnapshot, Service

_SORTS: Final = (
    *("timestamp", "description", "snapshot_id", "latest_record_time_stamp", "latest_result_time_stamp", "min_version"),
    *("snapshot_doc_count", "retain"),
)


def get_snapshots(call: Call) -> dict[str, Any]:
    """The snapshots of a job, the newest first unless asked otherwise."""
    at, most = page(call)
    sort = str(argument(call, "sort") or "timestamp")
    if sort not in _SORTS:
        raise bad(f"[sort] wanted one of {', '.join(_SORTS)}, found [{sort[:100]}]")
    start, end = (query_time(name, argument(call, name)) for name in ("start", "end"))
    every = {one["snapshot_id"]: one for one in _all(call)}
    ids, missing = matching(every, call.path.get("snapshot_id", "_all"))
    if missing:
        raise _missing(call, missing[0])
    found = [every[one] for one in ids]
    found = [one for one in found if (start is None or one["timestamp"] >= start) and (end is None or one["timestamp"] < end)]
    found.sort(key=lambda one: _sortable(one.get(sort)), reverse=flag(call, "desc", True))
    return {"count": len(found), "model_snapshots": found[at : at + most]}


def _sortable(value: Any) -> tuple[bool, float, str]:
    """What values of any type sort by: what is no number comes before numbers, as text."""
    is_number = isinstance(value, int | float)
    return is_number, value if is_number else 0, "" if is_number else str(value)


def _all(call: Call) -> list[dict[str, Any]]:
    """The snapshots of a job, and the documents of some that clients have written."""
    own = [_document(call, snapshot) for snapshot in call.server.service.snapshots(call.path["job_id"])]
    return [*own, *(written.document for written in written_snapshots(call.server, call.path["job_id"]))]


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


def _named(call: Call) -> SavedSnapshot | WrittenSnapshot:
    """The snapshot of the path."""
    job_id, snapshot_id = call.path["job_id"], call.path["snapshot_id"]
    for snapshot in call.server.service.snapshots(job_id):
        if snapshot.snapshot_id == snapshot_id:
            return snapshot
    written = written_snapshot(call.server, job_id, snapshot_id)
    if written is None:
        raise _missing(call, snapshot_id)
    return written


def _told(call: Call) -> dict[str, Any]:
    """The snapshot of the path, as it is now."""
    snapshot = _named(call)
    return snapshot.document if isinstance(snapshot, WrittenSnapshot) else _document(call, snapshot)


def update_snapshot(call: Call) -> dict[str, Any]:
    """Note something of a snapshot, or say that it is to be kept."""
    snapshot, description = _named(call), call.body.get("description")
    if description is not None and not isinstance(description, str):
        raise ElasticError(400, "x_content_parse_exception", "[update_model_snapshot] failed to parse field [description]")
    retain = flag(call, "retain", False) if "retain" in call.body else None
    if isinstance(snapshot, WrittenSnapshot):
        changes = {"description": description, "retain": retain}
        change(call.server, snapshot, {name: value for name, value in changes.items() if value is not None})
    else:
        call.server.service.note_snapshot(call.path["job_id"], snapshot.snapshot_id, description, retain)
    return {"acknowledged": True, "model": _told(call)}


def revert_snapshot(call: Call) -> dict[str, Any]:
    """Take a job back to a snapshot."""
    service, job_id, snapshot_id = call.server.service, call.path["job_id"], call.path["snapshot_id"]
    snapshot = None if snapshot_id == EMPTY else _named(call)
    if service.summary(job_id).state not in (JobState.CLOSED, JobState.FAILED):
        raise conflict("Can only revert to a model snapshot when the job is closed.")
    delete = flag(call, "delete_intervening_results", False)
    if snapshot is None:
        service.empty(job_id, delete_results=delete)
        make_active(call.server, job_id, EMPTY)
    elif isinstance(snapshot, WrittenSnapshot):
        revert_to(call.server, snapshot)
    else:
        service.revert(job_id, snapshot_id, delete_later_results=delete)
    note_reverted(call.server, job_id)
    service.tell(job_id, "info", f"Reverted to the model snapshot [{snapshot_id}]")
    return {"model": _empty(call) if snapshot is None else _told(call)}


def _empty(call: Call) -> dict[str, Any]:
    """The snapshot that every job can go back to: models that have learned nothing."""
    service, job_id = call.server.service, call.path["job_id"]
    now_ms = service.now_ms()
    return {
        "job_id": job_id,
        "min_version": VERSION,
        "timestamp": now_ms,
        "description": "empty snapshot",
        "snapshot_id": EMPTY,
        "snapshot_doc_count": 0,
        "model_size_stats": size_stats(service.job(job_id), None, service.split_counts(job_id), now_ms),
        "retain": False,
    }


def delete_snapshot(call: Call) -> dict[str, Any]:
    """Remove a snapshot that the job does not go on from."""
    service, job_id, snapshot_id = call.server.service, call.path["job_id"], call.path["snapshot_id"]
    snapshot = _named(call)
    if snapshot_id == active_snapshot(call.server, job_id):
        raise bad(f"Model snapshot '{snapshot_id}' is the active snapshot for job '{job_id}', so cannot be deleted")
    if isinstance(snapshot, WrittenSnapshot):
        remove(call.server, snapshot)
    else:
        service.delete_snapshot(job_id, snapshot_id)
    service.tell(job_id, "info", f"Model snapshot [{snapshot_id}] deleted")
    return {"acknowledged": True}


def upgrade_snapshot(call: Call) -> dict[str, Any]:
    """Bring a snapshot to this version. What another version has learned is made anew when its job is opened."""
    check_timeout(call)
    _named(call)
    return {"node": NODE_ID, "completed": True}


def upgrade_stats(call: Call) -> dict[str, Any]:
    """Upgrades that are under way: none ever is."""
    job_id, snapshot_id = call.path["job_id"], call.path["snapshot_id"]
    jobs_of(call, allow_no_match(call))
    if any(mark in part for part in (job_id, snapshot_id) for mark in ("*", "_all", ",")):
        if not allow_no_match(call):
            raise not_found(f"No model snapshot upgrade with id [{snapshot_id}] exists for job [{job_id}]")
    else:
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
        "POST",
        f"{_ONE}/_update",
        update_snapshot,
        fields="description retain job_id snapshot_id",
        role="write",
        in_worker=True,
        body_needed=True,
    ),
    Endpoint(
        "POST",
        f"{_ONE}/_revert",
        revert_snapshot,
        query="delete_intervening_results force",
        fields="delete_intervening_results job_id snapshot_id",
        role="write",
        in_worker=True,
    ),
    Endpoint("DELETE", _ONE, delete_snapshot, role="write", in_worker=True),
    Endpoint("POST", f"{_ONE}/_upgrade", upgrade_snapshot, query="wait_for_completion timeout", role="write"),
    Endpoint("GET", f"{_ONE}/_upgrade/_stats", upgrade_stats, query="allow_no_match"),
)
