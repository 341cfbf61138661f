"""Alerts as they are kept: made of what was seen, grown with it, and over when it is quiet."""

from dataclasses import replace
from typing import Any

from barograph.alerts import words
from barograph.alerts.sightings import Sighting
from barograph.config.alert_rule import AlertRule
from barograph.config.job import Job
from barograph.results.severity import severity
from barograph.store.alert_rows import AlertRow


def entity_of(rule: AlertRule, alert: Sighting) -> dict[str, str]:
    """The value of the rule's field that an alert is of; nothing where the rule groups by none."""
    return {} if rule.group_by is None else {rule.group_by: alert.value}


def raised(rule: AlertRule, job: Job, alert: Sighting, now_ms: int, week: int | None = None) -> AlertRow:
    """A new alert; `week`: how many its rule has raised in the last 7 days with it."""
    told, entity = words.about(job, alert), entity_of(rule, alert)
    return AlertRow(
        alert_id=alert.alert_id,
        rule_id=rule.rule_id,
        job_id=job.job_id,
        kind=rule.on,
        key=alert.key,
        entity=entity,
        anchor=alert.anchor,
        status="active",
        time=alert.time,
        start_ms=alert.start_ms,
        end_ms=alert.end_ms,
        recovered_ms=None,
        triggered_ms=now_ms,
        ended_ms=None,
        score=alert.score,
        max_score=alert.max_score,
        interim=alert.interim,
        series=alert.series,
        records=alert.records,
        title=words.title(job, entity, alert.score, told),
        text=words.text(rule, job, alert, told, week),
        about=told,
        held=None,
        told=True,
    )


def grown(row: AlertRow, alert: Sighting) -> AlertRow:
    """An alert that is there, with what has come to it since. What it said stays as it is."""
    return replace(
        row,
        start_ms=alert.start_ms,
        end_ms=alert.end_ms,
        max_score=alert.max_score,
        series=alert.series,
        records=alert.records,
    )


def over_from(rule: AlertRule, job: Job, row: AlertRow) -> int:
    """When an alert is over if nothing more comes, epoch ms."""
    return row.end_ms + rule.resolve_after * job.bucket_span_ms


def over(rule: AlertRule, job: Job, row: AlertRow, now_ms: int | None) -> AlertRow:
    """An alert that is over."""
    return replace(row, status="recovered", recovered_ms=over_from(rule, job, row), ended_ms=now_ms)


def shown(row: AlertRow, link: str) -> dict[str, Any]:
    """An alert as everybody who is told of it gets it, without what is done about it."""
    names = (
        *("alert_id", "rule_id", "job_id", "status", "key", "entity", "time"),
        *("score", "max_score", "interim", "series", "records", "title", "text", "expected", "held"),
    )
    worst = row.about["worst"]
    return {
        **{name: getattr(row, name) for name in names},
        "on": row.kind,
        "start": row.start_ms,
        "end": row.end_ms,
        "duration": row.end_ms - row.start_ms,
        "recovered": row.recovered_ms,
        "triggered": row.triggered_ms,
        "ended": row.ended_ms,
        "severity": severity(row.max_score),
        "worst": None if worst is None else {name: value for name, value in worst.items() if name != "odd_inside"},
        "blamed": row.about["blamed"],
        "link": link,
    }
