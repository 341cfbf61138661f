"""Forecasts: begun, watched, read, stopped and removed."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer, rows
from barograph.api.v1.parameters import JobId, entity_of
from barograph.api.v1.series import AskedSeries
from barograph.config.duration import Duration
from barograph.config.errors import BadRequest
from barograph.jobs.service import ForecastRequest, ForecastRun, SavedForecast

_ForecastId = Annotated[str, Path(max_length=100)]


class ForecastAsked(BaseModel):
    """What to forecast."""

    duration: str = Field(default="1d", max_length=50)
    percentile: float = Field(default=95.0, gt=0, lt=100)
    expires_in: str = Field(default="14d", max_length=50)
    entity: Annotated[list[str], Field(max_length=20, description="FIELD=VALUE")] = []


class Forecast(BaseModel):
    """A forecast in a list; until it is finished, what is not known yet is null."""

    forecast_id: str
    state: Literal["waiting", "running", "finished", "failed"]
    progress: float
    failure: str | None
    create_time: int
    percentile: float
    start: int | None
    end: int | None
    expiry_time: int | None
    series: int | None
    left_out: int | None


class Forecasts(BaseModel):
    """Forecasts, oldest first."""

    total: int
    forecasts: list[Forecast]


class WholeForecast(Forecast):
    """A forecast with its rows; none until it is finished."""

    rows: list[dict[str, Any]]


class Off(BaseModel):
    """How far a forecast was off in the buckets that have a value by now.

    `of_mean` is `mean_absolute` as a share of their mean size; `inside` is the share of them within bounds that were to hold
    `percentile` in a hundred.
    """

    buckets: int
    mean_absolute: float
    of_mean: float | None
    inside: float
    percentile: float


class ForecastOfSeries(BaseModel):
    """One series of a forecast, column by column; `error` is null until values have come for it."""

    thinned: bool
    t: list[int]
    v: list[float]
    lo: list[float]
    hi: list[float]
    error: Off | None


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["forecasts"]), server.service

    @routes.post("/jobs/{job_id}/forecasts", response_model=Forecast, status_code=202)
    def start_forecast(request: Request, job_id: JobId, asked: ForecastAsked) -> Response:
        """Begin to forecast all series that can be; the list of forecasts tells how far it is."""
        duration, expires_in = (_duration(name, getattr(asked, name)) for name in ("duration", "expires_in"))
        wanted = ForecastRequest(duration, asked.percentile, entity_of(asked.entity), expires_in)
        response = answer(request, _begun(service.start_forecast(job_id, wanted)))
        response.status_code = 202
        return response

    @routes.get("/jobs/{job_id}/forecasts", response_model=Forecasts)
    def list_forecasts(request: Request, job_id: JobId) -> Response:
        """List the forecasts that are kept, that are being made, or that have failed."""
        kept = [_kept(saved) for saved in service.forecasts(job_id)]
        known = {one["forecast_id"] for one in kept}
        told = kept + [_begun(run) for run in service.forecast_runs.of(job_id) if run.forecast_id not in known]
        return answer(request, {"total": len(told), "forecasts": told})

    @routes.get("/jobs/{job_id}/forecasts/{forecast_id}", response_model=WholeForecast)
    def get_forecast(request: Request, job_id: JobId, forecast_id: _ForecastId) -> Response:
        """Tell of one forecast, or how far it is."""
        running = {run.forecast_id: run for run in service.forecast_runs.of(job_id)}.get(forecast_id)
        if running is not None:
            return answer(request, {**_begun(running), "rows": []})
        saved, frame = service.kept_forecast(job_id, forecast_id)
        return answer(request, {**_kept(saved), "rows": rows(frame)})

    @routes.get("/jobs/{job_id}/forecasts/{forecast_id}/series", response_model=ForecastOfSeries)
    def get_series_of_forecast(
        request: Request,
        job_id: JobId,
        forecast_id: _ForecastId,
        series: AskedSeries,
        max_points: Annotated[int, Query(ge=2, le=1_000_000)] = 5000,
    ) -> Response:
        """Tell what a forecast says of one series, and how far it was off."""
        found = service.forecast_series(job_id, forecast_id, series, max_points)
        columns = {"t": "timestamp", "v": "forecast_prediction", "lo": "forecast_lower", "hi": "forecast_upper"}
        told = {name: found.rows[column].to_list() for name, column in columns.items()}
        error = None if found.error is None else asdict(found.error)
        return answer(request, {"thinned": found.thinned, **told, "error": error})

    @routes.delete("/jobs/{job_id}/forecasts/{forecast_id}", status_code=204, response_model=None)
    def delete_forecast(job_id: JobId, forecast_id: _ForecastId) -> Response:
        """Remove a forecast; one that is being made is stopped."""
        service.job(job_id)
        service.delete_forecast(job_id, forecast_id)
        return Response(status_code=204)

    return routes


def _kept(saved: SavedForecast) -> dict[str, Any]:
    return {
        "forecast_id": saved.forecast_id,
        "state": "finished",
        "progress": 1.0,
        "failure": None,
        "create_time": saved.create_time,
        "percentile": saved.percentile,
        "start": saved.start_ms,
        "end": saved.end_ms,
        "expiry_time": saved.expiry_time,
        "series": saved.series,
        "left_out": saved.left_out.total,
    }


def _begun(run: ForecastRun) -> dict[str, Any]:
    return {
        **dict.fromkeys(("start", "end", "expiry_time", "series", "left_out")),
        "forecast_id": run.forecast_id,
        "state": run.state,
        "progress": run.progress,
        "failure": run.failure,
        "create_time": run.create_time,
        "percentile": run.request.percentile,
    }


def _duration(name: str, text: str) -> Duration:
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise BadRequest(f"{name}={text!r}: wanted {error}") from None
