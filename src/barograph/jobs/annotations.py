"""Notes of spans of a job, as documents of the index: where clients that draw a job's charts look for them."""

from typing import Any, Final

import msgspec

from barograph.index.documents import Documents
from barograph.index.write import Operation

ANNOTATIONS: Final = ".ml-annotations-000001"
READ: Final = ".ml-annotations-read"
_MAPPINGS: Final = {
    "properties": {
        **{name: {"type": "date"} for name in ("timestamp", "end_timestamp", "create_time", "modified_time")},
        **{name: {"type": "keyword"} for name in ("job_id", "type", "event", "create_username", "modified_username")},
        "annotation": {"type": "text"},
    }
}


def ensure_annotations(documents: Documents) -> None:
    """Make the index of notes, if it is not there."""
    if ANNOTATIONS not in documents.catalog.indices:
        aliases: dict[str, Any] = {READ: {}, ".ml-annotations-write": {}}
        documents.create_index(ANNOTATIONS, {"mappings": _MAPPINGS, "aliases": aliases})


def annotate(documents: Documents, job_id: str, span: tuple[int, int], text: str) -> None:
    """Keep a note of a span.

    Args:
        documents: the index.
        job_id: the job.
        span: first ms, and the first one behind it.
        text: the note.
    """
    ensure_annotations(documents)
    now_ms = documents.now_ms()
    note: dict[str, Any] = {
        "annotation": text,
        "create_time": now_ms,
        "create_username": "_xpack",
        "timestamp": span[0],
        "end_timestamp": span[1],
        "job_id": job_id,
        "modified_time": now_ms,
        "modified_username": "_xpack",
        "type": "annotation",
        "event": "delayed_data",
    }
    documents.write(Operation("index", ANNOTATIONS, f"{job_id}_{span[0]}_{now_ms}", msgspec.json.encode(note)))
