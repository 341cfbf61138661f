"""Calendars: planned times, and the jobs and groups that they are for."""

from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.body import body_of
from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import From, To
from barograph.config.detector import MOST_SHIFT_S
from barograph.config.errors import Conflict
from barograph.config.job import Id
from barograph.jobs.calendars import Calendar, Event
from barograph.jobs.ics import events_of
from barograph.jobs.service import HolidaysAsked

CalendarId = Annotated[str, Path(description="the calendar's id", min_length=1, max_length=64)]
EventId = Annotated[str, Path(description="the event's id", min_length=1, max_length=100)]
_Time = Annotated[int, Field(ge=-62_135_596_800_000, le=253_402_300_799_999, description="epoch ms")]
_Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=10_000)]
_ICS: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"text/calendar": {"schema": {"type": "string", "format": "binary"}}}}
}


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


class EventAsked(BaseModel):
    """A planned time, `[start, end)`."""

    description: str = Field(min_length=1, max_length=1000)
    start: _Time
    end: _Time
    skip_result: bool = True
    skip_model_update: bool = True
    force_time_shift: int | None = Field(
        default=None, ge=-MOST_SHIFT_S, le=MOST_SHIFT_S, description="seconds by which the clock is changed with it, for good"
    )

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"end={self.end}: wanted a time after start ({self.start})")
        return self


class EventsAsked(BaseModel):
    """Planned times to keep."""

    events: list[EventAsked] = Field(min_length=1, max_length=10_000)


class HolidaysOf(BaseModel):
    """Public holidays of a country (ISO 3166), or of a part of it, as whole days of a time zone."""

    country: str = Field(min_length=1, max_length=100)
    subdivision: str | None = Field(default=None, min_length=1, max_length=100)
    years: list[int] = Field(min_length=1, max_length=50)
    time_zone: str | None = Field(default=None, max_length=100, description="without it, that of the jobs of the calendar")
    skip_result: bool = True
    skip_model_update: bool = True


class KeptEvent(BaseModel):
    """A planned time that is kept."""

    event_id: str
    description: str
    start: int
    end: int
    skip_result: bool
    skip_model_update: bool
    force_time_shift: int | None


class KeptEvents(BaseModel):
    """Planned times by start."""

    total: int
    events: list[KeptEvent]


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

    @routes.get("/calendars/{calendar_id}/events", response_model=KeptEvents)
    def list_events(request: Request, calendar_id: CalendarId, from_: From = None, to: To = None) -> Response:
        """List the planned times of a calendar."""
        service.calendars.get(calendar_id)
        return answer(request, _events(service.calendars.events([calendar_id], from_, to)))

    @routes.post("/calendars/{calendar_id}/events", response_model=KeptEvents, status_code=201)
    def add_events(request: Request, calendar_id: CalendarId, asked: EventsAsked) -> Response:
        """Plan times."""
        service.calendars.get(calendar_id)
        response = answer(request, _events(service.calendars.add_events(_event(calendar_id, one) for one in asked.events)))
        response.status_code = 201
        return response

    @routes.post("/calendars/{calendar_id}/ics", response_model=KeptEvents, status_code=201, openapi_extra=_ICS)
    async def import_events(request: Request, calendar_id: CalendarId) -> Response:
        """Plan the events of an iCalendar file; of those that come again, what begins from a year ago to two years ahead."""
        async with body_of(request, server) as body:
            added = await run_in_threadpool(_import, server, calendar_id, body)
        response = answer(request, _events(added))
        response.status_code = 201
        return response

    @routes.post("/calendars/{calendar_id}/holidays", response_model=KeptEvents, status_code=201)
    def add_holidays(request: Request, calendar_id: CalendarId, asked: HolidaysOf) -> Response:
        """Plan the public holidays of a country that the calendar does not have yet; those are told."""
        wanted = HolidaysAsked(**{**asked.model_dump(), "years": tuple(sorted(set(asked.years)))})
        response = answer(request, _events(service.add_holidays(calendar_id, wanted)))
        response.status_code = 201
        return response

    @routes.delete("/calendars/{calendar_id}/events/{event_id}", status_code=204, response_model=None)
    def delete_event(calendar_id: CalendarId, event_id: EventId) -> Response:
        """Remove a planned time."""
        service.calendars.delete_event(calendar_id, event_id)
        return Response(status_code=204)

    return routes


def _import(server: Server, calendar_id: str, body: bytes) -> list[Event]:
    calendars = server.service.calendars
    calendars.get(calendar_id)
    return calendars.add_events(events_of(body, calendar_id, server.service.now_ms()))


def _event(calendar_id: str, asked: EventAsked) -> Event:
    does = (asked.skip_result, asked.skip_model_update, asked.force_time_shift)
    return Event("", calendar_id, asked.description, asked.start, asked.end, *does)


def _told(server: Server, calendar: Calendar) -> dict[str, Any]:
    return {
        "calendar_id": calendar.calendar_id,
        "description": calendar.description,
        "job_ids": list(calendar.job_ids),
        "events": len(server.service.calendars.events([calendar.calendar_id])),
    }


def _events(events: list[Event]) -> dict[str, Any]:
    told = [
        {
            "event_id": event.event_id,
            "description": event.description,
            "start": event.start_ms,
            "end": event.end_ms,
            "skip_result": event.skip_result,
            "skip_model_update": event.skip_model_update,
            "force_time_shift": event.force_time_shift,
        }
        for event in events
    ]
    return {"total": len(told), "events": told}
