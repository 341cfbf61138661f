"""Snapshots that clients have written into `.ml-anomalies-*` themselves: documents, without models behind them."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from barograph.api.elastic.errors import conflict
from barograph.api.elastic.times import moment
from barograph.api.elastic.written import Document, Hit, written_documents
from barograph.api.server import Server
from barograph.index.catalog import Options
from barograph.index.write import Operation

_TIMES: Final = ("timestamp", "latest_record_time_stamp", "latest_result_time_stamp")
_DEFAULTS: Final = {"min_version": "6.3.0", "timestamp": 0, "description": "", "snapshot_doc_count": 0, "retain": False}
"""Of documents that have only a part. Saying no version means the oldest whose models can be read."""
_STATE: Final = ".ml-state*"
_EVERYWHERE: Final = Options(with_hidden=True, ignore_unavailable=True)
_ACTIVE: Final = "written_snapshot"
EMPTY: Final = "empty"
"""The snapshot of a job that has read nothing: there is no document of it, and every job can go back to it."""


@dataclass(frozen=True)
class WrittenSnapshot:
    """A snapshot that a client has written.

    Attributes:
        hit: where it lies.
        document: as clients get it.
    """

    hit: Hit
    document: Document


def written_snapshots(server: Server, job_id: str) -> list[WrittenSnapshot]:
    """The snapshots of a job that clients have written."""
    found = written_documents(server, job_id, {"exists": {"field": "snapshot_id"}})
    return [WrittenSnapshot(hit, _told(hit.source)) for hit in found]


def _told(source: Document) -> Document:
    times: Document = {name: moment(name, source[name], seconds=False) for name in _TIMES if name in source}
    return {**_DEFAULTS, **source, **times, "snapshot_id": str(source["snapshot_id"])}


def written_snapshot(server: Server, job_id: str, snapshot_id: str) -> WrittenSnapshot | None:
    """One of them, or None."""
    found = (one for one in written_snapshots(server, job_id) if one.document["snapshot_id"] == snapshot_id)
    return next(found, None)


def change(server: Server, snapshot: WrittenSnapshot, changes: Document) -> None:
    """Change fields of its document."""
    server.documents.write(Operation("update", snapshot.hit.index, snapshot.hit.id, orjson.dumps({"doc": changes})))


def remove(server: Server, snapshot: WrittenSnapshot) -> None:
    """Remove its document, and those of the models that it says it has."""
    job_id, snapshot_id = snapshot.document["job_id"], snapshot.document["snapshot_id"]
    count = snapshot.document["snapshot_doc_count"]
    parts = range(1, min(count, 1000) + 1) if isinstance(count, int) else ()
    ids = [f"{job_id}_model_state_{snapshot_id}#{part}" for part in parts]
    body: dict[str, Any] = {"query": {"ids": {"values": ids}}, "size": 1000}
    state = [Hit(hit["_index"], hit["_id"], {}) for hit in server.documents.search_written(_STATE, body, _EVERYWHERE).hits]
    server.documents.bulk([Operation("delete", hit.index, hit.id) for hit in (snapshot.hit, *state)])


def revert_to(server: Server, snapshot: WrittenSnapshot) -> None:
    """Make it the snapshot that its job goes on from: with new models, since there are none behind it.

    Raises:
        ElasticError: the job has models of its own, which would be lost.
    """
    job_id, snapshot_id = snapshot.document["job_id"], snapshot.document["snapshot_id"]
    if server.service.snapshots(job_id):
        raise conflict(
            f"Cannot revert job [{job_id}] to model snapshot [{snapshot_id}]: it is a document without models, and the job has "
            "models; reset the job first"
        )
    make_active(server, job_id, snapshot_id)


def make_active(server: Server, job_id: str, snapshot_id: str) -> None:
    """Note that a job without models of its own goes on from a snapshot."""
    server.service.kept(_ACTIVE).put(job_id, {"snapshot_id": snapshot_id})


def active_snapshot(server: Server, job_id: str) -> str | None:
    """The id of the snapshot that a job goes on from; None when there is none."""
    own = server.service.snapshots(job_id)
    if own:
        return own[-1].snapshot_id
    kept = server.service.kept(_ACTIVE).find(job_id)
    return None if kept is None else str(kept["snapshot_id"])


def forget_active(server: Server, job_id: str) -> None:
    """A job goes on from nothing."""
    server.service.kept(_ACTIVE).delete(job_id)
