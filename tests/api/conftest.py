"""One server for all tests that need nothing of their own."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.running import Running


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server without keys, on an empty data directory."""
    with Running(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


@pytest.fixture
def http(running: Running) -> httpx.Client:
    """Its plain HTTP client."""
    return running.http
