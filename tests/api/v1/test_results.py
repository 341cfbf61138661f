"""`/api/v1`: results as the page asks for them."""

import json

import httpx
import pytest

from tests.api.v1.conftest import SPIKE_MS, START

HOUR_MS = 3_600_000


def test_jobs_are_listed_with_what_they_have_read(api: httpx.Client) -> None:
    listed = api.get("/jobs").json()
    (job,) = listed["jobs"]
    assert (listed["total"], job["job_id"], job["state"], job["rows"], job["buckets"]) == (1, "web", "opened", 806, 402)
    assert api.get("/jobs/web").json()["config"]["job_id"] == "web"
    assert api.get("/jobs", params={"job": "all"}).json() == listed
    assert api.get("/jobs/web/messages").json()["messages"][-1]["text"] == "Job created"


def test_lanes_show_where_and_whose_the_spike_is(api: httpx.Client) -> None:
    params = {"job": "web", "from": SPIKE_MS - 48 * HOUR_MS, "to": SPIKE_MS + 2 * HOUR_MS, "width": 50}
    overall = api.get("/lanes", params=params).json()
    assert (overall["kind"], overall["total"], overall["step"]) == ("bucket", 1, HOUR_MS)
    worst = max(overall["cells"], key=lambda cell: cell[2])
    assert overall["start"] + worst[1] * overall["step"] == SPIKE_MS
    assert worst[3] & 4
    hosts = api.get("/lanes", params={**params, "by": "host", "min": 3}).json()
    assert hosts["lanes"][0]["value"] == "a"
    assert api.get("/lanes", params={**params, "by": "host", "name": "B"}).json()["total"] <= 1
    assert api.get("/lanes", params={"job": "web", "by": "job"}).json()["lanes"][0]["value"] == "web"
    coarse = api.get("/lanes", params={**params, "width": 7}).json()
    assert coarse["step"] % HOUR_MS == 0
    assert len({cell[1] for cell in coarse["cells"]}) <= 8


def test_records_come_page_by_page_with_an_exact_total(api: httpx.Client) -> None:
    whole = api.get("/jobs/web/results/records").json()
    assert whole["rows"][0]["actual"] == 9000.0
    rows, cursor = [], None
    while True:
        page = api.get("/jobs/web/results/records", params={"size": 1, **({"cursor": cursor} if cursor else {})}).json()
        rows += page["rows"]
        cursor = page["next"]
        assert page["total"] == whole["total"]
        if cursor is None:
            break
    assert rows == whole["rows"]
    assert api.get("/jobs/web/results/records", params={"cursor": "x"}).status_code == 400


def test_times_are_half_open(api: httpx.Client) -> None:
    inside = {"from": START * 1000, "to": START * 1000 + 2 * HOUR_MS}
    buckets = api.get("/jobs/web/results/buckets", params=inside).json()
    assert [row["timestamp"] for row in buckets["rows"]] == [START * 1000, START * 1000 + HOUR_MS]


def test_a_bucket_is_found_by_any_time_in_it(api: httpx.Client) -> None:
    found = api.get(f"/jobs/web/buckets/{SPIKE_MS + 5}", params={"expand": "records"}).json()
    assert found["bucket"]["timestamp"] == SPIKE_MS
    assert found["records"][0]["partition_field_value"] == "a"
    assert found["bucket_influencers"]
    assert api.get("/jobs/web/buckets/0").status_code == 404


def test_what_went_wrong_together(api: httpx.Client) -> None:
    incidents = api.get("/jobs/web/incidents", params={"min": 50}).json()
    assert incidents["rows"][0]["peak_time"] == SPIKE_MS


def test_why_and_what_is_believed(api: httpx.Client) -> None:
    explained = api.get("/jobs/web/explain", params={"time": SPIKE_MS, "entity": "host=a"}).json()
    (one,) = explained["explanations"]
    assert one["actual"] == 9000.0
    assert round(sum(factor["points"] for factor in one["factors"]), 6) == round(one["score"], 6)
    believed = api.get("/jobs/web/models", params={"entity": "host=b"}).json()
    assert believed["rows"][0]["partition_field_value"] == "b"
    assert api.get("/jobs/web/explain", params={"time": SPIKE_MS, "entity": "host"}).status_code == 400


def test_what_other_settings_would_have_told(api: httpx.Client) -> None:
    alerts = api.post("/jobs/web/what-if", json={"min_score": 50}).json()
    assert alerts["alerts"][0]["timestamp"] == SPIKE_MS
    assert alerts["by_score"]
    assert (alerts["without_rules"], alerts["silenced"]) == (len(alerts["alerts"]), [])
    rules = ["actual > 8000 and host in (a, z)", "actual < 0"]
    silenced = api.post("/jobs/web/what-if", json={"min_score": 50, "rules": rules}).json()
    assert silenced["without_rules"] == len(alerts["alerts"]) > len(silenced["alerts"])
    worst, never = silenced["silenced"]
    assert (worst["rule"], worst["alerts"] > 0, worst["highest"]) == (
        rules[0],
        True,
        max(one["record_score"] for one in alerts["alerts"]),
    )
    assert never == {"rule": rules[1], "records": 0, "alerts": 0, "highest": None}
    assert silenced["unseen"] == ["host=z"]
    for wrong in ("actual", "nothing in (a)", "actual < x"):
        refused = api.post("/jobs/web/what-if", json={"rules": [wrong]})
        assert (refused.status_code, "wanted" in refused.text) == (400, True)
    assert api.post("/jobs/web/what-if", json={"min_score": 500}).status_code == 422


def test_what_changes_an_open_job_is_refused(api: httpx.Client) -> None:
    for path, body in (("replay", None), ("forget", {"start": START * 1000, "end": SPIKE_MS})):
        answer = api.post(f"/jobs/web/{path}", json=body)
        assert answer.status_code == 409
        assert answer.json()["code"] == "conflict"


def test_notes_are_kept_changed_and_removed(api: httpx.Client) -> None:
    note = {"text": "deployed", "start": SPIKE_MS, "end": SPIKE_MS + 1, "entity": {"host": "a"}}
    made = api.post("/jobs/web/notes", json=note)
    assert made.status_code == 201
    note_id = made.json()["note_id"]
    path = f"/jobs/web/notes/{note_id}"
    assert api.put(path, json={**note, "text": "rolled back"}).json()["text"] == "rolled back"
    texts = {one["note_id"]: one["text"] for one in api.get("/jobs/web/notes", params={"from": SPIKE_MS}).json()["notes"]}
    assert texts[note_id] == "rolled back"
    earlier = api.get("/jobs/web/notes", params={"to": SPIKE_MS}).json()["notes"]
    assert note_id not in [one["note_id"] for one in earlier]
    assert api.post("/jobs/web/notes", json={**note, "end": 0}).status_code == 400
    assert api.delete(path).status_code == 204
    assert api.delete(path).status_code == 404


def test_an_answer_that_is_the_same_is_not_sent_again(api: httpx.Client) -> None:
    first = api.get("/jobs/web/results/buckets")
    assert "app;dur=" in first.headers["server-timing"]
    again = api.get("/jobs/web/results/buckets", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/jobs/missing", 404, "not_found"),
        ("/nothing", 404, "not_found"),
        ("/lanes?width=0", 422, "bad_request"),
        ("/lanes?from=5&to=4", 400, "bad_request"),
        ("/jobs/web/results/records?sort=nothing", 400, "bad_request"),
    ],
)
def test_every_refusal_has_one_shape(api: httpx.Client, path: str, status: int, code: str) -> None:
    answer = api.get(path)
    assert answer.status_code == status
    told = answer.json()
    assert set(told) == {"code", "message", "hint", "request_id"}
    assert (told["code"], told["request_id"]) == (code, answer.headers["x-request-id"])


def test_events_tell_of_a_job_that_changes(api: httpx.Client) -> None:
    with api.stream("GET", "/events", params={"job": "web"}) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: job"
        assert '"job_id":"web"' in next(lines)
        row = {"time": START + 3600 * 402 + 5, "host": "a", "value": 100}
        root = str(api.base_url).removesuffix("/api/v1/")
        httpx.post(f"{root}/_ml/anomaly_detectors/web/_data", json=[row], trust_env=False)
        told = [line for line in (next(lines) for _ in range(4)) if line.startswith("data")]
        assert '"rows":807' in told[0]
        # Open buckets that are judged are no new rows, but new results.
        httpx.post(f"{root}/_ml/anomaly_detectors/web/_flush", params={"calc_interim": "true"}, trust_env=False)
        judged = next(line for line in lines if line.startswith("data"))
    assert _commits(judged) > _commits(told[0])


def _commits(line: str) -> int:
    return int(json.loads(line.removeprefix("data: "))["commits"])
