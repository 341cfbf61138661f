"""Alerts in a store with known scores: one that goes on, four that are over, one that nobody follows any more."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from barograph.alerts.rules import Rules
from barograph.config.alert_rule import AlertRule
from barograph.store import alerts
from barograph.store.alert_rows import AlertEvent, AlertRow, Judgement
from barograph.store.store import Store
from tests.web import exact

JOB = "borders"
RAISED = [
    ("busy", 1, "recovered"),
    ("busy", 3, "recovered"),
    ("busy", 3, "recovered"),
    ("busy", 5, "untracked"),
    ("web", 6, "recovered"),
    ("web", 7, "active"),
]
"""The rule of each, the hour in which it was raised, and its state."""
HOSTILE = "<img src=x onerror=alert(1)>"


def make(data_dir: Path) -> None:
    """Write the store: the rules `busy` and `web`, and alerts of the job `borders`."""
    exact.make(data_dir)
    with Store.open(None, data_dir) as store:
        rules = Rules(store, lambda: exact.START)
        for rule_id, budget in (("busy", 1), ("web", 7)):
            rules.create(AlertRule.model_validate({"rule_id": rule_id, "budget": budget, "lookback": None}))
        raised = [_alert(number, *one) for number, one in enumerate(RAISED)]
        events = [AlertEvent(one.alert_id, one.triggered_ms, "raised", "Raised with a score of 88") for one in raised]
        with store.writing() as connection:
            alerts.write(connection, Judgement([(JOB, None, 1, exact.START + 80 * exact.HOUR)], raised, [], events))


def add(data_dir: Path, job_id: str, start: int) -> str:
    """Write an alert of another job, which began then, to a store; returns its id."""
    with Store.open(None, data_dir) as store:
        Rules(store, lambda: start).create(AlertRule.model_validate({"rule_id": "one", "jobs": [job_id]}))
        alert = replace(_alert(1, "one", 0, "recovered", start), job_id=job_id)
        event = AlertEvent(alert.alert_id, alert.triggered_ms, "raised", "Raised with a score of 88")
        with store.writing() as connection:
            alerts.write(connection, Judgement([(job_id, None, 1, alert.end_ms)], [alert], [], [event]))
    return alert.alert_id


def _alert(number: int, rule_id: str, hour: int, status: Any, first: int = exact.START) -> AlertRow:
    start = first + hour * exact.HOUR
    worst = {
        "detector_index": 0,
        "what": "mean of ms",
        "how": "3.2x higher than usual (320 instead of 100)",
        "series": f"host={HOSTILE}",
        "actual": 320.0,
        "typical": 100.0,
        "probability": 2.3e-14,
        "chance": "1 in 4e13",
        "peak_time": start,
    }
    blamed = [{"field_name": "host", "field_value": HOSTILE, "influence": 0.93}]
    return AlertRow(
        alert_id=f"{rule_id}~{JOB}~{number}",
        rule_id=rule_id,
        job_id=JOB,
        kind="incidents",
        key=str(number),
        entity={},
        anchor=[],
        status=status,
        time=start,
        start_ms=start,
        end_ms=start + exact.HOUR,
        recovered_ms=start + 13 * exact.HOUR if status == "recovered" else None,
        triggered_ms=start + exact.HOUR,
        ended_ms=None if status == "active" else start + 13 * exact.HOUR,
        score=88.0,
        max_score=88.0,
        interim=False,
        series=1,
        records=1,
        title=f"critical in {JOB}: host={HOSTILE}, mean of ms: 3.2x higher than usual",
        text=f"critical in {JOB}\nhost={HOSTILE}\nmean of ms: 3.2x higher than usual (320 instead of 100)",
        about={"summary": "", "worst": worst, "blamed": blamed, "bucket_span_ms": exact.HOUR},
        held=None,
        told=True,
    )
