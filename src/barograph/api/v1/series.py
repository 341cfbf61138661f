"""One series: its values, what stands behind each, and what there is to choose from."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.parameters import Cursor, Entity, From, JobId, To, cursor_after, entity_of, offset_of
from barograph.config.errors import BadRequest
from barograph.config.splits import SERIES_ROLES
from barograph.jobs.explain import Explained as FoundExplanations
from barograph.jobs.one_series import functions, refusal
from barograph.jobs.scatter import kind_of
from barograph.jobs.series import SeriesValues, check_span
from barograph.jobs.service import EntitiesQuery, OneSeries, SeriesQuery
from barograph.results.words import measure
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
    """Series that a bucket has, the highest scores first; `left_out` have one too."""

    left_out: int
    explanations: list[dict[str, Any]]


class Charted(BaseModel):
    """A detector: what it measures, by name and in words; the fields whose values tell its series apart, by role; why they
    cannot be charted as lines; and of what `/points` tells of it, if it does."""

    detector_index: int
    description: str
    functions: list[str]
    measures: list[str]
    fields: dict[str, str]
    refused: str | None
    points: Literal["population", "rare"] | None


class AllCharted(BaseModel):
    """The detectors of a job."""

    total: int
    detectors: list[Charted]


class EntityValue(BaseModel):
    """A value of a split field, and its highest record score; null: it has no record."""

    value: str
    score: float | None


class Entities(BaseModel):
    """Values of a split field; `next` is the cursor of the page behind."""

    total: int
    next: str | None
    values: list[EntityValue]


class Planned(BaseModel):
    """A planned time of a calendar."""

    event_id: str
    calendar_id: str
    description: str
    start: int
    end: int
    skip_result: bool
    skip_model_update: bool


class AllPlanned(BaseModel):
    """Planned times by start."""

    total: int
    planned: list[Planned]


_Detector = Annotated[int, Query(alias="detector", ge=0, le=10_000, description="index of the detector")]
_Function = Annotated[
    str | None, Query(alias="function", max_length=100, description="for the detector `metric`: mean, min or max")
]
_Partition = Annotated[str | None, Query(alias="partition", max_length=10_000, description="value of the partition field")]
_By = Annotated[str | None, Query(alias="by", max_length=10_000, description="value of the by field")]
_Over = Annotated[str | None, Query(alias="over", max_length=10_000, description="value of the over field")]
_Time = Annotated[int, Query(ge=-62_135_596_800_000, le=253_402_300_799_999, description="epoch ms")]


def _one(
    detector: _Detector = 0, function: _Function = None, partition: _Partition = None, by: _By = None, over: _Over = None
) -> OneSeries:
    values = {"partition": partition, "by": by, "over": over}
    return OneSeries(detector, function, tuple(values[role] for role in SERIES_ROLES))


AskedSeries = Annotated[OneSeries, Depends(_one)]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["series"]), server.service

    @routes.get("/jobs/{job_id}/detectors", response_model=AllCharted)
    def list_detectors(request: Request, job_id: JobId) -> Response:
        """Tell what a job measures, and of which of its detectors a series can be charted."""
        told = [
            {
                "detector_index": at,
                "description": detector.detector_description,
                "functions": functions(detector),
                "measures": [measure(name, detector.field_name) for name in functions(detector)],
                "fields": {role: detector.splits[role] for role in SERIES_ROLES if role in detector.splits},
                "refused": refusal(detector),
                "points": kind_of(detector),
            }
            for at, detector in enumerate(service.job(job_id).detectors)
        ]
        return answer(request, {"total": len(told), "detectors": told})

    @routes.get("/jobs/{job_id}/entities", response_model=Entities)
    def list_entities(
        request: Request,
        job_id: JobId,
        role: Literal["partition", "by", "over"],
        detector: _Detector = 0,
        partition: _Partition = None,
        by: _By = None,
        over: _Over = None,
        from_: From = None,
        to: To = None,
        q: Annotated[str, Query(max_length=1000, description="only values that contain this")] = "",
        sort: Literal["score", "name"] = "score",
        anomalous: Annotated[bool, Query(description="only values with a record")] = False,
        size: Annotated[int, Query(ge=0, le=10_000, description="values at most")] = 100,
        cursor: Cursor = None,
    ) -> Response:
        """List the values of a field that splits a detector, with the highest record score of each."""
        check_span(from_, to)
        offset, values = offset_of(cursor), {"partition": partition, "by": by, "over": over}
        others = tuple((name, value) for name, value in values.items() if value is not None and name != role)
        asked = EntitiesQuery(detector, role, others, from_, to, q, sort, anomalous, offset, size)
        found, total = service.entities(job_id, asked)
        following = cursor_after(offset, found.height, total)
        return answer(request, {"total": total, "next": following, "values": rows(found)})

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
        partition: _Partition = None,
        by: _By = None,
    ) -> Response:
        """Tell why a bucket scores what it scores, also a normal one: of the series of an entity, or of the one of a chart."""
        if detector is None:
            if function is not None or partition is not None or by is not None:
                raise BadRequest("detector: wanted its index, as function, partition or by name one of its series")
            return answer(request, _explained(service.explain(job_id, time, entity_of(entity), size=size)))
        if entity:
            raise BadRequest(f"entity={entity[0]!r}: wanted none beside detector, which names one series")
        return answer(request, _explained(service.explain_one(job_id, time, _one(detector, function, partition, by))))

    @routes.get("/jobs/{job_id}/planned", response_model=AllPlanned)
    def list_planned(request: Request, job_id: JobId, from_: From = None, to: To = None) -> Response:
        """List the planned times of the calendars that are for a job."""
        check_span(from_, to)
        events = [event for _, event in service.calendars.planned([service.job(job_id)], from_, to)]
        told = [{**asdict(event), "start": event.start_ms, "end": event.end_ms} for event in events]
        shown = [{name: one[name] for name in Planned.model_fields} for one in told]
        return answer(request, {"total": len(shown), "planned": shown})

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
    every = zip(found.explanations, found.now, found.influencers, strict=True)
    told = [{"record_score": now, "influencers": blamed or [], **asdict(one)} for one, now, blamed in every]
    for one in told:
        one["factors"] = [{**factor, "what": FACTORS[factor["name"]]} for factor in one["factors"]]
    return {"left_out": found.left_out, "explanations": told}
