"""Monitors while somebody acknowledges an alert or removes its monitor, and what is due although it could not be done."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from barograph.api.opensearch.alerting import actions
from barograph.api.opensearch.alerting.calls import delete
from barograph.api.opensearch.alerting.monitor import parsed
from barograph.api.opensearch.alerting.monitoring import Monitoring
from barograph.api.opensearch.shelves import ALERTS, MONITORS, every, found, write
from barograph.api.opensearch.ticks import Ticks
from barograph.config.channels import LogChannel
from tests.api.opensearch.test_monitors import INDEX, acting, monitor
from tests.index.making import NOW_MS, documents


@pytest.fixture
def monitoring() -> Monitoring:
    odd = {"detector_id": "d1", "anomaly_grade": 0.9, "confidence": 0.9, "execution_end_time": NOW_MS - 1000}
    fields = {"detector_id": {"type": "keyword"}, "execution_end_time": {"type": "date"}}
    index = documents(odd, mappings={"properties": fields}, index=INDEX)
    alerts = SimpleNamespace(channels={"log": LogChannel()})
    server: Any = SimpleNamespace(documents=index, alerts=alerts, config=SimpleNamespace(page=""), beside=[])
    server.service = SimpleNamespace(now_ms=lambda: NOW_MS)
    server.beside.append(Monitoring(server))
    made: Monitoring = server.beside[0]
    return made


def kept(monitoring: Monitoring) -> Any:
    document = monitor(**acting(throttle_enabled=False))
    one = parsed(document, NOW_MS, monitoring.server.alerts.channels, None)
    write(monitoring.server.documents, MONITORS, "m1", {"monitor": one})
    return one


def run(monitoring: Monitoring, one: Any, monkeypatch: pytest.MonkeyPatch, act: Any = lambda: None) -> list[str]:
    """Run a monitor; while its message is sent, somebody does something. Returns the ids of messages."""
    sent: list[str] = []

    def send(body: Any, _: bytes) -> str:
        sent.append(body["id"])
        act()
        return "ok"

    monkeypatch.setattr(actions, "sender", lambda _: send)
    monitoring.run("m1", one, (NOW_MS - 600_000 + len(every(monitoring.server.documents, ALERTS)), NOW_MS), is_dry=False)
    return sent


def test_whoever_acknowledges_an_alert_while_it_is_told_has_done_so(monitoring, monkeypatch):
    one = kept(monitoring)
    run(monitoring, one, monkeypatch)
    (alert_id,) = every(monitoring.server.documents, ALERTS)
    assert run(monitoring, one, monkeypatch, lambda: monitoring.acknowledge("m1", [alert_id]))
    alert = found(monitoring.server.documents, ALERTS, alert_id)
    assert alert is not None
    assert (alert["state"], alert["acknowledged_time"]) == ("ACKNOWLEDGED", NOW_MS)
    assert run(monitoring, one, monkeypatch) == []


def test_no_alert_goes_on_whose_monitor_is_removed_while_it_is_told(monitoring, monkeypatch):
    one = kept(monitoring)
    call: Any = SimpleNamespace(server=monitoring.server, path={"monitor_id": "m1"})
    run(monitoring, one, monkeypatch)
    run(monitoring, one, monkeypatch, lambda: delete(call))
    assert [alert["state"] for alert in every(monitoring.server.documents, ALERTS).values()] == ["DELETED"]


def test_what_is_told_again_is_another_message(monitoring, monkeypatch):
    one = kept(monitoring)
    first = run(monitoring, one, monkeypatch)
    monitoring.server.service.now_ms = lambda: NOW_MS + 1
    monkeypatch.setattr(actions, "sender", lambda _: lambda body, _: first.append(body["id"]) or "ok")
    monitoring.run("m1", one, (NOW_MS, NOW_MS + 1), is_dry=False)
    assert len(set(first)) == 2


def test_what_could_not_be_done_stays_due():
    tried = threading.Event()

    def act(name: str, now_ms: int) -> int:
        tried.set()
        raise OSError("the disk is full")

    ticks = Ticks("test", lambda: 1000, act)
    ticks.plan("a", 1000)
    assert tried.wait(10)
    ticks.close()
    assert ticks.due == {"a": 61_000}
