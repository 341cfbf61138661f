"""The datafeed of a job: what it reads, how it does, started and stopped."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import From, JobId, To
from barograph.config.datafeed import Datafeed
from barograph.config.errors import NotFound


class Feed(BaseModel):
    """A datafeed, and how it does: `live` when it has read the past, `searches` and their time since it was made."""

    datafeed_id: str
    indices: list[str]
    started: bool
    live: bool
    has_end: bool
    searches: int
    search_ms: float
    config: dict[str, Any]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=ServedRoute, tags=["datafeeds"])

    @routes.get("/jobs/{job_id}/datafeed", response_model=Feed)
    def get_datafeed(request: Request, job_id: JobId) -> Response:
        """Tell of a job's datafeed."""
        return answer(request, _told(server, job_id))

    @routes.post("/jobs/{job_id}/datafeed/start", response_model=Feed)
    async def start_datafeed(request: Request, job_id: JobId, from_: From = None, to: To = None) -> Response:
        """Start a job's datafeed: from a time (else where it stopped) up to another (else in real time)."""
        datafeed = await run_in_threadpool(_of, server, job_id)
        await run_in_threadpool(server.datafeeds.start, datafeed.datafeed_id, from_ or 0, to)
        return answer(request, await run_in_threadpool(_told, server, job_id))

    @routes.post("/jobs/{job_id}/datafeed/stop", response_model=Feed)
    async def stop_datafeed(request: Request, job_id: JobId) -> Response:
        """Stop a job's datafeed; it starts again behind the last row that it gave."""
        datafeed = await run_in_threadpool(_of, server, job_id)
        await run_in_threadpool(server.datafeeds.stop, datafeed.datafeed_id)
        return answer(request, await run_in_threadpool(_told, server, job_id))

    return routes


def _of(server: Server, job_id: str) -> Datafeed:
    server.service.job(job_id)
    datafeed = server.datafeeds.of_job(job_id)
    if datafeed is None:
        raise NotFound(f"job_id={job_id!r}: wanted a job with a datafeed; rows come to this one by uploads or from programs")
    return datafeed


def _told(server: Server, job_id: str) -> dict[str, Any]:
    datafeed = _of(server, job_id)
    stats = server.datafeeds.stats(datafeed.datafeed_id)
    return {
        "datafeed_id": datafeed.datafeed_id,
        "indices": list(datafeed.indices),
        "started": stats.is_started,
        "live": stats.is_live,
        "has_end": stats.has_end,
        "searches": stats.searches.count,
        "search_ms": stats.searches.ms,
        "config": datafeed.model_dump(mode="json", exclude_none=True),
    }
