"""What belongs to no job: filters, calendars, events, and the server's own settings."""

from pathlib import Path

import httpx

from tests.api.elastic.server_jobs import JOBS, config, kind, made, reason
from tests.api.running import Running


def test_a_filter_is_sorted_changed_used_and_removed(http: httpx.Client) -> None:
    path = "/_ml/filters/filter-foo"
    assert http.put(path, json={"items": ["b", "a", "b"]}).json() == {"filter_id": "filter-foo", "items": ["a", "b"]}
    assert kind(http.put(path, json={"items": []})) == (400, "resource_already_exists_exception")
    changed = http.post(f"{path}/_update", json={"add_items": ["c"], "remove_items": ["a"], "description": "d"}).json()
    assert changed == {"filter_id": "filter-foo", "description": "d", "items": ["b", "c"]}
    absent = http.post(f"{path}/_update", json={"remove_items": ["x"]})
    assert reason(absent) == "Cannot remove item [x] as it is not present in filter [filter-foo]"
    rule = {"scope": {"airline": {"filter_id": "filter-foo"}}}
    detectors = [{"function": "count", "by_field_name": "airline", "custom_rules": [rule]}]
    answer = http.put(f"{JOBS}/filter-crud", json=config(analysis_config={"detectors": detectors}))
    assert answer.json()["analysis_config"]["detectors"][0]["custom_rules"][0]["scope"]["airline"]["filter_type"] == "include"
    assert reason(http.delete(path)) == "Cannot delete filter [filter-foo] currently used by jobs [filter-crud]"
    http.delete(f"{JOBS}/filter-crud")
    assert http.delete(path).json() == {"acknowledged": True}
    assert kind(http.get(path)) == (404, "resource_not_found_exception")


def test_filters_are_listed_by_id_in_pages(http: httpx.Client) -> None:
    for name in ("page-b", "page-a"):
        http.put(f"/_ml/filters/{name}", json={"items": ["x"]})
    listed = http.get("/_ml/filters/page-*").json()
    assert [one["filter_id"] for one in listed["filters"]] == ["page-a", "page-b"]
    assert http.get("/_ml/filters", params={"size": 1}).json()["filters"][0]["filter_id"] <= "page-a"
    assert kind(http.put("/_ml/filters/x", json={"filter_id": "y", "items": []})) == (400, "illegal_argument_exception")


def test_a_calendar_is_for_jobs_and_groups_that_need_not_exist(http: httpx.Client) -> None:
    path = "/_ml/calendars/wildlife"
    assert http.put(path).json() == {"calendar_id": "wildlife", "job_ids": []}
    assert http.put(path).status_code == 400
    assert http.put(f"{path}/jobs/tiger,otter").json()["job_ids"] == ["tiger", "otter"]
    assert http.delete(f"{path}/jobs/otter").json() == {"calendar_id": "wildlife", "job_ids": ["tiger"]}
    absent = http.delete(f"{path}/jobs/otter")
    assert (absent.status_code, reason(absent)) == (404, "Cannot remove [otter] as it is not present in calendar [wildlife]")
    assert kind(http.put("/_ml/calendars/_all")) == (400, "illegal_argument_exception")
    assert http.get("/_ml/calendars/wildlife").json()["count"] == 1
    assert http.post("/_ml/calendars", json={"page": {"from": 0, "size": 1}}).json()["calendars"]
    assert http.get(path, params={"size": 1}).status_code == 400
    missing = http.get("/_ml/calendars/unknown")
    assert (missing.status_code, reason(missing)) == (404, "No calendar with id [unknown]")
    assert http.delete(path).json() == {"acknowledged": True}


def test_a_job_that_goes_is_taken_out_of_calendars(http: httpx.Client) -> None:
    job_id = made(http)
    answer = http.put("/_ml/calendars/with-job", json={"job_ids": [job_id, "other"], "description": "d"})
    assert "warning" not in answer.headers
    http.delete(f"{JOBS}/{job_id}")
    assert http.get("/_ml/calendars/with-job").json()["calendars"][0]["job_ids"] == ["other"]


def test_events_are_kept_with_their_calendar(http: httpx.Client) -> None:
    for name in ("cal-one", "cal-two"):
        http.put(f"/_ml/calendars/{name}", json={"job_ids": ["event-group"]})
    path = "/_ml/calendars/cal-one/events"
    empty = http.post(path, json={"events": []})
    assert "At least 1 event is required" in reason(empty)
    later = {"description": "later", "start_time": "2017-12-05T00:00:00Z", "end_time": 1_512_604_800_000}
    sooner = {"description": "sooner", "start_time": 1_512_000_000_000, "end_time": 1_512_086_400_000}
    added = http.post(path, json={"events": [later, sooner]}).json()["events"]
    assert {event["calendar_id"] for event in added} == {"cal-one"}
    listed = http.get(path).json()
    assert [event["description"] for event in listed["events"]] == ["sooner", "later"]
    assert listed["events"][1]["start_time"] == 1_512_432_000_000
    assert http.get(path, params={"start": sooner["end_time"]}).json()["count"] == 1
    assert http.get(path, params={"end": later["start_time"]}).json()["count"] == 1
    assert kind(http.get(path, params={"job_id": "x"})) == (400, "action_request_validation_exception")
    member = made(http, groups=["event-group"])
    assert http.get("/_ml/calendars/_all/events", params={"job_id": member}).json()["count"] == 2
    event_id = listed["events"][0]["event_id"]
    assert http.delete(f"/_ml/calendars/cal-two/events/{event_id}").status_code == 400
    assert http.delete(f"{path}/unknown").status_code == 404
    assert http.delete(f"{path}/{event_id}").json() == {"acknowledged": True}
    other = {**later, "calendar_id": "cal-two"}
    assert kind(http.post(path, json={"events": [other]})) == (400, "illegal_argument_exception")
    http.delete("/_ml/calendars/cal-one")
    assert http.get("/_ml/calendars/*/events").json()["count"] == 0


def test_info_and_memory(http: httpx.Client) -> None:
    info = http.get("/_ml/info").json()
    assert info["defaults"]["anomaly_detectors"]["categorization_analyzer"]["tokenizer"] == "ml_standard"
    assert info["defaults"]["anomaly_detectors"]["model_memory_limit"] == "1gb"
    assert info["defaults"]["datafeeds"]["scroll_size"] == 1000
    assert "max_model_memory_limit" not in info["limits"]
    memory = http.get("/_ml/memory/_stats").json()
    (node,) = memory["nodes"].values()
    assert memory["_nodes"] == {"total": 1, "successful": 1, "failed": 0}
    assert node["mem"]["total_in_bytes"] > 0
    assert node["roles"]
    assert node["attributes"]
    assert http.get("/_ml/memory/nowhere/_stats").status_code == 404


def test_expired_data_is_removed_when_asked(http: httpx.Client) -> None:
    job_id = made(http)
    assert http.delete("/_ml/_delete_expired_data").json() == {"deleted": True}
    assert http.delete(f"/_ml/_delete_expired_data/{job_id}", params={"timeout": "1h"}).json() == {"deleted": True}
    assert http.request("DELETE", "/_ml/_delete_expired_data", json={"timeout": "xh"}).status_code == 400


def test_upgrade_mode_keeps_jobs_open_and_opens_none(tmp_path: Path) -> None:
    with Running(tmp_path / "data") as server:
        http, opened = server.http, made(server.http, opened=True)
        closed = made(http)
        assert http.post("/_ml/set_upgrade_mode", params={"enabled": "true"}).json() == {"acknowledged": True}
        assert http.get("/_ml/info").json()["upgrade_mode"] is True
        (told,) = http.get(f"{JOBS}/{opened}/_stats").json()["jobs"]
        assert told["state"] == "opened"
        assert told["assignment_explanation"] == "persistent task cannot be assigned while upgrade mode is enabled."
        refused = http.post(f"{JOBS}/{closed}/_open")
        wanted = "Cannot perform cluster:admin/xpack/ml/job/open action while upgrade mode is enabled"
        assert (refused.status_code, reason(refused)) == (429, wanted)
        http.post("/_ml/set_upgrade_mode", params={"enabled": "false"})
        assert http.get(f"{JOBS}/{opened}/_stats").json()["jobs"][0]["assignment_explanation"] == ""
        assert http.post(f"{JOBS}/{closed}/_open").status_code == 200
