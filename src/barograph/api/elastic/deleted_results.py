"""Indices of results that clients have deleted: of what their jobs have read nothing is told until they have read more.

The results themselves are the jobs', and are shown again when somebody asks: only an index of documents was deleted.
"""

from collections.abc import Collection
from typing import Final

from barograph.api.elastic.result_names import index_of
from barograph.api.server import Server
from barograph.jobs.service import JobSummary

_KIND: Final = "deleted_results"


def note_deleted(server: Server, names: Collection[str]) -> None:
    """Note that indices of these names are deleted."""
    service = server.service
    rows = {summary.job.job_id: {"rows": _rows(summary)} for summary in service.jobs() if index_of(summary.job) in names}
    if rows:
        service.kept(_KIND).put_all(rows)


def note_reverted(server: Server, job_id: str) -> None:
    """Note that a job goes on from fewer rows."""
    if is_deleted(server, job_id):
        server.service.kept(_KIND).put(job_id, {"rows": _rows(server.service.summary(job_id))})


def is_deleted(server: Server, job_id: str) -> bool:
    """Whether the index of a job's results was deleted, and the job has read nothing since."""
    noted = server.service.kept(_KIND).find(job_id)
    return noted is not None and _rows(server.service.summary(job_id)) <= noted["rows"]


def _rows(summary: JobSummary) -> int:
    return 0 if summary.counts is None else summary.counts.input_record_count


def forget_deleted(server: Server, job_id: str) -> None:
    """A job is gone."""
    server.service.kept(_KIND).delete(job_id)
