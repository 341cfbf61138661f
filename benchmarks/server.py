"""The server: rows/s through `_data` into bucketed state, jobs opened, their stats.

CPU time of the server's process, which is started on a free port; `python benchmarks/server.py [ROWS]`.
"""

import sys
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

from served import Served, served

JOBS = "/_ml/anomaly_detectors"
BODY_ROWS = 50_000
HOSTS = 1_000
START = 1_403_481_600
HEADERS = {"Content-Type": "application/json"}


def config(detector: dict[str, str]) -> dict[str, Any]:
    return {"analysis_config": {"bucket_span": "5m", "detectors": [detector]}, "data_description": {}}


def bodies(rows: int) -> Iterator[bytes]:
    for first in range(0, rows, BODY_ROWS):
        lines = (
            f'{{"time":{START + row // 40},"host":"host-{row % HOSTS}","v":{row % 97}.5,"path":"/a/b"}}'
            for row in range(first, first + BODY_ROWS)
        )
        yield "\n".join(lines).encode()


def measured(server: Served, rows: int) -> Iterator[tuple[str, str]]:
    http = server.http
    http.put(f"{JOBS}/rows", json=config({"function": "mean", "field_name": "v", "partition_field_name": "host"}))
    http.post(f"{JOBS}/rows/_open").raise_for_status()
    prepared = list(bodies(rows + BODY_ROWS))

    def post(body: bytes) -> None:
        http.post(f"{JOBS}/rows/_data", content=body, headers=HEADERS).raise_for_status()

    post(prepared.pop(0))
    began = server.cpu_seconds()
    for body in prepared:
        post(body)
    spent = server.cpu_seconds() - began
    yield (
        f"rows per CPU second through `_data`, {HOSTS:,} series",
        f"{BODY_ROWS * len(prepared) / spent:,.0f}",
    )
    yield "peak memory, MB", f"{server.peak_mb()}"
    began = server.cpu_seconds()
    for number in range(200):
        http.put(f"{JOBS}/job-{number}", json=config({"function": "count"})).raise_for_status()
        http.post(f"{JOBS}/job-{number}/_open").raise_for_status()
        few = [{"time": START + 60 * row} for row in range(100)]
        http.post(f"{JOBS}/job-{number}/_data", json=few).raise_for_status()
    yield "CPU ms to make, open and first feed a job, of 200", f"{5 * (server.cpu_seconds() - began):.0f}"
    began = server.cpu_seconds()
    http.get(f"{JOBS}/_stats").raise_for_status()
    yield "CPU ms of the stats of a job, of 200", f"{5 * (server.cpu_seconds() - began):.1f}"


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    with TemporaryDirectory() as folder, served(folder) as server:
        print(f"server, {rows:,} rows\n\n|  |  |\n| --- | --- |")
        for what, figure in measured(server, rows):
            print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
