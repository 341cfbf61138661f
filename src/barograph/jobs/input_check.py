"""A new job's first rows, when they have nothing for it to analyse: a name is wrong, better said before an hour of reading."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from barograph.config.errors import ConfigError, Problem, named
from barograph.config.job import Job
from barograph.intake import column_of
from barograph.jobs.file_checks import ENOUGH_ROWS, joined
from barograph.sources.chunk import Chunk


def refuse_useless(job: Job, chunks: Iterable[Chunk], tell: Callable[[str], None]) -> Iterator[Chunk]:
    """The chunks of a new job, if some of its first rows has all that one of its detectors needs.

    Args:
        job: the job; it has read nothing yet. (What an old one gets may well lack a field for a while.)
        chunks: its input.
        tell: takes a sentence about each field that none of these rows has, where the others are enough for a detector.

    Raises:
        ConfigError: no row of the first chunk, or of the first few if they are small, is of use to any detector; it names all
            fields that they have not.
    """
    rest, held = iter(chunks), list[Chunk]()
    refusal: ConfigError | None = None
    for chunk in rest:
        if refusal is not None and chunk.source != held[-1].source:
            break
        held.append(chunk)
        rows = joined(held)
        if not rows.width:
            continue
        refusal = _refusal(job, replace(chunk, frame=rows), tell)
        if refusal is None or rows.height >= ENOUGH_ROWS:  # a pipe may bring rows one by one
            break
    if refusal is not None:
        raise refusal
    yield from held
    yield from rest


def _refusal(job: Job, chunk: Chunk, tell: Callable[[str], None]) -> ConfigError | None:
    lacking = {name for name in (*job.fields, job.time_field) if _has_none(chunk, name)}
    if job.time_field in lacking:
        if chunk.columns:  # who reads the times says it
            return None
        return ConfigError([_problem(chunk, "data_description.time_field", job.time_field)])
    missing = [_problem(chunk, path, name) for path, name in _paths(job) if name in lacking]
    summary = job.analysis_config.summary_count_field_name
    if summary in lacking or all(lacking & _needs(job, index) for index in range(len(job.detectors))):
        return ConfigError(missing)
    for problem in missing:
        tell(str(problem))
    return None


def _needs(job: Job, index: int) -> set[str]:
    detector = job.detectors[index]
    return {*detector.splits.values(), *([detector.field_name] if detector.field_name else [])}


def _paths(job: Job) -> Iterator[tuple[str, str]]:
    """Where each field of the job is named."""
    for index, detector in enumerate(job.detectors):
        fields = {"field_name": detector.field_name} if detector.field_name else {}
        fields |= {f"{role}_field_name": name for role, name in detector.splits.items()}
        for key, name in fields.items():
            yield f"analysis_config.detectors[{index}].{key}", name
    if job.analysis_config.summary_count_field_name:
        yield "analysis_config.summary_count_field_name", job.analysis_config.summary_count_field_name
    for index, name in enumerate(job.influencers):
        yield f"analysis_config.influencers[{index}]", name


def _has_none(chunk: Chunk, name: str) -> bool:
    values = column_of(chunk.frame, name)
    return values is None or (chunk.frame.height > 0 and values.null_count() == chunk.frame.height)


def _problem(chunk: Chunk, path: str, name: str) -> Problem:
    if chunk.columns and name not in chunk.columns:
        return Problem(path, name, f"a column of {chunk.source}, which has: {named(chunk.columns)}")
    return Problem(path, name, f"a field of {chunk.source}; its first rows ({chunk.frame.height:,}) have no value of it")
