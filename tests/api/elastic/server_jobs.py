"""Jobs for tests that drive a server."""

import itertools
from typing import Any

import httpx

JOBS = "/_ml/anomaly_detectors"
HOUR_MS = 3_600_000
START_MS = 1_403_481_600_000
_NUMBERS = itertools.count()


def config(**changes: Any) -> dict[str, Any]:
    """The configuration of a small job."""
    detectors = [{"function": "metric", "field_name": "responsetime", "by_field_name": "airline"}]
    analysis = {"bucket_span": "1h", "detectors": detectors} | changes.pop("analysis_config", {})
    return {"analysis_config": analysis, "data_description": {"time_field": "time"}} | changes


def made(http: httpx.Client, *, opened: bool = False, **changes: Any) -> str:
    """A new job; its id."""
    job_id = f"job-{next(_NUMBERS)}"
    http.put(f"{JOBS}/{job_id}", json=config(**changes)).raise_for_status()
    if opened:
        http.post(f"{JOBS}/{job_id}/_open").raise_for_status()
    return job_id


def rows(*times_s: int, airline: str = "AAL") -> list[dict[str, Any]]:
    """A row a time, epoch seconds."""
    return [{"airline": airline, "responsetime": 132.2046, "sourcetype": "x", "time": time} for time in times_s]


def reason(answer: httpx.Response) -> str:
    """Why a call was refused."""
    return str(answer.json()["error"]["reason"])


def kind(answer: httpx.Response) -> tuple[int, str]:
    """Its status and type."""
    return answer.status_code, answer.json()["error"]["type"]
