"""Clients that are slow, or mean to be: the server answers others meanwhile, and its memory is bounded."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request

from barograph.api import body
from barograph.api.errors import HttpProblem
from tests.api.elastic.server_jobs import JOBS, START_MS, made, rows
from tests.api.running import Running

CONNECTIONS = 1_000
MOST_GROWN_MB = 100
"""For a thousand connections that say nothing, or only half of what they want."""


def resident_mb(process: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1]) >> 10


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path / "data") as server:
        yield server


def test_a_thousand_idle_and_half_requests_keep_nobody_waiting(alone: Running) -> None:
    job_id = made(alone.http, opened=True)
    before, address = resident_mb(alone.process.pid), urlsplit(alone.url)
    head = f"POST {JOBS}/{job_id}/_data HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n"
    beginnings = (b"", b"GET / HT", head.encode(), f"{head}\r\n".encode() + b'{"time":1403481600}' * 50)
    with ExitStack() as stack:
        for number in range(CONNECTIONS):
            connection = stack.enter_context(socket.create_connection((address.hostname, address.port)))
            connection.sendall(beginnings[number % len(beginnings)])
        for number in range(20):
            alone.http.post(f"{JOBS}/{job_id}/_data", json=rows(START_MS // 1000 + number)).raise_for_status()
        assert alone.http.get("/").status_code == 200
        assert resident_mb(alone.process.pid) - before < MOST_GROWN_MB
    counts = alone.http.get(f"{JOBS}/{job_id}/_stats").json()["jobs"][0]["data_counts"]
    assert counts["processed_record_count"] == 20


@pytest.mark.slow
def test_a_body_that_does_not_go_on_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "LONGEST_WAIT_S", 0.01)

    async def receive() -> dict[str, object]:
        if not sent:
            sent.append(True)
            return {"type": "http.request", "body": b"half", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError("nothing comes any more")

    sent: list[bool] = []
    request = Request({"type": "http", "method": "POST", "headers": []}, receive)

    async def read() -> list[bytes]:
        pieces: AsyncIterator[bytes] = body.unpacked(request)
        return [piece async for piece in pieces]

    # In a thread of its own: tests of the page leave a loop running in this one.
    with ThreadPoolExecutor(1) as pool, pytest.raises(HttpProblem, match="wanted more of it") as given_up:
        pool.submit(lambda: asyncio.run(read())).result()
    assert given_up.value.status == 408
