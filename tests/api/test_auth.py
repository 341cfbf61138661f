"""Keys, roles, TLS."""

import base64
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from barograph.cli.main import app
from tests.api.elastic.server_jobs import JOBS, config
from tests.api.running import Running

CLI = [sys.executable, "-c", "from barograph.cli.main import main; main()"]


def keys_command(*arguments: str, data_dir: Path) -> list[str]:
    """What `barograph keys` prints, run in this process."""
    done = CliRunner().invoke(app, ["keys", *arguments, "--data-dir", str(data_dir)])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def made_key(data_dir: Path, role: str) -> tuple[str, str, str]:
    """A new key: id, secret, header."""
    lines = dict(line.split(maxsplit=1) for line in keys_command("create", f"for {role}", "--role", role, data_dir=data_dir))
    return lines["id"], lines["secret"], lines["header"].removeprefix("Authorization: ")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory):
    data_dir = tmp_path_factory.mktemp("guarded") / "data"
    keys = {role: made_key(data_dir, role) for role in ("read", "write", "admin")}
    with Running(data_dir, environment={"BAROGRAPH_AUTH": "required"}) as server:
        yield server, keys


def test_nobody_gets_in_without_a_key(guarded) -> None:
    server, keys = guarded
    key_id, _, _ = keys["admin"]
    wrong = base64.b64encode(f"{key_id}:guess".encode()).decode()
    for header in ("", "Basic", "Basic !!!", "ApiKey " + wrong, "Bearer x", "Basic " + "A" * 9999, "ApiKey /w=="):
        answer = server.http.get("/", headers={"Authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "security_exception"
        assert "ApiKey" in answer.headers["www-authenticate"]
    assert server.http.get("/healthz").status_code == 200
    assert server.http.get("/metrics").status_code == 401


def test_a_key_is_taken_as_api_key_and_as_user_and_password(guarded) -> None:
    server, keys = guarded
    key_id, secret, header = keys["read"]
    assert server.http.get("/", headers={"Authorization": header}).status_code == 200
    assert server.http.get("/", auth=httpx.BasicAuth(key_id, secret)).status_code == 200


def test_a_role_allows_what_it_says_and_no_more(guarded) -> None:
    server, keys = guarded
    headers = {role: {"Authorization": header} for role, (_, _, header) in keys.items()}
    put = {role: server.http.put(f"{JOBS}/by-{role}", json=config(), headers=headers[role]) for role in headers}
    assert {role: answer.status_code for role, answer in put.items()} == {"read": 403, "write": 200, "admin": 200}
    assert "needs the role [write]" in put["read"].json()["error"]["reason"]
    upgrade = {role: server.http.post("/_ml/set_upgrade_mode", headers=headers[role]).status_code for role in headers}
    assert upgrade == {"read": 403, "write": 403, "admin": 200}
    assert server.http.get(f"{JOBS}/by-write", headers=headers["read"]).status_code == 200
    assert "for write" in server.log.read_text()


def test_a_secret_is_kept_as_a_hash_only(guarded) -> None:
    server, keys = guarded
    data_dir = server.log.with_suffix("")
    kept = b"".join(file.read_bytes() for file in data_dir.rglob("barograph.sqlite*"))
    assert keys["read"][0].encode() in kept
    assert keys["read"][1].encode() not in kept
    assert keys["read"][1] not in server.log.read_text()


def test_a_key_that_is_deleted_is_refused_at_once(guarded) -> None:
    server, _ = guarded
    data_dir = server.log.with_suffix("")
    key_id, _, header = made_key(data_dir, "read")
    assert server.http.get("/", headers={"Authorization": header}).status_code == 200
    subprocess.run([*CLI, "keys", "delete", key_id, "--data-dir", str(data_dir)], timeout=60, check=True)
    assert server.http.get("/", headers={"Authorization": header}).status_code == 401
    listed = "\n".join(keys_command("list", data_dir=data_dir))
    assert key_id not in listed
    assert "for admin" in listed


def test_an_address_that_others_can_reach_needs_a_key_first(tmp_path: Path) -> None:
    command = [*CLI, "serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "barograph keys create" in done.stderr


def test_an_unsecured_server_ignores_what_keys_it_is_given(http: httpx.Client) -> None:
    assert http.get("/", headers={"Authorization": "Basic not-base64"}).status_code == 200


def test_it_speaks_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-days", "2", "-nodes", "-newkey", "rsa:2048"]
    made = ["openssl", "req", "-x509", *subject, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, capture_output=True, timeout=60, check=True)
    environment = {"BAROGRAPH_TLS_CERTIFICATE": str(certificate), "BAROGRAPH_TLS_KEY": str(key)}
    with Running(tmp_path / "data", environment=environment) as server:
        assert server.url.startswith("https://")
        assert server.http.get("/").status_code == 200


def test_half_of_tls_is_refused(tmp_path: Path) -> None:
    command = [*CLI, "serve", "--port", "0", "--data-dir", str(tmp_path / "data"), "--config", str(tmp_path / "s.toml")]
    (tmp_path / "s.toml").write_text("[server]\ntls_key = 'k.pem'\n")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "server.tls_certificate is missing" in done.stderr


def test_a_document_is_bounded_as_every_other_body_is_also_of_whoever_has_no_key(tmp_path: Path) -> None:
    made_key(tmp_path / "data", "read")
    with Running(tmp_path / "data", environment={"BAROGRAPH_AUTH": "required", "BAROGRAPH_MAX_BODY": "1mb"}) as server:
        large = b'{"key":"' + b"a" * (2 << 20) + b'"}'
        sent = server.http.post("/api/v1/session", content=large, headers={"Content-Type": "application/json"})
        assert (sent.status_code, sent.json()["code"]) == (413, "too_large")
        assert "max_body" in sent.json()["message"]
        assert server.http.post("/api/v1/session", json={"key": "no"}).status_code == 401
