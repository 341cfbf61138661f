"""One series: its values, and what stands behind each."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import ByValue, DetectorIndex, Entity, From, JobId, OverValue, PartitionValue, To, entity_of
from barograph.config.errors import BadRequest
from barograph.config.splits import SERIES_ROLES
from barograph.jobs.service import OneSeries, SeriesQuery
from barograph.jobs.views.explain import Explained as FoundExplanations
from barograph.jobs.views.series import SeriesValues, check_span
from barograph.results.words import written
from barograph.scoring.explain import FACTORS


class Mark(BaseModel):
    """A record of a series: the worst of `of` where there were more than points to show."""

    id: str
    t: int
    score: float
    initial_score: float
    v: float | None
    typical: float | None
    multi_bucket: Literal["none", "low", "medium", "high"]
    interim: bool
    of: int


class Line(BaseModel):
    """A series, column by column, and its anomalies; without `bounded` there are no bounds."""

    thinned: bool
    bounded: bool
    t: list[int]
    v: list[float | None]
    typical: list[float | None]
    lo: list[float | None]
    hi: list[float | None]
    marks: list[Mark]


class Series(Line):
    """A series, and what it is of; `without` is what it would be without the rows of an entity, where that was asked for."""

    function: str
    bucket_span_ms: int
    without: list[float | None] | None


class Explained(BaseModel):
    """Series that a bucket has, the highest scores first; `left_out` have one too. Of a feature of a forest detector `together`
    says what the features of its entity are, in sentences."""

    left_out: int
    explanations: list[dict[str, Any]]


_Function = Annotated[
    str | None, Query(alias="function", max_length=100, description="for the detector `metric`: mean, min or max")
]
_Time = Annotated[int, Query(ge=-62_135_596_800_000, le=253_402_300_799_999, description="epoch ms")]


def _one(
    detector: DetectorIndex = 0,
    function: _Function = None,
    partition: PartitionValue = None,
    by: ByValue = None,
    over: OverValue = None,
) -> OneSeries:
    values = {"partition": partition, "by": by, "over": over}
    return OneSeries(detector, function, tuple(values[role] for role in SERIES_ROLES))


AskedSeries = Annotated[OneSeries, Depends(_one)]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["series"]), server.service

    @routes.get("/jobs/{job_id}/series", response_model=Series)
    def get_series(
        request: Request,
        job_id: JobId,
        series: AskedSeries,
        from_: From = None,
        to: To = None,
        max_points: Annotated[int, Query(ge=2, le=1_000_000)] = 5000,
        interim: Annotated[bool, Query(description="also anomalies of buckets that are still open")] = True,
        without: Annotated[
            str | None, Query(max_length=10_000, description="FIELD=VALUE: an entity, without whose rows it is told, too")
        ] = None,
    ) -> Response:
        """Tell of one series over time, as many points as a chart can show."""
        check_span(from_, to)
        job = service.job(job_id)
        entity = None if without is None else entity_of([without], "without")[0]
        found = service.series(job_id, SeriesQuery(series, from_, to, max_points, interim, entity))
        return answer(
            request,
            {
                "function": series.of(job).function,
                "bucket_span_ms": job.bucket_span_ms,
                "without": None if entity is None else found.rows["without"].to_list(),
                **line(job_id, found),
            },
        )

    @routes.get("/jobs/{job_id}/explain", response_model=Explained)
    def get_explanation(
        request: Request,
        job_id: JobId,
        time: _Time,
        entity: Entity = None,
        size: Annotated[int, Query(ge=1, le=100, description="series at most")] = 1,
        detector: Annotated[int | None, Query(ge=0, le=10_000, description="explain one series: index of its detector")] = None,
        function: _Function = None,
        partition: PartitionValue = None,
        by: ByValue = None,
    ) -> Response:
        """Tell why a bucket scores what it scores, also a normal one: of the series of an entity, or of the one of a chart."""
        if detector is None:
            if function is not None or partition is not None or by is not None:
                raise BadRequest("detector: wanted its index, as function, partition or by name one of its series")
            return answer(request, _explained(service.explain(job_id, time, entity_of(entity), size=size)))
        if entity:
            raise BadRequest(f"entity={entity[0]!r}: wanted none beside detector, which names one series")
        return answer(request, _explained(service.explain_one(job_id, time, _one(detector, function, partition, by))))

    return routes


def line(job_id: str, found: SeriesValues) -> dict[str, Any]:
    """A series as a chart takes it."""
    columns = {"t": "timestamp", "v": "actual", "typical": "typical", "lo": "lower_bound", "hi": "upper_bound"}
    return {
        "thinned": found.thinned,
        "bounded": found.bounded,
        **{name: found.rows[column].to_list() for name, column in columns.items()},
        "marks": [_mark(job_id, row) for row in found.marks.iter_rows(named=True)],
    }


def _mark(job_id: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{job_id}/{row['timestamp']}/{row['seq']}",
        "t": row["timestamp"],
        "score": row["record_score"],
        "initial_score": row["initial_record_score"],
        "v": row["actual"],
        "typical": row["typical"],
        "multi_bucket": row["multi_bucket"],
        "interim": row["is_interim"],
        "of": row["of"],
    }


def _explained(found: FoundExplanations) -> dict[str, Any]:
    every = zip(found.explanations, found.now, found.influencers, found.together, strict=True)
    told = [
        {"record_score": now, "influencers": blamed or [], "together": together, **asdict(one)}
        for one, now, blamed, together in every
    ]
    for one in told:
        function = one["measure"]["function_description"]
        one |= {f"{name}_text": written(function, one[name]) for name in ("actual", "typical")}
        one["factors"] = [{**factor, "what": FACTORS[factor["name"]]} for factor in one["factors"]]
    return {"left_out": found.left_out, "explanations": told}
