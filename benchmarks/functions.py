"""The whole engine on rows in memory, by what a detector computes of them: rows a second on one core.

python benchmarks/functions.py [--rows N]
"""

import argparse
import time
from typing import Any

import numpy as np
import polars as pl

from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.models import Kin, ModelConfig
from barograph.models.population import PopulationModel

DETECTORS: dict[str, dict[str, Any]] = {
    "rare by process": {"function": "rare", "by_field_name": "process"},
    "the same in 20 partitions": {"function": "rare", "by_field_name": "process", "partition_field_name": "host"},
    "rare by process over host": {"function": "rare", "by_field_name": "process", "over_field_name": "host"},
    "count over process": {"function": "count", "over_field_name": "process"},
    "freq_rare by process over host": {"function": "freq_rare", "by_field_name": "process", "over_field_name": "host"},
}


def rows(n: int, values: int = 1_000, hosts: int = 20, days: float = 7.0) -> pl.DataFrame:
    """`n` rows in time order: processes as unevenly as such are, on hosts that are alike."""
    random = np.random.default_rng(1)
    names = pl.Series([f"process-{i}" for i in range(values)])
    return pl.DataFrame(
        {
            "time": np.sort(1_700_006_400_000 + (random.random(n) * days * 86_400_000).astype(np.int64)),
            "process": names.gather(np.minimum(random.zipf(1.3, n) - 1, values - 1)),
            "host": pl.Series([f"host-{i}" for i in range(hosts)]).gather(random.integers(0, hosts, n)),
        }
    )


def measured(detector: dict[str, Any], frame: pl.DataFrame) -> tuple[float, int]:
    """CPU seconds of the rows through an engine, and how many series there are."""
    config = {"bucket_span": "15m", "detectors": [detector]}
    job = load_job({"job_id": "rows", "analysis_config": config, "data_description": {"time_format": "epoch_ms"}})
    engine, started = Engine.build(job, threads=1), time.process_time()
    for chunk in frame.iter_slices(500_000):
        engine.add(chunk)
    return time.process_time() - started, engine.known().series


def population(integer: bool, members: int = 100_000, buckets: int = 20) -> tuple[float, int, float]:
    """CPU seconds of a population's values through its model, how many there are, and bytes of model a member."""
    random = np.random.default_rng(2)
    values = random.lognormal(2.0, 1.0, (members, buckets))
    values = np.ceil(values) if integer else values
    values[random.random(values.shape) < 0.5] = np.nan
    model = PopulationModel.build(ModelConfig(3_600_000, integer=integer, ln_threshold=-8.0))
    one = np.zeros(members, np.int32)
    model.grow(members, Kin(one, one, np.arange(members)))
    started = time.process_time()
    for at in range(buckets):
        model.advance(values[:, at : at + 1], at * 3_600_000)
    seconds = time.process_time() - started
    size = sum(array.nbytes for array in model.snapshot().values())
    return seconds, int((~np.isnan(values)).sum()), size / members


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    frame = rows(parser.parse_args().rows)
    print("| detector | rows | series | CPU s | rows a second |\n|---|---|---|---|---|")
    for name, detector in DETECTORS.items():
        seconds, series = measured(detector, frame)
        print(f"| {name} | {frame.height:,} | {series:,} | {seconds:.2f} | {frame.height / seconds:,.0f} |")
    print("\n| model of 100,000 members | values | CPU s | values a second | bytes a member |\n|---|---|---|---|---|")
    for name, integer in (("sizes", False), ("counts", True)):
        seconds, values, size = population(integer)
        print(f"| {name} | {values:,} | {seconds:.2f} | {values / seconds:,.0f} | {size:.0f} |")


if __name__ == "__main__":
    main()
