"""Snapshots of jobs' models: listed, described, gone back to, removed."""

from typing import Any, Final

from barograph.api.engine.answers import ACK, Answer, page, single
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.parameters import flag, paging, span, time
from barograph.api.engine.results import empty_without_job
from barograph.api.engine.times import text_of
from barograph.config.errors import shortened
from barograph.jobs.service import JobState, SavedSnapshot

_KIND: Final = "modelSnapshot"
_SORTS: Final = ("restorePriority", "timestamp", "description", "snapshotId", "latestRecordTimeStamp", "latestResultTimeStamp")


def document(snapshot: SavedSnapshot) -> dict[str, Any]:
    """A snapshot as clients get it. The newer it is, the higher is its priority; the job goes on from the highest."""
    record, result = snapshot.latest_record_timestamp, snapshot.latest_bucket_timestamp
    told: dict[str, Any] = {
        "timestamp": text_of(record or 0),
        "description": _description(snapshot),
        "restorePriority": snapshot.number,
        "snapshotId": snapshot.snapshot_id,
        "snapshotDocCount": 1,
        "modelSizeStats": {"modelBytes": snapshot.bytes, "timestamp": text_of(record or 0)},
        "latestRecordTimeStamp": None if record is None else text_of(record),
        "latestResultTimeStamp": None if result is None else text_of(result),
    }
    return {name: value for name, value in told.items() if value is not None}


def _description(snapshot: SavedSnapshot) -> str:
    return snapshot.description or f"commit {snapshot.number}"


@empty_without_job
def get_snapshots(call: Call) -> Answer:
    """List the snapshots of a job, the one that it goes on from first unless asked otherwise."""
    skip, take = paging(call)
    start, end = span(call)
    sort = call.query.get("sort") or "restorePriority"
    if sort not in _SORTS:
        raise EngineError(Code.SORT_FIELD, f"sort={sort[:100]!r}: wanted one of {', '.join(_SORTS)}")
    wanted = call.query.get("description")
    found = [
        document(one)
        for one in call.server.service.snapshots(call.job_id)
        if (start is None or (one.latest_record_timestamp or 0) >= start)
        and (end is None or (one.latest_record_timestamp or 0) < end)
        and wanted in (None, "", _description(one))
    ]
    down = flag(call, "desc") if "desc" in call.query else True
    found.sort(key=lambda one: one["restorePriority"] if sort == "restorePriority" else str(one.get(sort, "")), reverse=down)
    return page(call, len(found), (skip, take), found[skip : skip + take])


def _named(call: Call, snapshot_id: str) -> SavedSnapshot:
    """A snapshot of the job.

    Raises:
        EngineError: there is none of this id (60119).
    """
    for snapshot in call.server.service.snapshots(call.job_id):
        if snapshot.snapshot_id == snapshot_id:
            return snapshot
    raise EngineError(
        Code.NO_SUCH_SNAPSHOT, f"No model snapshot with id {shortened(snapshot_id)} exists for job '{call.job_id}'"
    )


def revert(call: Call) -> Answer:
    """Take a closed job back to a snapshot: by its id, its description, or as the newest of a time."""
    service, job_id = call.server.service, call.job_id
    state = service.summary(job_id).state
    snapshot = _chosen(call)
    later = flag(call, "deleteInterveningResults")
    if state not in (JobState.CLOSED, JobState.FAILED):
        raise EngineError(Code.JOB_NOT_CLOSED, f"Can only revert job '{job_id}' to a model snapshot when it is closed")
    with call.state.alone(job_id):
        service.revert(job_id, snapshot.snapshot_id, delete_later_results=later)
    service.tell(job_id, "info", f"Reverted to the model snapshot [{snapshot.snapshot_id}]")
    return single(_KIND, document(snapshot))


def _chosen(call: Call) -> SavedSnapshot:
    at, snapshot_id, description = time(call, "time"), call.query.get("snapshotId"), call.query.get("description")
    if at is None and not snapshot_id and not description:
        raise EngineError(Code.REVERT_PARAMETERS, "time, snapshotId, description: wanted one of them")
    fitting = [
        one
        for one in call.server.service.snapshots(call.job_id)
        if (at is None or (one.latest_record_timestamp or 0) <= at)
        and snapshot_id in (None, "", one.snapshot_id)
        and description in (None, "", _description(one))
    ]
    if not fitting:
        raise EngineError(Code.NO_SUCH_SNAPSHOT, f"No model snapshot of job '{call.job_id}' is as the parameters say")
    return fitting[-1]


def describe(call: Call) -> Answer:
    """Describe a snapshot; the description is no other's of the job."""
    body = call.body
    text = body.get("description") if isinstance(body, dict) and body.keys() == {"description"} else None
    if not isinstance(text, str) or not text.strip():
        raise EngineError(Code.DESCRIPTION, "body: wanted an object with the field description, text that is not empty")
    snapshot = _named(call, call.path["snapshot_id"])
    others = (one for one in call.server.service.snapshots(call.job_id) if one.snapshot_id != snapshot.snapshot_id)
    if any(_description(one) == text for one in others):
        raise EngineError(Code.DESCRIPTION_TAKEN, f"description={shortened(text)}: wanted one that no other snapshot has")
    call.server.service.note_snapshot(call.job_id, snapshot.snapshot_id, text)
    return single(_KIND, document(_named(call, snapshot.snapshot_id)))


def delete_snapshot(call: Call) -> Answer:
    """Remove a snapshot that the job does not go on from."""
    snapshot = _named(call, call.path["snapshot_id"])
    if snapshot == call.server.service.snapshots(call.job_id)[-1]:
        raise EngineError(
            Code.HIGHEST_PRIORITY_SNAPSHOT,
            f"Model snapshot '{snapshot.snapshot_id}' is the one that the job goes on from: wanted another",
        )
    call.server.service.delete_snapshot(call.job_id, snapshot.snapshot_id)
    return ACK


_LIST: Final = "/modelsnapshots/{job_id}"
_ONE: Final = f"{_LIST}/{{snapshot_id}}"
ENDPOINTS = (
    Endpoint("GET", _LIST, get_snapshots),
    Endpoint("POST", f"{_LIST}/revert", revert, role="write", in_worker=True),
    Endpoint("PUT", f"{_ONE}/description", describe, role="write", in_worker=True, parse_code=Code.DESCRIPTION),
    Endpoint("DELETE", _ONE, delete_snapshot, role="write", in_worker=True),
)
