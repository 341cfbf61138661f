"""The official client, of both releases that people use, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.running import Running
from tests.docs.test_examples import blocks

ROOT = Path(__file__).parents[3]


def drive(program: Path, release: int, url: str) -> str:
    """What a program prints that has the client of a release, which `make` has put into a folder of its own."""
    folder = Path(sys.prefix) / f"opensearch-{release}"
    assert folder.is_dir(), f"{folder}: 'make .venv/.test' puts the client there"
    command = [sys.executable, "-W", "ignore", str(program), url]
    environment = {**os.environ, "PYTHONPATH": str(folder), "no_proxy": "*"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("release", [2, 3])
def test_the_official_client_drives_every_call(running: Running, release: int) -> None:
    printed = drive(Path(__file__).parent / "client_drive.py", release, running.url)
    assert printed.startswith(f"driven by {release}.")


def test_what_the_page_shows_finds_the_anomaly(running: Running, tmp_path: Path) -> None:
    (shown,) = (block for block in blocks((ROOT / "docs" / "opensearch-api.md").read_text()) if block.language == "py")
    program = tmp_path / "shown.py"
    program.write_text(shown.body.replace("http://localhost:9200", running.url))
    assert drive(program, 3, running.url).startswith("web-2 900.0 ")
