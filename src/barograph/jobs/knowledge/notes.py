"""What people note of a time of a job."""

import uuid
from dataclasses import dataclass, replace

from barograph.config.errors import BadRequest, NotFound
from barograph.jobs.kept import Kept
from barograph.store.store import Store

LONGEST = 1000


@dataclass(frozen=True)
class Note:
    """A note, of a job or of one of its series.

    Attributes:
        note_id: its id.
        job_id: the job.
        text: what was noted, up to 1000 characters.
        start_ms: epoch ms.
        end_ms: epoch ms; equal to `start_ms` for a moment.
        entity: values of split fields, by field name, of the series that it is of; empty: it is of the job.
        modified_ms: when it was last changed, epoch ms, wall clock.
    """

    note_id: str
    job_id: str
    text: str
    start_ms: int
    end_ms: int
    entity: dict[str, str]
    modified_ms: int

    def __post_init__(self) -> None:
        if not 1 <= len(self.text) <= LONGEST:
            raise BadRequest(f"text: wanted 1 to {LONGEST} characters; it has {len(self.text)}")
        if self.end_ms < self.start_ms:
            raise BadRequest(f"end={self.end_ms}: wanted a time that is not before start ({self.start_ms})")


class Notes:
    """The notes of a store."""

    def __init__(self, store: Store) -> None:
        self._kept = Kept(store, "note", Note)

    def of(self, job_id: str, start_ms: int | None = None, end_ms: int | None = None) -> list[Note]:
        """The notes of a job that share a time with `[start_ms, end_ms)`, by start."""
        notes = (note for note in self._kept.all().values() if note.job_id == job_id)
        inside = (note for note in notes if start_ms is None or note.end_ms >= start_ms)
        inside = (note for note in inside if end_ms is None or note.start_ms < end_ms)
        return sorted(inside, key=lambda note: (note.start_ms, note.note_id))

    def add(self, note: Note) -> Note:
        """Keep a note under an id of its own; returns it."""
        made = replace(note, note_id=uuid.uuid4().hex[:16])
        return self._kept.put(made.note_id, made)

    def change(self, note: Note) -> Note:
        """Keep a note in the place of the one of its id.

        Raises:
            NotFound: its job has none of this id.
        """
        self._get(note.job_id, note.note_id)
        return self._kept.put(note.note_id, note)

    def delete(self, job_id: str, note_id: str) -> None:
        """Remove a note. Raises as `change`."""
        self._get(job_id, note_id)
        self._kept.delete(note_id)

    def forget_job(self, job_id: str) -> None:
        """Remove the notes of a job that is gone."""
        self._kept.delete(*(note.note_id for note in self.of(job_id)))

    def _get(self, job_id: str, note_id: str) -> Note:
        found = self._kept.find(note_id)
        if found is None or found.job_id != job_id:
            raise NotFound(f"note_id={note_id!r}: wanted the id of a note of job {job_id!r}")
        return found
