"""What is found of events that come half in one bucket and half in the next, beside those that fill one bucket.

python benchmarks/boundaries.py
"""

import numpy as np
import polars as pl

import barograph
from barograph.config.job import Job

SPAN_S, BUCKETS, USUAL, FIRST, EVERY, SEEDS = 600, 2_000, 60, 600, 50, 3
"""A rate of 60 a bucket by chance, and from bucket 600 on an event in each 50th."""


def best_scores(more: int, late_s: int, seed: int) -> list[float]:
    """The best record score of each event: of `more` rows by chance in one span, which begins so long after a bucket does."""
    random = np.random.default_rng(seed)
    starts = [bucket * SPAN_S for bucket in range(BUCKETS)]
    events = [bucket * SPAN_S + late_s for bucket in range(FIRST, BUCKETS, EVERY)]
    spans = [(start, USUAL) for start in starts] + [(start, more) for start in events]
    times = np.sort(np.concatenate([start + random.uniform(0, SPAN_S, random.poisson(rate)) for start, rate in spans]))
    analysis = {"bucket_span": f"{SPAN_S}s", "detectors": [{"function": "count"}]}
    data = {"time_field": "time", "time_format": "epoch"}
    job = Job.model_validate({"job_id": "boundaries", "analysis_config": analysis, "data_description": data})
    records = barograph.run(job, pl.DataFrame({"time": times.astype(np.int64)})).records
    found = list(zip((records["timestamp"] // 1000).to_list(), records["record_score"].to_list(), strict=True))
    return [max((score for time, score in found if event - SPAN_S < time < event + SPAN_S), default=0.0) for event in events]


def main() -> None:
    """Print the share of events that are found."""
    for more in (30, 45, 60):
        for name, late_s in (("in one bucket", 0), ("across a boundary", SPAN_S // 2)):
            best = np.array([score for seed in range(SEEDS) for score in best_scores(more, late_s, seed)])
            found = " ".join(f"{(best >= score).mean():4.0%} from {score} on" for score in (25, 75))
            print(f"{more} more than {USUAL}, {name:17}: {found}")


if __name__ == "__main__":
    main()
