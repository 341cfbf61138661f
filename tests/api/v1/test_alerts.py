"""Rules and alerts over HTTP, and a server that raises and tells them by itself."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from tests.alerts.receiver import Receiver
from tests.api.running import Running

SPAN = 60_000
JOB = {
    "job_id": "load",
    "groups": ["shop"],
    "analysis_config": {
        "bucket_span": "1m",
        "detectors": [{"function": "mean", "field_name": "load"}],
        "influencers": ["host"],
    },
    "data_description": {"time_field": "time"},
}
BUCKETS = 400


def rows(first_ms: int, values: list[float], host: str = "a") -> str:
    return "".join(
        json.dumps({"time": first_ms + n * SPAN, "load": value, "host": host}) + "\n" for n, value in enumerate(values)
    )


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture(scope="module")
def begin() -> int:
    """Rows end now: what is older than a day raises nothing."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    return now // SPAN * SPAN - (BUCKETS + 1) * SPAN


@pytest.fixture(scope="module")
def server(tmp_path_factory, receiver, begin) -> Iterator[Running]:
    """A server with a job of quiet rows, a rule over it, and then an outage that the rule has told of."""
    folder = tmp_path_factory.mktemp("alerting")
    config = folder / "barograph.toml"
    config.write_text(
        f'[server]\npublic_url = "https://b.example"\n[channels.hook]\nwebhook = "{receiver.url}/hook"\nsecret = "$TEA"\n'
    )
    with Running(folder / "data", "--config", str(config), environment={"TEA": "tea"}) as running:
        http = running.http
        http.post("/api/v1/jobs", json={"config": JOB}).raise_for_status()
        quiet = [10 + (n * 7 % 11) / 10 for n in range(BUCKETS - 3)]
        feed(http, rows(begin, quiet))
        made = http.post(
            "/api/v1/rules", json={"rule_id": "wake", "jobs": ["shop"], "min_score": "minor", "channels": ["log", "hook"]}
        )
        assert made.status_code == 201, made.text
        feed(http, rows(begin + (BUCKETS - 3) * SPAN, [90.0, 95.0, 91.0], "web-3"))
        for _ in range(2000):  # every answer takes its time: the worker looks once a second
            found = http.get("/api/v1/alerts").json()
            if found["alerts"] and found["alerts"][0]["delivery"]["sent"] == 2:
                break
        yield running


def feed(http: httpx.Client, text: str) -> None:
    http.post("/api/v1/jobs/load/rows?name=rows.ndjson", content=text).raise_for_status()
    http.post("/_ml/anomaly_detectors/load/_flush").raise_for_status()


def the_alert(server: Running) -> dict:
    found = server.http.get("/api/v1/alerts").json()
    assert (found["total"], found["counts"]) == (1, {"active": 1, "recovered": 0, "untracked": 0})
    return found["alerts"][0]


def test_a_server_tells_what_its_rules_find(server, receiver, begin):
    alert = the_alert(server)
    assert alert["time"] == begin + (BUCKETS - 3) * SPAN
    assert alert["title"].startswith("Critical in load: mean of load: ")
    assert [one["field_value"] for one in alert["blamed"]] == ["web-3"]
    ((path, _, content),) = receiver.got
    body = json.loads(content)
    assert (path, body["id"]) == ("/hook", f"{alert['alert_id']}/raised/hook")
    assert body["link"].startswith("https://b.example/explorer?job=load&from=")
    history = server.http.get(f"/api/v1/alerts/{alert['alert_id']}").json()["history"]
    assert sorted(one["what"] for one in history) == ["raised", "sent", "sent"]
    assert "alert.raised" in server.log.read_text()


def test_an_alert_is_in_the_column_of_its_bucket_and_in_no_other(server):
    time = the_alert(server)["time"]
    asked = {"step": SPAN, "job": "load"}
    at_its_time, behind, before = (
        server.http.get("/api/v1/alerts/histogram", params={**asked, "from": first, "to": first + SPAN}).json()
        for first in (time, time + SPAN, time - SPAN)
    )
    assert (at_its_time["columns"], at_its_time["cells"]) == ([[0, 1, 0, 0]], [["load", 0, 1, 0, 0]])
    assert (at_its_time["rules"][0]["rule_id"], at_its_time["counts"]["active"]) == ("wake", 1)
    assert behind["cells"] == before["cells"] == []
    assert (
        server.http.get("/api/v1/alerts", params={"from": time, "to": time + 1, "status": "active", "q": "LOAD"}).json()[
            "total"
        ]
        == 1
    )
    assert server.http.get("/api/v1/alerts", params={"from": time + 1}).json()["total"] == 0


def test_a_rule_is_tried_on_the_past_and_says_whether_it_keeps_its_budget(server):
    given = {"rule_id": "new", "min_score": 25, "budget": 0.01}
    tried = server.http.post("/api/v1/rules/test", json={"rule": given}).json()
    assert (tried["total"], tried["jobs"], tried["suggested"]) == (1, 1, None)
    assert "over the budget of 0.01 a week" in tried["over_budget"]
    assert tried["alerts"][0]["alert_id"].startswith("new~load~")
    schemas = server.http.get("/api/v1/openapi.json").json()["components"]["schemas"]
    for name, answer in (("TriedRule", tried), ("Step", tried["by_score"][0])):
        assert set(schemas[name]["properties"]) == set(answer)
    beyond = server.http.post("/api/v1/rules/test", json={"rule": given, "to": tried["to"] + 10**12}).json()
    assert (beyond["from"], beyond["to"], beyond["total"]) == (tried["from"], tried["to"], 1)  # not a quiet time to come
    assert server.http.get("/api/v1/rules").json()["total"] == 1  # nothing is kept


def test_a_rule_is_changed_muted_and_told_with_what_has_come_of_it(server):
    http = server.http
    muted = http.post("/api/v1/rules/wake/mute", json={"entity": {"host": "a"}}).json()
    assert (muted["mutes"], muted["muted_until"]) == ([{"entity": {"host": "a"}, "until": -1}], None)
    assert http.post("/api/v1/rules/wake/unmute", json={"entity": {"host": "a"}}).json()["mutes"] == []
    changed = http.put("/api/v1/rules/wake", json={"jobs": ["shop"], "min_score": 30, "channels": ["hook"]}).json()
    assert (changed["min_score"], changed["counts"]["active"], changed["week"], changed["job_ids"]) == (30, 1, 1, ["load"])
    assert http.get("/api/v1/rules", params={"job": "load"}).json()["total"] == 1


def test_an_alert_is_acknowledged_and_was_expected(server):
    alert, http = the_alert(server), server.http
    path = f"/api/v1/alerts/{alert['alert_id']}"
    assert http.post(f"{path}/acknowledge", json={"note": "deploy"}).json()["acknowledged"]["note"] == "deploy"
    assert http.post(f"{path}/unacknowledge").json()["acknowledged"] is None
    expected = http.post(f"{path}/expected", json={"how": "event"}).json()
    assert (expected["expected"], expected["history"][-1]["text"]) == ("planned", "its time is planned in load-expected")
    assert http.get("/api/v1/calendars").json()["calendars"][0]["events"] == 1
    refused = http.post(f"{path}/expected", json={"how": "forget"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")  # it is open


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("POST", "rules", {"rule_id": "wake"}, 409, "wanted an id that no rule has"),
        ("POST", "rules", {"rule_id": "x", "channels": ["sms"]}, 400, "rule.channels='sms': wanted one of log, hook"),
        ("POST", "rules", {"rule_id": "x", "calendars": ["no"]}, 400, "rule.calendars='no': wanted "),
        ("POST", "rules", {"rule_id": "x", "on": "buckets", "group_by": "h"}, 400, "rule.group_by='h': wanted none"),
        ("POST", "rules/test", {"rule": {"rule_id": "x", "jobs": ["none"]}}, 400, "wanted a job that has finished a bucket"),
        ("POST", "rules/test", {"rule": {"rule_id": "x"}, "form": 1}, 422, "form: "),
        ("POST", "rules/test", {"rule": {"rule_id": "x"}, "from": 5, "to": 4}, 400, "from=5: wanted a time before to (4)"),
        (
            "POST",
            "rules/test",
            {"rule": {"rule_id": "x"}, "from": 10**15},
            400,
            f"from={10**15}: wanted a time in which there are",
        ),
        (
            "POST",
            "rules/test",
            {"rule": {"rule_id": "x"}, "to": 1000},
            400,
            "to=1000: wanted a time in which there are results",
        ),
        ("POST", "rules/test", {"rule": {"rule_id": "x", "jobs": []}}, 400, "rule.jobs=[]: wanted a length of at least 1"),
        ("POST", "rules", {"rule_id": "x", "group_by": "hots"}, 400, "rule.group_by='hots': wanted one of host"),
        ("PUT", "rules/none", {}, 404, "rule_id='none': wanted the id of a rule"),
        ("GET", "alerts/none", None, 404, "alert_id='none': wanted the id of an alert"),
        ("GET", "alerts/histogram?step=60000", None, 400, "wanted both, the end after the start"),
        ("POST", "channels/none/try", {}, 404, "channel_id='none': wanted one of log, hook"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_wanted(server, method, path, body, status, message):
    answer = server.http.request(method, f"/api/v1/{path}", json=body)
    assert (answer.status_code, message in answer.json()["message"]) == (status, True), answer.text


def test_channels_are_told_without_secrets_and_tried(server, receiver):
    told = server.http.get("/api/v1/channels")
    assert told.json()["channels"][1] == {"channel_id": "hook", "kind": "webhook", "to": "http://127.0.0.1"}
    assert "tea" not in told.text
    assert server.http.post("/api/v1/channels/hook/try").json() == {"ok": True, "detail": "200"}
    assert json.loads(receiver.got[-1][2])["title"] == "This is a sample: Barograph can reach you over this channel."


def test_whoever_listens_is_told_that_alerts_have_changed(server):
    path = f"/api/v1/alerts/{the_alert(server)['alert_id']}"
    told = []
    with httpx.stream("GET", f"{server.url}/api/v1/events", params={"job": "load"}, timeout=20) as stream:
        name = ""
        for line in stream.iter_lines():
            name = line.removeprefix("event: ") if line.startswith("event: ") else name
            if not line.startswith("data: ") or name != "alerts":
                continue
            told.append(json.loads(line.removeprefix("data: ")))
            if len(told) == 2:
                break
            server.http.post(f"{path}/acknowledge", json={}).raise_for_status()
    assert told == [{"active": 1, "recovered": 0, "untracked": 0}] * 2
