"""Bad input of every kind: no traceback, no abort, no hang, memory bounded, and the data directory is as good as before."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.inputs import case

ROOT = Path(__file__).parents[2]
MOST_MB = 2_500
"""Of one process that was given all of them: 10,000 columns by 400 rows and blocks of 16 MiB have their price."""

_QUIET = os.environ | {"RUST_BACKTRACE": "0"}


@pytest.mark.parametrize(("first", "count"), [(0, 25), pytest.param(25, 9_975, marks=pytest.mark.slow)])
def test_the_library_refuses_or_reads_it(tmp_path, first, count):
    command = [sys.executable, "-m", "tests.hostile", str(first), str(count), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60 + count, env=_QUIET, check=False)
    running = (tmp_path / "running").read_text()
    assert done.returncode == 0, f"aborted in case {running}: {done.stderr[-2_000:]}"
    *broken, last = done.stdout.splitlines()
    assert not broken, "\n".join(broken)
    assert int(re.fullmatch(r"most memory: (\d+) MB", last)[1]) < MOST_MB


@pytest.mark.parametrize("number", [*range(3), *(pytest.param(number, marks=pytest.mark.slow) for number in range(3, 300))])
def test_the_command_line_says_so_in_a_few_lines(tmp_path, number):
    made = case(number)
    (tmp_path / made.job[0]).write_bytes(made.job[1])
    for name, content in made.files:
        (tmp_path / name).write_bytes(content)
    files = [f"./{name}" for name, _ in made.files]
    command = [sys.executable, "-c", "from barograph.cli.main import main; main()", "run", made.job[0], *files, "--flush"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, env=_QUIET, check=False)
    said = done.stderr.decode(errors="replace")
    assert done.returncode in (0, 1), (made.wrong, done.returncode, said[-2_000:])
    assert "Traceback" not in said, (made.wrong, said[-2_000:])
    assert "panicked" not in said, (made.wrong, said[-2_000:])
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    assert len(errors) <= 20
    assert (done.returncode == 1) == bool(errors), (made.wrong, said)
