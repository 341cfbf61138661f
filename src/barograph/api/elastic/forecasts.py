"""Forecasts: made, and removed."""

from typing import Any, Final

from barograph.api.elastic.arguments import argument, check_timeout, flag
from barograph.api.elastic.cluster_state import size_bytes
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import bad, conflict, not_found
from barograph.api.elastic.times import span_ms
from barograph.config.duration import DAY_MS, Duration
from barograph.jobs.service import ForecastRequest

_LONGEST_DAYS: Final = 3650
_MOST_MEMORY: Final = "500mb"


def forecast(call: Call) -> dict[str, Any]:
    """Forecast all series of an open job, and keep that."""
    service, job_id = call.server.service, call.path["job_id"]
    duration = _span(call, "duration", "1d")
    if duration.ms <= 0:
        raise bad(f"[duration] must be positive: [{_shown(duration)}]")
    if duration.ms > _LONGEST_DAYS * DAY_MS:
        raise bad(f"[duration] must be {_LONGEST_DAYS}d or less: [{duration.text}]")
    expires_in = _span(call, "expires_in", "14d")
    if expires_in.ms < 0:
        raise bad(f"[expires_in] must be non-negative: [{_shown(expires_in)}]")
    memory = argument(call, "max_model_memory")
    if memory is not None and size_bytes("max_model_memory", memory) >= size_bytes("max_model_memory", _MOST_MEMORY):
        raise bad(f"[max_model_memory] must be less than {_MOST_MEMORY}")
    job = service.job(job_id)
    if any(detector.over_field_name for detector in job.detectors):
        raise bad(f"Forecast cannot be run for job [{job_id}]: population analysis does not support it")
    if job_id not in service.opened():
        state = service.summary(job_id).state.value
        raise conflict(f"Cannot run forecast because job [{job_id}] is not open: it is {state}")
    service.commit(job_id)
    made = service.forecast(job_id, ForecastRequest(duration=duration, expires_in=expires_in))
    service.tell(job_id, "info", f"Forecast [{made.saved.forecast_id}] made")
    return {"acknowledged": True, "forecast_id": made.saved.forecast_id}


def _span(call: Call, name: str, default: str) -> Duration:
    given = argument(call, name)
    text = default if given is None else str(given)
    return Duration(text, span_ms(name, text))


def _shown(duration: Duration) -> str:
    """A span as the message has it: all below zero are -1."""
    return "-1" if duration.ms < 0 else duration.text


def delete_forecast(call: Call) -> dict[str, Any]:
    """Remove forecasts of a job."""
    service, job_id, wanted = call.server.service, call.path["job_id"], call.path.get("forecast_id", "_all")
    check_timeout(call)
    if wanted in ("_all", "*"):
        known = job_id in service.ids()
        ids = [kept.forecast_id for kept in service.forecasts(job_id)] if known else []
        if not ids and not flag(call, "allow_no_forecasts", True):
            raise not_found(f"No forecast(s) [{wanted}] exists for job [{job_id}]")
    else:
        ids = wanted.split(",")
        missing = set(ids) - {kept.forecast_id for kept in service.forecasts(job_id)}
        if missing:
            raise not_found(f"No forecast(s) {sorted(missing)} exists for job [{job_id}]".replace("'", ""))
    for forecast_id in ids:
        service.delete_forecast(job_id, forecast_id)
    return {"acknowledged": True}


_PATH: Final = "/_ml/anomaly_detectors/{job_id}/_forecast"
_FIELDS: Final = "duration expires_in max_model_memory"
_DELETING: Final = "allow_no_forecasts timeout"
ENDPOINTS = (
    Endpoint("POST", _PATH, forecast, query=_FIELDS, fields=f"{_FIELDS} job_id", role="write", in_worker=True),
    Endpoint("DELETE", _PATH, delete_forecast, query=_DELETING, role="write", in_worker=True),
    Endpoint("DELETE", f"{_PATH}/{{forecast_id}}", delete_forecast, query=_DELETING, role="write", in_worker=True),
)
