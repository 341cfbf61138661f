"""Runs a job on a file with the real engine; prints how many rows are committed after every chunk.

Usage: python runner.py DATA_DIR JOB_FILE INPUT [URL]
"""

import sys
from pathlib import Path

from barograph.config.load import load_job
from barograph.jobs.run import run_job
from barograph.jobs.summary import Progress
from barograph.sources.read import read_files
from barograph.store.store import Store

BLOCK_BYTES = 20_000


class Ticking:
    """A clock that makes every chunk look long enough for a commit."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def tick(self, progress: Progress) -> None:
        self.now += 3.0
        print(progress.rows_committed, flush=True)


def main(data_dir: str, job_file: str, path: str, url: str | None = None) -> None:
    job, clock = load_job(job_file), Ticking()
    with Store.open(url, Path(data_dir)) as store:
        chunks = read_files([path], job.data_description, fields=job.fields, block_bytes=BLOCK_BYTES)
        run_job(store, job, chunks, clock.tick, interim=True, clock=clock)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
