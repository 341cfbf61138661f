"""`kill -9` while datafeeds run: each goes on with the next process, and no row is lost or given twice."""

import random
import time
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.api.elastic.server_jobs import JOBS
from tests.api.elastic.test_datafeeds import FEEDS, wait_stopped
from tests.api.running import Running

START = 1_767_225_600_000
COUNT = 36_000
NAMES = ("undisturbed", "killed")


def prepared(http: httpx.Client) -> None:
    """An index with `COUNT` documents, and two jobs with datafeeds over it."""
    properties = {"t": {"type": "date"}, "host": {"type": "keyword"}}
    http.put("/events", json={"mappings": {"properties": properties}})
    rng = random.Random(5)
    rows = ({"t": START + at * 10_000, "host": f"h{rng.randrange(3)}", "ms": rng.random()} for at in range(COUNT))
    body = b"".join(b'{"index":{}}\n' + orjson.dumps(row) + b"\n" for row in rows)
    http.put("/events/_bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
    for name in NAMES:
        analysis = {"bucket_span": "5m", "detectors": [{"function": "mean", "field_name": "ms", "by_field_name": "host"}]}
        chunking = {"mode": "manual", "time_span": "10m"}  # many searches: each life ends while there are more
        feed = {"indices": ["events"], "chunking_config": chunking}
        config = {"analysis_config": analysis, "data_description": {"time_field": "t"}, "datafeed_config": feed}
        http.put(f"{JOBS}/{name}", json=config)
        http.post(f"{JOBS}/{name}/_open")


def rows_read(http: httpx.Client, name: str) -> int:
    """How many rows a job has read."""
    return int(http.get(f"{JOBS}/{name}/_stats").json()["jobs"][0]["data_counts"]["processed_record_count"])


def outcome(http: httpx.Client, name: str) -> tuple[int, list[Any]]:
    """How many rows a job has read, and its buckets."""
    buckets = http.get(f"{JOBS}/{name}/results/buckets", params={"size": 10_000}).json()["buckets"]
    return rows_read(http, name), [(b["timestamp"], b["event_count"], b["anomaly_score"]) for b in buckets]


def under_way(http: httpx.Client, before: int, rng: random.Random) -> int:
    """How many rows it has read once these are more than before, and a moment later."""
    until = time.monotonic() + 60
    while (read := rows_read(http, "killed")) <= before and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(rng.random() * 0.02)
    return read


@pytest.mark.slow
def test_a_datafeed_that_was_killed_goes_on_and_gives_no_row_twice(tmp_path: Path) -> None:
    rng, end = random.Random(11), {"end": START + COUNT * 10_000}
    with Running(tmp_path / "data") as server:
        prepared(server.http)
        server.http.post(f"{FEEDS}/undisturbed/_start", json=end)
        wait_stopped(server.http, "undisturbed")
        wanted = outcome(server.http, "undisturbed")
        server.http.post(f"{FEEDS}/killed/_start", json=end)
        read = [under_way(server.http, 0, rng)]
        server.kill()
    for _ in range(2):
        with Running(tmp_path / "data") as server:
            read.append(under_way(server.http, read[-1], rng))
            server.kill()
    assert read == sorted(set(read))
    assert read[-1] < COUNT  # each life ended while it read
    with Running(tmp_path / "data") as server:
        wait_stopped(server.http, "killed")
        assert outcome(server.http, "killed") == wanted
        assert wanted[0] == COUNT
