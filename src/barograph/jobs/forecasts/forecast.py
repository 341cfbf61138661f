"""Forecasting a job of a store from its newest models."""

import secrets
from dataclasses import dataclass
from typing import Final

import polars as pl

from barograph.config.duration import Duration
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.engine import Engine
from barograph.engine.entity import Entity
from barograph.engine.forecast import PERCENTILE, Forecast, TellDone, check_forecast, tell_nobody
from barograph.jobs.knowledge.knowledge import knowledge_of
from barograph.jobs.newest import resume_point
from barograph.store.forecasts import SavedForecast
from barograph.store.store import Store

DURATION: Final = Duration.parse("1d")
EXPIRES_IN: Final = Duration.parse("14d")


@dataclass(frozen=True)
class ForecastRequest:
    """What to forecast.

    Attributes:
        duration: how far beyond the newest finished bucket.
        percentile: share of values that are to lie inside the bounds, more than 0 and less than 100.
        entity: values of partition or by fields, by field name; a series must have them all. Empty is every series.
        expires_in: how long to keep it on the wall clock; 0 keeps it as long as its job.
    """

    duration: Duration = DURATION
    percentile: float = PERCENTILE
    entity: Entity = ()
    expires_in: Duration = EXPIRES_IN


@dataclass(frozen=True)
class MadeForecast:
    """A forecast that was made and kept.

    Attributes:
        job: the job.
        saved: what is listed of it.
        rows: columns of `schema.FORECASTS`.
    """

    job: Job
    saved: SavedForecast
    rows: pl.DataFrame


def forecast(
    store: Store,
    job_id: str,
    request: ForecastRequest,
    now_ms: int,
    forecast_id: str | None = None,
    tell: TellDone = tell_nobody,
) -> MadeForecast:
    """Forecast all series of a job that can be, and keep it. Forecasts whose time is over go.

    Args:
        store: where the job lives.
        job_id: the job; it may be running.
        request: what to forecast.
        now_ms: wall-clock time, epoch ms.
        forecast_id: what it is to be called; None makes a name.
        tell: told how many series are done, of how many, now and then; what it raises ends the forecast.

    Raises:
        NoSuchJob: there is none of this id.
        OtherVersion: the models are of another version.
        BadRequest: the request cannot be, no bucket is finished yet, or no series can be forecast.
        StorageFailure: it could not be kept.
    """
    job = store.job(job_id)
    check_forecast(job, request.duration, request.percentile)
    made = _made(store, job, request, tell)
    if not made.series:
        named = ", ".join(f"{field}={value}" for field, value in request.entity)
        none = f"it has none with entity={named!r}" if named else "it has none yet"
        raise BadRequest(f"job {job_id!r}: wanted a series that can be forecast; {told(made) or none}")
    store.expire_forecasts(job_id, now_ms)
    expiry = now_ms + request.expires_in.ms if request.expires_in.ms else None
    saved = SavedForecast.of(made, forecast_id or new_id(), now_ms, expiry)
    return MadeForecast(job, store.add_forecast(job_id, saved, made.rows), made.rows)


def new_id() -> str:
    """A name for a forecast that no other has."""
    return secrets.token_hex(8)


def _made(store: Store, job: Job, request: ForecastRequest, tell: TellDone) -> Forecast:
    saved, disk = resume_point(store, job), store.scratch(job.job_id)
    engine = Engine.build(job, saved.snapshot if saved is not None else None, knowledge_of(store, job), disk)
    return engine.forecast(request.duration, request.percentile, request.entity, tell)


def told(made: Forecast | SavedForecast) -> str:
    """How many series were left out, and why; empty when none was."""
    left_out = made.left_out
    reasons = (
        (left_out.young, "young: fewer than 20 values, or than 8 stretches with values lately"),
        (left_out.silent, "silent for longer than they were seen before"),
        (left_out.function, "of functions that are not forecast"),
    )
    parts = [f"{number:,} {reason}" for number, reason in reasons if number]
    return f"left out {'; '.join(parts)}" if parts else ""
