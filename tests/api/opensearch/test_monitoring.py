"""Monitors while somebody acknowledges an alert or removes its monitor, or the server ends, and what could not be done."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from barograph.alerts.service import OutMessage
from barograph.api.opensearch.alerting.calls import delete
from barograph.api.opensearch.alerting.monitor import parsed
from barograph.api.opensearch.alerting.monitoring import Monitoring
from barograph.api.opensearch.shelves import ALERTS, MONITORS, every, found, write
from barograph.api.opensearch.ticks import Ticks
from barograph.config.channels import LogChannel
from tests.api.opensearch.test_monitors import INDEX, acting, monitor
from tests.index.making import NOW_MS, documents


class Outbox:
    """Takes messages of monitors, as alerts do."""

    def __init__(self) -> None:
        self.channels = {"log": LogChannel()}
        self.sent: list[OutMessage] = []
        self.taken_back: list[str] = []
        self.unsend = self.taken_back.append

    def send(self, messages: list[OutMessage]) -> None:
        self.sent += messages


@pytest.fixture
def monitoring() -> Monitoring:
    odd = {"detector_id": "d1", "anomaly_grade": 0.9, "confidence": 0.9, "execution_end_time": NOW_MS - 1000}
    fields = {"detector_id": {"type": "keyword"}, "execution_end_time": {"type": "date"}}
    index = documents(odd, mappings={"properties": fields}, index=INDEX)
    server: Any = SimpleNamespace(documents=index, alerts=Outbox(), config=SimpleNamespace(page=""), beside=[])
    server.service = SimpleNamespace(now_ms=lambda: NOW_MS)
    server.beside.append(Monitoring(server))
    made: Monitoring = server.beside[0]
    return made


def kept(monitoring: Monitoring, **changes: Any) -> Any:
    document = monitor(**acting(throttle_enabled=False, **changes))
    one = parsed(document, NOW_MS, monitoring.server.alerts.channels, None)
    write(monitoring.server.documents, MONITORS, "m1", {"monitor": one})
    return one


def run(monitoring: Monitoring, one: Any, after_ms: int = 0) -> list[str]:
    """Run a monitor; returns the ids of all messages that were ever sent."""
    monitoring.server.service.now_ms = lambda: NOW_MS + after_ms
    monitoring.run("m1", one, (NOW_MS - 600_000, NOW_MS + after_ms), is_dry=False)
    return [message.message_id for message in monitoring.server.alerts.sent]


def test_whoever_acknowledges_an_alert_hears_no_more_of_it(monitoring):
    one = kept(monitoring)
    assert len(run(monitoring, one)) == 1
    (alert_id,) = every(monitoring.server.documents, ALERTS)
    assert monitoring.acknowledge("m1", [alert_id]) == ([alert_id], [])
    alert = found(monitoring.server.documents, ALERTS, alert_id)
    assert alert is not None
    assert (alert["state"], alert["acknowledged_time"]) == ("ACKNOWLEDGED", NOW_MS)
    assert len(run(monitoring, one, 1)) == 1
    assert monitoring.server.alerts.taken_back == [alert_id]


def test_no_alert_goes_on_whose_monitor_is_removed_while_it_runs(monitoring):
    one = kept(monitoring)
    call: Any = SimpleNamespace(server=monitoring.server, path={"monitor_id": "m1"})
    run(monitoring, one)
    delete(call)
    assert len(run(monitoring, one, 1)) == 1
    (alert,) = every(monitoring.server.documents, ALERTS).items()
    assert (alert[1]["state"], monitoring.server.alerts.taken_back) == ("DELETED", [alert[0]])


def test_what_is_told_again_is_another_message(monitoring):
    one = kept(monitoring)
    assert len({message for after in (0, 1, 2) for message in run(monitoring, one, after)}) == 3


def test_a_message_is_the_same_until_it_is_noted_as_sent(monitoring, monkeypatch):
    one = kept(monitoring)
    put, notes = monitoring._put, []

    def killed(alert_id: str, alert: Any) -> None:
        notes.append(alert_id)
        if len(notes) == 2:
            raise KeyboardInterrupt
        put(alert_id, alert)

    monkeypatch.setattr(monitoring, "_put", killed)
    with pytest.raises(KeyboardInterrupt):
        run(monitoring, one)
    first, again = run(monitoring, one, 60_000)
    assert first == again
    (alert,) = every(monitoring.server.documents, ALERTS).values()
    assert alert["action_execution_results"][0]["last_execution_time"] == NOW_MS + 60_000


def test_a_channel_that_is_gone_is_told(monitoring):
    one = kept(monitoring)
    monitoring.server.alerts.channels = {}
    outcome = monitoring.run("m1", one, (NOW_MS - 600_000, NOW_MS), is_dry=False)
    assert outcome.actions["t1"]["a1"]["error"] == "destination_id='log': wanted a channel of this server"


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
