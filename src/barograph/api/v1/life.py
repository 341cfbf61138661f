"""The life of jobs: made, changed, opened, fed, closed, reset, deleted."""

import asyncio
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.errors import Problem, problems
from barograph.api.v1.jobs import OneJob, whole
from barograph.api.v1.parameters import JobId
from barograph.api.v1.uploads import RAW_BODY, FileName, received
from barograph.config.errors import ConfigError, Conflict
from barograph.config.load import load_job
from barograph.config.support import left_out, refuse_unsupported
from barograph.jobs import advice
from barograph.jobs.service import JobState
from barograph.jobs.summary import dropped
from barograph.jobs.uploads import Upload, rows_of
from barograph.jobs.workers import Overloaded
from barograph.results.counts import DataCounts
from barograph.results.labels import sentence

_AGAIN_S: Final = 0.05


class JobAsked(BaseModel):
    """A job to make, under the names of `barograph run`."""

    config: dict[str, Any]
    open: bool = Field(default=True, description="open it at once")


class SettingsAsked(BaseModel):
    """All settings of a job."""

    config: dict[str, Any]


class Checked(BaseModel):
    """What is wrong with settings (nothing: a job can be made of them), what may mislead, what is not acted on."""

    problems: list[Problem]
    advice: list[str]
    notes: list[str]
    does: str | None


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
    routes, service = APIRouter(route_class=ServedRoute, tags=["life"]), server.service

    @routes.post("/validate", response_model=Checked, tags=["reads"])
    def check_settings(request: Request, asked: SettingsAsked) -> Response:
        """Say what is wrong with the settings of a job, and what of them may mislead."""
        try:
            job = load_job(asked.config)
            refuse_unsupported(job)
        except ConfigError as error:
            return answer(request, {"problems": problems(error), "advice": [], "notes": [], "does": None})
        told = {"advice": advice.of_settings(job), "notes": list(left_out(job)), "does": sentence(job)}
        return answer(request, {"problems": [], **told})

    @routes.post("/jobs", response_model=OneJob, status_code=201)
    async def make_job(request: Request, asked: JobAsked) -> Response:
        """Make a job, and open it."""
        job = load_job(asked.config)
        await server.in_worker(job.job_id, lambda: _make(server, asked))
        response = answer(request, await run_in_threadpool(whole, server, job.job_id))
        response.status_code = 201
        return response

    @routes.put("/jobs/{job_id}/config", response_model=OneJob)
    async def change_job(request: Request, job_id: JobId, asked: SettingsAsked) -> Response:
        """Change the settings of a job; what its models have learned under cannot be."""
        job = load_job({**asked.config, "job_id": job_id})
        refuse_unsupported(job)
        await run_in_threadpool(service.job, job_id)
        await server.in_worker(job_id, lambda: service.update(job_id, lambda _: job))
        await run_in_threadpool(service.tell, job_id, "info", "Job updated")
        return answer(request, await run_in_threadpool(whole, server, job_id))

    @routes.post("/jobs/{job_id}/open", response_model=OneJob)
    async def open_job(request: Request, job_id: JobId) -> Response:
        """Open a job for rows; it goes on from its last commit."""
        await run_in_threadpool(service.job, job_id)  # what is not there gets no worker
        await server.in_worker(job_id, lambda: _open(server, job_id))
        return answer(request, await run_in_threadpool(whole, server, job_id))

    @routes.post("/jobs/{job_id}/close", response_model=OneJob)
    async def close_job(request: Request, job_id: JobId) -> Response:
        """Stop a job's datafeed, and close the job with a commit of what is left."""
        await run_in_threadpool(_stop_datafeed, server, job_id)
        await server.in_worker(job_id, lambda: _close(server, job_id))
        return answer(request, await run_in_threadpool(whole, server, job_id))

    @routes.post("/jobs/{job_id}/reset", response_model=OneJob)
    async def reset_job(request: Request, job_id: JobId) -> Response:
        """Remove all that a closed job has read, learned and found; its settings stay."""
        await run_in_threadpool(service.job, job_id)  # what is not there gets no worker
        await server.in_worker(job_id, lambda: _reset(server, job_id))
        return answer(request, await run_in_threadpool(whole, server, job_id))

    @routes.delete("/jobs/{job_id}", status_code=204, response_model=None)
    async def delete_job(
        job_id: JobId, force: Annotated[bool, Query(description="close it first where it is open")] = False
    ) -> Response:
        """Remove a job with all that it has, and its datafeed."""
        await run_in_threadpool(_refuse_open, server, job_id, force)
        await run_in_threadpool(_delete_datafeed, server, job_id)
        await server.in_worker(job_id, lambda: _delete(server, job_id))
        return Response(status_code=204)

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


def _make(server: Server, asked: JobAsked) -> None:
    job, service = load_job(asked.config), server.service
    refuse_unsupported(job)
    if not service.put(job):
        raise Conflict(f"job_id={job.job_id!r}: wanted an id that no job has")
    service.tell(job.job_id, "info", "Job created")
    for note in left_out(job):
        service.tell(job.job_id, "warning", note)
    if asked.open:
        _open(server, job.job_id)


def _open(server: Server, job_id: str) -> None:
    service = server.service
    service.open_job(job_id, lambda note: service.tell(job_id, "info", note))
    service.tell(job_id, "info", "Job opened")


def _close(server: Server, job_id: str) -> None:
    """Close a job; of one that has failed, say that it is closed."""
    service = server.service
    if job_id in service.opened():
        service.close_job(job_id)
        service.tell(job_id, "info", "Job closed")
    elif service.summary(job_id).state is not JobState.CLOSED:
        service.settle(job_id)


def _reset(server: Server, job_id: str) -> None:
    server.service.reset(job_id)
    server.service.tell(job_id, "info", "Job reset")


def _delete(server: Server, job_id: str) -> None:
    if job_id in server.service.opened():
        server.service.close_job(job_id)
    server.service.delete(job_id)


def _refuse_open(server: Server, job_id: str, force: bool) -> None:
    server.service.job(job_id)
    if not force and job_id in server.service.opened():
        raise Conflict(f"job_id={job_id!r}: wanted a job that is not open; close it first, or ask with force=true")


def _refuse_closed(server: Server, job_id: str) -> None:
    server.service.job(job_id)
    if job_id not in server.service.opened():
        raise Conflict(f"job_id={job_id!r}: wanted an open job; open it first")


def _stop_datafeed(server: Server, job_id: str) -> None:
    server.service.job(job_id)
    datafeed = server.datafeeds.of_job(job_id)
    if datafeed is not None:
        server.datafeeds.stop(datafeed.datafeed_id)


def _delete_datafeed(server: Server, job_id: str) -> None:
    datafeed = server.datafeeds.of_job(job_id)
    if datafeed is not None:
        server.datafeeds.delete(datafeed.datafeed_id, force=True)


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
