"""Insights: a job that tells, every so often, what the detectors have found at a time."""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from barograph.api.elastic.cluster_state import setting
from barograph.api.elastic.endpoint import Call
from barograph.api.opensearch.endpoint import endpoints
from barograph.api.opensearch.errors import impossible
from barograph.api.opensearch.insights_job import Frequency, InsightsJob
from barograph.api.opensearch.shelves import INSIGHTS_JOB

_ENABLED: Final = "plugins.anomaly_detection.insights_enabled"
_FREQUENCY: Final = re.compile(r"\s*([1-9]\d{0,5})\s*([mhd]?)\s*", re.IGNORECASE)
_UNITS: Final = {"m": "Minutes", "h": "Hours", "d": "Days", "": "Hours"}
_USUAL: Final = "24h"

Told = Mapping[str, Any]


def _if_enabled(handler: Callable[[Call], Told]) -> Callable[[Call], Told]:
    @wraps(handler)
    def asked(call: Call) -> Told:
        if setting(call.server, _ENABLED) not in (True, "true"):
            raise impossible(f"Insights are disabled. To enable update {_ENABLED} to true")
        return handler(call)

    return asked


def _job(call: Call) -> InsightsJob:
    return next(one for one in call.server.beside if isinstance(one, InsightsJob))


@_if_enabled
def start(call: Call) -> Told:
    """Tell, every so often, what the detectors have found at a time."""
    given = str((call.body or {}).get("frequency") or _USUAL)
    how = _job(call).start(_frequency(given))
    if how is None:
        return {"message": "Insights job is already running"}
    return {"message": f"Insights job {how} successfully with frequency: {given}"}


def _frequency(text: str) -> Frequency:
    """How often; what cannot be read is a day, as clients know it."""
    found = _FREQUENCY.fullmatch(text) or _FREQUENCY.fullmatch(_USUAL)
    assert found is not None
    return int(found[1]), _UNITS[found[2].lower()]


@_if_enabled
def stop(call: Call) -> Told:
    """Tell no more of it; what was told stays."""
    return {"message": f"Insights job {_job(call).stop()}"}


@_if_enabled
def status(call: Call) -> Told:
    """Whether it is told, and how often."""
    job = _job(call).document() or {"enabled": False}
    names = ("enabled", "enabled_time", "disabled_time", "last_update_time", "schedule")
    return {"job_name": INSIGHTS_JOB, **{name: job[name] for name in names if name in job}}


ENDPOINTS = (
    *endpoints("POST", "/insights/_start", start, is_old=False, writes=True),
    *endpoints("POST", "/insights/_stop", stop, is_old=False, writes=True),
    *endpoints("GET", "/insights/_status", status, is_old=False),
)
