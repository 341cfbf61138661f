"""What nobody should send is refused with a reason, and no job suffers."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.elastic.malformed import requests
from tests.api.elastic.server_jobs import JOBS, START_MS, config, made, rows
from tests.api.running import Running

START = START_MS // 1000


def send_all(tmp_path: Path, count: int, seed: int) -> None:
    """Send them beside a job at work, which must not notice."""
    with Running(tmp_path / "data") as server:
        http = server.http
        kept = made(http, opened=True)
        http.put(f"{JOBS}/fuzzed", json=config())
        http.post(f"{JOBS}/fuzzed/_open")
        for number, one in enumerate(requests(count, seed)):
            answer = http.request(one.method, one.path, content=one.content, headers=one.headers)
            assert answer.status_code < 500, (one, answer.text)
            if answer.status_code >= 400 and one.method != "HEAD":
                told = answer.json()  # a document that is not there is told without an error
                assert told.get("error") or told.get("result") == "not_found" or told.get("found") is False, one
            if number % (count // 10) == 0:
                http.post("/_ml/set_upgrade_mode", params={"enabled": "false"})
                http.post(f"{JOBS}/{kept}/_open")
                http.post(f"{JOBS}/{kept}/_data", json=rows(START + 3600 * number)).raise_for_status()
        assert http.get(f"{JOBS}/{kept}/_stats").json()["jobs"][0]["data_counts"]["processed_record_count"] == 10


def test_malformed_requests_are_refused(tmp_path: Path) -> None:
    send_all(tmp_path, 1500, seed=1)


@pytest.mark.slow
def test_ten_thousand_malformed_requests_are_refused(tmp_path: Path) -> None:
    send_all(tmp_path, 10_000, seed=2)


def raw(server: Running, request: bytes) -> bytes:
    """What comes back on a connection that is then ended by this side."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(65536)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b'POST %b/_data HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"tim',
        b"POST %b/_data HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b'POST %b/_data HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"time": 1}',
        b"POST %b/_data HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"GET %b/_data?\x00\xff HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01 nonsense\r\n\r\n",
        b"GET " + b"/a" * 50_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_broken_request_harms_nobody(running: Running, http: httpx.Client, request_bytes: bytes) -> None:
    job_id = made(http, opened=True)
    answer = raw(running, request_bytes.replace(b"%b", f"{JOBS}/{job_id}".encode()))
    assert b" 50" not in answer.partition(b"\r\n")[0]
    (told,) = http.get(f"{JOBS}/{job_id}/_stats").json()["jobs"]
    assert (told["state"], told["data_counts"]["processed_record_count"]) == ("opened", 0)
