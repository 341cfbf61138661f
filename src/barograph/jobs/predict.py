"""What a job is likely to take in memory, before it is started."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import polars as pl

from barograph.config.job import Job
from barograph.engine.estimate import most_series, predicted_bytes
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
    known = [[name for name in detector.splits.values() if name in frame.columns] for detector in job.detectors]
    series = [frame.select(names).n_unique() if names else 1 for names in known]
    entities = {field: frame[field].n_unique() for field in job.influencers if field in frame.columns}
    return _predicted(job, series, entities)


def of_fields(job: Job, distinct: Mapping[str, int]) -> Predicted | None:
    """For fields with so many different values, all of them together; None where one that splits series is missing."""
    needed = {name for detector in job.detectors for name in detector.splits.values()}
    if not needed <= distinct.keys():
        return None
    series = [prod(max(distinct[name], 1) for name in detector.splits.values()) for detector in job.detectors]
    return _predicted(job, series, {field: distinct.get(field, 0) for field in job.influencers})


def _predicted(job: Job, series: list[int], entities: Mapping[str, int]) -> Predicted:
    most = most_series(job)
    kept = [min(count, most) for count in series]
    return Predicted(
        predicted_bytes(job, kept, entities), sum(series), max(series), most, job.analysis_limits.model_memory_bytes
    )
