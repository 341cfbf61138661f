"""Indices of results that clients have deleted: of what their jobs have read nothing is told until they have read more.

The results themselves are the jobs', and are shown again when somebody asks: only an index of documents was deleted.
"""

from collections.abc import Collection
from typing import Final

from barograph.api.elastic.result_names import index_of
from barograph.api.server import Server

_KIND: Final = "deleted_results"


def note_deleted(server: Server, names: Collection[str]) -> None:
    """Note that indices of these names are deleted."""
    service = server.service
    jobs = [summary.job for summary in service.jobs() if index_of(summary.job) in names]
    if jobs:
        service.kept(_KIND).put_all({job.job_id: {"version": service.version(job.job_id)} for job in jobs})


def is_deleted(server: Server, job_id: str) -> bool:
    """Whether the index of a job's results was deleted, and the job has read nothing since."""
    noted = server.service.kept(_KIND).find(job_id)
    return noted is not None and tuple(noted["version"]) == server.service.version(job_id)


def forget_deleted(server: Server, job_id: str) -> None:
    """A job is gone."""
    server.service.kept(_KIND).delete(job_id)
