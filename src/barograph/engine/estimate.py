"""What a job is likely to hold in memory, before it has read a row; and for how many series its limit has room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from barograph.config.detector import Detector
from barograph.config.duration import DAY_MS
from barograph.config.job import Job
from barograph.engine.forest_stage import forest_bytes
from barograph.models.held import ASLEEP_BYTES
from barograph.models.kinds import MODELS
from barograph.models.pairs import PAIRED_BYTES
from barograph.models.pool import MOST_PATTERN_BYTES, pattern_bytes
from barograph.models.state import SERIES

_NAMED: Final = 150
"""Bytes of a series for its name, its open bucket and their indices: 90 to 170 measured, by the room that tables have."""

_PARTED: Final = 25
"""... and of one that may be alone in its partition, for what the partition has shown."""

_FURTHER: Final = 50
"""... and for each further field that splits: 45 measured."""

_PATTERNED: Final = 0.5
"""Share of series that a daily pattern is reckoned for: between the half and the double, whether none or all have one."""

_ENTITY: Final = 150
"""Bytes of a value that an influencer field has in a series: 150 measured."""

_EMPTY: Final = 12_000
"""Bytes of a job without series: measured."""


_PART_OF_ENTITIES: Final = 0.25
"""Of the job's limit, for what entities usually do: series that can sleep have so much less to be awake in. Chosen."""


@dataclass(frozen=True)
class Numbers:
    """How many there will be of a detector.

    Attributes:
        series: combinations of the values of all fields that split it.
        populations: of partition and by values.
        partitions: of partition values.
    """

    series: int
    populations: int = 1
    partitions: int = 1

    def at_most(self, most: int) -> "Numbers":
        """Those that there is room for."""
        return Numbers(*(min(count, most) for count in (self.series, self.populations, self.partitions)))


def predicted_bytes(job: Job, numbers: Sequence[Numbers], entities: Mapping[str, int]) -> int:
    """What a job is likely to hold, in bytes: within a factor of 1.5 where the numbers are right.

    Args:
        job: the job.
        numbers: of each detector, how many there will be.
        entities: of each influencer field, how many values there will be in all; a series has as many as there are for it.
    """
    total = float(_EMPTY)
    for detector, number in zip(job.detectors, numbers, strict=True):
        count = number.series
        # A value of an influencer field that splits the series is in one of them; else each value may be in any.
        values = sum(max(count, entities.get(field, 0)) for field in job.influencers)
        known = min(values, most_entities(job) * len(job.influencers))
        total += count * _likely(job, detector) + _shared(detector, number) + known * _ENTITY * len(detector.spec.statistics)
    return round(total + max((number.series for number in numbers), default=0) * forest_bytes(job))


def most_series(job: Job) -> int:
    """How many series of each detector may be: as many as the job's limit has room for, asleep where they can sleep."""
    each = sum(_least(detector) + _paired(job, detector) for detector in job.detectors) + forest_bytes(job)
    return max(job.analysis_limits.model_memory_bytes // each, 1)


def most_entities(job: Job) -> int:
    """Of how many values of each influencer field each measure may know what they usually do, over all series."""
    measures = sum(len(detector.spec.statistics) for detector in job.detectors)
    room = _PART_OF_ENTITIES * job.analysis_limits.model_memory_bytes
    return max(int(room / (_ENTITY * max(len(job.influencers) * measures, 1))), 1)


def _likely(job: Job, detector: Detector) -> float:
    spec = detector.spec
    if spec.kind != "series":
        return len(spec.statistics) * MODELS[spec.kind].RECORDS.dtype.itemsize + _named(detector)
    pattern = _PATTERNED * pattern_bytes(max(DAY_MS // job.bucket_span_ms, 1))
    return len(spec.statistics) * (SERIES.itemsize + pattern) + _paired(job, detector) + _named(detector)


def _least(detector: Detector) -> int:
    """Of a series at its largest, alone in its population or partition; where empty buckets are no data it can sleep."""
    spec = detector.spec
    if spec.kind != "series":
        alone = Numbers(
            1, *(int(any(role in detector.splits for role in roles)) for roles in (("partition", "by"), ("partition",)))
        )
        return len(spec.statistics) * MODELS[spec.kind].RECORDS.dtype.itemsize + _shared(detector, alone) + _named(detector)
    held = SERIES.itemsize + MOST_PATTERN_BYTES if spec.empty == "zero" else ASLEEP_BYTES
    return len(spec.statistics) * held + _named(detector)


def _shared(detector: Detector, numbers: Numbers) -> int:
    """Of what the series of populations and partitions have together."""
    records = MODELS[detector.spec.kind].RECORDS
    each = numbers.populations * records.of_population + numbers.partitions * records.of_partition
    return len(detector.spec.statistics) * each


def _paired(job: Job, detector: Detector) -> int:
    """Of what a series has to do with the others of its partition."""
    together = job.analysis_config.multivariate_by_fields and detector.by_field_name is not None
    return len(detector.spec.statistics) * PAIRED_BYTES if together and detector.spec.kind == "series" else 0


def _named(detector: Detector) -> int:
    parted = _PARTED if "partition" in detector.splits and len(detector.splits) > 1 else 0
    return _NAMED + parted + _FURTHER * max(len(detector.splits) - 1, 0)
