"""Which jobs are meant (ids, groups and wildcards), and which of a job's detectors and entities."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.store.errors import NoSuchJob
from barograph.store.query import Query


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


def check_query(job: Job, query: Query) -> None:
    """Refuse what no result of a job can be of, which would look like nothing found.

    Raises:
        BadRequest: the job has no such detector, or neither splits by a field of the entity nor blames it.
    """
    check_detector(job, query.detector_index)
    known = {name for detector in job.detectors for name in detector.splits.values()} | set(job.influencers)
    for field, value in query.entity:
        if field not in known:
            wanted = f"a split or influencer field ({', '.join(sorted(known))})" if known else "none: the job has no such field"
            raise BadRequest(f"entity={field}={value!r}: wanted {wanted}")


def check_detector(job: Job, detector_index: int | None) -> None:
    """Refuse a detector that a job has not.

    Raises:
        BadRequest: there is none of this index.
    """
    last = len(job.detectors) - 1
    if detector_index is not None and not 0 <= detector_index <= last:
        raise BadRequest(f"detector={detector_index}: wanted {f'0 to {last}' if last else '0, the only one'}")
