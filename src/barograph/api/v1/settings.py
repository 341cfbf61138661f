"""The settings of a job, looked at before there is one."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.errors import Problem, problems
from barograph.config.errors import ConfigError
from barograph.config.load import load_job
from barograph.config.support import left_out, refuse_unsupported
from barograph.jobs import advice
from barograph.results.labels import sentence


class SettingsAsked(BaseModel):
    """All settings of a job."""

    config: dict[str, Any]


class Checked(BaseModel):
    """What is wrong with settings (nothing: a job can be made of them), what may mislead, what is not acted on."""

    problems: list[Problem]
    advice: list[str]
    notes: list[str]
    does: str | None


def router() -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=ServedRoute, tags=["life"])

    @routes.post("/validate", response_model=Checked, tags=["reads"])
    def check_settings(request: Request, asked: SettingsAsked) -> Response:
        """Say what is wrong with the settings of a job, and what of them may mislead."""
        try:
            job = load_job(asked.config)
            refuse_unsupported(job)
        except ConfigError as error:
            return answer(request, {"problems": problems(error), "advice": [], "notes": [], "does": None})
        told = {"advice": advice.of_settings(job), "notes": list(left_out(job)), "does": sentence(job)}
        return answer(request, {"problems": [], **told})

    return routes
