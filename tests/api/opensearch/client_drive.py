"""Drives a server with the official client of OpenSearch: every call of the anomaly detection, and the core calls beside it.

Run as a program, with the client of one release in its path: `python client_drive.py URL`. It imports nothing of Barograph.
"""

import math
import sys
import time
from typing import Any

import opensearchpy
from opensearchpy import OpenSearch

BASE = "/_plugins/_anomaly_detection"
STEP_MS = 60_000
END_MS = int(time.time() * 1000) // STEP_MS * STEP_MS
INDEX = "driven-by-" + ".".join(map(str, opensearchpy.__version__[:2]))
FEATURE = {"feature_name": "load", "feature_enabled": True, "aggregation_query": {"load": {"avg": {"field": "load"}}}}
DETECTOR: dict[str, Any] = {
    "name": INDEX,
    "time_field": "timestamp",
    "indices": [INDEX],
    "category_field": ["host"],
    "feature_attributes": [FEATURE],
    "detection_interval": {"period": {"interval": 1, "unit": "Minutes"}},
    "window_delay": {
        "period": {"interval": 5, "unit": "Minutes"}
    },  # as long as this may take: else documents are told to be late
}
client = OpenSearch([sys.argv[1]], http_compress=True)


def ask(method: str, path: str, body: Any = None, **params: Any) -> Any:
    """A call below the base, as programs make it: the client has none of its own for the plugin."""
    return client.transport.perform_request(method, f"{BASE}{path}", params=params, body=body)


def refused(status: int, kind: str, method: str, path: str, body: Any = None) -> None:
    """A call that must fail with this status and type of error."""
    try:
        told = ask(method, path, body)
    except opensearchpy.TransportError as error:
        told = (error.status_code, error.error)
    assert told == (status, kind), told


def core() -> None:
    version = client.info()["version"]
    assert version["distribution"] == "opensearch"
    assert client.ping()
    fields = {"timestamp": {"type": "date"}, "host": {"type": "keyword"}, "load": {"type": "double"}}
    assert client.indices.create(index=INDEX, body={"mappings": {"properties": fields}})["acknowledged"]
    actions: list[Any] = []
    for at in range(120):
        for host in ("a", "b"):
            load = 900.0 if (at, host) == (110, "b") else 100 + 10 * math.sin(at) + at % 3
            time_ms = END_MS - (119 - at) * STEP_MS
            actions += [{"index": {}}, {"timestamp": time_ms, "host": host, "load": load}]
    assert not client.bulk(index=INDEX, body=actions, refresh=True)["errors"]
    assert client.count(index=INDEX)["count"] == 240
    assert client.indices.get_mapping(index=INDEX)[INDEX]["mappings"]["properties"]["load"] == {"type": "double"}


def detectors() -> str:
    assert ask("POST", "/detectors/_validate", DETECTOR) == {}
    assert ask("POST", "/detectors/_validate/detector,model", DETECTOR) == {}
    told = ask("POST", "/detectors/_suggest/detection_interval", DETECTOR)
    assert told == {"interval": {"period": {"interval": 1, "unit": "Minutes"}}}
    made = client.http.post(f"{BASE}/detectors", body=DETECTOR)
    detector_id = str(made["_id"])
    refused(409, "status_exception", "POST", "/detectors", DETECTOR)
    refused(400, "validation_exception", "POST", "/detectors", {**DETECTOR, "name": ""})
    refused(404, "status_exception", "GET", "/detectors/none")
    assert client.http.get(f"{BASE}/detectors/{detector_id}", params={"job": "true"})["anomaly_detector_job"] is None
    assert client.transport.perform_request("HEAD", f"{BASE}/detectors/{detector_id}") is True
    assert client.transport.perform_request("HEAD", f"{BASE}/detectors/none") is False
    order = {"if_seq_no": made["_seq_no"], "if_primary_term": made["_primary_term"]}
    changed = ask("PUT", f"/detectors/{detector_id}", {**made["anomaly_detector"], "description": "driven"}, **order)
    assert changed["_version"] == 2
    assert ask("GET", "/detectors/_search", {"query": {"match": {"name": INDEX}}})["hits"]["total"]["value"] >= 1
    assert ask("GET", "/detectors/match", name=INDEX) == {"count": 0, "match": True}
    assert ask("GET", "/detectors/count")["count"] >= 1
    return detector_id


def runs(detector_id: str) -> None:
    path = f"/detectors/{detector_id}"
    span = {"period_start": END_MS - 100 * STEP_MS, "period_end": END_MS}
    assert len(ask("POST", f"{path}/_preview", span)["anomaly_result"]) == 200
    assert len(ask("POST", "/detectors/_preview", {**span, "detector": DETECTOR})["anomaly_result"]) == 200
    task_id = ask("POST", f"{path}/_start", {"start_time": END_MS - 119 * STEP_MS, "end_time": END_MS})["_id"]
    state = ""
    while state not in ("FINISHED", "FAILED"):
        time.sleep(0.1)
        state = ask("GET", path, task="true")["historical_analysis_task"]["state"]
    assert state == "FINISHED"
    assert (
        ask("GET", "/detectors/tasks/_search", {"query": {"term": {"detector_id": detector_id}}})["hits"]["total"]["value"] == 3
    )
    query = {"bool": {"filter": [{"term": {"task_id": task_id}}, {"range": {"anomaly_grade": {"gt": 0}}}]}}
    worst = ask("POST", "/detectors/results/_search", {"query": query, "sort": {"anomaly_grade": "desc"}, "size": 1})
    found = worst["hits"]["hits"][0]["_source"]
    assert (found["entity"], found["feature_data"][0]["data"]) == ([{"name": "host", "value": "b"}], 900.0)
    span = {"start_time_ms": 0, "end_time_ms": END_MS}
    top = ask("POST", f"{path}/results/_topAnomalies", span, historical="true")
    assert top["buckets"][0]["key"] == {"host": "b"}
    refused(400, "status_exception", "POST", f"{path}/_stop?historical=true")
    assert ask("POST", f"{path}/_start") == {"_id": detector_id}
    assert ask("POST", f"{path}/_start")["status"] == 200
    while state != "RUNNING":
        time.sleep(0.1)
        state = ask("GET", f"{path}/_profile/state,init_progress,error")["state"]
    assert ask("POST", f"{path}/_profile", {"entity": [{"name": "host", "value": "a"}]})["state"] == "RUNNING"
    assert ask("GET", "/stats/detector_count,models")["detector_count"] >= 1
    refused(400, "status_exception", "DELETE", path)
    assert ask("POST", f"{path}/_stop") == {"_id": detector_id}
    assert ask("POST", f"{path}/_run", {"period_start": END_MS - STEP_MS, "period_end": END_MS})


def monitors() -> None:
    alerting = client.plugins.alerting
    script = {"lang": "painless", "source": "return ctx.results[0].hits.total.value > 0"}
    trigger = {"query_level_trigger": {"name": "any", "severity": "1", "condition": {"script": script}, "actions": []}}
    search = {"indices": [".opendistro-anomaly-results*"], "query": {"size": 0, "query": {"match_all": {}}}}
    period = {"interval": 1, "unit": "DAYS"}
    monitor = {"type": "monitor", "name": INDEX, "schedule": {"period": period}, "inputs": [{"search": search}]}
    made = alerting.create_monitor(body={**monitor, "triggers": [trigger]})["_id"]
    assert alerting.get_monitor(made)["monitor"]["name"] == INDEX
    assert alerting.search_monitor(body={"query": {"match": {"monitor.name": INDEX}}})["hits"]["total"]["value"] == 1
    assert next(iter(alerting.run_monitor(made)["trigger_results"].values()))["triggered"] is True
    (alert,) = (one for one in alerting.get_alerts()["alerts"] if one["monitor_id"] == made)
    assert alerting.acknowledge_alert(made, body={"alerts": [alert["id"]]})["success"] == [alert["id"]]
    assert alerting.update_monitor(made, body={**monitor, "triggers": [], "enabled": False})["_version"] == 2
    assert alerting.delete_monitor(made)["result"] == "deleted"


def insights() -> None:
    setting = "plugins.anomaly_detection.insights_enabled"
    client.cluster.put_settings(body={"persistent": {setting: True}})
    assert ask("POST", "/insights/_start", {"frequency": "12"})["message"].startswith("Insights job ")
    assert ask("GET", "/insights/_status")["job_name"] == "ad_insights_job"
    assert ask("POST", "/insights/_stop")["message"] == "Insights job stopped successfully"
    client.cluster.put_settings(body={"persistent": {setting: None}})


def channels() -> None:
    notifications, name = client.plugins.notifications, f"of-{opensearchpy.__version__[0]}"
    config = {"name": "ops", "config_type": "webhook", "is_enabled": True, "webhook": {"url": "http://127.0.0.1:9/x"}}
    assert notifications.create_config(body={"config_id": name, "config": config}) == {"config_id": name}
    assert notifications.get_config(config_id=name)["config_list"][0]["config"]["name"] == "ops"
    assert notifications.update_config(config_id=name, body={"config": {**config, "name": "b"}}) == {"config_id": name}
    assert name in [one["config_id"] for one in notifications.list_channels()["channel_list"]]
    assert notifications.get_configs(params={"config_id_list": name})["total_hits"] == 1
    assert "slack" in notifications.list_features()["allowed_config_type_list"]
    assert notifications.send_test(config_id=name)["status_list"][0]["delivery_status"]["status_code"] == "500"
    deleted = notifications.delete_configs(params={"config_id_list": name})
    assert deleted == {"delete_response_list": {name: "OK"}}


def end(detector_id: str) -> None:
    assert ask("DELETE", "/detectors/results", {"query": {"term": {"detector_id": detector_id}}})["deleted"] > 200
    assert ask("DELETE", f"/detectors/{detector_id}")["result"] == "deleted"
    assert client.indices.delete(index=INDEX)["acknowledged"]


core()
driven = detectors()
runs(driven)
monitors()
insights()
channels()
end(driven)
print("driven by", opensearchpy.__versionstr__)
