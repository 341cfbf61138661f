"""`/api/v1`: jobs from the upload of their rows to their deletion."""

import gzip
import math
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.running import Running

START = 1_735_689_600
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The client of a server without jobs."""
    with Running(tmp_path_factory.mktemp("life") / "data") as server:
        server.http.base_url = f"{server.url}/api/v1"
        yield server.http
        server.http.base_url = server.url


def csv(hours: int, start: int = 0, spike: int | None = None) -> bytes:
    lines = ["time,load"]
    for hour in range(start, start + hours):
        value = 900 if hour == spike else 100 + 10 * math.sin(hour / 12 * math.pi) + hour % 7
        lines.append(f"{START + 3600 * hour},{value:.3f}")
    return ("\n".join(lines) + "\n").encode()


def upload(own: httpx.Client, content: bytes, name: str = "web.csv") -> dict[str, Any]:
    answer = own.post("/uploads", params={"name": name}, content=content)
    assert answer.status_code == 201
    told: dict[str, Any] = answer.json()
    return told


def test_an_upload_becomes_a_job_with_results(own: httpx.Client) -> None:
    kept = upload(own, gzip.compress(csv(500, spike=450)), "My load.csv.gz")
    seen = own.get(f"/uploads/{kept['upload_id']}").json()
    assert (seen["rows"], seen["whole"], seen["time"]["name"]) == (500, True, "time")
    assert seen["config"]["analysis_config"]["bucket_span"] == "1h"
    assert seen["sample"][0] == {"time": str(START), "load": "100.000"}
    made = own.post("/jobs", json={"config": seen["config"]})
    assert made.status_code == 201
    assert (made.json()["job_id"], made.json()["status"]) == ("my-load", "running, has read nothing yet")
    fed = own.post("/jobs/my-load/feed", json={"upload_id": kept["upload_id"]}).json()
    assert (fed["rows"], fed["buckets"], fed["dropped"]) == (500, 499, {})
    worst = own.get("/jobs/my-load/results/records").json()["rows"][0]
    assert worst["timestamp"] == (START + 3600 * 450) * 1000
    told = own.get("/jobs/my-load").json()
    assert told["status"].startswith("running, newest bucket Tue 2025-01-21 18:00, ")
    assert told["contents"]["records"] == own.get("/jobs/my-load/results/records").json()["total"]
    assert told["does"] == "every 1 hour: mean of load"


def test_a_long_file_that_was_read_at_once_is_told_to_be_whole(own: httpx.Client) -> None:
    lines = "".join(f"{START + second},1\n" for second in range(200_000))
    kept = upload(own, b"time,n\n" + lines.encode())
    seen = own.get(f"/uploads/{kept['upload_id']}").json()
    assert (seen["rows"], seen["whole"]) == (200_000, True)


def test_the_same_rows_again_are_refused_and_nothing_doubles(own: httpx.Client) -> None:
    own.post("/jobs", json={"config": config("twice")}).raise_for_status()
    assert own.post("/jobs/twice/rows", params={"name": "a.csv"}, content=csv(100)).json()["rows"] == 100
    again = own.post("/jobs/twice/rows", params={"name": "a.csv"}, content=csv(50))
    assert again.status_code == 400
    assert "older than what the job has read" in again.json()["message"]
    later = own.post("/jobs/twice/rows", params={"name": "b.csv"}, content=csv(50, start=100))
    assert later.json()["rows"] == 50
    assert own.get("/jobs/twice").json()["rows"] == 150


def test_what_of_a_file_is_no_row_of_a_job_is_said(own: httpx.Client) -> None:
    own.post("/jobs", json={"config": config("wrong")}).raise_for_status()
    answer = own.post("/jobs/wrong/rows", params={"name": "a.csv"}, content=b"when,load\n1,2\n")
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "data_description.time_field='time': wanted a column of the input, which has: when, load"
    )
    assert own.get("/jobs/wrong").json()["state"] == "opened"
    own.post("/jobs/wrong/close").raise_for_status()
    closed = own.post("/jobs/wrong/rows", params={"name": "a.csv"}, content=csv(3))
    assert (closed.status_code, closed.json()["code"]) == (409, "conflict")
    assert own.post("/jobs/wrong/feed", json={"upload_id": "gone"}).status_code == 404


def test_a_trial_tells_what_a_job_would_find_and_leaves_nothing(own: httpx.Client) -> None:
    before = own.get("/job-list").json()["all"]
    kept = upload(own, csv(500, spike=450))
    asked = {"config": config("tried"), "points": 100, "min_score": 75}
    tried = own.post(f"/uploads/{kept['upload_id']}/trial", json=asked).json()
    assert (tried["rows"], tried["buckets"], tried["series"]) == (500, 499, 1)
    assert [alert["timestamp"] for alert in tried["alerts"]] == [(START + 3600 * 450) * 1000]
    assert dict(map(tuple, tried["by_score"]))[75.0] == 1
    assert len(tried["t"]) <= 100
    assert max(tried["v"]) == 900.0
    assert (START + 3600 * 450) * 1000 in [mark["t"] for mark in tried["marks"]]
    assert tried["memory"]["total"] == sum(tried["memory"]["parts"].values()) > 1000
    assert own.get("/job-list").json()["all"] == before
    coarse = {
        **asked,
        "config": {**config("tried"), "analysis_config": {**config("x")["analysis_config"], "bucket_span": "15m"}},
    }
    advice = own.post(f"/uploads/{kept['upload_id']}/trial", json=coarse).json()["advice"]
    assert ("analysis_config.bucket_span", "1h") in [(one["path"], one["value"]) for one in advice]
    assert own.delete(f"/uploads/{kept['upload_id']}").status_code == 204
    assert own.post(f"/uploads/{kept['upload_id']}/trial", json=asked).status_code == 404


def test_a_trial_knows_the_filters_and_the_planned_times(own: httpx.Client) -> None:
    kept = upload(own, csv(500, spike=450))
    config = own.get(f"/uploads/{kept['upload_id']}").json()["config"]
    (detector,) = config["analysis_config"]["detectors"]
    rule = {"actions": ["skip_result"], "scope": {"load": {"filter_id": "quiet"}}}
    scoped = {**config, "analysis_config": {**config["analysis_config"], "detectors": [{**detector, "by_field_name": "load"}]}}
    scoped["analysis_config"]["detectors"][0] = {"function": "count", "by_field_name": "load", "custom_rules": [rule]}
    path = f"/uploads/{kept['upload_id']}/trial"
    assert own.post(path, json={"config": scoped}).status_code == 400
    own.post("/filters", json={"filter_id": "quiet", "items": ["none"]}).raise_for_status()
    assert own.post(path, json={"config": scoped}).status_code == 200
    assert len(own.post(path, json={"config": config}).json()["alerts"]) == 1
    own.post("/calendars", json={"calendar_id": "fairs", "job_ids": ["_all"]}).raise_for_status()
    spike = (START + 3600 * 450) * 1000
    fair = {"description": "fair", "start": spike - 24 * HOUR_MS, "end": spike + 24 * HOUR_MS}
    own.post("/calendars/fairs/events", json={"events": [fair]}).raise_for_status()
    assert own.post(path, json={"config": config}).json()["alerts"] == []
    own.delete("/calendars/fairs").raise_for_status()
    own.delete("/filters/quiet").raise_for_status()


def test_a_trial_that_would_take_long_says_what_would_not(own: httpx.Client) -> None:
    rows = "\n".join(f"{START + 86_400 * day},{day},{day}" for day in range(1000))
    kept = upload(own, f"time,load,host\n{rows}\n".encode())
    split = config("large")
    split["analysis_config"] |= {"bucket_span": "1m", "detectors": [{"function": "count", "partition_field_name": "host"}]}
    answer = own.post(f"/uploads/{kept['upload_id']}/trial", json={"config": split})
    assert answer.status_code == 400
    assert "a longer bucket_span" in answer.json()["message"]


def test_what_is_between_fields_is_one_character_of_ascii(own: httpx.Client) -> None:
    kept = upload(own, b"time#load\n1735689600#5\n")
    columns = own.get(f"/uploads/{kept['upload_id']}", params={"delimiter": "#"}).json()["columns"]
    assert [column["name"] for column in columns] == ["time", "load"]
    for wrong in ("û", "\n", '"', "#\n", "##"):
        assert own.get(f"/uploads/{kept['upload_id']}", params={"delimiter": wrong}).status_code == 422


@pytest.mark.parametrize("value", ["1" + "0" * 30, "-9223372036854775809", '"\\ud800"'])
def test_a_value_that_json_in_utf_8_cannot_have_is_told_as_it_was_written(own: httpx.Client, value: str) -> None:
    body = '{"config": {"job_id": VALUE}, "rule": {"rule_id": VALUE}}'.replace("VALUE", value)
    for call in ("/validate", "/jobs", "/rules"):
        answer = own.post(call, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in {200, 400, 422}, answer.text
        assert value.strip('"') in answer.text or "surrogates" in answer.text


def test_settings_are_checked_as_the_command_line_does(own: httpx.Client) -> None:
    wrong = {"job_id": "A b", "analysis_config": {"bucket_span": "0s", "detectors": [{"function": "maen"}]}}
    told = own.post("/validate", json={"config": wrong}).json()
    paths = [problem["path"] for problem in told["problems"]]
    assert {"job_id", "analysis_config.bucket_span", "analysis_config.detectors[0].function"} <= set(paths)
    assert "did you mean 'mean'" in next(one["wanted"] for one in told["problems"] if one["path"].endswith("function"))
    refused = own.post("/jobs", json={"config": wrong})
    assert refused.status_code == 400
    assert refused.json()["problems"] == told["problems"]
    good = own.post("/validate", json={"config": config("good")}).json()
    assert good["problems"] == []
    assert good["does"] == "every 1 hour: mean of load"
    assert "falls silent" in good["advice"][0]
    assert (good["memory"]["series"], good["memory"]["limit"]) == (1, 1 << 30)
    split = {"detectors": [{"function": "count", "by_field_name": "host", "partition_field_name": "zone"}]}
    many = config("many") | {"analysis_config": split, "analysis_limits": {"model_memory_limit": "64mb"}}
    assert own.post("/validate", json={"config": many, "distinct": {"host": 500_000}}).json()["memory"] is None
    memory = own.post("/validate", json={"config": many, "distinct": {"host": 500_000, "zone": 2}}).json()["memory"]
    assert memory["series"] == 1_000_000 > memory["most_series"]
    assert memory["bytes"] < memory["limit"]


def test_an_id_is_taken_once(own: httpx.Client) -> None:
    assert own.post("/jobs", json={"config": config("once"), "open": False}).json()["state"] == "closed"
    assert own.post("/jobs", json={"config": config("once")}).status_code == 409


def test_settings_change_but_not_what_was_learned_under(own: httpx.Client) -> None:
    own.post("/jobs", json={"config": config("changing")}).raise_for_status()
    own.post("/jobs/changing/rows", content=csv(30), params={"name": "a.csv"}).raise_for_status()
    changed = own.put("/jobs/changing/config", json={"config": {**config("changing"), "description": "web"}})
    assert changed.json()["description"] == "web"
    other = {**config("changing"), "analysis_config": {"bucket_span": "2h", "detectors": [{"function": "count"}]}}
    assert own.put("/jobs/changing/config", json={"config": other}).status_code in (400, 409)
    assert own.put("/jobs/missing/config", json={"config": config("missing")}).status_code == 404


def test_opened_closed_reset_and_deleted(own: httpx.Client) -> None:
    own.post("/jobs", json={"config": config("short")}).raise_for_status()
    own.post("/jobs/short/rows", content=csv(30), params={"name": "a.csv"}).raise_for_status()
    assert own.post("/jobs/short/open").status_code == 409
    assert own.post("/jobs/short/reset").status_code == 409
    assert own.delete("/jobs/short").status_code == 409
    assert own.post("/jobs/short/close").json()["state"] == "closed"
    assert own.post("/jobs/short/close").json()["state"] == "closed"
    reset = own.post("/jobs/short/reset").json()
    assert (reset["rows"], reset["status"], reset["contents"]["buckets"]) == (0, "closed, has read nothing yet", 0)
    assert own.post("/jobs/short/open").json()["state"] == "opened"
    assert own.delete("/jobs/short", params={"force": True}).status_code == 204
    for path in ("open", "close", "reset"):
        assert own.post(f"/jobs/short/{path}").status_code == 404
    assert own.delete("/jobs/short").status_code == 404


def test_jobs_are_listed_page_by_page(own: httpx.Client) -> None:
    for name in ("page-a", "page-b", "page-c"):
        own.post("/jobs", json={"config": {**config(name), "groups": ["pages"]}, "open": name == "page-b"}).raise_for_status()
    first = own.get("/job-list", params={"q": "PAGES", "size": 2}).json()
    assert (first["total"], [one["job_id"] for one in first["jobs"]]) == (3, ["page-a", "page-b"])
    second = own.get("/job-list", params={"q": "pages", "size": 2, "cursor": first["next"]}).json()
    assert ([one["job_id"] for one in second["jobs"]], second["next"]) == (["page-c"], None)
    opened = own.get("/job-list", params={"q": "pages", "state": "opened"}).json()
    assert [one["job_id"] for one in opened["jobs"]] == ["page-b"]
    worst = own.get("/job-list", params={"sort": "-anomalies"}).json()["jobs"]
    assert [one["anomalies"] for one in worst] == sorted((one["anomalies"] for one in worst), reverse=True)


def test_a_snapshot_is_gone_back_to(own: httpx.Client) -> None:
    own.post("/jobs", json={"config": config("back")}).raise_for_status()
    for start in (0, 60):
        own.post("/jobs/back/rows", content=csv(60, start), params={"name": f"{start}.csv"}).raise_for_status()
        own.post("/jobs/back/close").raise_for_status()
        own.post("/jobs/back/open").raise_for_status()
    told = own.get("/jobs/back/snapshots").json()
    oldest = told["snapshots"][-1]
    assert (told["total"] >= 2, told["snapshots"][0]["newest"], oldest["newest"]) == (True, True, False)
    noted = own.put(f"/jobs/back/snapshots/{oldest['snapshot_id']}", json={"description": "before", "retain": True}).json()
    assert (noted["snapshots"][-1]["description"], noted["snapshots"][-1]["retain"]) == ("before", True)
    path = f"/jobs/back/snapshots/{oldest['snapshot_id']}"
    assert own.post(f"{path}/revert", json={}).status_code == 409
    own.post("/jobs/back/close").raise_for_status()
    gone = own.post(f"{path}/revert", json={}).json()
    assert gone["latest_time"] == oldest["latest_time"]
    assert own.get("/jobs/back").json()["latest_time"] == oldest["latest_time"]
    assert own.delete(path).status_code in (400, 409)
    assert own.get("/jobs/back/memory").json()["parts"]


def test_calendars_have_events_also_from_files(own: httpx.Client) -> None:
    made = own.post("/calendars", json={"calendar_id": "holidays", "job_ids": ["my-load"]})
    assert made.status_code == 201
    assert own.post("/calendars", json={"calendar_id": "holidays"}).status_code == 409
    planned = {"description": "fair", "start": START * 1000, "end": START * 1000 + HOUR_MS}
    (event,) = own.post("/calendars/holidays/events", json={"events": [planned]}).json()["events"]
    assert own.post("/calendars/holidays/events", json={"events": [{**planned, "end": 0}]}).status_code == 422
    ics = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260101\r\nSUMMARY:New year\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    assert own.post("/calendars/holidays/ics", content=ics.replace(b"DTSTART:", b"DTSTART;VALUE=DATE:")).status_code == 201
    assert own.post("/calendars/holidays/ics", content=b"no").status_code == 400
    assert own.get("/calendars").json()["calendars"][0]["events"] == 2
    assert own.put("/calendars/holidays/jobs", json={"job_ids": ["a", "b"]}).json()["job_ids"] == ["a", "b"]
    assert own.delete(f"/calendars/holidays/events/{event['event_id']}").status_code == 204
    assert own.get("/calendars/holidays/events").json()["total"] == 1
    assert own.delete("/calendars/holidays").status_code == 204
    assert own.get("/calendars/holidays/events").status_code == 404


def test_filters_are_kept_and_changed(own: httpx.Client) -> None:
    made = own.post("/filters", json={"filter_id": "safe", "items": ["b", "a", "a"]}).json()
    assert made == {"filter_id": "safe", "description": None, "items": ["a", "b"], "used_by": []}
    assert own.put("/filters/safe", json={"items": ["c"], "description": "d"}).json()["items"] == ["c"]
    assert own.get("/filters").json()["total"] == 1
    assert own.delete("/filters/safe").status_code == 204
    assert own.delete("/filters/safe").status_code == 404


def test_a_job_without_datafeed_says_how_rows_come(own: httpx.Client) -> None:
    own.post("/jobs", json={"config": config("alone")}).raise_for_status()
    answer = own.get("/jobs/alone/datafeed")
    assert answer.status_code == 404
    assert "uploads" in answer.json()["message"]


def test_a_datafeed_is_started_and_stopped(own: httpx.Client) -> None:
    root = str(own.base_url).removesuffix("/api/v1/")
    rows = [{"time": (START + 3600 * hour) * 1000, "load": hour % 7} for hour in range(50)]
    lines = "".join(f'{{"index":{{}}}}\n{{"time":{row["time"]},"load":{row["load"]}}}\n' for row in rows)
    mapping = {"mappings": {"properties": {"time": {"type": "date"}, "load": {"type": "double"}}}}
    with httpx.Client(base_url=root, trust_env=False, timeout=60) as elastic:
        elastic.put("/loads", json=mapping).raise_for_status()
        head = {"Content-Type": "application/x-ndjson"}
        elastic.post("/loads/_bulk", params={"refresh": True}, content=lines, headers=head).raise_for_status()
        own.post("/jobs", json={"config": config("fed")}).raise_for_status()
        elastic.put("/_ml/datafeeds/fed", json={"job_id": "fed", "indices": ["loads"]}).raise_for_status()
    end = (START + 3600 * 50) * 1000
    assert own.post("/jobs/fed/datafeed/start", params={"from": START * 1000, "to": end}).json()["indices"] == ["loads"]
    while own.get("/jobs/fed").json()["state"] != "closed":  # it ends by itself, and every answer takes its time
        pass
    assert own.get("/jobs/fed").json()["rows"] == 50
    stopped = own.post("/jobs/fed/datafeed/stop").json()
    assert (stopped["started"], stopped["searches"] > 0) == (False, True)
    assert own.get("/jobs/fed").json()["contents"]["datafeed"] == "fed"


def config(job_id: str) -> dict[str, Any]:
    detectors = [{"function": "mean", "field_name": "load"}]
    return {"job_id": job_id, "analysis_config": {"bucket_span": "1h", "detectors": detectors}}


def test_what_planned_times_silence_is_counted(own: httpx.Client) -> None:
    spike = (START + 3600 * 450) * 1000
    fair = {"description": "fair", "start": spike, "end": spike + HOUR_MS}
    own.post("/calendars", json={"calendar_id": "fairs", "job_ids": ["fair"]}).raise_for_status()
    own.post("/calendars/fairs/events", json={"events": [fair]}).raise_for_status()
    own.post("/jobs", json={"config": config("fair")}).raise_for_status()
    own.post("/jobs/fair/feed", json={"upload_id": upload(own, csv(500, spike=450))["upload_id"]}).raise_for_status()
    own.post("/jobs/fair/close").raise_for_status()
    told = own.get("/jobs/fair/silenced").json()
    (one,) = told["silenced"]
    assert (told["total"], one["count"], one["first"], one["last"]) == (1, 1, spike, spike)
    assert (one["calendar_id"], one["description"], one["start"], one["rule"]) == ("fairs", "fair", spike, None)
    own.delete("/calendars/fairs").raise_for_status()
    own.delete("/jobs/fair").raise_for_status()


def test_holidays_of_a_country_are_planned(own: httpx.Client) -> None:
    own.post("/calendars", json={"calendar_id": "days"}).raise_for_status()
    asked = {"country": "FR", "years": [2026], "time_zone": "Europe/Paris"}
    planned = own.post("/calendars/days/holidays", json=asked)
    assert (planned.status_code, planned.json()["events"][0]["description"]) == (201, "New Year's Day")
    assert own.post("/calendars/days/holidays", json=asked).json()["total"] == 0
    assert own.post("/calendars/days/holidays", json={**asked, "country": "Atlantis"}).status_code == 400
    assert own.post("/calendars/none/holidays", json=asked).status_code == 404
    own.delete("/calendars/days").raise_for_status()
