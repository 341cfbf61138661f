"""`kill -9` between a result and its alert, and between sending and noting: each alert is sent, and seen once by its id."""

import json
import subprocess
import sys

import pytest

from tests.alerts.making import Made, job, rule
from tests.alerts.receiver import Receiver


@pytest.mark.slow
def test_each_alert_is_sent_at_least_once_and_seen_once_by_its_id(tmp_path):
    made = Made(tmp_path / "data")
    made.add(job())
    made.alerts.rules.create(rule(channels=["hook"], group_by="host"))
    made.commit(40, {39: {"a": 99.0}, 40: {"a": 99.0, "b": 80.0}})
    now = str(made.now_ms)
    made.close()
    with Receiver() as receiver:
        codes = []
        for step in ("judging", "sending", "sending", "none", "none"):
            command = [sys.executable, "-m", "tests.alerts.killed", str(made.path), f"{receiver.url}/hook", now, step]
            codes.append(subprocess.run(command, check=False, timeout=120).returncode)
        bodies = [json.loads(content) for _, _, content in receiver.got]
    assert codes == [-9, -9, -9, 0, 0]
    assert len(bodies) == 4  # twice by who was killed, and each once by who was not
    seen = {body["id"]: body for body in bodies}
    assert sorted(body["alert"]["entity"]["host"] for body in seen.values()) == ["a", "b"]
    assert all(seen[body["id"]] == body for body in bodies)  # it says the same whenever it comes
