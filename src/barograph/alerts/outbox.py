"""What is said of an alert, once for each channel: it goes into the outbox in the transaction that raises or changes it."""

import json
from zoneinfo import ZoneInfo

from barograph.alerts import words
from barograph.alerts.rows import shown
from barograph.config.alert_rule import AlertRule
from barograph.config.job import Job
from barograph.results import labels
from barograph.results.severity import severity
from barograph.store.alert_rows import AlertRow, OutMessage


def messages(rule: AlertRule, row: AlertRow, what: str, text: str, now_ms: int, page: str = "") -> list[OutMessage]:
    """The messages of one event of an alert.

    Their ids are made of it, so that a receiver that has seen one knows it when it comes again.

    Args:
        rule: its rule.
        row: the alert.
        what: raised, worse or recovered; behind a `:` what tells it from another of the same.
        text: what is said, without the link.
        now_ms: epoch ms, wall clock.
        page: address of the page, which the link begins with.
    """
    link = page + words.link(row)
    said = {"what": what.partition(":")[0], "title": row.title, "text": f"{text}\nsee:      {link}", "link": link}
    bodies = {
        channel: {"id": f"{row.alert_id}/{what}/{channel}", **said, "alert": shown(row, link)} for channel in rule.channels
    }
    return [
        OutMessage(str(body["id"]), row.alert_id, channel, json.dumps(body), now_ms, now_ms) for channel, body in bodies.items()
    ]


def worse_text(row: AlertRow) -> str:
    """That an alert has got worse."""
    word = severity(row.max_score)
    return f"Worse: now {word} ({labels.whole(row.max_score)})\n\n{row.text}"


def recovered_text(row: AlertRow, job: Job) -> str:
    """That an alert is over."""
    return f"{over_since(row, job)}: {row.title}"


def over_since(row: AlertRow, job: Job) -> str:
    """Since when an alert is over, and how long it was."""
    zone = ZoneInfo(job.time_zone)
    ended, lasted = labels.when(row.end_ms, zone), labels.lasted(row.end_ms - row.start_ms)
    return f"Over since {ended} ({zone}), after {lasted}"
