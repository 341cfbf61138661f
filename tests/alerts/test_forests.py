"""Rules over forest detectors: what a forest finds is a record with a score, so a rule asks for no other words."""

import pytest

from barograph.alerts.service import Alerts, AlertsQuery
from barograph.config.detector_document import read_detector
from barograph.config.errors import ConfigError
from barograph.jobs.service import Service
from tests.alerts.making import Made, job, rule
from tests.engine.detectors import web, web_detector


@pytest.fixture(scope="module")
def alerts(tmp_path_factory) -> Alerts:
    """Rules over a forest detector that was right twice."""
    job = read_detector(web_detector()).job()
    with Service.open(None, tmp_path_factory.mktemp("forest")) as service:
        service.create(job)
        made = Alerts(service)
        common = {"jobs": [job.job_id], "lookback": None}
        made.rules.put_all([rule("all", **common), rule("hosts", on="records", group_by="host", **common)])
        service.open_job(job.job_id)
        service.feed(job.job_id, web())
        service.close_job(job.job_id)
        made.run_once()
        yield made


@pytest.mark.parametrize(
    ("rule_id", "titles"),
    [
        ("all", ["host=a service=one, maximum of latency: 4", "host=a service=one, mean of load: 5"]),
        ("hosts", ["host=a: service=one, maximum of latency: 4", "host=a: service=one, mean of load: 5"]),
    ],
)
def test_each_anomaly_of_a_forest_is_an_alert_that_names_the_feature_and_the_entity(alerts, rule_id, titles):
    found = [told.row for told in alerts.find(AlertsQuery(rule_ids=(rule_id,)))[1]]
    assert [
        row.title.removeprefix("Critical in web-1: ")[: len(title)] for row, title in zip(found, titles, strict=True)
    ] == titles
    assert {row.about["blamed"][0]["field_value"] for row in found} == {"a"}
    tried = alerts.test(alerts.rules.get(rule_id).rule, last_ms=10**12)
    assert {row.alert_id for row in tried.alerts} == {row.alert_id for row in found}


def test_a_rule_tells_from_a_grade_on(alerts):
    results = alerts._store.forest_results("web-1", anomalies_only=True).rows
    low, high = sorted(results["anomaly_grade"])
    for on in ("incidents", "records"):
        told = [
            len(alerts.test(rule(min_grade=grade, min_score=25, on=on, jobs=["web-1"]), last_ms=10**12).alerts)
            for grade in (0, low, (low + high) / 2, high, 1)
        ]
        assert told == [2, 2, 1, 1, 0]


def test_a_rule_by_grade_judges_detectors_that_give_none_by_their_score(tmp_path):
    made = Made(tmp_path)
    made.add(job())
    made.alerts.rules.create(rule(min_grade=1, lookback=None))
    made.commit(20, {10: {"a": 90.0}})
    assert [row.job_id for row in made.alerts.run_once()[0].raised] == ["web"]
    made.close()


@pytest.mark.parametrize("on", ["buckets", "influencers"])
def test_what_has_no_grade_is_not_asked_for_one(on):
    with pytest.raises(ConfigError, match=f"min_grade=0.5: wanted none where on is '{on}'"):
        rule(on=on, min_grade=0.5)
