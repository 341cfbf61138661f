"""How fast rows are read: files of each format through sources and intake, and the memory that a large file takes.

    python benchmarks/intake.py [--rows 1000000] [--memory-rows 2000000]

Each format is read in a process of its own on one thread, so that the figures are per core and memory is that of one run.
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import zstandard

from barograph.config.load import load_job
from barograph.intake import Intake
from barograph.sources.read import read_files

FORMATS = ("csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "json", "parquet")
JOB = {
    "job_id": "intake",
    "data_description": {"time_field": "timestamp"},
    "analysis_config": {
        "detectors": [{"function": "mean", "field_name": "latency", "by_field_name": "host"}],
        "influencers": ["user"],
    },
}


def lines(rows: int, kind: str) -> Iterator[str]:
    """Rows of 80 to 120 bytes, with ISO times in CSV and epoch ms in JSON."""
    if kind == "csv":
        yield "timestamp,host,status,bytes,latency,user,path\n"
    for i in range(rows):
        host, user, latency = f"host-{i % 97}", f"user-{i * 7919 % 1009}", i * 7919 % 100_003 / 1000
        if kind == "csv":
            second = 1_403_481_600 + i // 10
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second))
            yield f"{stamp},{host},{200 + i % 5},{i * 37 % 10_000},{latency},{user},/api/v1/items/{i % 1000}/details\n"
        else:
            stamp = 1_403_481_600_000 + i * 100
            yield (
                f'{{"timestamp":{stamp},"host":"{host}","status":{200 + i % 5},"bytes":{i * 37 % 10_000},'
                f'"latency":{latency},"user":"{user}"}}\n'
            )


def write(folder: Path, rows: int, name: str) -> Path:
    path = folder / f"rows-{rows}.{name}"
    kind = "csv" if name.startswith("csv") else "json"
    if name == "parquet":
        pl.read_csv(write(folder, rows, "csv"), try_parse_dates=True).write_parquet(path)
        return path
    if name.endswith(".zst"):
        plain = write(folder, rows, name.removesuffix(".zst"))
        with plain.open("rb") as source, path.open("wb") as target:
            zstandard.ZstdCompressor().copy_stream(source, target)
        return path
    with gzip.open(path, "wt", compresslevel=6) if name.endswith(".gz") else path.open("w") as file:
        if name == "json":
            file.write("[")
            file.writelines(line if i == 0 else "," + line for i, line in enumerate(lines(rows, kind)))
            file.write("]")
        else:
            file.writelines(lines(rows, kind))
    return path


def measure(path: str) -> None:
    """Read one file and print what it took, as JSON; run in a process of its own."""
    job = load_job(JOB)
    intake = Intake.build(job)
    wall, cpu = time.perf_counter(), time.process_time()
    for chunk in read_files([path], job.data_description, fields=job.fields, number_fields=job.number_fields):
        intake.parse(chunk.frame)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": intake.counts.processed_record_count, "wall": wall, "cpu": cpu, "peak_mb": peak}))


def report(path: Path, name: str) -> None:
    environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
    process = subprocess.run(
        [sys.executable, __file__, "--measure", str(path)], env=environment, check=True, capture_output=True, text=True
    )
    figures = json.loads(process.stdout)
    rows = figures["rows"]
    speed = rows / figures["cpu"] / 1e6
    size = path.stat().st_size
    print(
        f"| {name} | {rows:,} | {size / rows:.0f} | {rows / figures['wall'] / 1e6:.2f} | {speed:.2f} "
        f"| {figures['peak_mb']:.0f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of each format's file")
    parser.add_argument("--memory-rows", type=int, default=2_000_000, help="rows of the CSV file whose peak memory counts")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    print("| format | rows | bytes a row in the file | M rows/s | M rows per CPU second | peak memory, MB |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in FORMATS:
            report(write(Path(folder), options.rows, name), name)
        report(write(Path(folder), options.memory_rows, "csv"), "csv, large")


if __name__ == "__main__":
    main()
