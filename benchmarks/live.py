"""One live bucket after another: CPU time from the rows of a bucket to its results, most of which nobody looks at.

python benchmarks/live.py [--series 1 1000 100000]
"""

import argparse
import statistics
import time

import numpy as np
import polars as pl

from barograph.config.load import load_job
from barograph.engine import Engine

SPAN_MS = 300_000
FIRST = 5_000_000
SEEN = {1: 500, 1_000: 100, 100_000: 10}
"""Buckets that are learned before the clock starts, by the number of series."""


def buckets(series: int, first: int, count: int) -> pl.DataFrame:
    """One row a series in each of `count` buckets."""
    random = np.random.default_rng(first)
    hosts = pl.Series("host", [f"host-{i}" for i in range(series)])
    time_ms = np.repeat(np.arange(first, first + count) * SPAN_MS, series)
    values = random.normal(10.0, 1.0, len(time_ms))
    return pl.DataFrame({"time": time_ms, "value": values, "host": pl.concat([hosts] * count)})


def cpu_ms(series: int, count: int) -> list[float]:
    """CPU time of each of `count` live buckets, in ms."""
    by = {} if series == 1 else {"by_field_name": "host"}
    detector = {"function": "mean", "field_name": "value", **by}
    job = load_job(
        {
            "job_id": "live",
            "analysis_config": {"bucket_span": "5m", "detectors": [detector]},
            "data_description": {"time_format": "epoch_ms"},
        }
    )
    engine, first = Engine.build(job, threads=1), FIRST + SEEN.get(series, 20)
    engine.add(buckets(series, FIRST, first - FIRST))
    frames = [buckets(series, first + at, 1) for at in range(count)]
    taken = []
    for frame in frames:
        started = time.process_time()
        engine.add(frame)
        taken.append(1e3 * (time.process_time() - started))
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--series", type=int, nargs="+", default=[1, 1_000, 100_000])
    args = parser.parse_args()
    print("| series | CPU ms a bucket, median | the slowest of ten | us a series |\n|---|---|---|---|")
    for series in args.series:
        taken = cpu_ms(series, max(20, min(500, 200_000 // series)))
        median, slow = statistics.median(taken), statistics.quantiles(taken, n=10)[-1]
        print(f"| {series:,} | {median:.2f} | {slow:.2f} | {1e3 * median / series:,.2f} |", flush=True)


if __name__ == "__main__":
    main()
