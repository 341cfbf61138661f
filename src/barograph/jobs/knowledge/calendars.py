"""Calendars: planned times in which jobs are not to be surprised."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self

from barograph.config.detector import MOST_SHIFT_S
from barograph.config.errors import BadRequest, NotFound
from barograph.config.job import Job
from barograph.jobs.kept import Kept
from barograph.store.store import Store


@dataclass(frozen=True)
class Calendar:
    """A calendar.

    Attributes:
        calendar_id: its id.
        job_ids: jobs and groups that it is for; they need not exist.
        description: what somebody has noted of it.
    """

    calendar_id: str
    job_ids: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True)
class Event:
    """A planned time, `[start_ms, end_ms)`.

    Attributes:
        event_id: its id.
        calendar_id: the calendar that it is in.
        description: what is planned.
        start_ms: epoch ms.
        end_ms: epoch ms.
        skip_result: no results are wanted for it.
        skip_model_update: the models are not to learn from it.
        force_time_shift: seconds by which the clock is changed with it; None: it is not.
    """

    event_id: str
    calendar_id: str
    description: str
    start_ms: int
    end_ms: int
    skip_result: bool = True
    skip_model_update: bool = True
    force_time_shift: int | None = None

    def checked(self) -> Self:
        """The event itself, if it can be.

        Raises:
            BadRequest: it cannot.
        """
        if self.end_ms <= self.start_ms:
            raise BadRequest(f"end={self.end_ms}: wanted a time after start ({self.start_ms})")
        if abs(self.force_time_shift or 0) > MOST_SHIFT_S:
            raise BadRequest(f"force_time_shift={self.force_time_shift}: wanted seconds, at most {MOST_SHIFT_S} either way")
        return self


def names_of(job: Job) -> set[str]:
    """The names by which a calendar may be for a job."""
    return {job.job_id, *job.groups, "_all"}


class Calendars:
    """The calendars of a store, and their events."""

    def __init__(self, store: Store) -> None:
        self._calendars = Kept(store, "calendar", Calendar)
        self._events = Kept(store, "calendar_event", Event)

    def all(self) -> list[Calendar]:
        """All of them, by id."""
        return list(self._calendars.all().values())

    def get(self, calendar_id: str) -> Calendar:
        """One of them.

        Raises:
            NotFound: there is none of this id.
        """
        found = self._calendars.find(calendar_id)
        if found is None:
            raise NotFound(f"No calendar with id [{calendar_id}]")
        return found

    def create(self, calendar: Calendar) -> bool:
        """Make a calendar; False when there is one of its id."""
        with self._calendars.changing:
            if self._calendars.find(calendar.calendar_id) is not None:
                return False
            self._calendars.put(calendar.calendar_id, calendar)
            return True

    def change_jobs(self, calendar_id: str, change: Callable[[tuple[str, ...]], Iterable[str]]) -> Calendar:
        """Change which jobs and groups a calendar is for.

        Raises:
            NotFound: there is none of this id.
        """
        with self._calendars.changing:
            old = self.get(calendar_id)
            jobs = tuple(dict.fromkeys(change(old.job_ids)))
            return self._calendars.put(calendar_id, replace(old, job_ids=jobs))

    def zones(self, calendar_id: str, jobs: Iterable[Job]) -> list[str]:
        """The time zones of those of some jobs that a calendar is for.

        Raises:
            NotFound: there is no such calendar.
        """
        named = self.get(calendar_id).job_ids
        return sorted({job.time_zone for job in jobs if names_of(job).intersection(named)})

    def forget_job(self, job_id: str) -> None:
        """Take a job that is gone out of all calendars."""
        for calendar in self.all():
            if job_id in calendar.job_ids:
                self.change_jobs(calendar.calendar_id, lambda jobs: (job for job in jobs if job != job_id))

    def delete(self, calendar_id: str) -> None:
        """Remove a calendar and its events.

        Raises:
            NotFound: there is none of this id.
        """
        self.get(calendar_id)
        self._events.delete(*(event.event_id for event in self.events({calendar_id})))
        self._calendars.delete(calendar_id)

    def events(self, calendar_ids: Iterable[str], start_ms: int | None = None, end_ms: int | None = None) -> list[Event]:
        """The events of some calendars that share a time with `[start_ms, end_ms)`, by start."""
        wanted = frozenset(calendar_ids)
        chosen = (event for event in self._events.all().values() if event.calendar_id in wanted)
        inside = (event for event in chosen if start_ms is None or event.end_ms > start_ms)
        inside = (event for event in inside if end_ms is None or event.start_ms < end_ms)
        return sorted(inside, key=lambda event: (event.start_ms, event.calendar_id, event.event_id))

    def planned(self, jobs: Iterable[Job], start_ms: int | None, end_ms: int | None) -> list[tuple[str, Event]]:
        """The events that share a time with `[start_ms, end_ms)`, each with the id of a job that it is for."""
        calendars = [calendar for calendar in self.all() if calendar.job_ids]
        if not calendars:
            return []
        events = self.events((calendar.calendar_id for calendar in calendars), start_ms, end_ms)
        found = []
        for job in jobs:
            its = {calendar.calendar_id for calendar in calendars if names_of(job).intersection(calendar.job_ids)}
            found += [(job.job_id, event) for event in events if event.calendar_id in its]
        return found

    def add_events(self, events: Iterable[Event]) -> list[Event]:
        """Keep events under ids of their own, all or none; returns them."""
        made = [replace(event, event_id=uuid.uuid4().hex[:20]) for event in events]
        self._events.put_all({event.event_id: event for event in made})
        return made

    def delete_event(self, calendar_id: str, event_id: str) -> None:
        """Remove an event.

        Raises:
            NotFound: there is no such calendar, or no such event.
            BadRequest: it is in another calendar.
        """
        self.get(calendar_id)
        event = self._events.find(event_id)
        if event is None:
            raise NotFound(f"No event with id [{event_id}]")
        if event.calendar_id != calendar_id:
            raise BadRequest(f"Event [{event_id}] has [calendar_id] [{event.calendar_id}], wanted [{calendar_id}]")
        self._events.delete(event_id)
