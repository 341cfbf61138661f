"""Calendars, and the jobs and groups that they are for; the times that they plan are in `planned`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.config.errors import Conflict
from barograph.config.job import Id
from barograph.jobs.knowledge.calendars import Calendar

CalendarId = Annotated[str, Path(description="the calendar's id", min_length=1, max_length=64)]
_Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=10_000)]


class CalendarAsked(BaseModel):
    """A calendar to make."""

    calendar_id: Id
    description: str | None = Field(default=None, max_length=1000)
    job_ids: _Names = []


class JobsAsked(BaseModel):
    """The jobs and groups that a calendar is for."""

    job_ids: _Names


class KeptCalendar(BaseModel):
    """A calendar in a list, with how many events it has."""

    calendar_id: str
    description: str | None
    job_ids: list[str]
    events: int


class KeptCalendars(BaseModel):
    """Calendars by id."""

    total: int
    calendars: list[KeptCalendar]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["calendars"]), server.service

    @routes.get("/calendars", response_model=KeptCalendars)
    def list_calendars(request: Request) -> Response:
        """List the calendars."""
        found = [_told(server, one) for one in service.calendars.all()]
        return answer(request, {"total": len(found), "calendars": found})

    @routes.post("/calendars", response_model=KeptCalendar, status_code=201)
    def make_calendar(request: Request, asked: CalendarAsked) -> Response:
        """Make a calendar."""
        made = Calendar(asked.calendar_id, tuple(dict.fromkeys(asked.job_ids)), asked.description)
        if not service.calendars.create(made):
            raise Conflict(f"calendar_id={asked.calendar_id!r}: wanted an id that no calendar has")
        response = answer(request, _told(server, made))
        response.status_code = 201
        return response

    @routes.put("/calendars/{calendar_id}/jobs", response_model=KeptCalendar)
    def change_calendar_jobs(request: Request, calendar_id: CalendarId, asked: JobsAsked) -> Response:
        """Say which jobs and groups a calendar is for."""
        return answer(request, _told(server, service.calendars.change_jobs(calendar_id, lambda _: asked.job_ids)))

    @routes.delete("/calendars/{calendar_id}", status_code=204, response_model=None)
    def delete_calendar(calendar_id: CalendarId) -> Response:
        """Remove a calendar and its events."""
        service.calendars.delete(calendar_id)
        return Response(status_code=204)

    return routes


def _told(server: Server, calendar: Calendar) -> dict[str, Any]:
    return {
        "calendar_id": calendar.calendar_id,
        "description": calendar.description,
        "job_ids": list(calendar.job_ids),
        "events": len(server.service.calendars.events([calendar.calendar_id])),
    }
