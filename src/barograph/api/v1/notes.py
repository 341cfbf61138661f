"""What people note of a time of a job."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import From, JobId, To
from barograph.jobs.knowledge.notes import LONGEST, Note

_Time = Annotated[int, Field(ge=-62_135_596_800_000, le=253_402_300_799_999, description="epoch ms")]
_NoteId = Annotated[str, Path(max_length=100)]


class NoteAsked(BaseModel):
    """A note of a job, or of those of its series with these values."""

    text: str = Field(min_length=1, max_length=LONGEST)
    start: _Time
    end: _Time
    entity: dict[str, str] = Field(default={}, max_length=20)


class KeptNote(NoteAsked):
    """A note that is kept."""

    note_id: str
    modified_time: int


class KeptNotes(BaseModel):
    """Notes by start."""

    total: int
    notes: list[KeptNote]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["notes"]), server.service

    @routes.get("/jobs/{job_id}/notes", response_model=KeptNotes)
    def list_notes(request: Request, job_id: JobId, from_: From = None, to: To = None) -> Response:
        """List the notes of a job."""
        service.job(job_id)
        found = [_told(note) for note in service.notes.of(job_id, from_, to)]
        return answer(request, {"total": len(found), "notes": found})

    @routes.post("/jobs/{job_id}/notes", response_model=KeptNote, status_code=201)
    def add_note(job_id: JobId, asked: NoteAsked, request: Request) -> Response:
        """Note something."""
        service.job(job_id)
        response = answer(request, _told(service.notes.add(_note(job_id, "", asked))))
        response.status_code = 201
        return response

    @routes.put("/jobs/{job_id}/notes/{note_id}", response_model=KeptNote)
    def change_note(job_id: JobId, note_id: _NoteId, asked: NoteAsked, request: Request) -> Response:
        """Change a note."""
        return answer(request, _told(service.notes.change(_note(job_id, note_id, asked))))

    @routes.delete("/jobs/{job_id}/notes/{note_id}", status_code=204, response_model=None)
    def delete_note(job_id: JobId, note_id: _NoteId) -> Response:
        """Remove a note."""
        service.notes.delete(job_id, note_id)
        return Response(status_code=204)

    def _note(job_id: str, note_id: str, asked: NoteAsked) -> Note:
        return Note(note_id, job_id, asked.text, asked.start, asked.end, asked.entity, service.now_ms())

    return routes


def _told(note: Note) -> dict[str, Any]:
    return {
        "note_id": note.note_id,
        "text": note.text,
        "start": note.start_ms,
        "end": note.end_ms,
        "entity": note.entity,
        "modified_time": note.modified_ms,
    }
