"""What a job is likely to take in memory, before it is started."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import polars as pl

from barograph.config.detector import Detector
from barograph.config.job import Job
from barograph.config.splits import ROLES
from barograph.engine.estimate import Numbers, most_series, predicted_bytes
from barograph.results.labels import counted


@dataclass(frozen=True)
class Predicted:
    """What a job is likely to take.

    Attributes:
        bytes: in memory if none sleeps; about, by the numbers of values given.
        series: of all detectors.
        largest: of the detector with the most.
        most_series: of each detector that its limit has room for; rows of others will be left out.
        limit: bytes that its `model_memory_limit` allows.
    """

    bytes: int
    series: int
    largest: int
    most_series: int
    limit: int

    @property
    def sentence(self) -> str:
        """It in words."""
        size = f"{self.bytes / (1 << 20):,.1f} MB" if self.bytes >= 1 << 20 else f"{self.bytes >> 10:,} kB"
        series = counted(self.series, "series", "series")
        told = f"memory: about {size} for {series}, of the {self.limit >> 20:,} MB of model_memory_limit"
        if self.largest > self.most_series:
            return f"{told}; it has room for {self.most_series:,} of each detector, and rows of others will be left out"
        return f"{told}; series without data for long will sleep on the disk" if self.bytes > self.limit else told


def of_rows(job: Job, frame: pl.DataFrame) -> Predicted:
    """For the series that rows have."""

    def different(names: Sequence[str]) -> int:
        known = [name for name in names if name in frame.columns]
        return frame.select(known).n_unique() if known else 1

    numbers = [_numbers(detector, different) for detector in job.detectors]
    entities = {field: frame[field].n_unique() for field in job.influencers if field in frame.columns}
    return _predicted(job, numbers, entities)


def of_fields(job: Job, distinct: Mapping[str, int]) -> Predicted | None:
    """For fields with so many different values, all of them together; None where one that splits series is missing."""
    needed = {name for detector in job.detectors for name in detector.splits.values()}
    if not needed <= distinct.keys():
        return None

    def different(names: Sequence[str]) -> int:
        return prod(max(distinct[name], 1) for name in names)

    numbers = [_numbers(detector, different) for detector in job.detectors]
    return _predicted(job, numbers, {field: distinct.get(field, 0) for field in job.influencers})


def _numbers(detector: Detector, different: Callable[[Sequence[str]], int]) -> Numbers:
    """Of combinations of fields with so many `different` values."""
    splits = detector.splits
    return Numbers(
        *(
            different([splits[role] for role in roles if role in splits])
            for roles in (ROLES, ("partition", "by"), ("partition",))
        )
    )


def _predicted(job: Job, numbers: list[Numbers], entities: Mapping[str, int]) -> Predicted:
    most, series = most_series(job), [number.series for number in numbers]
    held = predicted_bytes(job, [number.at_most(most) for number in numbers], entities)
    return Predicted(held, sum(series), max(series), most, job.analysis_limits.model_memory_bytes)
