"""What holds an alert back: quiet hours, planned times, and what somebody has muted."""

from collections.abc import Sequence
from typing import Final

from barograph.alerts.rules import KeptRule
from barograph.jobs.knowledge.calendars import Event

MUTED: Final = "muted"
QUIET_HOURS: Final = "quiet hours"
CALENDAR: Final = "calendar"


def held_by(kept: KeptRule, entity: dict[str, str], now_ms: int, events: Sequence[Event]) -> str | None:
    """Why nobody is told of an alert at a time; None when nothing holds it back.

    Args:
        kept: its rule.
        entity: what it is of.
        now_ms: epoch ms.
        events: those of calendars; only the rule's matter.
    """
    if any(mute.holds(entity, now_ms) for mute in kept.mutes):
        return MUTED
    if any(hours.hold(now_ms) for hours in kept.rule.quiet_hours):
        return QUIET_HOURS
    calendars = kept.rule.calendars
    if any(event.calendar_id in calendars and event.start_ms <= now_ms < event.end_ms for event in events):
        return CALENDAR
    return None
