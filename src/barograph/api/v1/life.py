"""The life of jobs: made, changed, opened, closed, reset, deleted."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.jobs import OneJob, whole
from barograph.api.v1.parameters import JobId
from barograph.api.v1.settings import SettingsAsked
from barograph.config.errors import Conflict
from barograph.config.load import load_job
from barograph.config.support import left_out
from barograph.jobs.service import JobState


class JobAsked(BaseModel):
    """A job to make, under the names of `barograph run`."""

    config: dict[str, Any]
    open: bool = Field(default=True, description="open it at once")


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["life"]), server.service

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

    return routes


def _make(server: Server, asked: JobAsked) -> None:
    job, service = load_job(asked.config), server.service
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


def _stop_datafeed(server: Server, job_id: str) -> None:
    server.service.job(job_id)
    datafeed = server.datafeeds.of_job(job_id)
    if datafeed is not None:
        server.datafeeds.stop(datafeed.datafeed_id)


def _delete_datafeed(server: Server, job_id: str) -> None:
    datafeed = server.datafeeds.of_job(job_id)
    if datafeed is not None:
        server.datafeeds.delete(datafeed.datafeed_id, force=True)
