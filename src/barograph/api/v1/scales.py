"""The severities, as everybody who shows scores uses them."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.v1.answers import ServedRoute, answer
from barograph.results.severity import NOTHING, SCALE


class SeverityTold(BaseModel):
    """A severity: its least score (0 to 100) and grade (0 to 1), its word, and its colours on light and dark ground."""

    word: str
    score: float
    grade: float
    light: str
    dark: str


class Scales(BaseModel):
    """The severities from the lowest, and what has no score at all."""

    severities: list[SeverityTold]
    nothing: SeverityTold


def router() -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=ServedRoute, tags=["page"])

    @routes.get("/scales", response_model=Scales)
    def get_scales(request: Request) -> Response:
        """Tell which scores and grades have which severity, and how it looks."""
        return answer(request, {"severities": [asdict(one) for one in SCALE], "nothing": asdict(NOTHING)})

    return routes
