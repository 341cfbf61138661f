"""Rows a CPU second through the bucket stage: `python benchmarks/buckets.py [MILLIONS]`.

Each case folds chunks of a million rows (ten minutes, so two 5-minute buckets) and takes what is finished after every chunk.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np
import polars as pl

from barograph.buckets import Buckets
from barograph.config.load import load_job

CHUNK = 1_000_000
CASES = {
    "mean": [{"function": "mean", "field_name": "x"}],
    "mean, 1,000 partitions": [{"function": "mean", "field_name": "x", "partition_field_name": "host"}],
    "mean, 10,000 partitions x 5 by": [
        {"function": "mean", "field_name": "x", "partition_field_name": "site", "by_field_name": "kind"}
    ],
    "mean, 1,000 partitions, influencer of 1,000": [
        {"function": "mean", "field_name": "x", "partition_field_name": "host"},
        ("user",),
    ],
    "mean, 1,000 partitions, near-unique influencer": [
        {"function": "mean", "field_name": "x", "partition_field_name": "host"},
        ("session",),
    ],
    "distinct_count of 100,000, 1,000 partitions": [
        {"function": "distinct_count", "field_name": "path", "partition_field_name": "host"}
    ],
    "median, 1,000 partitions": [{"function": "median", "field_name": "x", "partition_field_name": "host"}],
    "median": [{"function": "median", "field_name": "x"}],
}


def job(detector: dict[str, str], influencers: tuple[str, ...] = ()) -> dict[str, object]:
    analysis = {"bucket_span": "5m", "detectors": [detector], "influencers": list(influencers)}
    return {"job_id": "bench", "analysis_config": analysis, "data_description": {"time_field": "time"}}


def chunks(count: int) -> Iterator[tuple[np.ndarray, pl.DataFrame]]:
    rng = np.random.default_rng(0)
    names = {
        "host": ("host-%d.example.com", 1_000),
        "site": ("site-%d", 10_000),
        "kind": ("%d", 5),
        "user": ("user-%d", 1_000),
        "session": ("session-%d", 1 << 40),
        "path": ("/path/to/%d", 100_000),
    }
    for chunk in range(count):
        texts = {
            f"s:{name}": pl.Series(rng.integers(0, size, CHUNK)).cast(pl.String).str.replace("^", form.split("%d")[0])
            for name, (form, size) in names.items()
        }
        times = chunk * 600_000 + np.sort(rng.integers(0, 600_000, CHUNK))
        yield times, pl.DataFrame({"n:x": rng.normal(100, 10, CHUNK), **texts})


def main() -> None:
    data = list(chunks(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
    for name, spec in CASES.items():
        buckets = Buckets.build(load_job(job(*spec)))
        add_seconds = take_seconds = 0.0
        for times, columns in data:
            began = time.process_time()
            buckets.add(times, columns, np.arange(len(times)))
            added_all = time.process_time()
            buckets.take()
            add_seconds += added_all - began
            take_seconds += time.process_time() - added_all
        rows = len(data) * CHUNK
        speeds = [rows / seconds / 1e6 for seconds in (add_seconds, add_seconds + take_seconds)]
        print(f"{name:<48} add {speeds[0]:6.1f} M rows/s   with take {speeds[1]:6.1f} M rows/s")


if __name__ == "__main__":
    main()
