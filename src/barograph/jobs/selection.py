"""Which jobs are meant: ids, groups and wildcards."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from barograph.config.job import Job
from barograph.store.errors import NoSuchJob


def matching(jobs: Sequence[Job], expressions: Iterable[str]) -> list[Job]:
    """The jobs that expressions name, by id and each once.

    An expression is a job id, a group, either with `*` for any text, or `_all`. A wildcard may match nothing.

    Raises:
        NoSuchJob: an expression without a wildcard names neither a job nor a group.
    """
    meant: dict[str, Job] = {}
    for expression in expressions:
        pattern = "*" if expression == "_all" else expression
        named = [job for job in jobs if any(_matches(name, pattern) for name in (job.job_id, *job.groups))]
        if not named and "*" not in pattern:
            raise NoSuchJob(expression, [job.job_id for job in jobs])
        meant |= {job.job_id: job for job in named}
    return [meant[job_id] for job_id in sorted(meant)]


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) if "*" in pattern else name == pattern
