"""Detectors and documents for tests that drive a server."""

import itertools
import math
from typing import Any

import httpx
import orjson

BASE = "/_plugins/_anomaly_detection"
DETECTORS = f"{BASE}/detectors"
STEP_MS = 300_000
INDEX = "os-metrics"
HOSTS = ("host-a", "host-b", "host-c")
_NUMBERS = itertools.count()
MAPPINGS = {
    "@timestamp": {"type": "date"},
    "host": {"type": "keyword"},
    "text": {"type": "text"},
    "cpu": {"type": "double"},
    "hits": {"type": "long"},
}


def documents(end_ms: int, steps: int) -> list[dict[str, Any]]:
    """Three hosts each five minutes up to `end_ms`; of the second, the load is far off for five steps, 100 before the end."""
    rows = []
    for at in range(steps):
        wave = math.sin(at / 288 * 2 * math.pi)
        for number, host in enumerate(HOSTS):
            odd = host == "host-b" and 0 <= at - (steps - 100) < 5
            noise = math.sin(at * 12.9898 + number * 78.233) * 43758.5453 % 1
            load = 95 + noise if odd else 40 + 10 * wave + 2 * noise
            time = end_ms - (steps - 1 - at) * STEP_MS
            rows.append({"@timestamp": time, "host": host, "cpu": load, "hits": 100 + round(20 * wave + 8 * noise)})
    return rows


def put(http: httpx.Client, index: str, rows: list[dict[str, Any]]) -> None:
    """Write documents into an index of its own mappings."""
    http.put(f"/{index}", json={"mappings": {"properties": MAPPINGS}}).raise_for_status()
    lines = b"".join(b'{"index":{}}\n' + orjson.dumps(row) + b"\n" for row in rows)
    answer = http.post(f"/{index}/_bulk", content=lines, headers={"Content-Type": "application/json"})
    assert answer.json()["errors"] is False


def feature(name: str, field: str, function: str = "avg", **changes: Any) -> dict[str, Any]:
    """A feature of one aggregation."""
    return {
        "feature_name": name,
        "feature_enabled": True,
        "aggregation_query": {f"{name}_value": {function: {"field": field}}},
    } | changes


def detector(**changes: Any) -> dict[str, Any]:
    """The document of a detector of a name of its own; None takes a field away."""
    made = {
        "name": f"detector-{next(_NUMBERS)}",
        "description": "load",
        "time_field": "@timestamp",
        "indices": [INDEX],
        "feature_attributes": [feature("cpu", "cpu"), feature("hits", "hits", "sum")],
        "detection_interval": {"period": {"interval": 5, "unit": "Minutes"}},
        "window_delay": {"period": {"interval": 1, "unit": "Minutes"}},
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def created(http: httpx.Client, **changes: Any) -> str:
    """A new detector; its id."""
    answer = http.post(DETECTORS, json=detector(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["_id"])


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, type and reason of a call that was refused."""
    document = answer.json()
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert document["status"] == answer.status_code
    assert document["error"]["root_cause"][0]["reason"] == document["error"]["reason"]
    return answer.status_code, document["error"]["type"], document["error"]["reason"]
