"""Filters: lists of values that rules refer to."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.config.errors import Conflict
from barograph.config.job import Id
from barograph.jobs.knowledge.filters import Filter

FilterId = Annotated[str, Path(description="the filter's id", min_length=1, max_length=64)]
_Items = Annotated[list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(max_length=10_000)]


class FilterAsked(BaseModel):
    """A filter to make; `*` at either end of a value stands for any text."""

    filter_id: Id
    description: str | None = Field(default=None, max_length=1000)
    items: _Items = []


class ItemsAsked(BaseModel):
    """All values of a filter; without a description it stays."""

    description: str | None = Field(default=None, max_length=1000)
    items: _Items


class KeptFilter(BaseModel):
    """A filter, and the jobs with a rule that refers to it."""

    filter_id: str
    description: str | None
    items: list[str]
    used_by: list[str]


class KeptFilters(BaseModel):
    """Filters by id."""

    total: int
    filters: list[KeptFilter]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["filters"]), server.service

    @routes.get("/filters", response_model=KeptFilters)
    def list_filters(request: Request) -> Response:
        """List the filters."""
        found = [_told(server, one) for one in service.filters.all()]
        return answer(request, {"total": len(found), "filters": found})

    @routes.post("/filters", response_model=KeptFilter, status_code=201)
    def make_filter(request: Request, asked: FilterAsked) -> Response:
        """Make a filter."""
        made = service.filters.create(asked.filter_id, asked.items, asked.description)
        if made is None:
            raise Conflict(f"filter_id={asked.filter_id!r}: wanted an id that no filter has")
        response = answer(request, _told(server, made))
        response.status_code = 201
        return response

    @routes.put("/filters/{filter_id}", response_model=KeptFilter)
    def change_filter(request: Request, filter_id: FilterId, asked: ItemsAsked) -> Response:
        """Change the values of a filter."""
        gone = [item for item in service.filters.get(filter_id).items if item not in asked.items]
        return answer(request, _told(server, service.filters.update(filter_id, asked.items, gone, asked.description)))

    @routes.delete("/filters/{filter_id}", status_code=204, response_model=None)
    def delete_filter(filter_id: FilterId) -> Response:
        """Remove a filter that no job refers to."""
        service.filters.get(filter_id)
        users = server.service.users_of_filter(filter_id)
        if users:
            raise Conflict(f"filter_id={filter_id!r}: wanted one that no job refers to; these do: {', '.join(users)}")
        service.filters.delete(filter_id)
        return Response(status_code=204)

    return routes


def _told(server: Server, one: Filter) -> dict[str, Any]:
    users = server.service.users_of_filter(one.filter_id)
    return {"filter_id": one.filter_id, "description": one.description, "items": list(one.items), "used_by": users}
