"""The server's answers of a job with a million records, while rows come into it.

Wall time of the client and CPU time of the server's process, which is started on a free port;
`python benchmarks/server_results.py [RECORDS] [SECONDS]`.
"""

import multiprocessing
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import polars as pl
from served import Served, served

from barograph import Engine
from barograph.config.load import load_job
from barograph.jobs.service import Service
from barograph.results.results import Results

HOSTS = 100
SPAN_S = 300
START = 1_403_481_600
LEARNED = 100
ODD_MS = 1000 * (START + LEARNED * SPAN_S)
AT_ONCE = 200
"""Buckets of a commit."""

OLD = "/_ml/anomaly_detectors/old"
HEADERS = {"Content-Type": "application/x-ndjson"}
JOB: dict[str, Any] = {
    "job_id": "old",
    "analysis_config": {
        "bucket_span": "5m",
        "influencers": ["host"],
        "detectors": [{"function": "mean", "field_name": "v", "partition_field_name": "host"}],
    },
}


def rows(first: int, buckets: int, odd: bool) -> pl.DataFrame:
    """A row of each host in each bucket; with `odd` all of them are."""
    times = [START + bucket * SPAN_S for bucket in range(first, first + buckets) for _ in range(HOSTS)]
    hosts = [f"host-{host}" for _ in range(buckets) for host in range(HOSTS)]
    values = [1000.0 + host if odd else (7 * host + at) % 10 + 0.5 for at in range(buckets) for host in range(HOSTS)]
    return pl.DataFrame({"time": times, "host": hosts, "v": values})


def filled(folder: Path, records: int) -> None:
    """A job that has found something in each of its buckets: those of one, over and over, before the first."""
    job = load_job(JOB)
    engine = Engine.build(job)
    learned = engine.add(rows(0, LEARNED, odd=False))
    found = engine.add(pl.concat([rows(LEARNED, 1, odd=True), rows(LEARNED + 1, 1, odd=False)]))
    assert len(found.records) == HOSTS, len(found.records)
    with Service.open(None, folder) as service:
        service.create(job)
        for first in range(0, records // HOSTS, AT_ONCE):
            service.store.commit("old", before(found, first), engine.snapshot(), ())
        service.store.commit("old", Results.concat([learned, found]), engine.snapshot(), ())


def before(found: Results, first: int) -> Results:
    """Its results as those of buckets that lie before the job's."""
    back = pl.DataFrame({"back": [1000 * SPAN_S * (first + at + LEARNED + 1) for at in range(AT_ONCE)]}, {"back": pl.Int64})

    def repeated(table: pl.DataFrame) -> pl.DataFrame:
        odd = table.filter(pl.col("timestamp") == ODD_MS)
        moved = odd.join(back, how="cross").with_columns(pl.col("timestamp") - pl.col("back")).drop("back")
        return moved.sort("timestamp", maintain_order=True)

    names = ("buckets", "records", "influencers", "bucket_influencers")
    return Results(**{name: repeated(getattr(found, name)) for name in names}, counts=found.counts)


def questions(buckets: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a page asks: the worst of a day, and what is new."""
    choose = random.Random(1)
    while True:
        start = 1000 * (START + SPAN_S * (LEARNED - choose.randrange(buckets)))
        day = {"start": start, "end": start + 86_400_000}
        yield "records", {**day, "size": 100}
        yield "buckets", {**day, "size": 300}
        yield "influencers", {**day, "size": 100}
        yield "records", {"size": 10}
        yield "buckets", {"size": 100, "desc": "true"}


def feed(url: str) -> None:
    """Rows without a pause, until the process is ended; one of its own, as what makes them is not to hold up who asks."""
    with httpx.Client(base_url=url, timeout=300, trust_env=False) as http:
        at = LEARNED + 2
        while True:
            body = rows(at, 50, odd=False).write_ndjson()
            http.post(f"{OLD}/_data", content=body, headers=HEADERS).raise_for_status()
            at += 50


def asked(server: Served, records: int, seconds: float) -> tuple[list[float], float]:
    """Wall seconds of each answer, sorted, and CPU seconds of the server for one."""
    taken, began, of = [], server.cpu_seconds(), questions(records // HOSTS)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        kind, query = next(of)
        started = time.perf_counter()
        server.http.get(f"{OLD}/results/{kind}", params=query).raise_for_status()
        taken.append(time.perf_counter() - started)
    return sorted(taken), (server.cpu_seconds() - began) / len(taken)


def told(taken: list[float]) -> str:
    return f"{1000 * taken[len(taken) // 2]:.0f} / {1000 * taken[len(taken) * 99 // 100]:.0f}"


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    with TemporaryDirectory() as folder:
        filled(Path(folder), records)
        with served(folder) as server:
            server.http.post(f"{OLD}/_open").raise_for_status()
            print(f"server, {records:,} records\n\n|  |  |\n| --- | --- |")
            quiet, cpu = asked(server, records, seconds)
            print(f"| an answer, nothing else going on: median / p99, ms (wall) | {told(quiet)} |")
            print(f"| CPU ms of an answer | {1000 * cpu:.1f} |", flush=True)
            feeding = multiprocessing.get_context("spawn").Process(target=feed, args=(str(server.http.base_url),))
            feeding.start()
            busy, _ = asked(server, records, seconds)
            feeding.terminate()
            feeding.join()
            print(f"| an answer while rows come: median / p99, ms (wall) | {told(busy)} |")


if __name__ == "__main__":
    main()
