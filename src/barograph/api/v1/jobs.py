"""Jobs, and what happened to them."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import Expressions, JobId
from barograph.jobs.service import JobSummary


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
    influencers: list[str]
    create_time: int
    rows: int
    buckets: int
    first_time: int | None
    latest_time: int | None
    latest_bucket: int | None


class Jobs(BaseModel):
    """Jobs by id."""

    total: int
    jobs: list[JobState]


class OneJob(JobState):
    """A job with all of its settings, as `barograph run` reads them."""

    config: dict[str, Any]


class Message(BaseModel):
    """Something that happened to a job."""

    time: int
    level: str
    text: str


class Messages(BaseModel):
    """What happened to a job, the newest first."""

    total: int
    messages: list[Message]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["jobs"]), server.service

    @routes.get("/jobs", response_model=Jobs)
    def list_jobs(request: Request, job: Expressions = None) -> Response:
        """List jobs."""
        found = [told(summary) for summary in service.jobs(job or ["_all"])]
        return answer(request, {"total": len(found), "jobs": found})

    @routes.get("/jobs/{job_id}", response_model=OneJob)
    def get_job(request: Request, job_id: JobId) -> Response:
        """Tell of one job."""
        summary = service.summary(job_id)
        return answer(request, {**told(summary), "config": summary.job.model_dump(mode="json", exclude_none=True)})

    @routes.get("/jobs/{job_id}/messages", response_model=Messages)
    def list_messages(request: Request, job_id: JobId) -> Response:
        """Tell what happened to a job."""
        messages = service.messages(job_id)[::-1]
        told_of = [{"time": message.time_ms, "level": message.level, "text": message.text} for message in messages]
        return answer(request, {"total": len(told_of), "messages": told_of})

    return routes


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
        "influencers": job.influencers,
        "create_time": summary.create_time,
        "rows": counts.input_record_count if counts else 0,
        "buckets": counts.bucket_count if counts else 0,
        "first_time": counts.earliest_record_timestamp if counts else None,
        "latest_time": counts.latest_record_timestamp if counts else None,
        "latest_bucket": counts.latest_bucket_timestamp if counts else None,
    }
