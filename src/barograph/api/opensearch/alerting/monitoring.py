"""Monitors that run: searches at their times, and alerts that begin and end with the conditions of their triggers."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from barograph.api.opensearch.alerting.actions import execute, is_throttled, message_of
from barograph.api.opensearch.alerting.conditions import condition
from barograph.api.opensearch.alerting.monitor import body_of, period_ms, triggers_of
from barograph.api.opensearch.features import new_id
from barograph.api.opensearch.searches import answered
from barograph.api.opensearch.shelves import ALERTS, MONITORS, every, found, stored, write
from barograph.api.opensearch.ticks import Ticks
from barograph.api.server import Server
from barograph.config.errors import BarographError
from barograph.index.catalog import Options

_OPEN: Final = ("ACTIVE", "ACKNOWLEDGED", "ERROR")


@dataclass(frozen=True)
class Outcome:
    """What a run of a monitor has found.

    Attributes:
        results: what each input answered.
        error: why none did; None: they did.
        triggered: by the id of a trigger, whether its condition is true.
        actions: by the id of a trigger, what became of its actions, by their ids.
    """

    results: list[dict[str, Any]]
    error: str | None
    triggered: dict[str, bool]
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Monitoring:
    """The monitors of a server. Any thread may call."""

    server: Server
    ticks: Ticks = field(init=False)
    _changing: threading.RLock = field(default_factory=threading.RLock)
    """Held while an alert is read and written; a run does not wait for what it has sent."""

    def __post_init__(self) -> None:
        self.ticks = Ticks("monitors", self.server.service.now_ms, self._due)

    def resume(self) -> None:
        """See `Beside`."""
        for monitor_id, document in every(self.server.documents, MONITORS).items():
            self.plan(monitor_id, document["monitor"])

    def close(self) -> None:
        """See `Beside`."""
        self.ticks.close()

    def plan(self, monitor_id: str, monitor: Mapping[str, Any]) -> None:
        """Have a monitor run at its times from now on, or not any more where it is disabled."""
        if monitor["enabled"]:
            self.ticks.plan(monitor_id, _following(monitor, self.server.service.now_ms()))
        else:
            self.ticks.drop(monitor_id)

    def forget(self, monitor_id: str) -> None:
        """A monitor is gone: its alerts are over."""
        self.ticks.drop(monitor_id)
        with self._changing:
            for alert_id, alert in self._alerts(monitor_id).items():
                self._put(alert_id, {**alert, "state": "DELETED", "end_time": self.server.service.now_ms()})
                self.server.alerts.unsend(alert_id)

    def _due(self, monitor_id: str, now_ms: int) -> int | None:
        document = found(self.server.documents, MONITORS, monitor_id)
        if document is None or not document["monitor"]["enabled"]:
            return None
        monitor = document["monitor"]
        try:
            self.run(monitor_id, monitor, (now_ms - period_ms(monitor), now_ms), is_dry=False)
        except BarographError as error:
            structlog.get_logger().warning("monitor.failed", monitor_id=monitor_id, error=str(error))
        return _following(monitor, now_ms)

    def run(self, monitor_id: str, monitor: Mapping[str, Any], period: tuple[int, int], *, is_dry: bool) -> Outcome:
        """Run a monitor over a period, [first ms, last ms]; unless it is dry, alerts begin and end, and messages are sent."""
        outcome = self._found(monitor, period)
        for trigger in triggers_of(monitor):
            run = _Run(monitor_id, monitor, trigger, period, outcome)
            outcome.actions[trigger["id"]] = self._tried(run) if is_dry else self._settle(run)
        return outcome

    def _tried(self, run: "_Run") -> dict[str, Any]:
        """What the actions of a trigger would tell."""
        if not run.is_triggered:
            return {}
        context = run.context({"id": "", **run.new_alert(self.server.service.now_ms(), 1)})
        return {one["id"]: execute(one, context) for one in run.trigger["actions"]}

    def _found(self, monitor: Mapping[str, Any], period: tuple[int, int]) -> Outcome:
        documents, results = self.server.documents, []
        options = Options(with_hidden=True, ignore_unavailable=True)
        try:
            for given in monitor["inputs"]:
                body = body_of(given, *period)
                page = documents.search(",".join(given["search"]["indices"]), body, options)
                results.append(answered(body, page, 0))
        except BarographError as error:
            return Outcome([], str(error), {one["id"]: False for one in triggers_of(monitor)})
        true = {
            one["id"]: all(clause.holds(results) for clause in condition("condition.script", one["condition"]["script"]))
            for one in triggers_of(monitor)
        }
        return Outcome(results, None, true)

    def _settle(self, run: "_Run") -> dict[str, Any]:
        """Begin, keep or end the alert of a trigger, of which there is one at a time; what became of its actions."""
        with self._changing:
            kept_monitor = stored(self.server.documents, MONITORS, run.monitor_id)
            if kept_monitor is None:  # it was removed meanwhile
                return {}
            now, trigger_id = self.server.service.now_ms(), run.trigger["id"]
            kept = [one for one in self._alerts(run.monitor_id).items() if one[1]["trigger_id"] == trigger_id]
            alert_id, alert = kept[0] if kept else (new_id(), None)
            begun = alert or run.new_alert(now, kept_monitor.version)
            if run.outcome.error is not None:
                self._put(alert_id, {**begun, "state": "ERROR", "error_message": run.outcome.error})
            elif run.is_triggered:
                state = "ACTIVE" if begun["state"] == "ERROR" else begun["state"]
                changed = {**begun, "state": state, "error_message": None}
                self._put(alert_id, changed)
                return {} if state == "ACKNOWLEDGED" else self._acted(run, alert_id, changed, now)
            elif alert is not None:
                self._put(alert_id, {**alert, "state": "COMPLETED", "end_time": now})
            return {}

    def _acted(self, run: "_Run", alert_id: str, alert: dict[str, Any], now_ms: int) -> dict[str, Any]:
        """Execute the actions of a trigger, and then note that with the alert; what became of them.

        Messages go into the outbox first: whoever ends the process in between has them sent again under the same ids, not lost.
        """
        executed = {one["action_id"]: one for one in alert["action_execution_results"]}
        actions, messages = {}, []
        for one in run.trigger["actions"]:
            before = executed.get(one["id"], {"action_id": one["id"], "last_execution_time": None, "throttled_count": 0})
            if is_throttled(one, executed, now_ms):
                executed[one["id"]] = {**before, "throttled_count": before["throttled_count"] + 1}
                actions[one["id"]] = {"id": one["id"], "name": one["name"], "output": {}, "throttled": True, "error": None}
                continue
            context = run.context({"id": alert_id, **alert})
            actions[one["id"]] = told = execute(one, context)
            if one["destination_id"] in self.server.alerts.channels:
                page = self.server.config.page
                messages.append(message_of(one, context, told["output"], before["last_execution_time"], page))
            else:
                told["error"] = f"destination_id={one['destination_id']!r}: wanted a channel of this server"
            executed[one["id"]] = {**before, "last_execution_time": now_ms}
        self.server.alerts.send(messages)
        notified = {"last_notification_time": now_ms} if messages else {}
        self._put(alert_id, {**alert, **notified, "action_execution_results": list(executed.values())})
        return actions

    def acknowledge(self, monitor_id: str, alert_ids: list[str]) -> tuple[list[str], list[str]]:
        """Acknowledge active alerts of a monitor; those that were, and those that could not be."""
        done, failed = [], []
        with self._changing:
            alerts = self._alerts(monitor_id)
            for alert_id in alert_ids:
                if alert_id in alerts and alerts[alert_id]["state"] == "ACTIVE":
                    changed = {"state": "ACKNOWLEDGED", "acknowledged_time": self.server.service.now_ms()}
                    self._put(alert_id, {**alerts[alert_id], **changed})
                    self.server.alerts.unsend(alert_id)
                    done.append(alert_id)
                else:
                    failed.append(alert_id)
        return done, failed

    def _alerts(self, monitor_id: str) -> dict[str, dict[str, Any]]:
        """The alerts of a monitor that go on, by id."""
        return every(self.server.documents, ALERTS, {"term": {"monitor_id": monitor_id}}, {"terms": {"state": [*_OPEN]}})

    def _put(self, alert_id: str, alert: Mapping[str, Any]) -> None:
        write(self.server.documents, ALERTS, alert_id, alert)


def _following(monitor: Mapping[str, Any], now_ms: int) -> int:
    """The first time behind now at which a monitor runs."""
    period, since = period_ms(monitor), int(monitor["enabled_time"])
    return since + ((now_ms - since) // period + 1) * period


@dataclass(frozen=True)
class _Run:
    """A trigger of a monitor that has run over a period."""

    monitor_id: str
    monitor: Mapping[str, Any]
    trigger: Mapping[str, Any]
    period: tuple[int, int]
    outcome: Outcome

    @property
    def is_triggered(self) -> bool:
        """Whether its condition is true."""
        return self.outcome.triggered[self.trigger["id"]]

    def context(self, alert: Mapping[str, Any]) -> dict[str, Any]:
        """What templates see as `ctx`."""
        return {
            "monitor": self.monitor,
            "trigger": self.trigger,
            "results": self.outcome.results,
            "periodStart": self.period[0],
            "periodEnd": self.period[1],
            "alert": alert,
            "error": self.outcome.error,
        }

    def new_alert(self, now_ms: int, version: int) -> dict[str, Any]:
        """An alert that begins; `version` is that of the monitor."""
        return {
            "monitor_id": self.monitor_id,
            "monitor_name": self.monitor["name"],
            "monitor_version": version,
            "trigger_id": self.trigger["id"],
            "trigger_name": self.trigger["name"],
            "severity": self.trigger["severity"],
            "state": "ACTIVE",
            "start_time": now_ms,
            "last_notification_time": now_ms,
            "acknowledged_time": None,
            "end_time": None,
            "error_message": None,
            "alert_history": [],
            "action_execution_results": [],
        }
