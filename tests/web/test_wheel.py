"""What is installed has the page."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from barograph.web.pages import STATIC

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_page(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True, timeout=600)
    (wheel,) = tmp_path.glob("*.whl")
    there = set(zipfile.ZipFile(wheel).namelist())
    files = {f"barograph/web/static/{file.relative_to(STATIC).as_posix()}" for file in STATIC.rglob("*") if file.is_file()}
    assert files <= there
