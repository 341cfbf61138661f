"""A server with a job that has found something."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.running import Running

START = 1_403_481_600
SPIKE_MS = (START + 3600 * 400) * 1000


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The client of a server with the job `web`."""
    with served(tmp_path_factory.mktemp("v1") / "data") as client:
        yield client


@pytest.fixture(scope="module")
def prey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The same on a server of its own, for whoever tries all calls: some of them delete jobs."""
    with served(tmp_path_factory.mktemp("prey") / "data") as client:
        yield client


@contextmanager
def served(data_dir: Path) -> Iterator[httpx.Client]:
    """A server with the job `web`: 400 usual hours of two hosts, a spike of one, and two hours more."""
    with Running(data_dir) as server:
        job = {
            "analysis_config": {
                "bucket_span": "1h",
                "detectors": [{"function": "mean", "field_name": "value", "partition_field_name": "host"}],
                "influencers": ["host"],
            },
            "data_description": {"time_field": "time"},
            "model_plot_config": {"enabled": True},
            "groups": ["all"],
        }
        server.http.put("/_ml/anomaly_detectors/web", json=job).raise_for_status()
        server.http.post("/_ml/anomaly_detectors/web/_open").raise_for_status()
        rows = [
            {
                "time": START + 3600 * hour,
                "host": host,
                "value": 9000 if (hour, host) == (400, "a") else 100 + 10 * math.sin(hour / 12 * math.pi) + hour % 7,
            }
            for hour in range(403)
            for host in "ab"
        ]
        server.http.post("/_ml/anomaly_detectors/web/_data", json=rows).raise_for_status()
        server.http.base_url = f"{server.url}/api/v1"
        yield server.http
        server.http.base_url = server.url
