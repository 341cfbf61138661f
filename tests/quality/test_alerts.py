"""The default rule gives one alert for each thing that goes wrong, and hardly any other.

Null hypothesis: an alert is no more likely in an incident than elsewhere; at most one alert is of no incident.
"""

import pytest

from barograph.alerts.service import Alerts
from barograph.config.alert_rule import AlertRule
from barograph.config.job import Job
from barograph.jobs.service import Service
from tests.quality import fleet_alerts as fleet


@pytest.mark.slow
def test_a_fleet_of_forty_hosts_gives_one_alert_an_incident_and_at_most_one_other(tmp_path):
    with Service.open(None, tmp_path / "data") as service:
        service.create(Job.model_validate(fleet.JOB))
        service.open_job("fleet")
        for day in fleet.rows():
            service.feed("fleet", day)
        service.flush("fleet")
        service.close_job("fleet")
        tried = Alerts(service).test(AlertRule(rule_id="default"))
    alerts = {
        what: [row for row in tried.alerts if _inside(row.time, first, length)] for what, first, length, _ in fleet.INCIDENTS
    }
    assert {what: len(rows) for what, rows in alerts.items()} == dict.fromkeys(alerts, 1), [row.title for row in tried.alerts]
    assert len(tried.alerts) <= len(fleet.INCIDENTS) + 1
    hosts = {what: sum(of(host) for host in range(fleet.HOSTS)) for what, _, _, of in fleet.INCIDENTS}
    assert all(rows[0].series >= hosts[what] for what, rows in alerts.items())  # what is mildly odd beside it may join


def _inside(time_ms: int, first: int, length: int) -> bool:
    return 0 <= (time_ms - fleet.BEGIN_MS) // fleet.SPAN_MS - first < length
