"""Monitors over HTTP: searches of results, what follows from them, and what is not run here."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from barograph.api.elastic.errors import ElasticError
from barograph.api.opensearch.alerting.conditions import condition
from barograph.api.opensearch.alerting.configs import Configs, parsed
from barograph.api.server import Server
from barograph.config.channels import LogChannel, WebhookChannel
from barograph.config.server import ServerConfig
from tests.alerts.receiver import Receiver
from tests.api.opensearch.made import refusal
from tests.api.running import Running

MONITORS = "/_plugins/_alerting/monitors"
INDEX = "opensearch-ad-plugin-result-monitors"
_MOST = "ctx.results[0].aggregations.max_anomaly_grade.value"
_SURE = "ctx.results[0].hits.hits[0]._source.confidence"


def monitor(source: str = f"return {_MOST} != null && {_MOST} > 0.7 && {_SURE} > 0.7", **changes: Any) -> dict[str, Any]:
    span = {"from": "{{period_end}}||-10m", "to": "{{period_end}}", "include_lower": True, "include_upper": True}
    filters = [{"range": {"execution_end_time": span}}, {"term": {"detector_id": {"value": "d1"}}}]
    query = {
        "size": 1,
        "query": {"bool": {"filter": filters}},
        "sort": [{"anomaly_grade": "desc"}, {"confidence": "desc"}],
        "aggregations": {"max_anomaly_grade": {"max": {"field": "anomaly_grade"}}},
    }
    trigger = {"id": "t1", "name": "odd", "severity": "2", "condition": {"script": {"lang": "painless", "source": source}}}
    return {
        "type": "monitor",
        "monitor_type": "query_level_monitor",
        "name": "m",
        "enabled": True,
        "schedule": {"period": {"interval": 10, "unit": "MINUTES"}},
        "inputs": [{"search": {"indices": [INDEX], "query": query}}],
        "triggers": [{"query_level_trigger": {**trigger, "actions": []}}],
        "ui_metadata": {"search": {"searchType": "ad"}},
    } | changes


def acting(**changes: Any) -> dict[str, Any]:
    """Triggers with an action that writes into the log of the server."""
    message = {"source": "{{ctx.monitor.name}}: {{ctx.results.0.aggregations.max_anomaly_grade.value}}"}
    given = {"id": "a1", "name": "tell", "destination_id": "log", "message_template": message, "throttle_enabled": True}
    action = {**given, "throttle": {"value": 10, "unit": "MINUTES"}, **changes}
    script = {"lang": "painless", "source": f"return {_MOST} > 0.7"}
    trigger = {"id": "t1", "name": "odd", "severity": "1", "condition": {"script": script}, "actions": [action]}
    return {"triggers": [{"query_level_trigger": trigger}]}


def write(http: httpx.Client, key: str, grade: float, age_ms: int = 0) -> None:
    written = int(time.time() * 1000) - age_ms
    document = {"detector_id": "d1", "anomaly_grade": grade, "confidence": 0.9, "execution_end_time": written}
    http.put(f"/{INDEX}/_doc/{key}", json=document).raise_for_status()


@pytest.fixture(scope="module")
def results(running: Running) -> httpx.Client:
    http: httpx.Client = running.http
    fields = {"detector_id": {"type": "keyword"}, "execution_end_time": {"type": "date"}, "anomaly_grade": {"type": "double"}}
    properties = {**fields, "confidence": {"type": "double"}}
    http.put(f"/{INDEX}", json={"mappings": {"properties": properties}}).raise_for_status()
    write(http, "old", 1.0, 3_600_000)
    return http


def test_an_alert_begins_and_ends_with_its_condition(results: httpx.Client) -> None:
    made = results.post(MONITORS, json=monitor())
    assert (made.status_code, list(made.json())) == (201, ["_id", "_version", "_seq_no", "_primary_term", "monitor"])
    path = f"{MONITORS}/{made.json()['_id']}"
    assert results.get(path).json()["monitor"] == made.json()["monitor"]
    assert results.head(path).status_code == 200
    ran = results.post(f"{path}/_execute").json()
    assert ran["trigger_results"]["t1"]["triggered"] is False
    assert ran["input_results"]["results"][0]["aggregations"] == {"max_anomaly_grade": {"value": None}}
    write(results, "odd", 0.9)
    assert results.post(f"{path}/_execute", params={"dryrun": "true"}).json()["trigger_results"]["t1"]["triggered"] is True
    mine = {"monitorId": made.json()["_id"], "size": "10"}
    assert results.get(f"{MONITORS}/alerts", params=mine).json() == {"alerts": [], "totalAlerts": 0}
    for _ in range(2):  # one alert a trigger, however often it is true
        assert results.post(f"{path}/_execute").json()["error"] is None
    (alert,) = results.get(f"{MONITORS}/alerts", params=mine).json()["alerts"]
    assert (alert["state"], alert["monitor_name"], alert["trigger_name"], alert["severity"]) == ("ACTIVE", "m", "odd", "2")
    assert alert["monitor_version"] == 1
    told = results.post(f"{path}/_acknowledge/alerts", json={"alerts": [alert["id"], "none"]}).json()
    assert told == {"success": [alert["id"]], "failed": ["none"]}
    results.delete(f"/{INDEX}/_doc/odd").raise_for_status()
    results.post(f"{path}/_execute").raise_for_status()
    (over,) = results.get(f"{MONITORS}/alerts", params={**mine, "alertState": "COMPLETED"}).json()["alerts"]
    assert over["end_time"] >= over["acknowledged_time"] >= over["start_time"]
    nested = {"nested": {"path": "monitor.inputs", "query": {"term": {"monitor.inputs.search.indices.keyword": INDEX}}}}
    found = results.post(f"{MONITORS}/_search", json={"query": nested}).json()["hits"]
    assert [hit["_id"] for hit in found["hits"]] == [made.json()["_id"]]
    told = {name: value for name, value in made.json()["monitor"].items() if name != "ui_metadata"}
    assert found["hits"][0]["_source"] == told
    custom = {"match_phrase_prefix": {"monitor.inputs.search.indices": "opensearch-ad-plugin-result-"}}
    asked = {"source": orjson.dumps({"query": {"nested": {"path": "monitor.inputs", "query": custom}}}).decode()}
    hits = results.get(f"{MONITORS}/_search/", params=asked, headers={"User-Agent": "OpenSearch Dashboards"}).json()["hits"][
        "hits"
    ]
    assert made.json()["monitor"] in [hit["_source"] for hit in hits]
    changed = results.put(path, json=monitor(name="other", enabled=False)).json()
    assert (changed["_version"], changed["monitor"]["name"], changed["monitor"]["enabled_time"]) == (2, "other", None)
    assert results.delete(path).json()["result"] == "deleted"
    assert refusal(results.get(path)) == (404, "status_exception", "Monitor not found.")
    dry = results.post(f"{MONITORS}/_execute", json={"monitor": monitor("ctx.results[0].hits.total.value >= 1")}).json()
    assert dry["trigger_results"]["t1"]["triggered"] is False


def test_actions_are_told_over_a_channel_and_not_too_often(running: Running, results: httpx.Client) -> None:
    path = f"{MONITORS}/{results.post(MONITORS, json=monitor(**acting())).json()['_id']}"
    write(results, "told", 0.8)
    told = []
    for dry in ("true", "false", "false"):
        ran = results.post(f"{path}/_execute", params={"dryrun": dry}).json()["trigger_results"]["t1"]["action_results"]["a1"]
        told.append((ran["output"].get("message"), ran["throttled"], ran["error"]))
    assert told == [("m: 0.8", False, None), ("m: 0.8", False, None), (None, True, None)]
    for _ in range(5000):  # each answer takes its time, so nothing here sleeps
        results.get("/readyz")
        if "m: 0.8" in running.log.read_text():
            break
    assert running.log.read_text().count("m: 0.8") == 1
    results.delete(path).raise_for_status()
    results.delete(f"/{INDEX}/_doc/told").raise_for_status()


def test_channels_are_found_under_the_names_that_actions_give_them(running: Running) -> None:
    base = "/_plugins/_notifications"
    page = {"start_index": 0, "total_hits": 1, "total_hit_relation": "eq"}
    head = {"name": "log", "description": "log: the server's log", "config_type": "webhook", "is_enabled": True}
    assert running.http.get(f"{base}/channels").json() == {**page, "channel_list": [{"config_id": "log", **head}]}
    times = {"last_updated_time_ms": 0, "created_time_ms": 0}
    config = {"config_id": "log", **times, "config": {**head, "webhook": {"url": "the server's log"}}}
    for path in ("configs", "configs/log", "configs?config_id_list=log,none&config_type=webhook", "configs?sort_order=desc"):
        assert running.http.get(f"{base}/{path}").json() == {**page, "config_list": [config]}
    assert running.http.get(f"{base}/configs?config_type=email").json()["config_list"] == []
    assert running.http.get(f"{base}/features").json()["allowed_config_type_list"] == ["webhook", "slack", "email"]
    (status,) = running.http.post(f"{base}/feature/test/log").json()["status_list"]
    assert status["delivery_status"] == {"status_code": "200", "status_text": "logged"}
    assert refusal(running.http.get(f"{base}/configs/none"))[::2] == (404, "NotificationConfig none not found")
    assert refusal(running.http.post(f"{base}/configs", json={"config": {}}))[0] == 400


CONFIGS = "/_plugins/_notifications/configs"


def config(url: str, **changes: Any) -> dict[str, Any]:
    made = {"name": "ops", "config_type": "slack", "is_enabled": True, "slack": {"url": url}}
    return {"config": {name: value for name, value in (made | changes).items() if value is not None}}


def test_a_channel_that_a_client_makes_is_one_of_its_monitors(results: httpx.Client) -> None:
    with Receiver() as receiver:
        made = results.post(CONFIGS, json={"config_id": "ops", **config(f"{receiver.url}/secret")})
        assert (made.status_code, made.json()) == (200, {"config_id": "ops"})
        assert refusal(results.post(CONFIGS, json={"config_id": "log", **config("https://x")}))[0] == 409
        (told,) = results.get(f"{CONFIGS}/ops").json()["config_list"]
        assert told["config"]["slack"] == {"url": "http://127.0.0.1"}
        assert results.put(f"{CONFIGS}/ops", json={"config": told["config"] | {"name": "on call"}}).json() == {
            "config_id": "ops"
        }
        given = monitor(**acting(destination_id="ops", message_template={"source": "{{ctx.monitor.name}} is odd"}))
        path = f"{MONITORS}/{results.post(MONITORS, json=given).json()['_id']}"
        write(results, "told", 0.8)
        results.post(f"{path}/_execute").raise_for_status()
        for _ in range(5000):  # each answer takes its time, so nothing here sleeps
            if receiver.got or results.get("/readyz").status_code != 200:
                break
        ((to, _, content),) = receiver.got
        assert (to, orjson.loads(content)["text"]) == ("/secret", "m is odd")
    for url in (path, f"/{INDEX}/_doc/told"):
        results.delete(url).raise_for_status()
    assert results.delete(f"{CONFIGS}/ops").json() == {"delete_response_list": {"ops": "OK"}}
    assert refusal(results.get(f"{CONFIGS}/ops"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "", {}, (400, "[config]: wanted an object with name")),
        ("POST", "", config("https://x", name=None), (400, "[config.name] is missing")),
        ("POST", "", config("https://x", config_type="chime"), (400, "[config.config_type]='chime': wanted webhook or slack")),
        ("POST", "", config("ftp://secret"), (400, "[config.slack.url]: wanted a URL")),
        ("POST", "", {"config": "secret"}, (400, "[config]: wanted an object with name")),
        ("POST", "", config("", slack={"url": ["secret"]}), (400, "[config.slack.url]: wanted a URL")),
        (
            "POST",
            "",
            config("", slack={"url": "https://x", "header_params": "secret"}),
            (400, "params]: wanted an object"),
        ),
        (
            "POST",
            "",
            config("", slack={"url": "https://x", "header_params": {"A": ["secret"]}}),
            (400, "params.A]: wanted"),
        ),
        ("POST", "", config("https://x", is_enabled=False), (400, "[config.is_enabled]=false: wanted true")),
        (
            "POST",
            "",
            config("", config_type="webhook", webhook={"url": "https://x", "method": "PUT"}),
            (400, "[config.webhook.method]"),
        ),
        ("POST", "", {"config_id": "a b", **config("https://x")}, (400, "[config_id]='a b': wanted")),
        ("POST", "", config("https://[secret/x"), (400, "[config.slack.url]: wanted a URL that begins")),
        (
            "POST",
            "",
            config("", slack={"url": "https://x", "header_params": {f"h{at}": "secret" for at in range(51)}}),
            (400, "[config.slack.header_params], 51 of them: headers: wanted a length of at most 50"),
        ),
        (
            "POST",
            "",
            config(
                "", slack={"url": "https://x", "header_params": {"Authorization": "secret \N{LATIN SMALL LETTER E WITH ACUTE}"}}
            ),
            (400, "[config.slack.header_params], 1 of them: headers.Authorization: wanted printable ASCII characters"),
        ),
        ("PUT", "/log", config("https://x"), (400, "config_id='log': it is one of the server's settings")),
        ("DELETE", "/none", None, (404, "NotificationConfig none not found")),
    ],
)
def test_channels_that_cannot_be_made_are_refused_by_the_part(
    results: httpx.Client, method: str, path: str, body: Any, told: tuple[int, str]
) -> None:
    status, _, reason = refusal(results.request(method, CONFIGS + path, **({} if body is None else {"json": body})))
    assert (status, told[1] in reason, "secret" in reason) == (told[0], True, False), reason
    assert [one["config_id"] for one in results.get(CONFIGS).json()["config_list"]] == ["log"]


def test_secrets_of_a_channel_are_for_its_address_and_no_other(tmp_path: Path) -> None:
    with closing(Server.open(ServerConfig(data_dir=tmp_path / "data"))) as server:
        configs = Configs(server)
        own = {"url": "https://good/path", "header_params": {"Authorization": "secret"}}
        configs.create("ops", config("", slack=own)["config"])
        for url, left in (("https://good", "secret"), ("https://good/path", "secret"), ("https://other", "")):
            configs.update("ops", config("", slack={"url": url, "header_params": {"Authorization": ""}})["config"])
            channel = server.alerts.channels["ops"]
            assert isinstance(channel, WebhookChannel)
            assert channel.headers["Authorization"].get_secret_value() == left, url


def test_channels_are_removed_all_or_none(results: httpx.Client) -> None:
    for name in ("a", "b"):
        results.post(CONFIGS, json={"config_id": name, **config("https://x")}).raise_for_status()
    assert refusal(results.delete(CONFIGS, params={"config_id_list": "a,b,none"}))[0] == 404
    assert results.get(CONFIGS).json()["total_hits"] == 3
    assert results.delete(CONFIGS, params={"config_id_list": "a,b"}).json() == {"delete_response_list": {"a": "OK", "b": "OK"}}
    assert results.get(CONFIGS).json()["total_hits"] == 1


def test_the_servers_own_channels_come_first_and_one_that_cannot_be_opened_takes_no_other_with_it(tmp_path: Path) -> None:
    own = {"log": LogChannel(), "ops": WebhookChannel(webhook=SecretStr("https://own"))}
    with closing(Server.open(ServerConfig(data_dir=tmp_path / "data"), channels=own)) as server:
        urls = {"ops": "https://a", "broken": "https://[::1/secret", "good": "https://b"}
        kept = {name: {"config": parsed(config(url)["config"])} for name, url in urls.items()}
        server.service.settings.put("notification_configs", kept)
        configs = Configs(server)
        configs.resume()
        told = {one["channel_id"]: one["to"] for one in server.alerts.told_channels()}
        assert told == {"log": "the server's log", "ops": "https://own", "good": "https://b"}
        with pytest.raises(ElasticError, match="it is one of the server's settings"):
            configs.delete(["ops"])
        configs.update("broken", config("https://c")["config"])
        assert server.alerts.channels["broken"].to == "https://c"
    with closing(Server.open(ServerConfig(data_dir=tmp_path / "data"))) as server:  # its settings have no `ops` any more
        Configs(server).resume()
        assert server.alerts.channels["ops"].to == "https://a"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"name": ""}, "Monitor name is null"),
        ({"monitor_type": "bucket_level_monitor"}, "[monitor_type]"),
        ({"type": "workflow"}, "[type]='workflow'"),
        ({"schedule": {"cron": {"expression": "* * * * *", "timezone": "UTC"}}}, "[schedule]"),
        ({"inputs": []}, "[inputs]"),
        ({"inputs": [{"search": {"indices": ["logs"], "query": {}}}]}, "[inputs[0].search.indices]"),
        ({"inputs": [{"search": {"indices": [INDEX], "query": {"query": {"magic": {}}}}}]}, "unknown query [magic]"),
        ({"inputs": [{"search": {"indices": [INDEX], "query": {"a": "{{#x}}"}}}]}, "[inputs[0].search.query]"),
        (
            acting(destination_id="nobody"),
            "[triggers[0].actions[0].destination_id]='nobody': wanted a channel of this server: log",
        ),
        (acting(message_template={"source": "{{#ctx}}"}), "[triggers[0].actions[0].message_template]"),
    ],
)
def test_what_is_not_run_is_refused_by_its_name(results: httpx.Client, changes: dict[str, Any], part: str) -> None:
    status, _, reason = refusal(results.post(MONITORS, json=monitor(**changes)))
    assert status == 400
    assert part in reason


@pytest.mark.parametrize(
    "source",
    [
        "for (;;) {}",
        f"return {_MOST} > 0.7 || true",
        f"return {_MOST} > null",
        "return params.x > 1",
        f"return {_MOST} > ctx.results[0].hits.total.value",
        "return ctx.results[0].aggregations > 1",
        "return (ctx.results.length > 0) != (ctx.results[0].hits.total.value > 0)",
    ],
)
def test_scripts_that_are_no_comparisons_are_refused(results: httpx.Client, source: str) -> None:
    status, _, reason = refusal(results.post(MONITORS, json=monitor(source)))
    assert (status, "triggers[0].condition.script" in reason) == (400, True)


_PAGE = [{"hits": {"total": {"value": 1}, "hits": [{"_source": {"confidence": 0.9}}]}, "aggregations": {"top": {"value": 0.8}}}]


@pytest.mark.parametrize(
    ("source", "of_one", "of_none"),
    [
        (
            "return ctx.results != null && ctx.results.length > 0 && ctx.results[0].aggregations != null"
            " && ctx.results[0].aggregations.top != null && ctx.results[0].hits.total.value > 0"
            " && ctx.results[0].hits.hits[0]._source != null && ctx.results[0].hits.hits[0]._source.confidence != null"
            " && ctx.results[0].aggregations.top.value > 7e-1 && ctx.results[0].hits.hits[0]._source.confidence > 0.7",
            True,
            False,
        ),
        ("return ((ctx.results.size() >= 1) && (ctx.results[0].hits.hits.size() > 0));", True, False),
        ("return ctx.results[0].hits.hits[1] == null", True, True),
        ("ctx.results.length==0", False, True),
    ],
)
def test_scripts_that_dashboards_write_are_understood(source: str, of_one: bool, of_none: bool) -> None:
    clauses = condition("script", {"source": source, "lang": "painless"})
    assert [all(clause.holds(results) for clause in clauses) for results in (_PAGE, [])] == [of_one, of_none]
