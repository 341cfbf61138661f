"""The official client, of both releases that people use, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.running import Running
from tests.docs.test_examples import blocks

ROOT = Path(__file__).parents[3]


def drive(program: Path, release: int, url: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the client of a release, which `make` has put into a folder of its own."""
    folder = Path(sys.prefix) / f"elasticsearch-{release}"
    assert folder.is_dir(), f"{folder}: 'make .venv/.test' puts the client there"
    command = [sys.executable, "-W", "ignore", str(program), url]
    environment = {**os.environ, "PYTHONPATH": str(folder), "no_proxy": "*"}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


@pytest.mark.parametrize("release", [8, 9])
@pytest.mark.parametrize("program", ["client_drive.py", "client_drive_index.py"])
def test_the_official_client_drives_every_call(tmp_path: Path, program: str, release: int) -> None:
    with Running(tmp_path / "data") as server:
        done = drive(Path(__file__).parent / program, release, server.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"driven by {release}.")


@pytest.mark.parametrize("page", ["README.md", "docs/elastic.md"])
def test_what_the_pages_show_finds_the_anomaly(tmp_path: Path, page: str) -> None:
    (shown,) = (block for block in blocks((ROOT / page).read_text()) if block.language == "py")
    with Running(tmp_path / "data") as server:
        program = tmp_path / "shown.py"
        program.write_text(shown.body.replace("http://localhost:9200", server.url))
        done = drive(program, 9, server.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1, done.stdout
