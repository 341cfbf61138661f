"""`kill -9` under load: what was acknowledged is there, nothing is there twice, and results are those of an undisturbed run."""

import random
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.elastic.server_jobs import JOBS, START_MS, config
from tests.api.running import Running

IDS = [f"load-{number}" for number in range(4)]
BATCH = 40
BATCHES = 60


def batch(number: int) -> list[dict[str, Any]]:
    """Rows of a batch, which are odd now and then."""
    first = number * BATCH
    return [
        {"time": START_MS // 1000 + 300 * row, "airline": "AAL", "responsetime": 5000 if row % 997 == 996 else 100 + row % 13}
        for row in range(first, first + BATCH)
    ]


def done(http: httpx.Client, job_id: str) -> int:
    """How many batches a job has."""
    rows = http.get(f"{JOBS}/{job_id}/_stats").json()["jobs"][0]["data_counts"]["processed_record_count"]
    assert rows % BATCH == 0, "a batch is taken whole or not at all"
    return int(rows // BATCH)


def feed(url: str, job_id: str, start: int, acknowledged: dict[str, int]) -> None:
    """Send batch after batch until the server is gone; note those that it has acknowledged."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        for number in range(start, BATCHES):
            try:
                answer = http.post(f"{JOBS}/{job_id}/_data", json=batch(number))
            except httpx.TransportError:
                return
            assert answer.status_code == 202, answer.text
            acknowledged[job_id] = number + 1


def results(http: httpx.Client, job_id: str) -> list[dict[str, Any]]:
    """All buckets and records of a job, without what tells jobs and machines apart."""
    found = []
    for table in ("buckets", "records"):
        rows = http.get(f"{JOBS}/{job_id}/results/{table}", params={"size": 10_000, "sort": "timestamp"}).json()[table]
        children = [child for row in rows for child in row.get("bucket_influencers", ())]
        for document in (*rows, *children):
            document["job_id"], document["processing_time_ms"] = "", 0
        found += rows
    return found


def kill_often(data_dir: Path, kills: int, seed: int) -> None:
    choose, acknowledged = random.Random(seed), dict.fromkeys(IDS, 0)
    for _ in range(kills):
        server = Running(data_dir)
        for job_id in IDS:
            if server.http.put(f"{JOBS}/{job_id}", json=config(analysis_config={"bucket_span": "15m"})).status_code == 200:
                server.http.post(f"{JOBS}/{job_id}/_open")
        have = {job_id: done(server.http, job_id) for job_id in IDS}
        assert all(have[job_id] >= acknowledged[job_id] for job_id in IDS), (have, acknowledged)
        acknowledged |= have
        stop = threading.Timer(choose.uniform(0.0, 0.6), server.process.kill)
        feeders = [threading.Thread(target=feed, args=(server.url, one, have[one], acknowledged)) for one in IDS]
        for thread in (*feeders, stop):
            thread.start()
        for thread in (*feeders, stop):
            thread.join()
        server.kill()
    with Running(data_dir) as server:
        for job_id in IDS:
            assert done(server.http, job_id) >= acknowledged[job_id]
            feed(server.url, job_id, done(server.http, job_id), acknowledged)
        server.http.put(f"{JOBS}/whole", json=config(analysis_config={"bucket_span": "15m"}))
        server.http.post(f"{JOBS}/whole/_open")
        feed(server.url, "whole", 0, acknowledged)
        wanted = results(server.http, "whole")
        assert any(row["result_type"] == "record" for row in wanted)
        for job_id in IDS:
            assert results(server.http, job_id) == wanted


def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    kill_often(tmp_path / "data", 1, seed=1)


@pytest.mark.slow
def test_the_same_at_thirty_instants(tmp_path: Path) -> None:
    kill_often(tmp_path / "data", 30, seed=2)
