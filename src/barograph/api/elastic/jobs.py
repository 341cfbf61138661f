"""Jobs: created, listed, opened, closed, reset, deleted."""

from typing import Any

from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.version import NODE_ID


def open_job(call: Call) -> dict[str, Any]:
    """Open a job; one that is open stays so."""
    job_id = call.path["job_id"]
    if job_id not in call.server.service.opened():
        call.server.service.open_job(job_id)
    return {"opened": True, "node": NODE_ID}


ENDPOINTS = (
    Endpoint(
        "POST",
        "/_ml/anomaly_detectors/{job_id}/_open",
        open_job,
        query="timeout",
        fields="timeout job_id ignore_downtime",
        role="write",
        in_worker=True,
    ),
)
