"""What is found of events that come half in one bucket and half in the next, beside those that fill one bucket, by a detector
alone and with another whose buckets overlap with its own.

python benchmarks/boundaries.py
"""

import numpy as np
import polars as pl

import barograph
from barograph.config.job import Job

SPAN_S, BUCKETS, USUAL, FIRST, APART, SEEDS = 600, 2_000, 60, 600, (30, 70), 5
"""A rate of 60 a bucket by chance, and from bucket 600 on an event after 30 to 70 others: at equal distances they are usual."""


def best_scores(more: int, late_s: int, seed: int, *, overlapping: bool) -> tuple[list[float], int]:
    """The best record score of each event, and how many other buckets have a record of 25 or more.

    An event is of `more` rows by chance in one span, which begins so long after a bucket does.
    """
    random = np.random.default_rng(seed)
    starts = [bucket * SPAN_S for bucket in range(BUCKETS)]
    buckets = FIRST + np.cumsum(random.integers(*APART, (BUCKETS - FIRST) // APART[1]))
    events = [int(bucket) * SPAN_S + late_s for bucket in buckets]
    spans = [(start, USUAL) for start in starts] + [(start, more) for start in events]
    times = np.sort(np.concatenate([start + random.uniform(0, SPAN_S, random.poisson(rate)) for start, rate in spans]))
    detectors = [{"function": "count"}, {"function": "count", "overlapping": True}][: 1 + overlapping]
    analysis = {"bucket_span": f"{SPAN_S}s", "detectors": detectors}
    data = {"time_field": "time", "time_format": "epoch"}
    job = Job.model_validate({"job_id": "boundaries", "analysis_config": analysis, "data_description": data})
    records = barograph.run(job, pl.DataFrame({"time": times.astype(np.int64)})).records
    found = list(zip((records["timestamp"] // 1000).to_list(), records["record_score"].to_list(), strict=True))
    best = [max((score for time, score in found if near(time, event)), default=0.0) for event in events]
    others = {time for time, score in found if score >= 25 and not any(near(time, event) for event in events)}
    return best, len(others)


def near(time: float, event: float) -> bool:
    """Whether a bucket shares a time with an event, or an overlapping bucket that is told with it does."""
    return event - SPAN_S < time <= event + SPAN_S


def main() -> None:
    """Print the share of events that are found."""
    for more in (30, 45, 60):
        for name, late_s in (("in one bucket", 0), ("across a boundary", SPAN_S // 2)):
            for overlapping in (False, True):
                runs = [best_scores(more, late_s, seed, overlapping=overlapping) for seed in range(SEEDS)]
                best = np.array([score for scores, _ in runs for score in scores])
                found = " ".join(f"{(best >= score).mean():4.0%} from {score} on" for score in (25, 75))
                others = sum(others for _, others in runs) / (SEEDS * BUCKETS - len(best))
                with_overlap = "overlapping" if overlapping else "alone"
                print(f"{more} more than {USUAL}, {name:17} {with_overlap:11}: {found}, {others:.2%} of other buckets")


if __name__ == "__main__":
    main()
