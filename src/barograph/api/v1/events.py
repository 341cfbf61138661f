"""Server-sent events: what has changed since one began to listen."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from barograph.alerts.service import AlertsQuery
from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute
from barograph.api.v1.jobs import told
from barograph.api.v1.parameters import Expressions

_PAUSE_S: Final = 1.0
_QUIET: Final = 15
"""Pauses without an event after which a comment is sent, so that nobody on the way takes the connection for dead."""


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=ServedRoute, tags=["events"])

    @routes.get(
        "/events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )
    async def listen(job: Expressions = None) -> StreamingResponse:
        """Tell what changes: `job` with its state and counts, `gone` with its id, `alerts` with how many are in which state."""
        expressions = job or ["_all"]
        await run_in_threadpool(server.service.jobs, expressions)  # what is not there is refused before the stream begins
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(server, expressions), headers=headers, media_type="text/event-stream")

    return routes


async def _events(server: Server, expressions: list[str]) -> AsyncIterator[bytes]:
    """All jobs that are meant and how their alerts stand, then each that changes; ends with the server."""
    seen: dict[str, dict[str, Any]] = {}
    version: str | None = None
    quiet = 0
    while server.ready or not seen:
        now = {summary.job.job_id: told(summary) for summary in await run_in_threadpool(_meant, server, expressions)}
        changed = [_event("job", document) for job_id, document in now.items() if seen.get(job_id) != document]
        changed += [_event("gone", {"job_id": job_id}) for job_id in seen.keys() - now.keys()]
        before, version = version, await run_in_threadpool(server.alerts.version)
        if version != before:
            ids = None if expressions == ["_all"] else tuple(now)  # of all: also those whose job is gone
            counts = await run_in_threadpool(server.alerts.counts, AlertsQuery(ids))
            changed.append(_event("alerts", counts))
        seen, quiet = now, 0 if changed else quiet + 1
        if quiet >= _QUIET:
            changed, quiet = [b": still here\n\n"], 0
        for event in changed:
            yield event
        await asyncio.sleep(_PAUSE_S)


def _meant(server: Server, expressions: list[str]) -> list[Any]:
    known = server.service.ids()
    groups = {group for of in known.values() for group in of}
    still = [one for one in expressions if "*" in one or one == "_all" or one in known or one in groups]
    return list(server.service.jobs(still)) if still else []


def _event(name: str, document: object) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(document) + b"\n\n"
