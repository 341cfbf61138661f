"""Snapshots: the newest to resume from, and restore points in the past as the job's retention keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from barograph.config.duration import DAY_MS, UNIT_MS
from barograph.config.errors import OtherVersion
from barograph.config.job import Job
from barograph.results.snapshot import Reduce, Snapshot, Wanted
from barograph.store.files import JobFiles, damaged, digest

INTERVAL_MS: Final = 3 * UNIT_MS["h"]
"""Data time between restore points where the job sets no `background_persist_interval`; Elastic takes 3 to 4 hours."""


@dataclass(frozen=True)
class SavedSnapshot:
    """A snapshot as it is listed.

    Attributes:
        snapshot_id: from its content.
        number: of the commit that wrote it.
        bytes: its size.
        latest_record_timestamp: newest row that it has seen, epoch ms; None before the first.
        latest_bucket_timestamp: start of the newest finished bucket, epoch ms; None before the first.
        counts: the job's counts at that time, as JSON; None when an old version wrote it.
        progress: how far its inputs had been read, as JSON; None when an old version wrote it.
        description: what somebody has noted of it.
        retain: it is kept, whatever the job's retention says.
        sizes: what the job held then, as JSON; None when an old version wrote it.
    """

    snapshot_id: str
    number: int
    bytes: int
    latest_record_timestamp: int | None
    latest_bucket_timestamp: int | None
    counts: str | None = None
    progress: str | None = None
    description: str | None = None
    retain: bool = False
    sizes: str | None = None

    @property
    def file(self) -> str:
        """The name of its file."""
        return snapshot_file(self.snapshot_id)


def snapshot_file(snapshot_id: str) -> str:
    """The name of a snapshot's file."""
    return f"snapshot-{snapshot_id}.npz"


def content_name(sha256: str) -> str:
    """`Snapshot.name()` of a snapshot, by the hash of its bytes, in hexadecimal."""
    return sha256[:16]


def load(
    files: JobFiles,
    saved: SavedSnapshot,
    reduced: Mapping[str, Reduce] = MappingProxyType({}),
    wanted: Wanted = lambda _: True,
) -> Snapshot:
    """Read a snapshot, which proves itself by its name: the arrays that are `wanted`, of those `reduced` only what they keep.

    Raises:
        FileNotFoundError: the file is gone.
        StorageFailure: its content is not what was written.
        OtherVersion: a newer version wrote it.
    """
    path = files.path / saved.file
    if digest(path)[: len(saved.snapshot_id)] != saved.snapshot_id:
        raise damaged(path, saved.snapshot_id)
    try:
        with path.open("rb") as file:
            return Snapshot.read(file, reduced, wanted)
    except ValueError as error:  # whole, so it is of another version
        raise OtherVersion(f"{str(path)!r}: {error}") from error


def outlived(snapshots: Sequence[SavedSnapshot], job: Job) -> list[SavedSnapshot]:
    """Those of the snapshots, oldest first, that need not be kept.

    The newest always stays. Of the others stay, in data time before the newest: one each `background_persist_interval` within
    `daily_model_snapshot_retention_after_days`, then the first of each day, nothing beyond `model_snapshot_retention_days`; and
    those that somebody wants retained, which take no other's place.
    """
    if not snapshots:
        return []
    interval = job.background_persist_interval.ms if job.background_persist_interval else INTERVAL_MS
    now = _time(snapshots[-1])
    gone, last_kept = list[SavedSnapshot](), None
    for snapshot in snapshots[:-1]:
        if snapshot.retain:
            continue
        time, age = _time(snapshot), now - _time(snapshot)
        if age > job.daily_model_snapshot_retention_after_days * DAY_MS:
            wanted = last_kept is None or time // DAY_MS > last_kept // DAY_MS
        else:
            wanted = last_kept is None or time >= last_kept + interval
        if wanted and age <= job.model_snapshot_retention_days * DAY_MS and job.model_snapshot_retention_days:
            last_kept = time
        else:
            gone.append(snapshot)
    return gone


def _time(snapshot: SavedSnapshot) -> int:
    """Data time of a snapshot; before any row it is the beginning of time."""
    return snapshot.latest_record_timestamp or 0
