"""The values of all series of a detector, as points."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import From, JobId, To
from barograph.config.splits import SERIES_ROLES
from barograph.jobs.views.scatter import Scatter, ScatterQuery
from barograph.jobs.views.series import check_span
from barograph.results.points import DAY_S, PERIODS, clock, degrees
from barograph.results.words import written


class PointMark(BaseModel):
    """An anomaly: when, how odd, and whose, a number of `names`; of times and places also the usual one that is nearest."""

    id: str
    t: int
    score: float
    v: float | None
    usual: float | None
    of: int
    interim: bool
    text: str | None
    usual_text: str | None


class Band(BaseModel):
    """What is usual of the members in the middle, column by column."""

    t: list[int]
    lo: list[float | None]
    typical: list[float | None]
    hi: list[float | None]


class Tick(BaseModel):
    """A value, and how it is written."""

    v: float
    text: str


class Points(BaseModel):
    """Points, column by column: `of` is a number of `names`, which of rare values are those from the top.

    Of times, `text` is how each is written, and `axis` has the least, the greatest and some between. Of places, `v` is the
    longitude and `lat` the latitude, in degrees; so they are of anomalies in `places`: `[longitude, latitude]` of what was, and
    of the usual place that is nearest.

    Of `all_points` there may be more than are shown, and of `all_names` more than have a point; all anomalies are shown.
    """

    kind: Literal["population", "rare", "times", "places"]
    bucket_span_ms: int
    names: list[str]
    all_names: int
    t: list[int]
    v: list[float]
    of: list[int]
    all_points: int
    text: list[str]
    lat: list[float]
    axis: list[Tick]
    band: Band
    marks: list[PointMark]
    places: list[list[list[float] | None]]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["series"]), server.service

    @routes.get("/jobs/{job_id}/points", response_model=Points)
    def get_points(
        request: Request,
        job_id: JobId,
        detector: Annotated[int, Query(ge=0, le=10_000, description="index of the detector")] = 0,
        function: Annotated[
            str | None, Query(max_length=100, description="for the detector `metric`: mean, min or max")
        ] = None,
        partition: Annotated[str | None, Query(max_length=10_000, description="value of the partition field")] = None,
        by: Annotated[str | None, Query(max_length=10_000, description="value of the by field, but of rare values")] = None,
        over: Annotated[str | None, Query(max_length=10_000, description="value of the over field, of times or places")] = None,
        from_: From = None,
        to: To = None,
        max_points: Annotated[int, Query(ge=2, le=100_000, description="points at most, beside the anomalies")] = 5000,
        interim: Annotated[bool, Query(description="also anomalies of buckets that are still open")] = True,
    ) -> Response:
        """Tell what all members of a population did, when each rare value came, or where something was, and what was odd."""
        check_span(from_, to)
        values = {"partition": partition, "by": by, "over": over}
        same = tuple(values[role] for role in SERIES_ROLES)
        found = service.scatter(job_id, ScatterQuery(detector, function, same, from_, to, max_points, interim))
        return answer(request, points(job_id, found))

    return routes


def points(job_id: str, found: Scatter) -> dict[str, Any]:
    """Points as a chart takes them."""
    band = {"t": "timestamp", "lo": "lower_bound", "typical": "typical", "hi": "upper_bound"}
    values = found.points["actual"].to_list()
    marks = [{**_mark(job_id, row), **_texts(found, row)} for row in found.marks.iter_rows(named=True)]
    told: dict[str, Any] = {
        "kind": found.kind,
        "bucket_span_ms": found.bucket_span_ms,
        "names": list(found.names),
        "all_names": found.all_names,
        "t": found.points["timestamp"].to_list(),
        "v": values,
        "of": found.points["of"].to_list(),
        "all_points": found.all_points,
        "text": [text for value in values if (text := written(found.function, value)) is not None],
        "lat": [],
        "axis": _axis(found),
        "band": {name: found.band[column].to_list() for name, column in band.items()},
        "marks": marks,
        "places": [],
    }
    return told if found.kind != "places" else {**told, **_places(values, marks)}


def _mark(job_id: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{job_id}/{row['timestamp']}/{row['seq']}",
        "t": row["timestamp"],
        "score": row["record_score"],
        "v": row["actual"],
        "usual": row["typical"],
        "of": row["of"],
        "interim": row["is_interim"],
    }


def _texts(found: Scatter, row: dict[str, Any]) -> dict[str, str | None]:
    """A value and the usual one in words, where numbers say nothing."""
    return {name: written(found.function, row[column]) for name, column in {"text": "actual", "usual_text": "typical"}.items()}


def _axis(found: Scatter) -> list[dict[str, Any]]:
    """Quarters of a day, or the days of a week, from the least to the greatest time."""
    period = PERIODS.get(found.function)
    if period is None:
        return []
    step = DAY_S if period > DAY_S else DAY_S / 4
    return [{"v": at * step, "text": clock(at * step, period)} for at in range(round(period / step) + 1)]


def _places(values: list[float], marks: list[dict[str, Any]]) -> dict[str, Any]:
    """Numbers of places as degrees."""
    found = [degrees(value) for value in values]
    both = [[None if mark[name] is None else [*degrees(mark[name])][::-1] for name in ("v", "usual")] for mark in marks]
    return {"v": [longitude for _, longitude in found], "lat": [latitude for latitude, _ in found], "places": both}
