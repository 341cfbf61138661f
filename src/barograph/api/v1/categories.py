"""Categories of a job's messages."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import Cursor, JobId, Size, cursor_after, offset_of
from barograph.results.category import CategoryDefinition


class Category(BaseModel):
    """What the messages of a category have in common. `examples` are messages as they came: text, never markup."""

    category_id: int
    partition_field_name: str | None
    partition_field_value: str | None
    terms: str
    regex: str
    grok_pattern: str
    max_matching_length: int
    examples: list[str]
    num_matches: int
    preferred_to_categories: list[int]


class Fit(BaseModel):
    """How well categories fit the messages of a partition, or of all; `is_stopped`: nothing of it is categorized any more."""

    partition_field_name: str | None
    partition_field_value: str | None
    categorized_doc_count: int
    total_category_count: int
    frequent_category_count: int
    rare_category_count: int
    dead_category_count: int
    failed_category_count: int
    categorization_status: Literal["ok", "warn"]
    is_stopped: bool


class FoundCategories(BaseModel):
    """Categories, by id; `stats` are of all partitions, whatever is asked for."""

    total: int
    next: str | None
    rows: list[Category]
    stats: list[Fit]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["results"]), server.service

    @routes.get("/jobs/{job_id}/categories", response_model=FoundCategories)
    def get_categories(
        request: Request,
        job_id: JobId,
        id: Annotated[list[int] | None, Query(description="only these", max_length=1000)] = None,
        partition: Annotated[str | None, Query(description="only those of this partition", max_length=10_000)] = None,
        q: Annotated[str, Query(description="only those with this text in their terms or examples", max_length=1000)] = "",
        sort: Annotated[Literal["id", "-matches"], Query(description="by id, or those of most messages first")] = "id",
        size: Size = 100,
        cursor: Cursor = None,
    ) -> Response:
        """Tell of the categories of a job's messages, a page at a time."""
        known, offset = service.categories(job_id), offset_of(cursor)
        found = [
            one
            for one in known.definitions
            if (id is None or one.category_id in id)
            and (partition is None or one.partition_field_value == partition)
            and _has(one, q.casefold())
        ]
        if sort == "-matches":
            found.sort(key=lambda one: -one.num_matches)
        page, stats = [asdict(one) for one in found[offset : offset + size]], [asdict(one) for one in known.stats]
        following = cursor_after(offset, len(page), len(found))
        return answer(request, {"total": len(found), "next": following, "rows": page, "stats": stats})

    return routes


def _has(found: CategoryDefinition, text: str) -> bool:
    return not text or any(text in one.casefold() for one in (found.terms, *found.examples))
