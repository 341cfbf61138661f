"""Results: records, buckets, incidents, accepted changes."""

from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.parameters import Cursor, From, JobId, MinScore, Size, TimeMs, To, cursor_after, offset_of
from barograph.config.errors import NotFound
from barograph.jobs.service import Query as Asked


class Page(BaseModel):
    """A page of rows, as `docs/results.md` describes their columns; `next` is the cursor of the page behind it."""

    total: int
    next: str | None
    rows: list[dict[str, Any]]


class Whole(BaseModel):
    """All rows, as `docs/results.md` describes their columns."""

    total: int
    rows: list[dict[str, Any]]


class Bucket(BaseModel):
    """A bucket, with what is asked for of it."""

    bucket: dict[str, Any]
    bucket_influencers: list[dict[str, Any]]
    records: list[dict[str, Any]] | None


Order = Literal["asc", "desc"]
Direction = Annotated[Order | None, Query(description="scores from the highest, times from the earliest, unless given")]
Sort = Annotated[str | None, Query(max_length=100, description="column to sort by")]
Final = Annotated[bool, Query(description="leave out results of buckets that are still open")]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["results"]), server.service
    tables = {"records": service.records, "buckets": service.buckets, "annotations": service.annotations}

    @routes.get("/jobs/{job_id}/results/{table}", response_model=Page)
    def get_results(
        request: Request,
        job_id: JobId,
        table: Literal["records", "buckets", "annotations"],
        from_: From = None,
        to: To = None,
        min_: MinScore = 0.0,
        sort: Sort = None,
        direction: Direction = None,
        final: Final = False,
        size: Size = 100,
        cursor: Cursor = None,
    ) -> Response:
        """Tell of results, a page at a time."""
        offset, down = offset_of(cursor), None if direction is None else direction == "desc"
        asked = Asked(from_, to, min_, sort, down, offset, size, exclude_interim=final)
        page = tables[table](job_id, asked)
        following = cursor_after(offset, page.rows.height, page.total)
        return answer(request, {"total": page.total, "next": following, "rows": rows(page.rows)})

    @routes.get("/jobs/{job_id}/buckets/{time}", response_model=Bucket)
    def get_bucket(
        request: Request, job_id: JobId, time: TimeMs, expand: Annotated[Literal["records"] | None, Query()] = None
    ) -> Response:
        """Tell of the bucket that a time lies in."""
        span = service.job(job_id).bucket_span_ms
        start = time // span * span
        inside = Asked(start_ms=start, end_ms=start + span, exclude_interim=False)
        found = service.buckets(job_id, inside).rows
        if found.is_empty():
            raise NotFound(f"time={time}: wanted one in a bucket of job {job_id!r} that has a result")
        return answer(
            request,
            {
                "bucket": found.row(0, named=True),
                "bucket_influencers": rows(service.bucket_influencers(job_id, inside).rows),
                "records": rows(service.records(job_id, inside).rows) if expand == "records" else None,
            },
        )

    @routes.get("/jobs/{job_id}/incidents", response_model=Whole)
    def get_incidents(request: Request, job_id: JobId, from_: From = None, to: To = None, min_: MinScore = 0.0) -> Response:
        """Tell what went wrong together."""
        return _whole(request, service.incidents(job_id, from_, to, min_))

    return routes


def _whole(request: Request, frame: pl.DataFrame) -> Response:
    return answer(request, {"total": frame.height, "rows": rows(frame)})
