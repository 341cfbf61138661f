"""Insights, which are not made: what several detectors have found at a time is an incident here."""

from typing import NoReturn

from barograph.api.elastic.endpoint import Call
from barograph.api.opensearch.endpoint import endpoints
from barograph.api.opensearch.errors import impossible


def insights(_call: Call) -> NoReturn:
    """Refused: anomalies of several detectors at a time are incidents, at `/api/v1/incidents`."""
    raise impossible(
        "Insights are disabled: anomalies of several detectors are told together as incidents, at /api/v1/incidents"
    )


ENDPOINTS = (
    *endpoints("POST", "/insights/_start", insights, is_old=False, writes=True),
    *endpoints("POST", "/insights/_stop", insights, is_old=False, writes=True),
    *endpoints("GET", "/insights/_status", insights, is_old=False),
)
