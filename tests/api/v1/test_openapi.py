"""The OpenAPI document says what the server does: nothing fails, and no answer is another than it says."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def check(api: httpx.Client, folder: Path, *options: str) -> None:
    """Ask every call what it says that it takes, and what it says that it does not; but for the events, which do not end."""
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"{api.base_url}openapi.json",
        "--exclude-path",
        "/api/v1/events",
    ]
    fixed = ["--checks", CHECKS, "--seed", "1", "--no-color", "--suppress-health-check", "all"]
    environment = {**os.environ, "no_proxy": "*", "NO_PROXY": "*"}
    done = subprocess.run(
        [*command, *fixed, *options], capture_output=True, text=True, timeout=500, cwd=folder, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


@pytest.mark.parametrize("methods", [["GET"], pytest.param(["POST", "PUT", "PATCH", "DELETE"], marks=pytest.mark.slow)])
def test_every_call_keeps_what_it_says(prey: httpx.Client, tmp_path: Path, methods: list[str]) -> None:
    check(prey, tmp_path, "--phases", "coverage", *(part for method in methods for part in ("--include-method", method)))


@pytest.mark.slow
def test_every_call_keeps_what_it_says_also_one_after_the_other(prey: httpx.Client, tmp_path: Path) -> None:
    check(prey, tmp_path, "--max-examples", "50")


def test_every_call_is_described(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    assert document["info"]["title"] == "Barograph"
    for path, methods in document["paths"].items():
        assert path.startswith("/api/v1/")
        for call in methods.values():
            assert call["summary"]
            assert call["description"]
