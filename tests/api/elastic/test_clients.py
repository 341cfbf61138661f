"""The official client, of both releases that people use, each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.running import Running
from tests.docs.test_examples import blocks

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of these programs alone, which count its datafeeds; each of them deletes what it has made, or names it else."""
    with Running(tmp_path_factory.mktemp("driven") / "data") as server:
        yield server


def drive(program: Path, release: int, url: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the client of a release, which `make` has put into a folder of its own."""
    folder = Path(sys.prefix) / f"elasticsearch-{release}"
    assert folder.is_dir(), f"{folder}: 'make .venv/.test' puts the client there"
    command = [sys.executable, "-W", "ignore", str(program), url]
    environment = {**os.environ, "PYTHONPATH": str(folder), "no_proxy": "*"}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


@pytest.mark.parametrize("release", [8, 9])
@pytest.mark.parametrize("program", ["client_drive.py", "client_drive_index.py"])
def test_the_official_client_drives_every_call(driven: Running, program: str, release: int) -> None:
    done = drive(Path(__file__).parent / program, release, driven.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"driven by {release}.")


@pytest.mark.parametrize("page", ["README.md", "docs/elastic.md"])
def test_what_the_pages_show_finds_the_anomaly(driven: Running, tmp_path: Path, page: str) -> None:
    (shown,) = (block for block in blocks((ROOT / page).read_text()) if block.language == "py")
    program = tmp_path / "shown.py"
    program.write_text(shown.body.replace("http://localhost:9200", driven.url))
    done = drive(program, 9, driven.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1, done.stdout
