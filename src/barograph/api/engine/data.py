"""Rows that are sent to jobs: raw, in chunks or whole, packed or not, to several jobs at once."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from barograph.api.body import NotPacked, unpacked
from barograph.api.engine.answers import Answer
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.intake import Intake, Options
from barograph.api.engine.parameters import flag, time
from barograph.api.engine.pipe import Pipe
from barograph.api.errors import HttpProblem

_MOST_JOBS: Final = 16
"""Of one upload: each reads all of it."""

_LONGEST_WAIT_S: Final = 600
"""For the next bytes of an upload: it may be a stream of what happens, and waits with little in memory."""

_NOT_GZIP: Final = "Content-Encoding = gzip but the data is not in gzip format"


async def post_data(call: Call, request: Request) -> Answer:
    """Send rows to a job, or the same to several, as they come; they are safe when this is answered."""
    return await _take(call, request, is_stored=False)


async def post_stored_data(call: Call, request: Request) -> Answer:
    """Send rows as above, and keep them in the index `engine-data-` and the job's id, too."""
    return await _take(call, request, is_stored=True)


async def _take(call: Call, request: Request, *, is_stored: bool) -> Answer:
    job_ids = list(dict.fromkeys(part.strip() for part in call.job_id.split(",") if part.strip()))
    try:
        options = _options(call, job_ids, is_stored)
    except EngineError as error:
        if not job_ids:
            raise
        return _answer([{"jobId": job_id, "error": error} for job_id in job_ids])
    pipes = [Pipe() for _ in job_ids]
    intakes = [Intake(call.state, job_id, pipe, options) for job_id, pipe in zip(job_ids, pipes, strict=True)]
    with _threads(len(intakes)) as threads:
        loop = asyncio.get_running_loop()
        reading = [loop.run_in_executor(threads, intake.run) for intake in intakes]
        await _pump(call, request, pipes)
        return _answer(await asyncio.gather(*reading))


@contextlib.contextmanager
def _threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that go once their work is done, however this ends; nothing waits for them here."""
    threads = ThreadPoolExecutor(number, thread_name_prefix="upload")
    try:
        yield threads
    finally:
        threads.shutdown(wait=False)


def _options(call: Call, job_ids: Sequence[str], is_stored: bool) -> Options:
    """What the parameters say of the upload.

    Raises:
        EngineError: they do not fit, or the jobs are too many.
    """
    if not 1 <= len(job_ids) <= _MOST_JOBS:
        raise EngineError(Code.TOO_MANY_JOBS, f"{len(job_ids)} job ids: wanted 1 to {_MOST_JOBS} in one upload", 400)
    return Options(flag(call, "ignoreDowntime"), is_stored, _reset(call))


def _reset(call: Call) -> tuple[int, int] | None:
    """The time whose rows the upload takes the place of, `[start, end)` in epoch ms; None: of none.

    Raises:
        EngineError: they are no times (60101), or no span of time (60108).
    """
    start, end = time(call, "resetStart"), time(call, "resetEnd")
    if start is None and end is None:
        return None
    if start is None or (end is not None and end < start):
        raise EngineError(Code.RESET_RANGE, "resetStart and resetEnd: wanted a start, and an end that is not before it")
    return start, max(start + 1, start if end is None else end)


async def _pump(call: Call, request: Request, pipes: Sequence[Pipe]) -> None:
    """Hand on the body as it comes. Of one that nobody reads any more a part is thrown away, so that its sender is answered."""
    failure: Exception | None = ClientDisconnect()
    left = call.server.config.max_body_bytes
    try:
        async for piece in unpacked(request, longest_wait_s=_LONGEST_WAIT_S, any_encoding=True):
            call.server.metrics.body_bytes.inc(len(piece))
            for pipe in pipes:
                await pipe.put(piece)
            if all(pipe.is_closed for pipe in pipes):
                left -= len(piece)
                if left < 0:
                    break
        failure = None
    except NotPacked:
        failure = EngineError(Code.NOT_GZIP, _NOT_GZIP)
    except HttpProblem as error:
        failure = EngineError(Code.DATA, str(error), error.status, error.headers)
    except ClientDisconnect:
        failure = EngineError(Code.DATA, "body: wanted all of it; the connection ended before")
    finally:
        for pipe in pipes:
            await pipe.end(failure)


def _answer(entries: Sequence[dict[str, Any]]) -> Answer:
    """The entries of all jobs. Where one has failed, the status says so."""
    errors = [entry["error"] for entry in entries if "error" in entry]
    told = [{**entry, "error": entry["error"].body()} if "error" in entry else entry for entry in entries]
    return Answer({"responses": told}, max((error.status for error in errors), default=202))


ENDPOINTS = (
    Endpoint("POST", "/data/{job_id}", streamed=post_data, role="write"),
    Endpoint("POST", "/dataload/{job_id}", streamed=post_stored_data, role="write"),
)
