"""Rows behind the transforms of a job, and transforms and detectors before there is a job: to look at, with nothing kept."""

from collections.abc import Callable

import polars as pl
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from barograph.api.body import body_of
from barograph.api.engine.answers import ACK, Answer
from barograph.api.engine.config import Detector, Transform
from barograph.api.engine.detectors import check_detector
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.readers import blocks
from barograph.api.engine.rows import Rows
from barograph.api.engine.transform_config import step_of, steps_of
from barograph.intake.parse_times import parse_times


async def preview(call: Call, request: Request) -> Answer:
    """Tell what a job would be given of some rows: CSV with the time in epoch seconds, behind all transforms."""
    async with body_of(request, call.server, any_encoding=True) as body:
        return await run_in_threadpool(_previewed, call, body)


def _previewed(call: Call, body: bytes) -> Answer:
    job = call.server.service.job(call.job_id)
    rows = Rows.of(job, call.state.extras(call.job_id))
    frames = [rows.transformed(block).frame for block in blocks(rows.wanted, _reader(body)) if block.frame.height]
    if not frames:
        return Answer(",".join(rows.used) + "\n", 202)
    frame = pl.concat(frames, how="diagonal_relaxed").select(pl.col(name) for name in rows.used)
    times = parse_times(frame[job.time_field], job)
    whole = (times % 1000 == 0).all()
    seconds = (times // 1000 if whole else times / 1000).alias(job.time_field)
    return Answer(frame.with_columns(seconds).drop_nulls(job.time_field).write_csv(), 202)


def _reader(body: bytes) -> Callable[[int], bytes]:
    parts = iter((body, b""))
    return lambda _: next(parts, b"")


def validate_detector(call: Call) -> Answer:
    """Tell whether a detector can be."""
    check_detector(Detector.read(call.body, Code.DETECTOR_PARSE, Code.DETECTOR_UNKNOWN_FIELD))
    return ACK


def validate_transform(call: Call) -> Answer:
    """Tell whether a transform can be."""
    step_of(Transform.read(call.body, Code.TRANSFORM_PARSE, Code.TRANSFORM_UNKNOWN_FIELD))
    return ACK


def validate_transforms(call: Call) -> Answer:
    """Tell whether some transforms can be, together."""
    if not isinstance(call.body, list):
        raise EngineError(Code.TRANSFORM_PARSE, "body: wanted a list of transforms")
    given = [Transform.read(one, Code.TRANSFORM_PARSE, Code.TRANSFORM_UNKNOWN_FIELD) for one in call.body]
    steps_of(given, (name for one in given for name in step_of(one).outputs))  # what a job uses is not known here
    return ACK


ENDPOINTS = (
    Endpoint("POST", "/preview/{job_id}", streamed=preview),
    Endpoint("POST", "/validate/detector", validate_detector, parse_code=Code.DETECTOR_PARSE),
    Endpoint("POST", "/validate/transform", validate_transform, parse_code=Code.TRANSFORM_PARSE),
    Endpoint("POST", "/validate/transforms", validate_transforms, parse_code=Code.TRANSFORM_PARSE),
)
