"""What jobs have done and cost: stats, snapshots, forecasts, tables of text."""

import math
import time

import httpx
import pytest

from tests.api.elastic.server_jobs import JOBS, START_MS, config, kind, made, reason, rows

START = START_MS // 1000


def stats(http: httpx.Client, expression: str) -> list[dict[str, object]]:
    return http.get(f"{JOBS}/{expression}/_stats").json()["jobs"]


def waves(hours: int) -> list[dict[str, object]]:
    return [
        {"airline": "AAL", "responsetime": 100 + 10 * math.sin(hour / 24 * 2 * math.pi) + hour % 7, "time": START + 3600 * hour}
        for hour in range(hours)
    ]


def test_stats_of_an_open_and_of_a_closed_job(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    (fresh,) = stats(http, job_id)
    none = {"total_bucket_processing_time_ms": 0.0, "exponential_average_bucket_processing_time_per_hour_ms": 0.0}
    assert fresh["timing_stats"] == {"job_id": job_id, "bucket_count": 0, **none}
    assert fresh["forecasts_stats"] == {"total": 0, "forecasted_jobs": 0}
    assert fresh["node"]["attributes"]["ml.machine_memory"]
    http.post(f"{JOBS}/{job_id}/_data", json=rows(START, START, START + 3600))
    (fed,) = stats(http, job_id)
    assert (fed["state"], fed["data_counts"]["bucket_count"], fed["open_time"][-1]) == ("opened", 1, "s")
    assert fed["timing_stats"]["bucket_count"] == 1
    counts = fed["data_counts"]
    assert time.time() * 1000 - 60_000 < counts["last_data_time"] == counts["log_time"] <= time.time() * 1000
    assert "last_data_time" not in fresh["data_counts"]
    assert "exponential_average_bucket_processing_time_ms" in fed["timing_stats"]
    http.post(f"{JOBS}/{job_id}/_close")
    (closed,) = stats(http, job_id)
    assert closed["state"] == "closed"
    assert closed["data_counts"] == counts  # closing brings no rows
    assert {"node", "open_time"}.isdisjoint(closed)
    size = closed["model_size_stats"]
    assert size["model_bytes"] > 0
    assert (size["total_by_field_count"], size["total_partition_field_count"], size["memory_status"]) == (1, 0, "ok")


def test_stats_of_all_jobs_are_sorted(http: httpx.Client) -> None:
    ids = sorted(made(http, groups=["stats-group"]) for _ in range(2))
    assert [one["job_id"] for one in stats(http, "stats-group")] == ids
    every = [one["job_id"] for one in http.get(f"{JOBS}/_stats").json()["jobs"]]
    assert every == sorted(every)
    assert set(ids) <= set(every)
    assert http.get(f"{JOBS}/missing/_stats").status_code == 404


def test_a_snapshot_can_be_noted_kept_gone_back_to_and_removed(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    path = f"{JOBS}/{job_id}/model_snapshots"
    for start in (0, 30):
        http.post(f"{JOBS}/{job_id}/_data", json=waves(60)[start : start + 30])
    listed = http.get(path).json()
    newest, oldest = listed["model_snapshots"][0], listed["model_snapshots"][-1]
    assert listed["count"] >= 2
    assert newest["latest_record_time_stamp"] > oldest["latest_record_time_stamp"]
    assert http.post(path, json={"page": {"from": 0, "size": 1}, "desc": False}).json()["model_snapshots"] == [oldest]
    changed = http.post(
        f"{path}/{oldest['snapshot_id']}/_update", json={"description": "good", "retain": True, "job_id": job_id}
    ).json()
    assert (changed["acknowledged"], changed["model"]["description"], changed["model"]["retain"]) == (True, "good", True)
    assert "when the job is closed" in reason(http.post(f"{path}/{oldest['snapshot_id']}/_revert"))
    assert http.delete(f"{path}/{newest['snapshot_id']}").status_code == 400
    http.post(f"{JOBS}/{job_id}/_close")
    back = http.post(f"{path}/{oldest['snapshot_id']}/_revert", json={"delete_intervening_results": True}).json()
    assert back["model"]["snapshot_id"] == oldest["snapshot_id"]
    assert http.get(f"{JOBS}/{job_id}").json()["jobs"][0]["model_snapshot_id"] == oldest["snapshot_id"]
    assert http.post(f"{path}/{oldest['snapshot_id']}/_upgrade").json()["completed"] is True
    assert http.get(f"{path}/_all/_upgrade/_stats").json() == {"count": 0, "model_snapshot_upgrades": []}
    for method, below in (("POST", "_update"), ("POST", "_revert"), ("POST", "_upgrade"), ("GET", "_upgrade/_stats")):
        answer = http.request(method, f"{path}/missing/{below}", json={} if below == "_update" else None)
        assert answer.status_code == 404
    assert kind(http.delete(f"{path}/missing")) == (404, "resource_not_found_exception")


def test_a_forecast_is_made_counted_and_removed(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    http.post(f"{JOBS}/{job_id}/_data", json=waves(200))
    path = f"{JOBS}/{job_id}/_forecast"
    made_forecast = http.post(path, json={"duration": "6h"}).json()
    assert made_forecast["acknowledged"] is True
    (told,) = stats(http, job_id)
    assert told["forecasts_stats"]["total"] == 1
    assert told["forecasts_stats"]["records"]["total"] == 3 * 6
    assert http.delete(f"{path}/missing").status_code == 404
    assert http.delete(f"{path}/{made_forecast['forecast_id']}").json() == {"acknowledged": True}
    assert http.delete(f"{path}/_all").json() == {"acknowledged": True}
    assert http.delete(f"{JOBS}/missing/_forecast").json() == {"acknowledged": True}
    assert http.delete(f"{path}/_all", params={"allow_no_forecasts": "false"}).status_code == 404


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"duration": "0s"}, "[duration] must be positive: [0s]"),
        ({"duration": "-1s"}, "[duration] must be positive: [-1]"),
        ({"duration": "3651d"}, "[duration] must be 3650d or less: [3651d]"),
        ({"expires_in": "-1s"}, "[expires_in] must be non-negative: [-1]"),
        ({"max_model_memory": "500mb"}, "[max_model_memory] must be less than 500mb"),
    ],
)
def test_a_forecast_that_cannot_be_says_so_before_the_job_is_looked_at(
    http: httpx.Client, given: dict[str, str], says: str
) -> None:
    path = f"{JOBS}/{made(http)}/_forecast"
    assert reason(http.post(path, params=given)) == says
    assert kind(http.post(path)) == (409, "status_exception")


def test_jobs_as_a_table_of_text(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    http.post(f"{JOBS}/{job_id}/_data", json=rows(START, START + 3600))
    path = f"/_cat/ml/anomaly_detectors/{job_id}"
    answer = http.get(path, params={"v": "true"}, headers={"Accept": "text/plain"})
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    header, line = answer.text.splitlines()
    columns = "id state data.processed_records model.bytes model.memory_status forecasts.total buckets.count"
    assert header.split() == columns.split()
    assert [line.split()[at] for at in (0, 1, 2, 4, 5, 6)] == [job_id, "opened", "2", "ok", "0", "1"]
    chosen = http.get(path, params={"h": "id,dpr,data.input_bytes", "format": "json", "bytes": "b"}).json()
    assert chosen[0]["dpr"] == "2"  # called as it was asked for
    assert http.get(path, params={"h": "id,dpr", "v": ""}).text.split() == ["id", "dpr", job_id, "2"]
    assert http.get(path, params={"h": "id,state", "format": "yaml"}).text == f"---\n- id: {job_id}\n  state: opened\n"
    assert http.get(path, params={"h": "id"}, headers={"Accept": "application/json"}).json() == [{"id": job_id}]
    assert int(chosen[0]["data.input_bytes"]) > 100
    assert http.get(path, params={"s": "nothing"}).status_code == 400
    assert "id" in http.get(path, params={"help": "true"}).text
    assert http.get(path, params={"h": "id"}).text == f"{job_id}\n"


def test_overall_buckets_of_several_jobs(http: httpx.Client) -> None:
    for _ in range(2):
        job_id = made(http, opened=True, groups=["overall"])
        http.post(f"{JOBS}/{job_id}/_data", json=rows(START, START + 3600, START + 7200))
    found = http.post(f"{JOBS}/overall/results/overall_buckets", json={"bucket_span": "2h", "top_n": 10**18}).json()
    assert [len(bucket["jobs"]) for bucket in found["overall_buckets"]] == [2]
    assert found["overall_buckets"][0]["bucket_span"] == 7200
    assert "Failed to parse int parameter [top_n]" in reason(http.get(f"{JOBS}/overall/results/overall_buckets?top_n=many"))
    empty = http.get(f"{JOBS}/none-*/results/overall_buckets").json()
    assert empty == {"count": 0, "overall_buckets": []}


def test_records_also_tell_entities_under_the_names_of_their_fields(http: httpx.Client) -> None:
    job_id = made(http, opened=True, analysis_config={"influencers": ["airline"]})
    spike = [*waves(400), {"airline": "AAL", "responsetime": 9000, "time": START + 3600 * 400}]
    http.post(f"{JOBS}/{job_id}/_data", json=[*spike, *rows(START + 3600 * 402)])
    found = http.post(f"{JOBS}/{job_id}/results/records", json={"record_score": 50}).json()
    record = found["records"][0]
    assert record["airline"] == ["AAL"]
    assert record["actual"] == [9000.0]
    assert found["records"] == sorted(found["records"], key=lambda one: -one["record_score"])
    blamed = http.get(f"{JOBS}/{job_id}/results/influencers").json()["influencers"]
    assert blamed[0]["influencer_field_value"] == "AAL"
    categories = http.get(f"{JOBS}/{job_id}/results/categories").json()
    assert categories == {"count": 0, "categories": []}
    assert http.get(f"{JOBS}/{job_id}/results/categories/1", params={"from": 1}).status_code == 400


def test_a_job_is_checked_without_being_made(http: httpx.Client) -> None:
    path = f"{JOBS}/_validate"
    assert http.post(path, json=config()).json() == {"acknowledged": True}
    assert http.post(path, json=config(model_plot={"enabled": True})).json() == {"acknowledged": True}
    assert kind(http.post(path, json=config(model_snapshot_id="x"))) == (400, "x_content_parse_exception")
    assert http.post(path, json=config(analysis_config={"detectors": [{"function": "nothing"}]})).status_code == 400
    assert http.post(f"{path}/detector", json={"function": "count", "by_field_name": "airline"}).json()["acknowledged"]
    assert http.post(f"{path}/detector", json={"function": "max"}).status_code == 400


@pytest.mark.parametrize(
    ("detector", "overall", "megabytes"),
    [
        ({"by_field_name": "a"}, {"a": 50_000}, 1573),
        ({"over_field_name": "a"}, {"a": 50_000}, 47),
        ({"partition_field_name": "a"}, {"a": 50_000}, 2354),
        ({"by_field_name": "a", "partition_field_name": "b"}, {"a": 4000, "b": 600}, 3189),
        ({"over_field_name": "a", "partition_field_name": "b"}, {"a": 4000, "b": 600}, 113),
    ],
)
def test_memory_is_estimated_as_clients_expect(
    http: httpx.Client, detector: dict[str, str], overall: dict[str, int], megabytes: int
) -> None:
    body = {
        "analysis_config": {"bucket_span": "15m", "detectors": [{"function": "max", "field_name": "v", **detector}]},
        "overall_cardinality": overall,
    }
    path = f"{JOBS}/_estimate_model_memory"
    assert http.post(path, json=body).json() == {"model_memory_estimate": f"{megabytes}mb"}
    body["analysis_config"]["influencers"] = ["a", "other"]
    body["max_bucket_cardinality"] = {"other": 500}
    assert http.post(path, json=body).json() == {"model_memory_estimate": f"{megabytes + 5}mb"}
    assert "is missing" in reason(http.post(path, json={**body, "overall_cardinality": {}}))
