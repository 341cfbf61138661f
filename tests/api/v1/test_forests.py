"""`/api/v1`: what forests have found."""

from collections.abc import Iterator

import httpx
import pytest

from barograph.config.detector_document import read_detector
from tests.api.running import Running
from tests.engine.detectors import HOUR, START, web, web_detector

JOB = read_detector(web_detector()).job("forest")


@pytest.fixture(scope="module")
def forest(running: Running) -> Iterator[httpx.Client]:
    """The client of a server that has the forest detector `forest`."""
    running.http.put("/_ml/anomaly_detectors/forest", json=JOB.model_dump(mode="json", exclude_none=True)).raise_for_status()
    running.http.post("/_ml/anomaly_detectors/forest/_open").raise_for_status()
    running.http.post("/_ml/anomaly_detectors/forest/_data", json=web(330).to_dicts()).raise_for_status()
    running.http.post("/_ml/anomaly_detectors/forest/_close").raise_for_status()
    yield running.http
    running.http.delete("/_ml/anomaly_detectors/forest").raise_for_status()


def test_forests_are_told_with_their_results_and_the_worst_of_them(forest: httpx.Client) -> None:
    told = forest.get("/api/v1/jobs/forest/forests").json()
    assert [one["feature_name"] for one in told["features"]] == ["load", "latency"]
    assert [one["entity"] for one in told["forests"]] == [
        {"host": "a", "service": "one"},
        {"host": "b", "service": "one"},
        {"host": "b", "service": "two"},
    ]
    assert {one["progress"] for one in told["forests"]} == {1.0}
    spike = {"from": (START + 310 * HOUR) * 1_000, "to": (START + 311 * HOUR) * 1_000}
    found = forest.get("/api/v1/jobs/forest/forests/results", params={**spike, "entity": "host=a"}).json()
    (row,) = found["rows"]
    assert (found["total"], found["next"]) == (1, None)
    assert row["anomaly_grade"] > 0.5
    assert row["expected_values"][0]["likelihood"] == 1.0
    odd = forest.get("/api/v1/jobs/forest/forests/results", params={"anomalies": True, "size": 1, "sort": "anomaly_grade"})
    assert odd.json()["total"] >= 1
    top = forest.get("/api/v1/jobs/forest/forests/top", params={"by": "host"}).json()
    assert (top["rows"][0]["partition_field_value"], top["total"] <= 2) == ("a", True)


@pytest.mark.parametrize(
    ("path", "params", "text"),
    [
        ("top", {"by": "user"}, "fields='user': wanted a category field of the detector (host, service)"),
        ("results", {"sort": "seen"}, "sort='seen': wanted one of"),
        ("results", {"entity": "host"}, "entity='host': wanted FIELD=VALUE"),
    ],
)
def test_what_cannot_be_asked_is_refused(forest: httpx.Client, path: str, params: dict[str, str], text: str) -> None:
    refused = forest.get(f"/api/v1/jobs/forest/forests/{path}", params=params)
    assert refused.status_code == 400
    assert text in refused.text


@pytest.mark.parametrize("entity", [[], ["host=b"], ["host=b", "service=one", "user=eve"]])
def test_what_is_not_one_entity_has_no_line_over_time(forest: httpx.Client, entity: list[str]) -> None:
    refused = forest.get("/api/v1/jobs/forest/features", params={"entity": entity})
    assert refused.status_code == 400
    assert "wanted a value of each category field (host, service)" in refused.text
    one = forest.get("/api/v1/jobs/forest/features", params={"entity": ["host=b", "service=one"]}).json()
    assert one["t"] == sorted(set(one["t"]))


def test_an_exported_forest_detector_is_the_same_job(forest: httpx.Client) -> None:
    (job,) = forest.get("/_ml/anomaly_detectors/forest", params={"exclude_generated": True}).json()["jobs"]
    assert job["forest_config"]["shingle_size"] == 4
    again = forest.put("/_ml/anomaly_detectors/forest-again", json=job | {"job_id": "forest-again"})
    assert again.status_code == 200, again.text
    forest.delete("/_ml/anomaly_detectors/forest-again").raise_for_status()


def test_entities_rank_by_whichever_feature_is_to_blame(forest: httpx.Client) -> None:
    sort = {"sort": "record_score", "desc": True}
    worst = forest.get("/_ml/anomaly_detectors/forest/results/records", params=sort).json()["records"][0]
    for detector in (0, 1):
        told = forest.get("/api/v1/jobs/forest/entities", params={"role": "partition", "detector": detector}).json()
        assert told["total"] == 2
        assert told["values"][0] == {"value": worst["partition_field_value"], "score": pytest.approx(worst["record_score"])}
