"""Documents that end now, in the index of the one server of all tests."""

import time

import httpx
import pytest

from tests.api.opensearch.made import INDEX, STEP_MS, documents, put
from tests.api.running import Running

STEPS = 420


@pytest.fixture(scope="session")
def source(running: Running) -> httpx.Client:
    """The server, with three hosts in the index `os-metrics`."""
    put(running.http, INDEX, documents(int(time.time() * 1000) // STEP_MS * STEP_MS, STEPS))
    return running.http
