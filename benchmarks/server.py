"""The server: rows/s through `_data` into bucketed state, result queries while rows come, jobs opened, their stats.

CPU time of the server's process, which is started on a free port; `python benchmarks/server.py [ROWS]`.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

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


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(process: int) -> int:
    (line,) = [line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) >> 10


def queries(http: httpx.Client, stop: threading.Event) -> list[float]:
    """Wall seconds of result queries, one after the other until it is to stop."""
    taken = []
    while not stop.is_set():
        began = time.perf_counter()
        http.get(f"{JOBS}/rows/results/buckets", params={"size": 100, "desc": "true"}).raise_for_status()
        taken.append(time.perf_counter() - began)
    return sorted(taken)


def measured(http: httpx.Client, process: int, rows: int) -> Iterator[tuple[str, str]]:
    http.put(f"{JOBS}/rows", json=config({"function": "mean", "field_name": "v", "partition_field_name": "host"}))
    http.post(f"{JOBS}/rows/_open").raise_for_status()
    prepared = list(bodies(rows + BODY_ROWS))

    def post(body: bytes) -> None:
        http.post(f"{JOBS}/rows/_data", content=body, headers=HEADERS).raise_for_status()

    post(prepared.pop(0))
    began = cpu_seconds(process)
    for body in prepared[: len(prepared) // 2]:
        post(body)
    spent = cpu_seconds(process) - began
    yield f"rows per CPU second, {HOSTS:,} series", f"{BODY_ROWS * (len(prepared) // 2) / spent:,.0f}"
    stop, taken = threading.Event(), list[float]()
    asking = threading.Thread(target=lambda: taken.extend(queries(http, stop)))
    asking.start()
    for body in prepared[len(prepared) // 2 :]:
        post(body)
    stop.set()
    asking.join()
    yield "median of result queries while rows come, ms (wall)", f"{1000 * taken[len(taken) // 2]:.1f}"
    yield "peak memory, MB", f"{peak_mb(process)}"
    began = cpu_seconds(process)
    for number in range(200):
        http.put(f"{JOBS}/job-{number}", json=config({"function": "count"})).raise_for_status()
        http.post(f"{JOBS}/job-{number}/_open").raise_for_status()
        few = [{"time": START + 60 * row} for row in range(100)]
        http.post(f"{JOBS}/job-{number}/_data", json=few).raise_for_status()
    yield "CPU ms to make, open and first feed a job, of 200", f"{5 * (cpu_seconds(process) - began):.0f}"
    began = cpu_seconds(process)
    http.get(f"{JOBS}/_stats").raise_for_status()
    yield "CPU ms of the stats of a job, of 200", f"{5 * (cpu_seconds(process) - began):.1f}"


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-c",
            "from barograph.cli.main import main; main()",
            "serve",
            "--port",
            "0",
            "--data-dir",
            folder,
        ]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split(" is at ")[1].strip()
            with httpx.Client(base_url=url, timeout=300, trust_env=False) as http:
                print(f"server, {json.dumps(rows)} rows\n\n|  |  |\n| --- | --- |")
                for what, figure in measured(http, server.pid, rows):
                    print(f"| {what} | {figure} |", flush=True)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)


if __name__ == "__main__":
    main()
