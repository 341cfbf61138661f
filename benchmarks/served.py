"""A server in a process of its own, for the benchmarks of it: its address, and the CPU that it takes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

_PROGRAM = "from barograph.cli.main import main; main()"


@dataclass(frozen=True)
class Served:
    """A server that runs.

    Attributes:
        http: asks it.
        process: its id.
    """

    http: httpx.Client
    process: int

    def cpu_seconds(self) -> float:
        """What it has taken since it began."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> int:
        """The most memory that it has had."""
        (line,) = [line for line in Path(f"/proc/{self.process}/status").read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) >> 10


@contextmanager
def served(folder: Path | str) -> Iterator[Served]:
    """A server on a free port, with the jobs of a folder; it ends with the block."""
    command = [sys.executable, "-c", _PROGRAM, "serve", "--port", "0", "--data-dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().split(" is at ")[1].strip()
        with httpx.Client(base_url=url, timeout=300, trust_env=False) as http:
            while http.get("/readyz").status_code != httpx.codes.OK:
                pass
            yield Served(http, server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
