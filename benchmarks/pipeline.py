"""The whole engine on rows in memory: rows a second, and where the time goes.

python benchmarks/pipeline.py [--rows N] [--series S]
"""

import argparse
import cProfile
import pstats
import time

import numpy as np
import polars as pl

from barograph.config.load import load_job
from barograph.engine import Engine


def rows(n: int, series: int, days: float = 7.0) -> pl.DataFrame:
    """`n` rows in time order over `series` hosts: a metric with a daily shape."""
    random = np.random.default_rng(1)
    time_ms = np.sort(1_700_006_400_000 + (random.random(n) * days * 86_400_000).astype(np.int64))
    value = 100 + 20 * np.sin(2 * np.pi * time_ms / 86_400_000) + random.normal(size=n) * 5
    hosts = pl.Series([f"host-{i}" for i in range(series)])
    return pl.DataFrame({"time": time_ms, "host": hosts.gather(random.integers(0, series, n)), "value": value})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--series", type=int, default=1_000)
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    job = load_job(
        {
            "job_id": "pipeline",
            "analysis_config": {
                "bucket_span": "15m",
                "detectors": [{"function": "mean", "field_name": "value", "partition_field_name": "host"}],
            },
            "data_description": {"time_format": "epoch_ms"},
        }
    )
    frame = rows(args.rows, args.series)
    engine = Engine.build(job, threads=1)
    profile = cProfile.Profile()
    started = time.process_time()
    if args.profile:
        profile.enable()
    buckets = sum(engine.add(chunk).bucket_values.height for chunk in frame.iter_slices(500_000))
    profile.disable()
    seconds = time.process_time() - started
    print("| rows | series | series-buckets | CPU s | rows a second | ns a series-bucket |\n|---|---|---|---|---|---|")
    print(
        f"| {args.rows:,} | {args.series:,} | {buckets:,} | {seconds:.2f} | {args.rows / seconds:,.0f} | "
        f"{seconds / buckets * 1e9:,.0f} |"
    )
    if args.profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(40)


if __name__ == "__main__":
    main()
