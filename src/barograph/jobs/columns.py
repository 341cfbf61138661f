"""Inputs that have nothing for a job to analyse: a name is wrong, and better said before an hour of reading than after."""

from collections.abc import Iterable, Iterator

import polars as pl

from barograph.config.errors import ConfigError, Problem
from barograph.config.job import Job
from barograph.jobs.inputs import Chunk

_SHOWN = 50


def refuse_useless(job: Job, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The chunks, as long as each source has the columns of at least one of the job's detectors.

    A source may lack some: files of different columns can feed one job, and what they lack is counted.

    Raises:
        ConfigError: a source has the columns of no detector; it names all fields that are not there.
    """
    source = None
    for chunk in chunks:
        if chunk.frame.width and chunk.source != source:
            source = chunk.source
            _refuse(job, chunk.frame, source)
        yield chunk


def _refuse(job: Job, frame: pl.DataFrame, source: str) -> None:
    present = set(frame.columns)
    summary = job.analysis_config.summary_count_field_name
    missing: list[Problem] = []
    useful = False
    wanted = f"a column of {source}, which has: {_names(frame.columns)}"
    for index, detector in enumerate(job.detectors):
        fields = {f"{role}_field_name": name for role, name in detector.splits.items()}
        if detector.field_name is not None:
            fields = {"field_name": detector.field_name, **fields}
        lacking = [key for key, name in fields.items() if not _there(name, present)]
        useful |= not lacking
        missing += [Problem(f"analysis_config.detectors[{index}].{key}", fields[key], wanted) for key in lacking]
    if summary is not None and not _there(summary, present):
        useful = False
        missing.append(Problem("analysis_config.summary_count_field_name", summary, wanted))
    if useful or not _there(job.time_field, present):  # that there is no time is said by who reads it
        return
    for index, name in enumerate(job.influencers):
        if not _there(name, present):
            missing.append(Problem(f"analysis_config.influencers[{index}]", name, wanted))
    raise ConfigError(missing)


def _there(name: str, present: set[str]) -> bool:
    """Whether a field is a column, or can be in one: names with dots between them lead into objects."""
    return name in present or name.partition(".")[0] in present


def _names(columns: list[str]) -> str:
    more = f", and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return ", ".join(columns[:_SHOWN]) + more
