"""A store with results that are known to the last digit, and the command line as a process."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from barograph.cli.main import main
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.results.results import Results
from barograph.store.store import Store
from tests.known_results import JOB, START, known_results


@dataclass(frozen=True)
class Done:
    """A command that is over."""

    returncode: int
    raw: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        return self.raw.decode()


Call = Callable[..., Done]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory in which the job `web` has three records in two episodes."""
    directory = tmp_path / "data"
    with Store.open(None, directory) as store:
        store.create_job(load_job(JOB), START)
        store.commit("web", known_results(), Engine.build(load_job(JOB)).snapshot(), [])
    return directory


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run `barograph ARGUMENTS` in an empty folder, in this process; returns what it printed and how it ended."""
    for name in [name for name in os.environ if name.startswith("BAROGRAPH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, stdin: str = "", columns: int = 100, env: dict[str, str] | None = None) -> Done:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with monkeypatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in {"COLUMNS": str(columns), **(env or {})}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["barograph", *map(str, arguments)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            code = ended()
        raw = out.buffer.getvalue()  # type: ignore[attr-defined]
        return Done(code, raw, err.buffer.getvalue().decode())  # type: ignore[attr-defined]

    return run


def ended() -> int:
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., "subprocess.Popen[bytes]"]:
    """Start `barograph ARGUMENTS` in an empty folder, as a process of its own."""

    def start(*arguments: object, **options: Any) -> "subprocess.Popen[bytes]":
        path = os.pathsep.join(one for one in sys.path if one)
        command = [sys.executable, "-c", "from barograph.cli.main import main; main()", *map(str, arguments)]
        return subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path, "COLUMNS": "100"}, **options)

    return start


@pytest.fixture
def results() -> Results:
    """What the job `web` has found: three records in two episodes, 120 buckets, two influencers."""
    return known_results()
