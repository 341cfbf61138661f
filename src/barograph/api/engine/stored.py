"""Rows of uploads that are kept beside what a job has learned of them: documents of an index of the job's own."""

import polars as pl

from barograph.index.documents import Documents
from barograph.index.write import Operation


def index_of(job_id: str) -> str:
    """The index that the rows of a job are kept in."""
    return f"engine-data-{job_id}"


def store(documents: Documents, job_id: str, frame: pl.DataFrame) -> None:
    """Keep rows.

    Raises:
        BarographError: one of them cannot be kept.
    """
    lines = frame.write_ndjson().encode().splitlines()
    for outcome in documents.bulk([Operation("index", index_of(job_id), None, line) for line in lines]):
        if outcome.error is not None:
            raise outcome.error


def forget_stored(documents: Documents, job_id: str) -> None:
    """Remove the rows of a job."""
    if index_of(job_id) in documents.catalog.indices:
        documents.delete_indices(index_of(job_id))
