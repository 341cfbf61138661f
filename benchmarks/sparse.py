"""Many series that are mostly silent, through the command line: CPU time and peak memory of the whole process.

python benchmarks/sparse.py [--share S]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

BUCKETS = 95
SPAN_MS = 900_000
START_MS = 1_700_006_400_000


def rows(n: int, users: int) -> pl.DataFrame:
    """`n` rows in time order over `BUCKETS` buckets, each of a user drawn by chance."""
    random = np.random.default_rng(1)
    names = pl.Series([f"user-{i}" for i in range(users)])
    return pl.DataFrame(
        {
            "time": np.sort(START_MS + (random.random(n) * BUCKETS * SPAN_MS).astype(np.int64)),
            "user": names.gather(random.integers(0, users, n)),
            "value": random.normal(100.0, 5.0, n).round(2),
        }
    )


def measured(folder: Path, *words: str) -> tuple[float, int]:
    """CPU seconds and peak memory in MB of a command of Barograph."""
    command = [sys.executable, "-c", "from barograph.cli.main import main; main()", *words, "--data-dir", str(folder / "data")]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} failed with {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss >> 10


def job(folder: Path, job_id: str, detector: dict[str, Any]) -> str:
    """Write a job file; returns its name."""
    config = {"bucket_span": "15m", "detectors": [detector]}
    document = {
        "job_id": job_id,
        "analysis_config": config,
        "analysis_limits": {"model_memory_limit": "4gb"},
        "data_description": {"time_format": "epoch_ms"},
    }
    (folder / f"{job_id}.yaml").write_text(yaml.safe_dump(document))
    return f"{job_id}.yaml"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the rows and series")
    share = parser.parse_args().share
    print("| command | rows | series | CPU s | peak memory, MB |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        cases = (
            ("counts", {"function": "count", "by_field_name": "user"}, 2_000_000, 200_000),
            ("means", {"function": "mean", "field_name": "value", "partition_field_name": "user"}, 5_000_000, 50_000),
        )
        for job_id, detector, of_rows, of_users in cases:
            n, users = int(of_rows * share), int(of_users * share)
            rows(n, users).write_parquet(folder / f"{job_id}.parquet")
            seconds, peak = measured(folder, "run", job(folder, job_id, detector), f"{job_id}.parquet")
            print(f"| run: {detector['function']} by user | {n:,} | {users:,} | {seconds:.1f} | {peak} |", flush=True)
            seconds, peak = measured(folder, "jobs", "show", job_id)
            print(f"| jobs show | | {users:,} | {seconds:.1f} | {peak} |", flush=True)


if __name__ == "__main__":
    main()
