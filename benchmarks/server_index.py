"""The server's index: documents/s in by `_bulk`, rows/s out by a datafeed into its job.

CPU time of the server's process, which is started on a free port; `python benchmarks/server_index.py [DOCUMENTS]`.
"""

import sys
import time
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from served import Served, served

BODY_DOCUMENTS = 10_000
HOSTS = 1_000
START_MS = 1_403_481_600_000
STEP_MS = 25
HEADERS = {"Content-Type": "application/x-ndjson"}
JOB = {
    "analysis_config": {
        "bucket_span": "5m",
        "detectors": [{"function": "mean", "field_name": "v", "partition_field_name": "host"}],
    },
    "data_description": {"time_format": "epoch_ms"},
    "datafeed_config": {"indices": ["events"]},
}
MAPPINGS = {"properties": {"time": {"type": "date"}, "host": {"type": "keyword"}, "v": {"type": "double"}}}


def bodies(documents: int) -> Iterator[bytes]:
    for first in range(0, documents, BODY_DOCUMENTS):
        lines = (
            f'{{"time":{START_MS + row * STEP_MS},"host":"host-{row % HOSTS}","v":{row % 97}.5,"path":"/a/b"}}\n'
            for row in range(first, first + BODY_DOCUMENTS)
        )
        yield "".join(f'{{"index":{{}}}}\n{line}' for line in lines).encode()


def indexed(server: Served, documents: int) -> str:
    server.http.put("/events", json={"mappings": MAPPINGS}).raise_for_status()
    prepared = list(bodies(documents))
    began = server.cpu_seconds()
    for body in prepared:
        answer = server.http.put("/events/_bulk", content=body, headers=HEADERS).raise_for_status()
        assert b'"errors":false' in answer.content
    return f"{documents / (server.cpu_seconds() - began):,.0f}"


def fed(server: Served, documents: int) -> str:
    server.http.put("/_ml/anomaly_detectors/fed", json=JOB).raise_for_status()
    server.http.post("/_ml/anomaly_detectors/fed/_open").raise_for_status()
    end = START_MS + documents * STEP_MS
    began = server.cpu_seconds()
    server.http.post("/_ml/datafeeds/fed/_start", json={"start": START_MS, "end": end}).raise_for_status()
    while (stats := server.http.get("/_ml/anomaly_detectors/fed/_stats").json()["jobs"][0])["state"] != "closed":
        time.sleep(0.5)  # what is asked in between is the server's CPU, too
    assert stats["data_counts"]["processed_record_count"] == documents
    return f"{documents / (server.cpu_seconds() - began):,.0f}"


def main() -> None:
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    with TemporaryDirectory() as folder, served(folder) as server:
        print(f"server, {documents:,} documents\n\n|  |  |\n| --- | --- |")
        print(f"| documents per CPU second through `_bulk`, until they are safe | {indexed(server, documents)} |", flush=True)
        print(f"| rows per CPU second out of the index into a job of {HOSTS:,} series | {fed(server, documents)} |")
        print(f"| peak memory, MB | {server.peak_mb()} |")


if __name__ == "__main__":
    main()
