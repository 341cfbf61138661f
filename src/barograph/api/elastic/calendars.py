"""Calendars, the jobs that they are for, and their events."""

from collections.abc import Iterable
from typing import Any, Final

from barograph.api.elastic.arguments import names, page
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad, inconsistent, not_found
from barograph.api.elastic.ids import check_id, matching
from barograph.jobs.knowledge.calendars import Calendar

_ALL: Final = ("_all", "*")


def put_calendar(call: Call) -> dict[str, Any]:
    """Make a calendar."""
    calendar_id, body = call.path["calendar_id"], call.body or {}
    if calendar_id in _ALL:
        raise bad(f"Cannot create a Calendar with the reserved name [{calendar_id}]")
    check_id("calendar_id", calendar_id)
    if body.get("calendar_id", calendar_id) != calendar_id:
        raise inconsistent("calendar_id", body["calendar_id"], calendar_id)
    description = body.get("description")
    if description is not None and not isinstance(description, str):
        raise ElasticError(400, "x_content_parse_exception", "[calendar] failed to parse field [description]")
    job_ids = names(body.get("job_ids", []), "job_ids")
    calendar = Calendar(calendar_id, tuple(dict.fromkeys(job_ids)), description)
    if not call.server.service.calendars.create(calendar):
        raise bad(f"Cannot create calendar with id [{calendar_id}] as it already exists")
    return _document(calendar)


def get_calendars(call: Call) -> dict[str, Any]:
    """Calendars, by id."""
    calendars, wanted = call.server.service.calendars, call.path.get("calendar_id", "_all")
    given = {"from", "size"} & set(call.query) or ({"page"} & set(call.body or {}))
    if wanted not in _ALL and given:
        raise bad("Params [from, size] are incompatible with [calendar_id].")
    at, most = page(call, 10_000)
    known = {calendar.calendar_id: calendar for calendar in calendars.all()}
    ids, missing = matching(known, wanted)
    if missing:
        calendars.get(missing[0])
    return {"count": len(ids), "calendars": [_document(known[one]) for one in ids[at : at + most]]}


def delete_calendar(call: Call) -> dict[str, Any]:
    """Remove a calendar and its events."""
    call.server.service.calendars.delete(call.path["calendar_id"])
    return {"acknowledged": True}


def put_jobs(call: Call) -> dict[str, Any]:
    """Make a calendar be for more jobs or groups."""
    new = names(call.path["job_id"], "job_id")
    for one in new:
        check_id("job_id", one)
    return _document(call.server.service.calendars.change_jobs(call.path["calendar_id"], lambda old: (*old, *new)))


def delete_jobs(call: Call) -> dict[str, Any]:
    """Make a calendar be for jobs or groups no more."""
    calendar_id, gone = call.path["calendar_id"], names(call.path["job_id"], "job_id")

    def without(old: tuple[str, ...]) -> Iterable[str]:
        for one in gone:
            if one not in old:
                raise not_found(f"Cannot remove [{one}] as it is not present in calendar [{calendar_id}]")
        return (one for one in old if one not in gone)

    return _document(call.server.service.calendars.change_jobs(calendar_id, without))


def _document(calendar: Calendar) -> dict[str, Any]:
    told: dict[str, Any] = {"calendar_id": calendar.calendar_id, "job_ids": list(calendar.job_ids)}
    if calendar.description is not None:
        told["description"] = calendar.description
    return told


_LIST: Final = "/_ml/calendars"
_ONE: Final = f"{_LIST}/{{calendar_id}}"
_JOBS: Final = f"{_ONE}/jobs/{{job_id}}"
ENDPOINTS = (
    Endpoint("PUT", _ONE, put_calendar, fields="calendar_id job_ids description", object_name="calendar", role="write"),
    Endpoint("GET POST", _LIST, get_calendars, query="from size", fields="page"),
    Endpoint("GET POST", _ONE, get_calendars, query="from size", fields="page calendar_id"),
    Endpoint("DELETE", _ONE, delete_calendar, role="write"),
    Endpoint("PUT", _JOBS, put_jobs, role="write"),
    Endpoint("DELETE", _JOBS, delete_jobs, role="write"),
)
