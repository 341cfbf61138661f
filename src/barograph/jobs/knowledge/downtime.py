"""Time that a job is not to hear of: a planned time in a calendar of its own, so that whoever wonders can see it there."""

from barograph.jobs.knowledge.calendars import Calendar, Calendars, Event


def _calendar_of(job_id: str) -> str:
    return f"downtime-{job_id}"


def plan_downtime(calendars: Calendars, job_id: str, start_ms: int, end_ms: int) -> None:
    """Have a job find nothing in a time, and learn nothing from it."""
    name = _calendar_of(job_id)
    calendars.create(Calendar(name, description="times that the job was told to leave out"))
    calendars.change_jobs(name, lambda jobs: (*jobs, job_id))
    calendars.add_events([Event("", name, "downtime", start_ms, end_ms)])


def forget_downtime(calendars: Calendars, job_id: str, from_ms: int = 0) -> None:
    """Remove what was planned for a job from a time on: the job is to hear of it again."""
    name = _calendar_of(job_id)
    for event in calendars.events([name]):
        if event.start_ms >= from_ms:
            calendars.delete_event(name, event.event_id)
    if not calendars.events([name]) and any(calendar.calendar_id == name for calendar in calendars.all()):
        calendars.delete(name)
