"""What the user knows of a job, as calendars and filters have it now."""

from barograph.config.job import Job
from barograph.config.knowledge import Knowledge, PlannedTime
from barograph.config.rule import Action
from barograph.jobs.knowledge.calendars import Calendars, Event
from barograph.jobs.knowledge.filters import Filters
from barograph.store.store import Store


def knowledge_of(store: Store, job: Job) -> Knowledge:
    """The rules of a job with the filters that they refer to, and the events of the calendars that are for it.

    Raises:
        ConfigError: a rule refers to a filter that does not exist.
        StorageFailure: the database failed.
    """
    filters = {one.filter_id: one.items for one in Filters(store).all()} if _has_scope(job) else {}
    events = (event for _, event in Calendars(store).planned([job], None, None))
    return Knowledge.of(job, filters, tuple(map(_planned, events)))


def _has_scope(job: Job) -> bool:
    return any(rule.scope for detector in job.detectors for rule in detector.custom_rules or ())


def _planned(event: Event) -> PlannedTime:
    wanted: dict[Action, bool] = {"skip_result": event.skip_result, "skip_model_update": event.skip_model_update}
    actions = tuple(action for action, skipped in wanted.items() if skipped)
    shift_ms = 1000 * (event.force_time_shift or 0)
    return PlannedTime(event.start_ms, event.end_ms, event.description, actions, event.calendar_id, shift_ms)
