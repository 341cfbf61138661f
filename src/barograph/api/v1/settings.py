"""The settings of a job, looked at before there is one."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.errors import Problem, problems
from barograph.config.errors import ConfigError
from barograph.config.load import load_job
from barograph.config.support import left_out
from barograph.jobs.drafts import advice
from barograph.jobs.drafts.predict import of_fields
from barograph.results.labels import sentence


class SettingsAsked(BaseModel):
    """All settings of a job; `distinct`: how many different values fields have, for what it will take in memory."""

    config: dict[str, Any]
    distinct: dict[str, Annotated[int, Field(ge=0, le=1 << 53)]] = {}


class PredictedMemory(BaseModel):
    """What a job is likely to take in memory, in bytes: so many `series`, all values of all fields together.

    The `largest` detector has so many of them, and the `limit` room for `most_series` of each: rows of others will be left out.
    """

    bytes: int
    series: int
    largest: int
    most_series: int
    limit: int


class Checked(BaseModel):
    """What is wrong with settings (nothing: a job can be made of them), what may mislead, what is not acted on.

    `memory` is told where `distinct` has every field that splits series.
    """

    problems: list[Problem]
    advice: list[str]
    notes: list[str]
    does: str | None
    memory: PredictedMemory | None


def router() -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=ServedRoute, tags=["life"])

    @routes.post("/validate", response_model=Checked, tags=["reads"])
    def check_settings(request: Request, asked: SettingsAsked) -> Response:
        """Say what is wrong with the settings of a job, and what of them may mislead."""
        try:
            job = load_job(asked.config)
        except ConfigError as error:
            return answer(request, {"problems": problems(error), "advice": [], "notes": [], "does": None, "memory": None})
        told = {"advice": advice.of_settings(job), "notes": list(left_out(job)), "does": sentence(job)}
        predicted = of_fields(job, asked.distinct)
        return answer(request, {"problems": [], **told, "memory": None if predicted is None else asdict(predicted)})

    return routes
