"""What models say: a series with its bounds, why a bucket scores what it scores, what they believe, forecasts."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.parameters import Entity, From, JobId, To, entity_of
from barograph.config.splits import SERIES_ROLES
from barograph.jobs.service import SavedForecast, SeriesQuery

ForecastId = Annotated[str, Path(max_length=100)]


class Series(BaseModel):
    """A series, column by column; a mark is `[time, score, multi_bucket_impact, is_interim]`."""

    thinned: bool
    t: list[int]
    v: list[float | None]
    typical: list[float | None]
    lo: list[float | None]
    hi: list[float | None]
    marks: list[list[int | float | bool | None]]


class Explained(BaseModel):
    """Series that a bucket has, the highest scores first; `left_out` have one too."""

    left_out: int
    explanations: list[dict[str, Any]]


class Described(BaseModel):
    """What models believe, a row a series; `cut`: there are more, `readable`: this version has learned them."""

    cut: bool
    readable: bool
    known: dict[str, Any]
    rows: list[dict[str, Any]]


class KeptForecast(BaseModel):
    """A forecast in a list."""

    forecast_id: str
    create_time: int
    start: int
    end: int
    expiry_time: int | None
    percentile: float
    series: int
    left_out: int


class KeptForecasts(BaseModel):
    """Forecasts, oldest first."""

    total: int
    forecasts: list[KeptForecast]


class WholeForecast(KeptForecast):
    """A forecast with its rows."""

    rows: list[dict[str, Any]]


MetricPart = Annotated[str | None, Query(max_length=100, description="for the detector `metric`: mean, min or max")]
PartitionValue = Annotated[str | None, Query(max_length=10_000, description="value of the partition field")]
ByValue = Annotated[str | None, Query(max_length=10_000, description="value of the by field")]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["models"]), server.service

    @routes.get("/jobs/{job_id}/series", response_model=Series)
    def get_series(
        request: Request,
        job_id: JobId,
        detector: Annotated[int, Query(ge=0, le=10_000)] = 0,
        function: MetricPart = None,
        partition: PartitionValue = None,
        by: ByValue = None,
        from_: From = None,
        to: To = None,
        max_points: Annotated[int, Query(ge=2, le=1_000_000)] = 5000,
    ) -> Response:
        """Tell of one series over time, as many points as a chart can show."""
        values = {"partition": partition, "by": by}
        split = tuple(values[role] for role in SERIES_ROLES)
        found = service.series(job_id, SeriesQuery(detector, function, split, from_, to, max_points))
        columns = {"t": "timestamp", "v": "actual", "typical": "typical", "lo": "lower_bound", "hi": "upper_bound"}
        told = {name: found.rows[column].to_list() for name, column in columns.items()}
        return answer(request, {"thinned": found.thinned, **told, "marks": found.marks.rows()})

    @routes.get("/jobs/{job_id}/explain", response_model=Explained)
    def get_explanation(
        request: Request,
        job_id: JobId,
        time: Annotated[int, Query(ge=-62_135_596_800_000, le=253_402_300_799_999, description="epoch ms")],
        entity: Entity = None,
        size: Annotated[int, Query(ge=1, le=100, description="series at most")] = 1,
    ) -> Response:
        """Tell why a bucket scores what it scores, also a normal one."""
        found = service.explain(job_id, time, entity_of(entity), size=size)
        told = [{"record_score": now, **asdict(one)} for one, now in zip(found.explanations, found.now, strict=True)]
        return answer(request, {"left_out": found.left_out, "explanations": told})

    @routes.get("/jobs/{job_id}/models", response_model=Described)
    def get_models(
        request: Request, job_id: JobId, entity: Entity = None, size: Annotated[int, Query(ge=1, le=10_000)] = 20
    ) -> Response:
        """Tell what models believe of series; of many, of those that were the most anomalous lately."""
        found = service.describe(job_id, entity_of(entity), size)
        known = asdict(found.known)
        return answer(request, {"cut": found.cut, "readable": found.readable, "known": known, "rows": rows(found.rows)})

    @routes.get("/jobs/{job_id}/forecasts", response_model=KeptForecasts)
    def list_forecasts(request: Request, job_id: JobId) -> Response:
        """List the forecasts that are kept."""
        kept = [told(saved) for saved in service.forecasts(job_id)]
        return answer(request, {"total": len(kept), "forecasts": kept})

    @routes.get("/jobs/{job_id}/forecasts/{forecast_id}", response_model=WholeForecast)
    def get_forecast(request: Request, job_id: JobId, forecast_id: ForecastId) -> Response:
        """Tell of one forecast."""
        saved, frame = service.kept_forecast(job_id, forecast_id)
        return answer(request, {**told(saved), "rows": rows(frame)})

    return routes


def told(saved: SavedForecast) -> dict[str, Any]:
    """A forecast in a list."""
    return {
        "forecast_id": saved.forecast_id,
        "create_time": saved.create_time,
        "start": saved.start_ms,
        "end": saved.end_ms,
        "expiry_time": saved.expiry_time,
        "percentile": saved.percentile,
        "series": saved.series,
        "left_out": saved.left_out.total,
    }
