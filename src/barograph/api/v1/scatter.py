"""The values of all series of a detector, as points."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import From, JobId, To
from barograph.jobs.scatter import Scatter, ScatterQuery
from barograph.jobs.series import check_span


class PointMark(BaseModel):
    """An anomaly: when, how odd, and whose, a number of `names`."""

    id: str
    t: int
    score: float
    v: float | None
    of: int
    interim: bool


class Band(BaseModel):
    """What is usual of the members in the middle, column by column."""

    t: list[int]
    lo: list[float | None]
    typical: list[float | None]
    hi: list[float | None]


class Points(BaseModel):
    """Points, column by column: `of` is a number of `names`, which of rare values are those from the top.

    Of `all_points` there may be more than are shown, and of `all_names` more than have a point; all anomalies are shown.
    """

    kind: Literal["population", "rare"]
    bucket_span_ms: int
    names: list[str]
    all_names: int
    t: list[int]
    v: list[float]
    of: list[int]
    all_points: int
    band: Band
    marks: list[PointMark]


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
        by: Annotated[str | None, Query(max_length=10_000, description="value of the by field of a population")] = None,
        from_: From = None,
        to: To = None,
        max_points: Annotated[int, Query(ge=2, le=100_000, description="points at most, beside the anomalies")] = 5000,
        interim: Annotated[bool, Query(description="also anomalies of buckets that are still open")] = True,
    ) -> Response:
        """Tell what all members of a population did, or when each rare value came: points, with the anomalies among them."""
        check_span(from_, to)
        found = service.scatter(job_id, ScatterQuery(detector, function, partition, by, from_, to, max_points, interim))
        return answer(request, points(job_id, found))

    return routes


def points(job_id: str, found: Scatter) -> dict[str, Any]:
    """Points as a chart takes them."""
    band = {"t": "timestamp", "lo": "lower_bound", "typical": "typical", "hi": "upper_bound"}
    return {
        "kind": found.kind,
        "bucket_span_ms": found.bucket_span_ms,
        "names": list(found.names),
        "all_names": found.all_names,
        **{name: found.points[column].to_list() for name, column in {"t": "timestamp", "v": "actual", "of": "of"}.items()},
        "all_points": found.all_points,
        "band": {name: found.band[column].to_list() for name, column in band.items()},
        "marks": [
            {
                "id": f"{job_id}/{row['timestamp']}/{row['seq']}",
                "t": row["timestamp"],
                "score": row["record_score"],
                "v": row["actual"],
                "of": row["of"],
                "interim": row["is_interim"],
            }
            for row in found.marks.iter_rows(named=True)
        ],
    }
