"""A real server in a process of its own, which never outlives the tests."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

import httpx

_PROGRAM = """
import ctypes, signal
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it ends with the tests, however they end
from barograph.cli.main import main
main()
"""


class Running:
    """`barograph serve` on a free port; a context manager."""

    def __init__(
        self, data_dir: Path, *options: str, environment: dict[str, str] | None = None, until_ready: bool = True
    ) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("BAROGRAPH_")}
        self.log = data_dir.parent / f"{data_dir.name}.log"
        command = [sys.executable, "-c", _PROGRAM, "serve", "--port", "0"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data-dir", str(data_dir), *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=data_dir.parent,
                env=own | (environment or {}),
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert " is at http" in line, self.log.read_text()
        self.url = line.split(" is at ")[1].strip()
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False, verify=False)
        if until_ready:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Until the jobs that were left open are open again; every answer takes its time, so nothing here sleeps."""
        for _ in range(5000):
            if self.http.get("/readyz").status_code == 200:
                return
        raise AssertionError("the server does not become ready")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """Tell it to end; returns its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def _end(self, kind: signal.Signals) -> int:
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(kind)
        try:
            code = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code
