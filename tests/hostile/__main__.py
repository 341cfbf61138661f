"""Give a range of bad inputs to the library, in this process: `python -m tests.hostile FIRST COUNT FOLDER`.

Prints a line for each input that breaks a promise, and at last how much memory the process came to. It is a process of its
own so that an abort is seen, too: the number of the input is in the file `running` of the folder.
"""

import faulthandler
import resource
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import polars as pl

from barograph.config.errors import BarographError
from barograph.config.load import load_job
from barograph.jobs.service import Query, Service
from tests.hostile.inputs import START, Case, case

GOOD = {
    "job_id": "good",
    "analysis_config": {
        "bucket_span": "5m",
        "detectors": [{"function": "mean", "field_name": "value", "partition_field_name": "host"}],
    },
}
MOST_CPU_S = 20.0
MOST_LINES = 20
MOST_BYTES = 20_000


def give(made: Case, folder: Path, service: Service) -> str | None:
    """Run a case; returns what promise it broke, None when it broke none."""
    job_file = folder / made.job[0]
    job_file.write_bytes(made.job[1])
    paths = []
    for name, content in made.files:
        (folder / name).write_bytes(content)
        paths.append(str(folder / name))
    started = time.process_time()
    try:
        _run(job_file, paths, service)
    except BarographError as error:
        text = str(error)
        if text.count("\n") >= MOST_LINES or len(text) > MOST_BYTES or not text.strip():
            return f"refused in {text.count(chr(10)) + 1} lines, {len(text)} characters: {text[:300]}"
    except BaseException as error:
        where = traceback.format_exception(error)[-3:]
        return f"{type(error).__name__}: {str(error)[:300]} {' '.join(where)[-700:]}"
    finally:
        for path in (job_file, *map(Path, paths)):
            path.unlink(missing_ok=True)
    spent = time.process_time() - started
    return f"took {spent:.1f} s" if spent > MOST_CPU_S else None


def _run(job_file: Path, paths: list[str], service: Service) -> None:
    job = load_job(job_file)
    try:
        service.run(job, service.chunks(job, paths, lambda _: None), flush=True)
        service.records(job.job_id, Query(size=10))
        service.summary(job.job_id)
    finally:
        if any(one.job.job_id == job.job_id for one in service.jobs()):
            service.delete(job.job_id)


def differences(folder: Path) -> list[str]:
    """What a good run on the same data directory gives otherwise than one on a fresh one."""
    found = []
    for directory in ("store", "fresh"):
        with Service.open(None, folder / directory) as service:
            job = load_job(GOOD)
            times = START + 20_000 * np.arange(2_000)
            rows = pl.DataFrame({"time": times, "host": times // 20_000 % 3, "value": np.sin(times / 1e6)})
            service.create(job)
            service.open_job(job.job_id)
            service.feed(job.job_id, rows.cast({"host": pl.String}))
            service.close_job(job.job_id)
            found.append((service.records(job.job_id).rows, service.buckets(job.job_id).rows.drop("processing_time_ms")))
    names = ("records", "buckets")
    return [name for name, one, other in zip(names, *found, strict=True) if not one.equals(other)]


def main(first: int, count: int, folder: Path) -> None:
    """Give `count` cases, beginning with number `first`."""
    faulthandler.enable()
    folder.mkdir(parents=True, exist_ok=True)
    with Service.open(None, folder / "store") as service:
        for number in range(first, first + count):
            (folder / "running").write_text(str(number))
            made = case(number)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # what making it took is not the product's
            broken = give(made, folder, service)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
            if broken is None and grown > 700:
                broken = f"took {grown} MB more"
            if broken is not None:
                print(f"{number}: {made.wrong}: {broken}", flush=True)
    for difference in differences(folder):
        print(f"afterwards: {difference}", flush=True)
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
