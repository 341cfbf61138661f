"""Events of calendars."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.arguments import page
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad, inconsistent, no_job
from barograph.api.elastic.ids import matching
from barograph.api.elastic.times import moment, query_time
from barograph.config.detector import MOST_SHIFT_S
from barograph.jobs.knowledge.calendars import Event

_FIELDS: Final = frozenset(
    {"calendar_id", "event_id", "description", "start_time", "end_time", "skip_result", "skip_model_update", "force_time_shift"}
)


def post_events(call: Call) -> dict[str, Any]:
    """Add events to a calendar."""
    calendar_id, given = call.path["calendar_id"], call.body.get("events")
    if not isinstance(given, list) or not all(isinstance(event, dict) for event in given):
        raise ElasticError(400, "x_content_parse_exception", "[calendar_event] failed to parse field [events]")
    if not given:
        raise ElasticError(400, "action_request_validation_exception", "Validation Failed: 1: At least 1 event is required;")
    events = [_event(calendar_id, event) for event in given]
    calendars = call.server.service.calendars
    calendars.get(calendar_id)
    return {"events": [_document(event) for event in calendars.add_events(events)]}


def _event(calendar_id: str, given: Mapping[str, Any]) -> Event:
    unknown = sorted(set(given) - _FIELDS)
    if unknown:
        raise ElasticError(400, "x_content_parse_exception", f"[calendar_event] unknown field [{unknown[0]}]")
    inside = given.get("calendar_id")
    if inside is not None and inside != calendar_id:
        raise inconsistent("calendar_id", inside, calendar_id)
    for name in ("description", "start_time", "end_time"):
        if given.get(name) in (None, ""):
            raise bad(f"Field [{name}] cannot be null")
    if not isinstance(given["description"], str):
        raise ElasticError(400, "x_content_parse_exception", "[calendar_event] failed to parse field [description]")
    start, end = (moment(name, given[name], seconds=False) for name in ("start_time", "end_time"))
    if start >= end:
        raise bad(f"Event start time [{given['start_time']}] must come before end time [{given['end_time']}]")
    flags = {name: _flag(given, name) for name in ("skip_result", "skip_model_update")}
    shift = given.get("force_time_shift")
    if shift is not None and (isinstance(shift, bool) or not isinstance(shift, int)):
        raise ElasticError(400, "x_content_parse_exception", "[calendar_event] failed to parse field [force_time_shift]")
    if shift is not None and abs(shift) > MOST_SHIFT_S:
        raise bad(f"Field [force_time_shift] must be {MOST_SHIFT_S} seconds or less either way: [{shift}]")
    return Event("", calendar_id, given["description"], start, end, force_time_shift=shift, **flags)


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, True)
    if not isinstance(value, bool):
        raise ElasticError(400, "x_content_parse_exception", f"[calendar_event] failed to parse field [{name}]")
    return value


def get_events(call: Call) -> dict[str, Any]:
    """The events of calendars, by their start."""
    service, wanted, job = call.server.service, call.path["calendar_id"], call.query.get("job_id")
    everywhere = wanted in ("_all", "*")
    if job is not None and not everywhere:
        raise ElasticError(
            400,
            "action_request_validation_exception",
            "Validation Failed: 1: If job_id is used calendar_id must be '_all' or '*';",
        )
    known = {calendar.calendar_id: calendar for calendar in service.calendars.all()}
    ids, missing = matching(known, wanted)
    if missing:
        service.calendars.get(missing[0])
    if job is not None:
        meant = _names_of(call, job)
        ids = [one for one in ids if meant & {*known[one].job_ids} or {"_all", "*"} & {*known[one].job_ids}]
    start, end = (query_time(name, call.query.get(name)) for name in ("start", "end"))
    at, most = page(call)
    events = service.calendars.events(ids, start, end)
    return {"count": len(events), "events": [_document(event) for event in events[at : at + most]]}


def _names_of(call: Call, job: str) -> set[str]:
    """A job and its groups, or a group and its jobs: the names by which a calendar may be for it."""
    groups = call.server.service.ids()
    if job in groups:
        return {job, *groups[job]}
    members = {job_id for job_id, of in groups.items() if job in of}
    if not members:
        raise no_job(job)
    return {job, *members}


def delete_event(call: Call) -> dict[str, Any]:
    """Remove an event."""
    call.server.service.calendars.delete_event(call.path["calendar_id"], call.path["event_id"])
    return {"acknowledged": True}


def _document(event: Event) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": event.description,
        "start_time": event.start_ms,
        "end_time": event.end_ms,
        "skip_result": event.skip_result,
        "skip_model_update": event.skip_model_update,
        "event_id": event.event_id,
        "calendar_id": event.calendar_id,
    }
    if event.force_time_shift is not None:
        told["force_time_shift"] = event.force_time_shift
    return told


_LIST: Final = "/_ml/calendars/{calendar_id}/events"
ENDPOINTS = (
    Endpoint("POST", _LIST, post_events, fields="events", object_name="calendar_event", role="write", body_needed=True),
    Endpoint("GET", _LIST, get_events, query="end from job_id size start"),
    Endpoint("DELETE", f"{_LIST}/{{event_id}}", delete_event, role="write"),
)
