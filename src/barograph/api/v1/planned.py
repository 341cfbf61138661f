"""Planned times: the events of calendars, and those that are for a job."""

from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.body import body_of
from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.calendars import CalendarId
from barograph.api.v1.parameters import From, JobId, To
from barograph.config.detector import MOST_SHIFT_S
from barograph.jobs.knowledge.calendars import Event
from barograph.jobs.knowledge.ics import events_of
from barograph.jobs.service import HolidaysAsked
from barograph.jobs.views.series import check_span

EventId = Annotated[str, Path(description="the event's id", min_length=1, max_length=100)]
_Time = Annotated[int, Field(ge=-62_135_596_800_000, le=253_402_300_799_999, description="epoch ms")]
_ICS: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"text/calendar": {"schema": {"type": "string", "format": "binary"}}}}
}


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


class Planned(KeptEvent):
    """A planned time that is for a job."""

    calendar_id: str


class AllPlanned(BaseModel):
    """Planned times by start."""

    total: int
    planned: list[Planned]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["calendars"]), server.service

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

    @routes.get("/jobs/{job_id}/planned", response_model=AllPlanned)
    def list_planned(request: Request, job_id: JobId, from_: From = None, to: To = None) -> Response:
        """List the planned times of the calendars that are for a job."""
        check_span(from_, to)
        events = [event for _, event in service.calendars.planned([service.job(job_id)], from_, to)]
        told = [{**_told(event), "calendar_id": event.calendar_id} for event in events]
        return answer(request, {"total": len(told), "planned": told})

    return routes


def _import(server: Server, calendar_id: str, body: bytes) -> list[Event]:
    calendars = server.service.calendars
    calendars.get(calendar_id)
    return calendars.add_events(events_of(body, calendar_id, server.service.now_ms()))


def _event(calendar_id: str, asked: EventAsked) -> Event:
    does = (asked.skip_result, asked.skip_model_update, asked.force_time_shift)
    return Event("", calendar_id, asked.description, asked.start, asked.end, *does)


def _events(events: list[Event]) -> dict[str, Any]:
    return {"total": len(events), "events": list(map(_told, events))}


def _told(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "description": event.description,
        "start": event.start_ms,
        "end": event.end_ms,
        "skip_result": event.skip_result,
        "skip_model_update": event.skip_model_update,
        "force_time_shift": event.force_time_shift,
    }
