"""Snapshots of a job's models: listed, noted, gone back to, removed."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import JobId
from barograph.jobs.service import Query as Asked
from barograph.jobs.service import SavedSnapshot

SnapshotId = Annotated[str, Path(description="the snapshot's id", min_length=1, max_length=100)]


class Snapshot(BaseModel):
    """A snapshot; `newest` is the one that the job goes on from. `records_after` are those of later buckets."""

    snapshot_id: str
    description: str | None
    retain: bool
    newest: bool
    bytes: int
    latest_time: int | None
    latest_bucket: int | None
    records_after: int


class Snapshots(BaseModel):
    """Snapshots, the newest first."""

    total: int
    snapshots: list[Snapshot]


class NoteAsked(BaseModel):
    """What is noted of a snapshot, and whether it is kept beyond the job's retention; what is left out stays."""

    description: str | None = Field(default=None, max_length=1000)
    retain: bool | None = None


class RevertAsked(BaseModel):
    """How to go back."""

    delete_later_results: bool = Field(default=True, description="remove the results of what was read since")


class GoneBack(BaseModel):
    """A job that went back."""

    snapshot_id: str
    latest_time: int | None


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["snapshots"]), server.service

    @routes.get("/jobs/{job_id}/snapshots", response_model=Snapshots)
    def list_snapshots(request: Request, job_id: JobId) -> Response:
        """List the snapshots that are kept."""
        return answer(request, _listed(server, job_id))

    @routes.put("/jobs/{job_id}/snapshots/{snapshot_id}", response_model=Snapshots)
    async def note_snapshot(request: Request, job_id: JobId, snapshot_id: SnapshotId, asked: NoteAsked) -> Response:
        """Note something of a snapshot, or keep it."""
        noted = (job_id, snapshot_id, asked.description, asked.retain)
        await server.in_worker(job_id, lambda: service.note_snapshot(*noted))
        return answer(request, await run_in_threadpool(_listed, server, job_id))

    @routes.post("/jobs/{job_id}/snapshots/{snapshot_id}/revert", response_model=GoneBack)
    async def revert(request: Request, job_id: JobId, snapshot_id: SnapshotId, asked: RevertAsked) -> Response:
        """Take a closed job back to a snapshot, as if what came after it had not been read."""
        later = asked.delete_later_results
        await server.in_worker(job_id, lambda: service.revert(job_id, snapshot_id, delete_later_results=later))
        service.tell(job_id, "info", f"Went back to the snapshot {snapshot_id}")
        newest = (await run_in_threadpool(service.snapshots, job_id))[-1]
        return answer(request, {"snapshot_id": newest.snapshot_id, "latest_time": newest.latest_record_timestamp})

    @routes.delete("/jobs/{job_id}/snapshots/{snapshot_id}", status_code=204, response_model=None)
    async def delete_snapshot(job_id: JobId, snapshot_id: SnapshotId) -> Response:
        """Remove a snapshot that the job does not go on from."""
        await server.in_worker(job_id, lambda: service.delete_snapshot(job_id, snapshot_id))
        return Response(status_code=204)

    return routes


def _listed(server: Server, job_id: str) -> dict[str, Any]:
    service = server.service
    kept, span = service.snapshots(job_id), service.job(job_id).bucket_span_ms
    found: list[dict[str, Any]] = []
    for snapshot in reversed(kept):
        bucket = snapshot.latest_bucket_timestamp
        after = service.records(job_id, Asked(start_ms=None if bucket is None else bucket + span, size=0)).total
        found.append(_told(snapshot, newest=snapshot == kept[-1], after=after))
    return {"total": len(found), "snapshots": found}


def _told(snapshot: SavedSnapshot, *, newest: bool, after: int) -> dict[str, Any]:
    return {
        "snapshot_id": snapshot.snapshot_id,
        "description": snapshot.description,
        "retain": snapshot.retain,
        "newest": newest,
        "bytes": snapshot.bytes,
        "latest_time": snapshot.latest_record_timestamp,
        "latest_bucket": snapshot.latest_bucket_timestamp,
        "records_after": after,
    }
