"""Time in which a job was sent no rows, and nobody is to be surprised by that: a planned time in a calendar of its own."""

from barograph.jobs.knowledge.calendars import Calendar, Calendars, Event


def _calendar_of(job_id: str) -> str:
    return f"downtime-{job_id}"


def plan_downtime(calendars: Calendars, job_id: str, start_ms: int, end_ms: int) -> None:
    """Have a job find nothing in a time, and learn nothing from it."""
    name = _calendar_of(job_id)
    calendars.create(Calendar(name, description="times in which the job was sent no rows"))
    calendars.change_jobs(name, lambda jobs: (*jobs, job_id))
    calendars.add_events([Event("", name, "downtime", start_ms, end_ms)])


def forget_downtime(calendars: Calendars, job_id: str) -> None:
    """Remove what was planned for a job that goes."""
    name = _calendar_of(job_id)
    if any(calendar.calendar_id == name for calendar in calendars.all()):
        calendars.delete(name)
