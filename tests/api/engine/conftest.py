"""One job with results, for all tests that only read them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.engine.client import Client
from tests.api.engine.stream import config, delimited, rows
from tests.api.running import Running


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    """A client of the session's server, with a connection of its own: one that is idle for seconds is closed by the server."""
    client = Client(running.url)
    yield client
    client.end()


@pytest.fixture(scope="session")
def read(running: Running) -> str:
    """A job that has read the stream with its incident, and judged its open bucket; it runs."""
    client = Client(running.url)
    job_id = client.create(config(id="read"))
    body = delimited(rows())
    told = client.stream(job_id, (body[at : at + 9_000] for at in range(0, len(body), 9_000)))
    client.end()
    assert told["processedRecordCount"] == len(rows())
    answer: Any = httpx.post(f"{running.url}/engine/v2/data/{job_id}/flush", params={"calcInterim": "true"})
    answer.raise_for_status()
    return job_id
