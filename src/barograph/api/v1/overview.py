"""What the first page shows: what went wrong in all jobs, what they have to say, and how to have a first job."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api import demo
from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.jobs import OneJob, whole
from barograph.api.v1.parameters import Cursor, Expressions, From, MinScore, Size, To, cursor_after, offset_of
from barograph.config.splits import SPLIT_NAMES, SPLIT_VALUES
from barograph.jobs.service import LEVELS, IncidentsQuery, Level, ListedIncident
from barograph.results.words import measure, with_values
from barograph.samples import NYC_TAXI


class Shared(BaseModel):
    """What members of an incident have in common."""

    field_name: str
    field_value: str
    members: int


class Member(BaseModel):
    """A series of an incident; `what` and `how` are words: `mean of cpu`, `3.2x higher than usual`."""

    detector_index: int
    function_description: str
    field_name: str | None
    partition_field_name: str | None
    partition_field_value: str | None
    by_field_name: str | None
    by_field_value: str | None
    over_field_name: str | None
    over_field_value: str | None
    onset: int
    end: int
    peak_time: int
    score: float
    what: str
    how: str


class Incident(BaseModel):
    """What went wrong together; `ongoing`: it may not be over; `likely_cause`: the series to look at first, a hint."""

    job_id: str
    incident_id: str
    ongoing: bool
    start: int
    end: int
    peak_time: int
    score: float
    records: int
    series: int
    measures: int
    summary: str
    is_whole: bool
    entities: list[Shared]
    worst: Member
    likely_cause: Member


class Incidents(BaseModel):
    """Incidents of several jobs: those that go on first, the worst first; `next` is the cursor of the page behind it."""

    total: int
    ongoing: int
    next: str | None
    incidents: list[Incident]


class JobMessage(BaseModel):
    """Something that happened to a job."""

    job_id: str
    time: int
    level: str
    text: str


class JobMessages(BaseModel):
    """What happened to jobs, the newest first."""

    total: int
    messages: list[JobMessage]


_STATUS: Final = {None: None, "ongoing": True, "resolved": False}
_SHARED_SHOWN: Final = 10


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute), server.service

    @routes.get("/incidents", response_model=Incidents, tags=["results"])
    def list_incidents(
        request: Request,
        job: Expressions = None,
        from_: From = None,
        to: To = None,
        min_: MinScore = 0.0,
        status: Annotated[Literal["ongoing", "resolved"] | None, Query(description="both, unless given")] = None,
        q: Annotated[str, Query(max_length=500, description="text in what is said of it")] = "",
        size: Size = 20,
        cursor: Cursor = None,
    ) -> Response:
        """Tell what went wrong together, over several jobs; of each incident the worst series and the likely cause."""
        offset = offset_of(cursor)
        asked = IncidentsQuery(job or ["_all"], from_, to, min_, _STATUS[status], q, offset, size)
        found = service.incident_list(asked)
        following = cursor_after(offset, len(found.page), found.total)
        page = [_told(one) for one in found.page]
        return answer(request, {"total": found.total, "ongoing": found.ongoing, "next": following, "incidents": page})

    @routes.get("/messages", response_model=JobMessages, tags=["jobs"])
    def list_all_messages(
        request: Request,
        job: Expressions = None,
        level: Annotated[Level, Query(description="the least level")] = "info",
        size: Size = 100,
    ) -> Response:
        """Tell what happened to jobs, the newest first."""
        wanted = LEVELS[LEVELS.index(level) :]
        ids = [summary.job.job_id for summary in service.jobs(job or ["_all"])]
        newest, total = service.messages(ids, size, wanted)
        page = [
            {"job_id": job_id, "time": message.time_ms, "level": message.level, "text": message.text}
            for job_id, message in newest
        ]
        return answer(request, {"total": total, "messages": page})

    @routes.post("/samples", response_model=OneJob, tags=["jobs"])
    async def load_sample(request: Request) -> Response:
        """Have the sample job, open and with all of its rows: taxi passengers in New York."""
        job_id = await server.in_worker(NYC_TAXI.job().job_id, lambda: demo.load(service))
        return answer(request, whole(server, job_id))

    return routes


def _told(one: ListedIncident) -> dict[str, Any]:
    row, members = one.row, one.row["members"]
    names = ("incident_id", "start", "end", "peak_time", "score", "records", "series", "summary", "is_whole")
    return {
        "job_id": one.job_id,
        "ongoing": one.ongoing,
        **{name: row[name] for name in names},
        "measures": len({(member["function_description"], member["field_name"]) for member in members}),
        "entities": row["entities"][:_SHARED_SHOWN],
        "worst": _member(one.worst),
        "likely_cause": _member(members[0]),
    }


def _member(member: dict[str, Any]) -> dict[str, Any]:
    names = ("detector_index", "function_description", "field_name", *SPLIT_NAMES, *SPLIT_VALUES)
    return {
        **{name: member[name] for name in (*names, "onset", "end", "peak_time", "score")},
        "what": measure(member["function_description"], member["field_name"]),
        "how": with_values(member),
    }
