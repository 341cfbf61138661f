"""Rows for open jobs: those of an upload, or of a file that is sent at once."""

import asyncio
from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import JobId
from barograph.api.v1.uploads import RAW_BODY, FileName, received
from barograph.config.errors import Conflict
from barograph.jobs.drafts.uploads import Upload, rows_of
from barograph.jobs.summary import dropped
from barograph.jobs.workers import Overloaded
from barograph.results.counts import DataCounts

_AGAIN_S: Final = 0.05


class FeedAsked(BaseModel):
    """An upload to read."""

    upload_id: str = Field(min_length=1, max_length=64)


class Fed(BaseModel):
    """What came of rows: how many were read, how many left out and why, and what was noticed."""

    rows: int
    dropped: dict[str, int]
    buckets: int
    records: int
    notes: list[str]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=ServedRoute, tags=["life"])

    @routes.post("/jobs/{job_id}/feed", response_model=Fed)
    async def feed_upload(request: Request, job_id: JobId, asked: FeedAsked) -> Response:
        """Give an open job the rows of an upload, all of which are new."""
        return answer(request, await _feed(server, job_id, server.uploads.get(asked.upload_id)))

    @routes.post("/jobs/{job_id}/rows", response_model=Fed, openapi_extra=dict(RAW_BODY))
    async def feed_rows(request: Request, job_id: JobId, name: FileName = "upload") -> Response:
        """Give an open job the rows of a file, all of which are new."""
        await run_in_threadpool(_refuse_closed, server, job_id)
        upload = await received(server, request, name)
        try:
            return answer(request, await _feed(server, job_id, upload))
        finally:
            await run_in_threadpool(server.uploads.delete, upload.upload_id)

    return routes


def _refuse_closed(server: Server, job_id: str) -> None:
    server.service.job(job_id)
    if job_id not in server.service.opened():
        raise Conflict(f"job_id={job_id!r}: wanted an open job; open it first")


async def _feed(server: Server, job_id: str, upload: Upload) -> dict[str, Any]:
    """Read an upload into a job, chunk by chunk, so that others may ask the job something between two of them."""
    service = server.service
    await run_in_threadpool(_refuse_closed, server, job_id)
    job, notes = service.job(job_id), list[str]()
    before = await run_in_threadpool(_counts, server, job_id)
    chunks = service.whole(job_id, rows_of(upload, job.data_description, job), notes.append)
    records = 0
    while (chunk := await run_in_threadpool(next, chunks, None)) is not None:
        records = (await _in_turn(server, job_id, partial(service.feed, job_id, chunk))).records
    await _in_turn(server, job_id, partial(service.commit, job_id))
    after = await run_in_threadpool(_counts, server, job_id)
    server.metrics.count_rows(before, after)
    read = after.input_record_count - before.input_record_count
    for note in (*notes, f"{upload.name}: {read:,} rows read"):
        await run_in_threadpool(service.tell, job_id, "info", note)
    return {
        "rows": read,
        "dropped": dropped(before, after),
        "buckets": after.bucket_count - before.bucket_count,
        "records": records,
        "notes": notes,
    }


async def _in_turn(server: Server, job_id: str, task: Any) -> Any:
    """Have the job's worker do something; while it has too much to do, wait: half of a file is no answer."""
    while True:
        try:
            return await server.in_worker(job_id, task)
        except Overloaded:
            await asyncio.sleep(_AGAIN_S)


def _counts(server: Server, job_id: str) -> DataCounts:
    return server.service.summary(job_id).counts or DataCounts()
