"""Documents that clients write into `.ml-anomalies-*` are read back as snapshots, categories and stats of their job."""

from typing import Any

import httpx
import pytest

from tests.api.elastic.server_jobs import JOBS, START_MS, kind, made, reason, rows

DAY_MS = 86_400_000


def write(http: httpx.Client, job_id: str, document_id: str, **document: Any) -> None:
    path = f"/.ml-anomalies-{job_id}/_doc/{document_id.replace('#', '%23')}"
    http.put(path, json={"job_id": job_id, **document}).raise_for_status()


@pytest.fixture
def noted(http: httpx.Client) -> str:
    """A job that has learned nothing, with three snapshots that a client has written."""
    job_id = made(http)
    for at in range(3):
        times = dict.fromkeys(("timestamp", "latest_record_time_stamp"), START_MS + at * DAY_MS)
        more = {"snapshot_id": f"s{at}", "description": f"d{2 - at}", "snapshot_doc_count": 2, **times}
        write(http, job_id, f"{job_id}_model_snapshot_s{at}", **more)
    return job_id


def ids(answer: httpx.Response) -> list[str]:
    return [snapshot["snapshot_id"] for snapshot in answer.json()["model_snapshots"]]


def test_written_snapshots_are_listed_as_those_of_the_job(http: httpx.Client, noted: str) -> None:
    path = f"{JOBS}/{noted}/model_snapshots"
    assert ids(http.get(path)) == ["s2", "s1", "s0"]
    assert ids(http.get(path, params={"sort": "description", "desc": "false"})) == ["s2", "s1", "s0"]
    assert ids(http.get(path, params={"from": 1, "size": 1})) == ["s1"]
    assert ids(http.get(path, params={"start": "2014-06-24T00:00:00Z", "end": START_MS + 2 * DAY_MS})) == ["s1"]
    assert ids(http.get(f"{path}/s0,s1")) == ["s1", "s0"]
    assert http.get(f"{path}/s0,missing").status_code == 404
    snapshot = http.get(f"{path}/s1").json()["model_snapshots"][0]
    assert (snapshot["timestamp"], snapshot["retain"], snapshot["min_version"]) == (START_MS + DAY_MS, False, "6.3.0")
    human = http.get(f"{path}/s0", params={"human": "true"}).json()["model_snapshots"][0]
    assert human["timestamp_string"] == "2014-06-23T00:00:00.000Z"


def test_a_written_snapshot_is_noted_gone_back_to_and_removed(http: httpx.Client, noted: str) -> None:
    path = f"{JOBS}/{noted}/model_snapshots"
    changed = http.post(f"{path}/s1/_update", json={"description": "new", "retain": True}).json()
    assert (changed["model"]["description"], changed["model"]["retain"]) == ("new", True)
    assert "model_snapshot_id" not in http.get(f"{JOBS}/{noted}").json()["jobs"][0]
    assert http.post(f"{path}/s1/_revert").json()["model"]["snapshot_id"] == "s1"
    assert http.get(f"{JOBS}/{noted}").json()["jobs"][0]["model_snapshot_id"] == "s1"
    active = f"Model snapshot 's1' is the active snapshot for job '{noted}', so cannot be deleted"
    assert reason(http.delete(f"{path}/s1")) == active
    state = f"/.ml-state/_doc/{noted}_model_state_s0%23"
    for part in (1, 2):
        http.put(f"{state}{part}", json={"part": part}).raise_for_status()
    assert http.delete(f"{path}/s0").json() == {"acknowledged": True}
    assert http.get(f"{state}1").status_code == http.get(f"{state}2").status_code == 404
    assert ids(http.get(path)) == ["s2", "s1"]


def test_models_are_not_lost_to_a_snapshot_that_has_none(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    http.post(f"{JOBS}/{job_id}/_data", json=rows(START_MS // 1000))
    http.post(f"{JOBS}/{job_id}/_close")
    write(http, job_id, "bare", snapshot_id="bare", timestamp=START_MS)
    refused = http.post(f"{JOBS}/{job_id}/model_snapshots/bare/_revert")
    assert kind(refused) == (409, "status_exception")
    assert "reset the job first" in reason(refused)


def test_written_categories_are_answered_in_order(http: httpx.Client) -> None:
    job_id = made(http)
    path = f"{JOBS}/{job_id}/results/categories"
    for category in (3, 1, 2):
        split = {"partition_field_name": "host", "partition_field_value": "a"} if category == 2 else {}
        write(http, job_id, f"c{category}", category_id=category, terms="t", regex="r", examples=["b", "a"], **split)
    found = http.get(path).json()
    assert [one["category_id"] for one in found["categories"]] == [1, 2, 3]
    assert (found["categories"][0]["examples"], found["categories"][0]["mlcategory"]) == (["a", "b"], "1")
    assert http.get(f"{path}/2").json()["categories"][0]["host"] == "a"
    assert http.get(path, params={"partition_field_value": "a"}).json()["count"] == 1
    page = http.post(path, json={"page": {"from": 2, "size": 5}}).json()
    assert (page["count"], len(page["categories"])) == (3, 1)
    assert http.get(f"{path}/9").status_code == 404


def test_stats_that_clients_have_written_are_told_until_the_job_has_its_own(http: httpx.Client) -> None:
    job_id = made(http)
    write(http, job_id, f"{job_id}-data-counts", processed_record_count=10)
    for at, size in ((1, 5), (3, 7), (2, 6)):
        write(http, job_id, f"size-{at}", result_type="model_size_stats", model_bytes=size, log_time=START_MS + at)
    (stats,) = http.get(f"{JOBS}/{job_id}/_stats").json()["jobs"]
    assert (stats["data_counts"]["processed_record_count"], stats["model_size_stats"]["model_bytes"]) == (10, 7)
    http.post(f"{JOBS}/{job_id}/_open")
    http.post(f"{JOBS}/{job_id}/_data", json=rows(START_MS // 1000))
    (stats,) = http.get(f"{JOBS}/{job_id}/_stats").json()["jobs"]
    assert stats["data_counts"]["processed_record_count"] == 1
    assert stats["model_size_stats"]["model_bytes"] > 7


def test_what_was_written_of_a_job_goes_with_it(http: httpx.Client, noted: str) -> None:
    write(http, noted, "bucket", result_type="bucket", timestamp=START_MS, anomaly_score=90.0)
    http.post(f"{JOBS}/{noted}/model_snapshots/s1/_revert").raise_for_status()
    http.delete(f"{JOBS}/{noted}").raise_for_status()
    count = http.post("/.ml-anomalies-shared/_count", json={"query": {"term": {"job_id": noted}}}).json()["count"]
    assert count == 0
    http.put(f"{JOBS}/{noted}", json={"analysis_config": {"detectors": [{"function": "count"}]}, "data_description": {}})
    assert "model_snapshot_id" not in http.get(f"{JOBS}/{noted}").json()["jobs"][0]
    assert http.get(f"{JOBS}/{noted}/results/buckets").json()["count"] == 0


def test_the_shared_index_is_also_known_by_its_numbered_name(http: httpx.Client, noted: str) -> None:
    assert http.head("/.ml-anomalies-shared-000001").status_code == 200
    http.put("/.ml-anomalies-shared-000001/_doc/numbered", json={"job_id": noted, "a": 1}).raise_for_status()
    assert http.get("/.ml-anomalies-shared/_doc/numbered").json()["_source"]["a"] == 1
