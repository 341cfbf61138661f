"""Time that a job is not to hear of: a planned time in a calendar of its own, so that whoever wonders can see it there.

A calendar is the job's own if it was made here and is for that job only. Any other is somebody's who has chosen its name or its
jobs: nothing is planned in it and nothing removed, as that would be planned, or removed, for other jobs, too.
"""

from collections.abc import Iterator
from itertools import count
from typing import Final

from barograph.jobs.knowledge.calendars import Calendar, Calendars, Event

_MADE_HERE: Final = "times that the job was told to leave out"
_EVENT: Final = "downtime"


def plan_downtime(calendars: Calendars, job_id: str, start_ms: int, end_ms: int) -> None:
    """Have a job find nothing in a time, and learn nothing from it."""
    calendars.add_events([Event("", _calendar_for(calendars, job_id), _EVENT, start_ms, end_ms)])


def forget_downtime(calendars: Calendars, job_id: str, from_ms: int = 0) -> None:
    """Remove what was planned for a job from a time on: the job is to hear of it again."""
    for name in [calendar.calendar_id for calendar in calendars.all() if _is_own(calendar, job_id)]:
        for event in calendars.events([name]):
            if event.description == _EVENT and event.start_ms >= from_ms:
                calendars.delete_event(name, event.event_id)
        if not calendars.events([name]):
            calendars.delete(name)


def _is_own(calendar: Calendar, job_id: str) -> bool:
    return calendar.description == _MADE_HERE and calendar.job_ids == (job_id,)


def _calendar_for(calendars: Calendars, job_id: str) -> str:
    """A calendar of a job's own: the one that it has, or one that is made."""

    def is_own(name: str) -> bool:
        return calendars.create(Calendar(name, (job_id,), _MADE_HERE)) or _is_own(calendars.get(name), job_id)

    return next(filter(is_own, _names(job_id)))


def _names(job_id: str) -> Iterator[str]:
    yield f"downtime-{job_id}"
    yield from (f"downtime-{job_id}-{number}" for number in count(2))
