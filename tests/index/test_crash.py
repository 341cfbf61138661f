"""`kill -9` while documents are written: what was acknowledged is there, once."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from barograph.index.documents import Documents
from tests.index.making import NOW_MS

_WRITER = """
import sys
from pathlib import Path
from barograph.index.documents import Documents
from barograph.index.write import Operation
into = Documents(Path(sys.argv[1]), lambda: 0)
for batch in range(int(sys.argv[2]), 10**9):
    ids = [f"{batch}-{at}" for at in range(200)] + [f"again-{at}" for at in range(20)]
    into.bulk([Operation("index", "logs", name, b'{"batch":%d,"host":["a","b"]}' % batch) for name in ids])
    print(batch, flush=True)
"""


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    path, rng, acknowledged = tmp_path / "index.duckdb", random.Random(3), -1
    for _ in range(4):
        command = [sys.executable, "-c", _WRITER, str(path), str(acknowledged + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(rng.randrange(3, 12)):
                acknowledged = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            for line in writer.stdout:
                acknowledged = int(line) if line.endswith("\n") else acknowledged
        with Documents(path, lambda: NOW_MS) as into:
            hosts = {"hosts": {"terms": {"field": "host.keyword"}}, "last": {"max": {"field": "batch"}}}
            page = into.search("logs", {"size": 0, "aggs": hosts})
            last = int((page.aggregations or {})["last"]["value"])
            assert last in (acknowledged, acknowledged + 1)  # one more may be written whose acknowledgement was cut off
            assert page.total == 200 * (last + 1) + 20
            assert [b["doc_count"] for b in (page.aggregations or {})["hosts"]["buckets"]] == [page.total] * 2
            acknowledged = last
