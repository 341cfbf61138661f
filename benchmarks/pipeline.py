"""The whole engine on rows in memory: rows a second, and where the time goes.

python benchmarks/pipeline.py [--rows N] [--series S] [--runs R]
"""

import argparse
import cProfile
import io
import pstats
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import polars as pl

import barograph
from barograph.buckets import Buckets
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.series_stage import SeriesStage
from barograph.intake import Intake
from barograph.scoring.stage import ScoreStage

STAGES: Final = {
    "intake": ((Intake, "parse"), (Buckets, "add"), (Buckets, "take")),
    "series stage": ((SeriesStage, "judge_and_learn"), (SeriesStage, "tell_and_learn")),
    "score stage": ((ScoreStage, "score_and_learn"),),
}
SCORED: Final = ("buckets", "records", "influencers", "bucket_influencers", "quantiles")
"""Result tables that the score stage makes, when they are looked at."""

RUNS: Final = {
    "a year of one series, 5 minutes": (1, 300, 365, 0),
    "the same with an influencer of 20 values": (1, 300, 365, 20),
    "3 months of one series, 1 minute": (1, 60, 91, 0),
    "3 months of 20 series, 5 minutes": (20, 300, 91, 0),
    "a week of 1,000 series, 15 minutes": (1_000, 900, 7, 0),
}
"""Jobs by how many series, seconds of a bucket, days and values of an influencer they have."""


def rows(n: int, series: int, days: float = 7.0) -> pl.DataFrame:
    """`n` rows in time order over `series` hosts: a metric with a daily shape."""
    random = np.random.default_rng(1)
    time_ms = np.sort(1_700_006_400_000 + (random.random(n) * days * 86_400_000).astype(np.int64))
    value = 100 + 20 * np.sin(2 * np.pi * time_ms / 86_400_000) + random.normal(size=n) * 5
    hosts = pl.Series([f"host-{i}" for i in range(series)])
    return pl.DataFrame({"time": time_ms, "host": hosts.gather(random.integers(0, series, n)), "value": value})


def regular(series: int, span_s: int, days: int, users: int) -> pl.DataFrame:
    """One row a bucket and host, with a daily shape; each host is odd for up to two hours now and then."""
    random, n = np.random.default_rng(1), days * 86_400 // span_s
    time_ms = np.repeat(1_700_006_400_000 + np.arange(n) * span_s * 1_000, series)
    value = 100 + 20 * np.sin(2 * np.pi * time_ms / 86_400_000).reshape(n, series) + random.normal(size=(n, series)) * 5
    for host in range(series):
        for start in random.integers(n // 4, n - 24, 1 + days // 20):
            value[start : start + random.integers(1, 24), host] += random.choice([-60, 60])
    hosts, names = (
        pl.Series([f"{kind}-{i}" for i in range(max(many, 1))]) for kind, many in (("host", series), ("user", users))
    )
    return pl.DataFrame(
        {
            "time": time_ms,
            "host": hosts.gather(np.tile(np.arange(series), n)),
            "user": names.gather(random.integers(0, max(users, 1), n * series)),
            "value": value.ravel(),
        }
    )


class Stages:
    """CPU seconds by stage since they were last taken."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        for stage, methods in STAGES.items():
            for owner, name in methods:
                setattr(owner, name, self.timed(stage, getattr(owner, name)))

    def timed(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            started = time.process_time()
            result = call(*args, **kwargs)
            self._seconds[stage] += time.process_time() - started
            return result

        return counted

    def take(self) -> Counter[str]:
        seconds, self._seconds = self._seconds, Counter()
        return seconds


def run(job: Job, parquet: bytes, stages: Stages) -> Counter[str]:
    """CPU seconds of a run from Parquet to all result tables, by stage; also of the whole."""
    stages.take()
    started = time.process_time()
    frame = stages.timed("intake", pl.read_parquet)(io.BytesIO(parquet))
    results = barograph.run(job, frame)
    stages.timed("score stage", lambda: [getattr(results, name) for name in SCORED])()
    results.made()
    return stages.take() | Counter(all=time.process_time() - started)


def print_stages(runs: int) -> None:
    """What each stage takes of whole runs."""
    stages = Stages()
    print("\n| run | rows | CPU s | intake | series stage | score stage | all else |\n|---|---|---|---|---|---|---|")
    for name, (series, span_s, days, users) in RUNS.items():
        frame, parquet = regular(series, span_s, days, users), io.BytesIO()
        frame.write_parquet(parquet)
        split = {"partition_field_name": "host"} if series > 1 else {}
        analysis = {
            "bucket_span": f"{span_s}s",
            "detectors": [{"function": "mean", "field_name": "value", **split}],
            "influencers": ["user"] if users else [],
        }
        job = load_job({"job_id": "run", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}})
        taken = [run(job, parquet.getvalue(), stages) for _ in range(runs + 1)][1:]  # the first warms up
        shares = [statistics.median(one[stage] / one["all"] for one in taken) for stage in STAGES]
        told = " | ".join(f"{share:.0%}" for share in [*shares, 1.0 - sum(shares)])
        print(f"| {name} | {len(frame):,} | {statistics.median(one['all'] for one in taken):.2f} | {told} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--series", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=7)
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
    print_stages(args.runs)


if __name__ == "__main__":
    main()
