"""The frame that all dialects share, against a real process."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.api.running import Running


def test_it_lives_and_is_ready(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ready"}


def test_every_answer_has_an_id_and_the_product_header(http: httpx.Client) -> None:
    for path in ("/", "/healthz", "/nothing/here/at/all"):
        answer = http.get(path)
        assert answer.headers["x-elastic-product"] == "Elasticsearch"
        assert answer.headers["x-request-id"]


def test_a_request_id_that_is_given_is_kept(running: Running) -> None:
    answer = running.http.get("/", headers={"X-Request-Id": "mine-1", "X-Opaque-Id": "theirs"})
    assert answer.headers["x-request-id"] == "mine-1"
    assert answer.headers["x-opaque-id"] == "theirs"
    logged: dict[str, object] = {}
    for _ in range(100):  # the line is written when the answer has gone
        running.http.get("/healthz")
        lines = [json.loads(line) for line in running.log.read_text().splitlines()]
        logged = next((line for line in lines if line.get("request_id") == "mine-1"), {})
        if logged:
            break
    assert (logged["path"], logged["status"], logged["method"]) == ("/", 200, "GET")


def test_metrics_count_requests_by_route(http: httpx.Client) -> None:
    http.post("/_ml/anomaly_detectors/no-such/_open")
    text = http.get("/metrics").text
    assert 'route="/_ml/anomaly_detectors/{job_id}/_open",status="404"' in text
    assert "barograph_open_jobs" in text


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        (b"{", {"Content-Type": "application/json"}, 400, "wanted JSON"),
        (b"[" * 5000, {"Content-Type": "application/json"}, 400, "wanted JSON"),
        (b'{"x": 1}', {"Content-Type": "application/json"}, 400, "unknown field [x]"),
        (b"[1]", {"Content-Type": "application/json"}, 400, "wanted an object"),
        (b"\xff\xfe", {"Content-Type": "application/json"}, 400, "wanted JSON"),
        (b"{}", {"Content-Type": "text/html"}, 406, "[text/html] is not supported"),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "br"}, 415, "wanted none, identity or gzip"),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 400, "wanted gzip"),
        (
            gzip.compress(b"{}", mtime=0)[:-9],
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            400,
            "ends too early",
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_told(
    http: httpx.Client, body: bytes, headers: dict[str, str], status: int, says: str
) -> None:
    answer = http.post("/_ml/anomaly_detectors/no-such/_open", content=body, headers=headers)
    assert answer.status_code == status
    assert says in answer.json()["error"]["reason"]


def test_a_body_is_bounded_also_when_it_is_packed(tmp_path: Path) -> None:
    with Running(tmp_path / "data", environment={"BAROGRAPH_MAX_BODY": "1mb"}) as server:
        packed = gzip.compress(b" " * (50 << 20))
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = server.http.post("/_ml/anomaly_detectors/no-such/_open", content=packed, headers=headers)
        assert answer.status_code == 413
        assert "max_body" in answer.json()["error"]["reason"]


def test_the_gzip_of_a_body_may_come_in_several_files(http: httpx.Client) -> None:
    packed = gzip.compress(b'{"timeout"') + gzip.compress(b': "1m"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = http.post("/_ml/anomaly_detectors/no-such/_open", content=packed, headers=headers)
    assert answer.status_code == 404


def test_a_second_server_is_refused(running: Running) -> None:
    data_dir = running.log.with_suffix("")
    command = [sys.executable, "-c", "from barograph.cli.main import main; main()", "serve", "--port", "0"]
    second = subprocess.run([*command, "--data-dir", str(data_dir)], capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert "no other server runs on" in second.stderr


@pytest.mark.parametrize("until_ready", [True, False])
def test_it_ends_when_it_is_told_to_also_while_it_starts(tmp_path: Path, until_ready: bool) -> None:
    assert Running(tmp_path / "data", until_ready=until_ready).stop() == 0


def test_the_demo_is_open_and_has_found_what_the_command_finds(tmp_path: Path) -> None:
    with Running(tmp_path / "data", "--demo") as server:
        (job,) = server.http.get("/api/v1/jobs").json()["jobs"]
        assert (job["job_id"], job["state"], job["rows"]) == ("nyc_taxi", "opened", 10_320)
        records = server.http.get("/_ml/anomaly_detectors/nyc_taxi/results/records", params={"record_score": 75}).json()
        assert records["count"] > 0
    with Running(tmp_path / "data", "--demo") as server:
        assert server.http.get("/api/v1/jobs").json()["jobs"][0]["rows"] == 10_320
