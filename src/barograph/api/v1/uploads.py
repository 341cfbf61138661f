"""Files that are uploaded to make jobs of: what is in them, and what a job would find."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from barograph.api.body import unpacked
from barograph.api.errors import HttpProblem
from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.features import EntityFeatures, entity_features
from barograph.api.v1.scatter import Points, points
from barograph.api.v1.series import Line, line
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.config.splits import SERIES_ROLES
from barograph.jobs.drafts.preview import Preview, preview
from barograph.jobs.drafts.suggest import suggestion
from barograph.jobs.drafts.trial import Shown, Trial, trial
from barograph.jobs.drafts.uploads import Upload
from barograph.jobs.views.features import entity_at
from barograph.results.category import CategoryDefinition

UploadId = Annotated[str, Path(description="the upload's id", min_length=1, max_length=64)]
FileName = Annotated[str, Query(max_length=1000, description="what the file is called: its extension tells its format")]
RAW_BODY: Final[Mapping[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "CSV, TSV, NDJSON, JSON or Parquet, plain, gzip or Zstandard",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

_SHOWN_CATEGORIES: Final = 20
_NO_LINE: Final = {"thinned": False, "bounded": False, "t": [], "v": [], "typical": [], "lo": [], "hi": [], "marks": []}


class KeptUpload(BaseModel):
    """A file that is kept."""

    upload_id: str
    name: str
    bytes: int


class ColumnSeen(BaseModel):
    """A column, as the rows that were looked at have it."""

    name: str
    kind: str
    distinct: int
    missing: float
    examples: list[str]
    least: float | None
    greatest: float | None


class TimeSeen(BaseModel):
    """The column that is likely to have the time; `also` is another format that reads it."""

    name: str
    time_format: str
    also: str | None
    start_ms: int
    end_ms: int
    reason: str


class Seen(KeptUpload):
    """What is in a file, and a job that suits it: `config` is null where no column has the time, `reasons` are by setting."""

    rows: int
    whole: bool
    malformed: int
    columns: list[ColumnSeen]
    time: TimeSeen | None
    sample: list[dict[str, str | None]]
    config: dict[str, Any] | None
    reasons: dict[str, str]


class TrialAsked(BaseModel):
    """A job to try, and which of its series to show: without values the one with the worst record."""

    config: dict[str, Any]
    detector: int = Field(default=0, ge=0, le=10_000)
    function: str | None = Field(default=None, max_length=100)
    series: dict[str, str] | None = Field(
        default=None, max_length=len(SERIES_ROLES), description="values of the series to show, by role"
    )
    points: int = Field(default=1500, ge=2, le=100_000)
    min_score: float = Field(default=50.0, ge=0, le=100)


class TriedCategory(BaseModel):
    """A category of messages that a job would have made."""

    category_id: int
    partition_field_value: str | None
    terms: str
    examples: list[str]
    num_matches: int


class Tried(Line):
    """What a job would have found, and one of its series: `refused` says why its values are no line, `points` are all of what
    is none by itself. `categories` are the largest of all that it would have made of messages, `features` what a forest would
    have found of the entity that is shown."""

    rows: int
    whole: bool
    dropped: dict[str, int]
    buckets: int
    series: int
    start: int
    end: int
    alerts: list[dict[str, Any]]
    alerts_a_week: float
    by_score: list[list[float]]
    shown: dict[str, str | None]
    others: list[dict[str, Any]]
    memory: dict[str, Any]
    refused: str | None
    points: Points | None
    features: EntityFeatures | None
    all_categories: int
    categories: list[TriedCategory]
    advice: list[dict[str, Any]]
    notes: list[str]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=ServedRoute, tags=["uploads"])
    one_at_a_time = asyncio.Semaphore(1)  # a trial takes a core; who asks again meanwhile has gone mostly

    @routes.post("/uploads", response_model=KeptUpload, status_code=201, openapi_extra=dict(RAW_BODY))
    async def upload(request: Request, name: FileName = "upload") -> Response:
        """Keep a file for a while, to look at it and to feed jobs with it."""
        kept = await received(server, request, name)
        response = answer(request, _kept(kept))
        response.status_code = 201
        return response

    @routes.get("/uploads/{upload_id}", response_model=Seen)
    def look_at_upload(
        request: Request,
        upload_id: UploadId,
        delimiter: Annotated[
            str | None,
            Query(pattern=r"^[\t -!#-~]$", description="between two fields of a row: one character of ASCII, no quote"),
        ] = None,
    ) -> Response:
        """Tell what is in a file: columns, types, the time, first rows; and which job suits it."""
        kept = server.uploads.get(upload_id)
        return answer(request, {**_kept(kept), **_seen(kept, preview(kept, delimiter))})

    @routes.delete("/uploads/{upload_id}", status_code=204, response_model=None)
    def delete_upload(upload_id: UploadId) -> Response:
        """Remove a file."""
        server.uploads.delete(upload_id)
        return Response(status_code=204)

    @routes.post("/uploads/{upload_id}/trial", response_model=Tried)
    async def try_job(request: Request, upload_id: UploadId, asked: TrialAsked) -> Response:
        """Tell what a job would find in a file's first rows; nothing of it is kept."""
        kept, job = server.uploads.get(upload_id), load_job({"job_id": "trial", **asked.config})
        split = None if asked.series is None else tuple(asked.series.get(role) for role in SERIES_ROLES)
        shown = Shown(asked.detector, asked.function, split, asked.points, asked.min_score)
        async with one_at_a_time:
            if await request.is_disconnected():
                return Response(status_code=204)
            tried = await run_in_threadpool(trial, kept, job, shown, server.service)
        return answer(request, _tried(job, tried, asked.points))

    return routes


async def received(server: Server, request: Request, name: str) -> Upload:
    """The body of a request as a file.

    Raises:
        TooLarge: it is larger than all uploads may be.
        HttpProblem: it is not what its encoding says, or ended too early.
    """
    receiving = await run_in_threadpool(server.uploads.receive, name)
    try:
        with receiving:
            async for piece in unpacked(request):
                await run_in_threadpool(receiving.write, piece)
            return await run_in_threadpool(receiving.finish)
    except ClientDisconnect:
        raise HttpProblem(400, "body: wanted all of it; the connection ended before") from None


def _kept(upload: Upload) -> dict[str, Any]:
    return {"upload_id": upload.upload_id, "name": upload.name, "bytes": upload.bytes}


def _seen(upload: Upload, seen: Preview) -> dict[str, Any]:
    suits = suggestion(upload.name, seen)
    return {
        "rows": seen.rows,
        "whole": seen.whole,
        "malformed": seen.malformed,
        "columns": [asdict(column) for column in seen.columns],
        "time": None if seen.time is None else asdict(seen.time),
        "sample": list(seen.sample),
        "config": suits.config,
        "reasons": suits.reasons,
    }


def _largest(found: Sequence[CategoryDefinition]) -> list[dict[str, Any]]:
    largest = sorted(found, key=lambda one: -one.num_matches)[:_SHOWN_CATEGORIES]
    return [{name: getattr(one, name) for name in TriedCategory.model_fields} for one in largest]


def _tried(job: Job, tried: Trial, most: int) -> dict[str, Any]:
    found = tried.found
    others = (dict(zip((*SERIES_ROLES, "record_score"), other, strict=True)) for other in found.others.rows())
    return {
        "rows": tried.rows,
        "whole": tried.whole,
        "dropped": found.dropped,
        "buckets": found.buckets,
        "series": found.series,
        "start": found.alerts.start_ms,
        "end": found.alerts.end_ms,
        "alerts": rows(found.alerts.alerts),
        "alerts_a_week": found.alerts_a_week,
        "by_score": [list(step) for step in found.alerts.steps.items()],
        "shown": dict(zip(SERIES_ROLES, found.shown, strict=True)),
        "others": list(others),
        **(_NO_LINE if found.values is None else line("trial", found.values)),
        "memory": asdict(found.memory),
        "refused": found.refused,
        "points": None if found.points is None else points("trial", found.points),
        "features": None if found.graded is None else entity_features(job, entity_at(job, found.shown), found.graded, most),
        "all_categories": len(found.categories),
        "categories": _largest(found.categories),
        "advice": [asdict(one) for one in tried.advice],
        "notes": list(tried.notes),
    }
