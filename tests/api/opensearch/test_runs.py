"""Detectors that run, over HTTP: previews, historical runs, real time, and what Dashboards asks of the results."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.api.opensearch.conftest import STEPS
from tests.api.opensearch.made import BASE, DETECTORS, INDEX, STEP_MS, created, detector, refusal

OWN = "opensearch-ad-plugin-result-runs"
_DONE = ("FINISHED", "FAILED", "STOPPED")


@dataclass(frozen=True)
class Ran:
    """A detector with category fields and one without, each with a historical run that is over."""

    http: httpx.Client
    split: str
    alone: str
    split_task: str
    alone_task: str
    end_ms: int

    def found(self, body: dict[str, Any], index: str = "") -> dict[str, Any]:
        answer = self.http.post(f"{DETECTORS}/results/_search{index}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def waited(http: httpx.Client, detector_id: str, kind: str, *states: str) -> dict[str, Any]:
    """The latest task of a kind, once it has one of these states; each look takes its time, so nothing here sleeps."""
    for _ in range(5000):
        task = http.get(f"{DETECTORS}/{detector_id}", params={"task": "true"}).json()[kind]
        if task["state"] in states:
            return dict(task)
    raise AssertionError(task)


@pytest.fixture(scope="module")
def ran(source: httpx.Client) -> Ran:
    last = source.post(f"/{INDEX}/_search", json={"size": 0, "aggs": {"last": {"max": {"field": "@timestamp"}}}}).json()
    end = int(last["aggregations"]["last"]["value"])
    split = created(source, category_field=["host"], result_index=OWN, flatten_custom_result_index=True, name="Runs-split")
    alone = created(source)
    span = {"start_time": end - 500 * STEP_MS, "end_time": end + 1}
    tasks = [source.post(f"{DETECTORS}/{one}/_start", json=span).json()["_id"] for one in (split, alone)]
    assert set(tasks) & {split, alone} == set()
    for one in (split, alone):
        task = waited(source, one, "historical_analysis_task", *_DONE)
        assert (task["state"], task["error"], task["task_progress"]) == ("FINISHED", "", 1.0), task
        assert task["detection_date_range"] == span
    return Ran(source, split, alone, *tasks, end)


def test_a_historical_run_tells_of_every_interval(ran: Ran) -> None:
    body = {"query": {"term": {"task_id": ran.alone_task}}, "size": 1000, "sort": {"data_start_time": "asc"}}
    results = [hit["_source"] for hit in ran.found(body)["hits"]["hits"]]
    starts = [one["data_start_time"] for one in results]
    assert len(results) == STEPS - 1  # the interval of the last document is not known to be whole
    assert starts == list(range(starts[0], starts[0] + len(starts) * STEP_MS, STEP_MS))
    assert starts[0] % STEP_MS == 0
    assert [one["anomaly_score"] for one in results[:30]] == [0.0] * 30
    odd = [one for one in results if one["anomaly_grade"] > 0]
    assert 1 <= len(odd) <= 100
    assert all(sum(part["data"] for part in one["relevant_attribution"]) == pytest.approx(1) for one in odd)
    assert {"model_id", "entity"} & results[0].keys() == set()


def test_the_incident_is_that_of_one_host(ran: Ran) -> None:
    query = {"bool": {"filter": [{"term": {"task_id": ran.split_task}}, {"range": {"anomaly_grade": {"gt": 0}}}]}}
    hits = ran.found({"query": query, "size": 100}, f"/{OWN}*")["hits"]["hits"]
    assert {hit["_index"].startswith(f"{OWN}-history-") for hit in hits} == {True}
    assert {one["value"] for hit in hits for one in hit["_source"]["entity"]} == {"host-b"}
    start = ran.end_ms - 99 * STEP_MS
    assert {hit["_source"]["data_start_time"] for hit in hits} <= {start + at * STEP_MS for at in range(8)}
    only = "?only_query_custom_result_index=true"
    assert ran.found({"query": query, "size": 0}, f"/{OWN}{only}")["hits"]["total"]["value"] == len(hits)
    flat = ran.http.post(f"/{OWN}_flattened_runs-split/_search", json={"query": query}).json()["hits"]["hits"]
    assert flat[0]["_source"]["entity_host"] == "host-b"
    assert {"feature_data_cpu", "relevant_attribution_cpu", "expected_values_cpu"} <= flat[0]["_source"].keys()
    (mapping,) = ran.http.get(f"/{OWN}/_mapping").json().values()
    fields = mapping["mappings"]["properties"]
    assert (fields["is_anomaly"], fields["user"]["type"]) == ({"type": "boolean"}, "nested")
    tasks = ran.http.post(f"{DETECTORS}/tasks/_search", json={"query": {"term": {"parent_task_id": ran.split_task}}}).json()
    assert [hit["_source"]["state"] for hit in tasks["hits"]["hits"]] == ["FINISHED"] * 3
    profile = ran.http.get(f"{DETECTORS}/{ran.split}/_profile/ad_task").json()["ad_task"]
    assert (profile["ad_task"]["task_id"], profile["total_entities_count"]) == (ran.split_task, 3)


def test_what_dashboards_asks_of_results_is_answered(ran: Ran) -> None:
    mine = [{"term": {"task_id": ran.split_task}}, {"range": {"anomaly_grade": {"gt": 0}}}]
    span = {"range": {"data_end_time": {"format": "epoch_millis", "gte": 0, "lte": ran.end_ms}}}
    query = {"bool": {"filter": [*mine, span]}}
    worst = {"top_anomaly_grade": {"max": {"field": "anomaly_grade"}}}
    sort = {"bucket_sort": {"sort": [{"top_entity.top_anomaly_grade": {"order": "desc"}}], "size": 2}}
    inside = {"top_entity": {"reverse_nested": {}, "aggs": worst}, "sorted": sort}
    values = {"terms": {"field": "entity.value", "size": 10}, "aggs": inside}
    hours = {"date_histogram": {"field": "data_end_time", "fixed_interval": "60m", "offset": "7ms"}}
    first = {"top_hits": {"size": 1, "sort": [{"anomaly_grade": {"order": "desc"}}], "_source": {"includes": ["entity"]}}}
    bounds = {"min": ran.end_ms - 3 * 86_400_000, "max": ran.end_ms}
    days = {"field": "data_end_time", "calendar_interval": "day", "time_zone": "Europe/Berlin", "extended_bounds": bounds}
    aggs = {
        "heat": {"nested": {"path": "entity"}, "aggs": {"values": values}},
        "models": {"terms": {"field": "model_id", "order": {"top_anomaly_grade": "desc"}}, "aggs": {**worst, "hit": first}},
        "cells": {**hours, "aggs": {**worst, "count": {"value_count": {"field": "anomaly_grade"}}}},
        "chart": {**hours, "aggs": {"hit": first}},
        "days": {"date_histogram": days, "aggs": worst},
        "none": {"filter": {"term": {"detector_id": "none"}}, "aggs": worst},
    }
    answer = ran.found({"size": 0, "query": query, "aggs": aggs}, f"/{OWN}")
    count, found = answer["hits"]["total"]["value"], answer["aggregations"]
    (host,) = found["heat"]["values"]["buckets"]
    grade = host["top_entity"]["top_anomaly_grade"]["value"]
    assert (host["key"], host["doc_count"], grade > 0.5) == ("host-b", count, True)
    (model,) = found["models"]["buckets"]
    assert model["key"].startswith(f"{ran.split}_entity_")
    assert model["hit"]["hits"]["hits"][0]["_source"] == {"entity": [{"name": "host", "value": "host-b"}]}
    assert sum(cell["count"]["value"] for cell in found["cells"]["buckets"]) == count
    assert len(found["days"]["buckets"]) >= 4
    assert found["none"]["top_anomaly_grade"]["value"] is None
    pair = [{"nested": {"path": "entity", "query": {"term": {f"entity.{k}": {"value": v}}}}} for k, v in
            (("name", "host"), ("value", "host-a"))]  # fmt: skip
    body = {"query": {"bool": {"filter": [{"term": {"task_id": ran.split_task}}, *pair]}}, "size": 0}
    assert ran.found(body, f"/{OWN}")["hits"]["total"]["value"] == STEPS - 1
    last = {"top_hits": {"size": 1, "sort": {"execution_start_time": "desc"}}}
    latest = {"terms": {"field": "detector_id", "size": 1000}, "aggs": {"latest_tasks": last}}
    filters = [{"term": {"is_latest": "true"}}, {"terms": {"task_type": ["HISTORICAL_HC_DETECTOR"]}}]
    body = {"size": 0, "query": {"bool": {"filter": filters}}, "aggs": {"detectors": latest}}
    tasks = ran.http.post(f"{DETECTORS}/tasks/_search", json=body).json()["aggregations"]["detectors"]["buckets"]
    assert ran.split in {bucket["key"] for bucket in tasks}


def test_the_worst_entities_are_told_by_grade_or_by_number(ran: Ran) -> None:
    path = f"{DETECTORS}/{ran.split}/results/_topAnomalies"
    span = {"start_time_ms": 0, "end_time_ms": ran.end_ms + STEP_MS}
    for order in ("severity", "occurrence"):
        told = ran.http.post(path, params={"historical": "true"}, json={**span, "order": order, "size": 5}).json()
        (bucket,) = told["buckets"]
        assert list(bucket) == ["key", "doc_count", "max_anomaly_grade"]
        assert bucket["key"] == {"host": "host-b"}
    assert ran.http.post(path, json=span).json() == {"buckets": []}
    bad = "action_request_validation_exception"
    for body, told in (
        ({}, (400, bad, "Validation Failed: 1: Must set both start time and end time with epoch of milliseconds;")),
        (
            {"start_time_ms": 2, "end_time_ms": 1},
            (400, bad, "Validation Failed: 1: Start time should be before end time;"),
        ),
        (
            {**span, "category_field": ["x"]},
            (400, "illegal_argument_exception", f"Category field x doesn't exist for detector ID {ran.split}"),
        ),
        ({**span, "order": "x"}, (400, "illegal_argument_exception", "Ordering by x is not a valid option")),
        ({**span, "size": 1001}, (400, "illegal_argument_exception", "Size cannot exceed 1000")),
        ({**span, "size": 0}, (400, "illegal_argument_exception", "Size must be a positive integer")),
    ):
        assert refusal(ran.http.post(path, json=body)) == told
    none = ran.http.post(f"{DETECTORS}/{ran.alone}/results/_topAnomalies", json=span)
    assert refusal(none)[2] == f"No category fields found for detector ID {ran.alone}"


def test_a_preview_keeps_nothing(ran: Ran) -> None:
    span = {"period_start": ran.end_ms - 400 * STEP_MS + 77, "period_end": ran.end_ms}
    told = ran.http.post(f"{DETECTORS}/{ran.alone}/_preview", json=span).json()
    assert list(told) == ["anomaly_result", "anomaly_detector"]
    rows = told["anomaly_result"]
    assert [row["data_start_time"] for row in rows] == [span["period_start"] + at * STEP_MS for at in range(399)]
    assert {(row["detector_id"], row["schema_version"], 0 <= row["anomaly_grade"] <= 1) for row in rows} == {
        (ran.alone, 0, True)
    }
    assert {"model_id", "task_id", "execution_start_time"} & rows[-1].keys() == set()
    inline = ran.http.post(f"{DETECTORS}/_preview", json={**span, "detector": detector()}).json()["anomaly_result"]
    assert {row["detector_id"] for row in inline} == {None}
    assert [row["anomaly_grade"] for row in inline] == [row["anomaly_grade"] for row in rows]
    empty = {"period_start": 0, "period_end": 400 * STEP_MS}
    assert ran.http.post(f"{DETECTORS}/{ran.alone}/_preview", json=empty).json()["anomaly_result"] == []
    for path, body, text in (
        ("/_preview", {}, "Must set both period start and end date with epoch of milliseconds"),
        ("/_preview", {"period_start": 2, "period_end": 1}, "Period start date should be before end date"),
        ("/_preview", span, "Must set detector id or detector"),
    ):
        answer = ran.http.post(DETECTORS + path, json=body)
        assert (answer.status_code, answer.headers["content-type"].split(";")[0], answer.text) == (400, "text/plain", text)
    missing = ran.http.post(f"{DETECTORS}/none/_preview", json=span)
    assert refusal(missing) == (404, "status_exception", "Can't find anomaly detector with id:none")


def test_real_time_begins_at_once_and_ends_when_it_is_told_to(ran: Ran) -> None:
    http, one = ran.http, ran.split
    path = f"{DETECTORS}/{one}"
    assert http.get(f"{path}/_profile").json() == {"state": "DISABLED"}
    assert http.post(f"{path}/_stop").json() == {"_id": one}
    assert http.post(f"{path}/_start").json() == {"_id": one}
    again = http.post(f"{path}/_start")
    assert refusal(again) == (200, "status_exception", f"Anomaly detector job is already running: {one}")
    task = waited(http, one, "realtime_task", "RUNNING")
    assert (task["error"], task["init_progress"], task["task_type"]) == ("", 1.0, "REALTIME_HC_DETECTOR")
    job = http.get(path, params={"job": "true"}).json()["anomaly_detector_job"]
    assert (job["name"], job["enabled"], job["type"], job["lock_duration_seconds"]) == (one, True, "AD", 300)
    live = {"bool": {"filter": [{"term": {"detector_id": one}}], "must_not": [{"exists": {"field": "task_id"}}]}}
    results = ran.found({"query": live, "sort": {"data_end_time": "desc"}, "size": 200}, f"/{OWN}")["hits"]["hits"]
    newest = results[0]["_source"]
    # What it has learnt from first, and the interval before its start; but for intervals since the last document was made.
    empty, rest = divmod(job["enabled_time"] - 60_000 - newest["data_end_time"], STEP_MS)
    assert rest == 0
    assert abs(newest["data_end_time"] - ran.end_ms) <= STEP_MS
    assert len(results) == 3 * (41 - empty)
    profile = http.get(f"{path}/_profile", params={"_all": "true"}).json()
    assert (profile["state"], profile["error"], profile["init_progress"]) == ("RUNNING", "", {"percentage": "100%"})
    assert (profile["total_entities"], profile["active_entities"], profile["model_count"]) == (3, 3, 3)
    assert list(http.get(f"{path}/_profile/init_progress,state,magic").json()) == ["state", "init_progress"]
    assert refusal(http.get(f"{path}/_profile/magic"))[2] == "profiles to collect are missing or invalid"
    entity = {"category_field": "host", "entity": "host-a"}
    assert http.get(f"{path}/_profile", params=entity).json() == {"state": "RUNNING"}
    assert refusal(http.put(path, json=detector()))[2] == f"Job is running: {one}"
    assert refusal(http.delete(path))[2] == f"Job is running: {one}"
    told = http.get(f"{BASE}/stats").json()
    assert told["anomaly_results_index_status"] == "green"
    assert told["nodes"]["barograph"]["model_count"] >= 3
    assert list(http.get(f"{BASE}/stats/hc_detector_count/").json()) == ["hc_detector_count", "nodes"]
    assert http.post(f"{path}/_stop").json() == {"_id": one}
    assert refusal(http.post(f"{path}/_stop")) == (200, "status_exception", f"job is already stopped: {one}")
    assert waited(http, one, "realtime_task", "STOPPED")["execution_end_time"] >= job["enabled_time"]
    assert http.get(f"{path}/_profile").json()["state"] == "DISABLED"
    once = {"period_start": job["enabled_time"] - 60_000 - STEP_MS, "period_end": job["enabled_time"] - 60_000}
    assert http.post(f"{path}/_run", json=once).status_code == 200
    looks = http.get(f"/api/v1/jobs/{one}/features", params={"entity": "host=host-a"}).json()["looks"]
    assert (looks["every_ms"], looks["next_ms"], looks["window"]) == (STEP_MS, None, list(once.values()))
    assert job["enabled_time"] < looks["ran"][0] <= looks["ran"][1]


def test_what_cannot_be_started_or_stopped_is_told(ran: Ran) -> None:
    http = ran.http
    other, still = created(http, feature_attributes=[]), created(http)
    for path, body, told in (
        (f"{still}/_start", {}, (400, "illegal_argument_exception", "Detection data range's start time must not be null")),
        (f"{other}/_start", None, (400, "status_exception", "Can't start job as no features configured")),
        ("none/_start", None, (404, "status_exception", "Can't find config with id: none")),
        (f"{still}/_stop?historical=true", None, (400, "status_exception", "Detector not started")),
        (f"{ran.alone}/_stop?historical=true", None, (400, "status_exception", "No running task found")),
    ):
        answer = http.post(f"{DETECTORS}/{path}", **({} if body is None else {"json": body}))
        assert refusal(answer) == told
    http.post(f"{DETECTORS}/{still}/_start", json={"start_time": ran.end_ms - 20 * STEP_MS, "end_time": ran.end_ms})
    failed = waited(http, still, "historical_analysis_task", *_DONE)
    assert (failed["state"], failed["error"]) == ("FAILED", "There is not enough data to train model")


def test_a_detector_goes_with_all_that_it_has_learnt(ran: Ran) -> None:
    query = {"query": {"term": {"task_id": ran.alone_task}}}
    gone = ran.http.request("DELETE", f"{DETECTORS}/results", json=query).json()
    assert (gone["deleted"], gone["total"], gone["failures"]) == (STEPS - 1, STEPS - 1, [])
    with_results = "plugins.anomaly_detection.delete_anomaly_result_when_delete_detector"
    for setting in (True, None):
        ran.http.put("/_cluster/settings", json={"persistent": {with_results: setting}}).raise_for_status()
        one = ran.split if setting else ran.alone
        assert ran.http.delete(f"{DETECTORS}/{one}").json()["result"] == "deleted"
    assert ran.http.get(f"/{OWN}*/_count").json()["count"] == 0  # flattened copies, too
    jobs = ran.http.get("/_ml/anomaly_detectors").json()["jobs"]
    assert [job["job_id"] for job in jobs if job["job_id"].startswith((ran.split, ran.alone))] == []
