"""A job run, and replayed from its history: CPU seconds of both, and what the score stage takes of them.

python benchmarks/replay.py [--series S] [--days D]
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.jobs.replay import replay
from barograph.jobs.run import run_job
from barograph.scoring.stage import ScoreStage
from barograph.sources.chunk import Chunk
from barograph.sources.read import read_files
from barograph.store.store import Store

SPAN_MS = 15 * 60_000
DAY = 24 * 4
START_MS = 1_700_006_400_000

JOB = {
    "job_id": "replay",
    "analysis_config": {
        "bucket_span": "15m",
        "detectors": [{"function": "mean", "field_name": "value", "partition_field_name": "host"}],
    },
    "data_description": {"time_format": "epoch_ms"},
}


def write(folder: Path, series: int, days: int) -> Iterator[Path]:
    """A Parquet file a week: one row a bucket and host, with a daily shape; one host in ten is odd for two hours a month."""
    random = np.random.default_rng(1)
    hosts = pl.Series([f"host-{i}" for i in range(series)])
    phase = random.random(series)
    for first in range(0, days, 7):
        bucket = np.arange(first * DAY, min(first + 7, days) * DAY)
        value = 100 + 20 * np.sin(2 * np.pi * (bucket[:, None] / DAY + phase)) + 5 * random.normal(size=(len(bucket), series))
        value += 40 * ((bucket[:, None] // 8 + 36 * np.arange(series)) % 3600 == 0)
        time_ms = np.repeat(START_MS + bucket * SPAN_MS, series)
        path = folder / f"{first:04}.parquet"
        host = hosts.gather(np.tile(np.arange(series), len(bucket)))
        pl.DataFrame({"time": time_ms, "host": host, "value": value.ravel()}).write_parquet(path)
        yield path


class Scoring:
    """CPU seconds in the score stage since the last time they were asked for."""

    def __init__(self) -> None:
        self._seconds = 0.0
        score = ScoreStage.score_and_learn

        def timed(*args, **kwargs):
            started = time.process_time()
            results = score(*args, **kwargs)
            self._seconds += time.process_time() - started
            return results

        ScoreStage.score_and_learn = timed

    def take(self) -> float:
        seconds, self._seconds = self._seconds, 0.0
        return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--series", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=28)
    args = parser.parse_args()
    job, scoring = load_job(JOB), Scoring()
    print("| step | series-buckets | records | CPU s | ns a series-bucket | score stage |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        files = list(write(Path(folder), args.series, args.days))
        with Store.open(None, Path(folder) / "data") as store:
            for step in ("run", "replay"):
                started = time.process_time()
                if step == "run":
                    run_job(store, job, chunks(job, files), build=partial(Engine.build, threads=1))
                else:
                    replay(store, job.job_id, threads=1)
                seconds, cells = time.process_time() - started, args.series * args.days * DAY
                records = store.records(job.job_id).total
                share = scoring.take() / seconds
                print(
                    f"| {step} | {cells:,} | {records:,} | {seconds:.1f} | {seconds / cells * 1e9:.0f} | {share:.0%} |",
                    flush=True,
                )


def chunks(job: Job, files: list[Path]) -> Iterator[Chunk]:
    return read_files(files, job.data_description, fields=["host", "value"])


if __name__ == "__main__":
    main()
