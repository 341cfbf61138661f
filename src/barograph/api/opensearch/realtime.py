"""Real time: each detector that is started looks at the documents of every interval when its delay has passed."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from barograph.api.opensearch.density import MINUTE_MS
from barograph.api.opensearch.document import delay_ms, frequency_ms, interval_ms
from barograph.api.opensearch.errors import refused
from barograph.api.opensearch.feeding import Feeding, remove_job
from barograph.api.opensearch.look import Look
from barograph.api.opensearch.shelves import DETECTORS, JOBS, OF_DETECTORS, every, found, write
from barograph.api.opensearch.tasks import DONE, REALTIME, end, forget, latest_of, new_task, outlived
from barograph.api.opensearch.ticks import Ticks
from barograph.api.opensearch.windows import Span, Window
from barograph.api.server import Looks, Server
from barograph.config.forest import NEEDED

_FAILURES: Final = 6
"""Intervals in a row that may fail."""


@dataclass
class Realtime:
    """The detectors of a server that are started. Any thread may call.

    Attributes:
        server: whose they are.
        failures: intervals of each that have failed, one after the other.
        ticks: when each looks next.
        looked: when each has looked last.
    """

    server: Server
    failures: dict[str, int] = field(default_factory=dict)
    ticks: Ticks = field(init=False)
    looked: dict[str, Looks] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.ticks = Ticks("realtime", self.server.service.now_ms, self._look)

    def start(self, detector_id: str, detector: Mapping[str, Any]) -> None:
        """Start a detector; its first look is at once.

        Raises:
            ElasticError: it is started already (200, as clients know it), or its interval is too short.
        """
        documents = self.server.documents
        with self._lock:
            job = found(documents, JOBS, detector_id)
            if job is not None and job["enabled"]:
                raise refused(f"Anomaly detector job is already running: {detector_id}", 200)
            if (detector.get("frequency") or detector["detection_interval"])["period"]["unit"] == "Seconds":
                raise refused(f"Failed to parse job {detector_id}", 500)
            self._close_job(detector_id)  # one that a killed process has left open has the rules of then
            now = documents.now_ms()
            write(documents, JOBS, detector_id, _job(detector_id, detector, now, job))
            before = latest_of(documents, detector_id, *REALTIME)
            if before is not None and before[1]["state"] not in DONE:
                end(documents, before[0], "STOPPED")
            left = NEEDED * interval_ms(detector) // MINUTE_MS
            new_task(documents, detector_id, detector, REALTIME, estimated_minutes_left=left)
            for old in outlived(documents, detector_id, REALTIME):
                forget(documents, {"ids": {"values": [old]}})
            self.failures[detector_id] = 0
            self.ticks.plan(detector_id, now)

    def stop(self, detector_id: str, error: str = "") -> None:
        """Stop a detector, because somebody wants it or because of an error; nothing where it was never started.

        Raises:
            ElasticError: it is stopped already (200, as clients know it).
        """
        documents = self.server.documents
        with self._lock:
            job = found(documents, JOBS, detector_id)
            if job is None:
                return
            if not job["enabled"]:
                raise refused(f"job is already stopped: {detector_id}", 200)
            now = documents.now_ms()
            changed = {"enabled": False, "disabled_time": now, "last_update_time": now}
            write(documents, JOBS, detector_id, {**job, **changed})
            self.ticks.drop(detector_id)
            task = latest_of(documents, detector_id, *REALTIME)
            if task is not None and task[1]["state"] not in DONE:
                end(documents, task[0], "STOPPED", error=error)
        self._close_job(detector_id)

    def resume(self) -> None:
        """Go on with the detectors that are started; what they have missed they look at now."""
        for detector_id in every(self.server.documents, JOBS, {"term": {"enabled": True}}, OF_DETECTORS):
            self.ticks.plan(detector_id, self.server.service.now_ms())

    def looks(self, detector_id: str) -> Looks | None:
        """When a detector looks at what has come; None of one that has not since the server runs, and is not started."""
        last, detector = self.looked.get(detector_id), found(self.server.documents, DETECTORS, detector_id)
        due = self.ticks.due.get(detector_id)
        if detector is None or (last is None and due is None):
            return None
        every = frequency_ms(detector)
        return Looks(every, due) if last is None else replace(last, every_ms=every, next_ms=due)

    def close(self) -> None:
        """End for now; detectors that are started stay so."""
        self.ticks.close()

    def _look(self, detector_id: str, now_ms: int) -> int | None:
        """Look at what is due at a time; when to look next."""
        documents = self.server.documents
        job, detector = found(documents, JOBS, detector_id), found(documents, DETECTORS, detector_id)
        if job is None or detector is None or not job["enabled"]:
            return None
        step = frequency_ms(detector)
        at = now_ms - (now_ms - job["enabled_time"]) % step
        self.look(detector_id, detector, job["enabled_time"], at)
        if not self._is_on(detector_id):  # somebody has stopped it, or removed it, meanwhile
            self._leave(detector_id)
            return None
        return int(at + step)

    def _is_on(self, detector_id: str) -> bool:
        job = found(self.server.documents, JOBS, detector_id)
        return job is not None and bool(job["enabled"])

    def _leave(self, detector_id: str) -> None:
        """Let go of the job of a detector that is not started; of one that is gone nothing is left."""
        self._close_job(detector_id)
        if found(self.server.documents, DETECTORS, detector_id) is None:
            remove_job(self.server, detector_id)

    def look(self, detector_id: str, detector: Mapping[str, Any], began_ms: int, at_ms: int) -> None:
        """Look at all that has come up to a time, less the delay; what goes wrong is told by the task, and by a result.

        Args:
            detector_id: the detector.
            detector: its document.
            began_ms: when it was started, which says where its intervals begin.
            at_ms: the time.
        """
        step, until = interval_ms(detector), at_ms - delay_ms(detector)
        window = Window(self.server.documents, detector, (began_ms - delay_ms(detector)) % step)
        look = Look(self.server, detector_id, Feeding(self.server, detector_id, window))
        now_ms = self.server.service.now_ms
        began = now_ms()
        try:
            look.over(until)
            self.failures[detector_id] = 0
        except Exception as error:  # whatever it is, the detector tells it, and looks again
            structlog.get_logger().warning("detector.look_failed", detector_id=detector_id, error=str(error))
            self._failed(detector_id, look, until, str(error))
        self.looked[detector_id] = Looks(frequency_ms(detector), None, (until - step, until), (began, now_ms()))

    def look_once(self, detector_id: str, detector: Mapping[str, Any], span: Span) -> None:
        """Look at all intervals up to the end of a span that begins with one; a detector that is not started stays so."""
        delay, step = delay_ms(detector), interval_ms(detector)
        until = span[0] + (span[1] - span[0]) // step * step
        self.look(detector_id, detector, span[0] + delay, until + delay)
        if not self._is_on(detector_id):
            self._leave(detector_id)

    def _close_job(self, detector_id: str) -> None:
        service = self.server.service
        if detector_id in service.opened():
            self.server.workers.submit(detector_id, lambda: service.close_job(detector_id)).result()

    def _failed(self, detector_id: str, look: Look, until_ms: int, error: str) -> None:
        if not self._is_on(detector_id):
            return  # it was stopped meanwhile
        look.tell_failure(until_ms, error)
        self.failures[detector_id] = self.failures.get(detector_id, 0) + 1
        if self.failures[detector_id] > _FAILURES:
            self.stop(detector_id, f"Stopped analysis as job failed consecutively for more than {_FAILURES} times: {error}")


def _job(detector_id: str, detector: Mapping[str, Any], now_ms: int, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document of a job that is enabled now."""
    step = frequency_ms(detector)
    interval = {"start_time": now_ms, "period": step // MINUTE_MS, "unit": "Minutes"}
    disabled = {"disabled_time": before["disabled_time"]} if before is not None and "disabled_time" in before else {}
    own = {"result_index": detector["result_index"]} if detector.get("result_index") else {}
    return {
        "name": detector_id,
        "schedule": {"interval": interval},
        "window_delay": detector["window_delay"],
        "enabled": True,
        "enabled_time": now_ms,
        "last_update_time": now_ms,
        "lock_duration_seconds": step // 1000,
        **disabled,
        **own,
        "type": "AD",
    }
