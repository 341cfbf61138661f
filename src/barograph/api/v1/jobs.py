"""Jobs: which there are, how they are doing, what they have, and what happened to them."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import Cursor, Expressions, JobId, Size, cursor_after, offset_of
from barograph.jobs.service import JobSummary, Service
from barograph.jobs.service import Query as Asked
from barograph.results.labels import sentence


class JobState(BaseModel):
    """A job in a list."""

    job_id: str
    description: str | None
    groups: list[str]
    state: str
    failure: str | None
    time_zone: str
    bucket_span_ms: int
    detectors: list[str]
    features: list[str]
    influencers: list[str]
    create_time: int
    rows: int
    buckets: int
    first_time: int | None
    latest_time: int | None
    latest_bucket: int | None
    commits: int


class Jobs(BaseModel):
    """Jobs by id."""

    total: int
    jobs: list[JobState]


class JobDoing(JobState):
    """A job and how it is doing: `does` is what it looks at, `status` how it is, `anomalies` those of its newest day."""

    does: str
    status: str
    anomalies: int


class JobsDoing(BaseModel):
    """A page of jobs; `total` of those that match, `all` of those that there are."""

    total: int
    all: int
    next: str | None
    jobs: list[JobDoing]


class Contents(BaseModel):
    """What a job has, which goes with it when it is deleted or reset."""

    records: int
    buckets: int
    snapshots: int
    forecasts: int
    notes: int
    calendars: list[str]
    datafeed: str | None


class OneJob(JobDoing):
    """A job with all of its settings, as `barograph run` reads them, and what it has."""

    config: dict[str, Any]
    counts: dict[str, Any]
    state_time: int | None
    replay_time: int | None
    contents: Contents


class Message(BaseModel):
    """Something that happened to a job."""

    time: int
    level: str
    text: str


class Messages(BaseModel):
    """What happened to a job, the newest first."""

    total: int
    messages: list[Message]


class Parts(BaseModel):
    """What a job's models take in memory, by what it is for; `stored` on disk, where they are packed. All in bytes.

    `peak` is the most that `total` has been. `pruned` is how often a series was forgotten, as it had had no rows for the job's
    `model_prune_window`. `asleep` series without data for long lie on the disk, as the `limit` of the job has no room for
    them; data wakes them as they were. Rows of new series for which there was no room were left out: `refused_rows`, in
    `refused_buckets`. `status` is soft_limit from three fifths of the limit on or when series sleep, hard_limit beyond it or
    when rows were left out.
    """

    parts: dict[str, int]
    total: int
    peak: int
    stored: int
    pruned: int
    asleep: int
    refused_rows: int
    refused_buckets: int
    limit: int
    status: Literal["ok", "soft_limit", "hard_limit"]


class SilencedBy(BaseModel):
    """What one rule (`detector_index`, `rule`) or planned time (the others) has silenced, since the job began."""

    count: int
    first: int
    last: int
    detector_index: int | None
    rule: str | None
    calendar_id: str | None
    description: str | None
    start: int | None
    end: int | None


class AllSilenced(BaseModel):
    """What rules and planned times have silenced, what did so most first; `total` results in all."""

    total: int
    silenced: list[SilencedBy]


Text = Annotated[str | None, Query(max_length=200, description="only jobs with this text in id, description, group or fields")]
State = Annotated[
    Literal["opened", "opening", "closed", "closing", "failed"] | None, Query(description="only jobs in this state")
]
Order = Annotated[
    Literal["id", "state", "-latest", "-rows", "-anomalies", "-created"],
    Query(description="with a minus the largest come first; by state those that need somebody"),
]
PageSize = Annotated[int, Query(ge=1, le=1000, description="jobs at most")]

_STATES: Final = ("failed", "opening", "opened", "closing", "closed")
"""The states of jobs, those first that need somebody."""
_ORDERS: Final[dict[str, Callable[[dict[str, Any]], tuple[Any, ...]]]] = {
    "id": lambda one: (one["job_id"],),
    "state": lambda one: (_STATES.index(one["state"]), one["job_id"]),
    "-latest": lambda one: (-(one["latest_time"] or 0), one["job_id"]),
    "-rows": lambda one: (-one["rows"], one["job_id"]),
    "-anomalies": lambda one: (-one["anomalies"], one["job_id"]),
    "-created": lambda one: (-one["create_time"], one["job_id"]),
}


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["jobs"]), server.service

    @routes.get("/jobs", response_model=Jobs)
    def list_jobs(request: Request, job: Expressions = None) -> Response:
        """List jobs."""
        found = [told(summary) for summary in service.jobs(job or ["_all"])]
        return answer(request, {"total": len(found), "jobs": found})

    @routes.get("/job-list", response_model=JobsDoing)
    def list_jobs_doing(
        request: Request,
        job: Expressions = None,
        q: Text = None,
        state: State = None,
        sort: Order = "id",
        size: PageSize = 50,
        cursor: Cursor = None,
    ) -> Response:
        """Tell how jobs are doing, each in a sentence, a page at a time."""
        summaries, offset = service.jobs(job or ["_all"]), offset_of(cursor)
        matching = [one for one in summaries if _matches(one, q) and (state is None or one.state.value == state)]
        # What is asked of the results is asked for a page only, unless the order depends on it.
        by_results = sort == "-anomalies"
        listed = [doing(service, one) if by_results else told(one) for one in matching]
        order = sorted(range(len(listed)), key=lambda at: _ORDERS[sort](listed[at]))[offset : offset + size]
        page = [listed[at] if by_results else doing(service, matching[at]) for at in order]
        following = cursor_after(offset, len(page), len(matching))
        return answer(request, {"total": len(matching), "all": len(summaries), "next": following, "jobs": page})

    @routes.get("/jobs/{job_id}", response_model=OneJob)
    def get_job(request: Request, job_id: JobId) -> Response:
        """Tell of one job: its settings, how it is doing, and what it has."""
        return answer(request, whole(server, job_id))

    @routes.get("/jobs/{job_id}/messages", response_model=Messages)
    def list_messages(request: Request, job_id: JobId, size: Size = 1000) -> Response:
        """Tell what happened to a job, the newest first."""
        newest, total = service.messages([service.summary(job_id).job.job_id], size)
        told_of = [{"time": message.time_ms, "level": message.level, "text": message.text} for _, message in newest]
        return answer(request, {"total": total, "messages": told_of})

    @routes.get("/jobs/{job_id}/memory", response_model=Parts)
    def get_memory(request: Request, job_id: JobId) -> Response:
        """Tell what a job's models take in memory, part by part."""
        return answer(request, asdict(service.memory(job_id)))

    @routes.get("/jobs/{job_id}/silenced", response_model=AllSilenced)
    def list_silenced(request: Request, job_id: JobId) -> Response:
        """Count what rules and planned times have silenced, as of the job's last commit."""
        found = [{name.removesuffix("_ms"): value for name, value in asdict(one).items()} for one in service.silenced(job_id)]
        return answer(request, {"total": sum(one["count"] for one in found), "silenced": found})

    return routes


def _matches(summary: JobSummary, text: str | None) -> bool:
    if not text:
        return True
    job = summary.job
    named = (job.job_id, job.description or "", *job.groups, *job.fields, *(one.detector_description for one in job.detectors))
    return any(text.lower() in one.lower() for one in named)


def told(summary: JobSummary) -> dict[str, Any]:
    """A job in a list."""
    job, counts = summary.job, summary.counts
    return {
        "job_id": job.job_id,
        "description": job.description,
        "groups": job.groups,
        "state": summary.state.value,
        "failure": summary.failure,
        "time_zone": job.time_zone,
        "bucket_span_ms": job.bucket_span_ms,
        "detectors": [detector.detector_description for detector in job.detectors],
        "features": [] if job.forest_config is None else [one.feature_name for one in job.forest_config.features],
        "influencers": job.influencers,
        "create_time": summary.create_time,
        "rows": counts.input_record_count if counts else 0,
        "buckets": counts.bucket_count if counts else 0,
        "first_time": counts.earliest_record_timestamp if counts else None,
        "latest_time": counts.latest_record_timestamp if counts else None,
        "latest_bucket": counts.latest_bucket_timestamp if counts else None,
        "commits": summary.commits,
    }


def doing(service: Service, summary: JobSummary) -> dict[str, Any]:
    """A job in a list, with how it is doing."""
    status = service.status(summary, service.now_ms())
    return {**told(summary), "does": sentence(summary.job), "status": status.sentence, "anomalies": status.anomalies}


def whole(server: Server, job_id: str) -> dict[str, Any]:
    """A job with all that there is to say of it."""
    service = server.service
    summary = service.summary(job_id)
    return {
        **doing(service, summary),
        "config": summary.job.model_dump(mode="json", exclude_none=True),
        "counts": summary.counts.to_dict() if summary.counts else {},
        "state_time": summary.state_time,
        "replay_time": summary.replay_time,
        "contents": _contents(server, job_id),
    }


def _contents(server: Server, job_id: str) -> dict[str, Any]:
    service, datafeed = server.service, server.datafeeds.of_job(job_id)
    return {
        "records": service.records(job_id, Asked(size=0)).total,
        "buckets": service.buckets(job_id, Asked(size=0)).total,
        "snapshots": len(service.snapshots(job_id)),
        "forecasts": len(service.forecasts(job_id)),
        "notes": len(service.notes.of(job_id)),
        "calendars": [one.calendar_id for one in service.calendars.all() if job_id in one.job_ids],
        "datafeed": None if datafeed is None else datafeed.datafeed_id,
    }
