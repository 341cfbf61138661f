"""`barograph demo`."""

import re
import shlex
from pathlib import Path

import pytest


@pytest.fixture
def demo(call, tmp_path: Path):
    return call("demo", "--data-dir", tmp_path / "demo folder", columns=100)


def test_known_causes_are_held_against_what_was_found(demo) -> None:
    assert demo.returncode == 0
    assert "read 10,320 rows" in demo.stdout
    for cause in ("Marathon", "Thanksgiving", "Christmas", "New Year", "Snow storm"):
        assert re.search(rf"{cause}.* (yes|no) ", demo.stdout), cause
    found = re.search(r"Found (\d) of 5 known causes", demo.stdout)
    assert found
    assert int(found[1]) == demo.stdout.count("  yes  ")


def test_lines_fit_a_terminal_of_100_columns(demo) -> None:
    folders = [line for line in demo.stdout.splitlines() if "--data-dir" not in line]
    assert max(map(len, folders)) <= 100


def test_the_commands_it_suggests_work(demo, call) -> None:
    suggested = [line.strip() for line in demo.stdout.splitlines() if line.startswith("  barograph ")]
    assert len(suggested) == 4
    for line in suggested:
        command, *_ = line.partition(" > ")
        done = call(*shlex.split(command)[1:])
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_a_second_demo_in_the_same_folder_shows_the_same(demo, call, tmp_path: Path) -> None:
    again = call("demo", "--data-dir", tmp_path / "demo folder", columns=100)
    assert again.returncode == 0
    assert again.stdout.split("The worst")[1] == demo.stdout.split("The worst")[1]
