"""The job of insights: at its times it looks at what detectors have found in real time since it has looked last."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from barograph.api.opensearch.clusters import Anomaly, insight
from barograph.api.opensearch.shelves import (
    CUSTOM_PREFIX,
    DETECTORS,
    INSIGHTS,
    INSIGHTS_JOB,
    JOBS,
    RESULTS,
    ensure_insights,
    every,
    found,
    is_there,
    own_results,
    write,
    write_many,
)
from barograph.api.opensearch.ticks import Ticks
from barograph.api.server import Server

Frequency = tuple[int, str]
"""So many of a unit."""
_LENGTHS: Final = {"Minutes": 60_000, "Hours": 3_600_000, "Days": 86_400_000}
_LATE_MS: Final = 600_000
"""How long before the last look results may have been made that it did not see yet: they have the time at which they were made,
and are written afterwards. Chosen: longer than a detector with many entities takes to write them."""


@dataclass
class InsightsJob:
    """The job, of which there is one. Any thread may call.

    Attributes:
        server: whose detectors it looks at.
        ticks: when it looks next.
    """

    server: Server
    ticks: Ticks = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.ticks = Ticks("insights", self.server.service.now_ms, self.look)

    def document(self) -> dict[str, Any] | None:
        """The job as it is stored; None where it was never started."""
        return found(self.server.documents, JOBS, INSIGHTS_JOB)

    def start(self, frequency: Frequency) -> str | None:
        """Start it, with a first look at once; what was done in a word, or None where it was started before."""
        documents = self.server.documents
        with self._lock:
            before = self.document()
            if before is not None and before["enabled"]:
                return None
            now = documents.now_ms()
            period, unit = frequency
            job = {
                **(before or {"name": INSIGHTS_JOB}),
                "schedule": {"interval": {"start_time": now, "period": period, "unit": unit}},
                "enabled": True,
                "enabled_time": now,
                "last_update_time": now,
                "lock_duration_seconds": _length_ms(frequency) // 1000,
                "type": "AD",
            }
            write(documents, JOBS, INSIGHTS_JOB, job)
            self.ticks.plan(INSIGHTS_JOB, now)
            return "created" if before is None else "restarted"

    def stop(self) -> str:
        """Stop it; what was done in words."""
        with self._lock:
            job = self.document()
            if job is None:
                return "is not running"
            if not job["enabled"]:
                return "is already stopped"
            now = self.server.documents.now_ms()
            write(
                self.server.documents,
                JOBS,
                INSIGHTS_JOB,
                {**job, "enabled": False, "disabled_time": now, "last_update_time": now},
            )
            self.ticks.drop(INSIGHTS_JOB)
            return "stopped successfully"

    def resume(self) -> None:
        """See `Beside`. A look that was missed is made now."""
        job = self.document()
        if job is not None and job["enabled"]:
            last = self._looked_until(job)
            self.ticks.plan(INSIGHTS_JOB, self.server.service.now_ms() if last is None else last + _period_ms(job))

    def close(self) -> None:
        """See `Beside`."""
        self.ticks.close()

    def look(self, _name: str, now_ms: int) -> int | None:
        """Tell of what was found since the last look, or over one period where there was none; when to look next.

        What counts is when it was found: intervals are judged behind their `window_delay`, and much later after a pause.
        """
        job = self.document()
        if job is None or not job["enabled"]:
            return None
        documents, period = self.server.documents, _period_ms(job)
        last = self._looked_until(job)
        start = now_ms - period if last is None else last
        new = self._untold(list(self._anomalies(start if last is None else last - _LATE_MS, now_ms)))
        told = insight(new, every(documents, DETECTORS), (start, now_ms), documents.now_ms())
        ensure_insights(documents)
        write_many(documents, INSIGHTS, [(f"{INSIGHTS_JOB}-{now_ms}", told)])
        return now_ms + period

    def _looked_until(self, job: dict[str, Any]) -> int | None:
        """The end of the last look since the job was started; None without one."""
        documents = self.server.documents
        if not is_there(documents, INSIGHTS):
            return None
        query = {"range": {"window_end": {"gte": job["enabled_time"], "format": "epoch_millis"}}}
        answer = documents.search(INSIGHTS, {"size": 0, "query": query, "aggs": {"last": {"max": {"field": "window_end"}}}})
        last = (answer.aggregations or {})["last"]["value"]
        return None if last is None else int(last)

    def _anomalies(self, start_ms: int, end_ms: int) -> Iterator[Anomaly]:
        """What detectors have found in real time within a span of time, (after ms, last ms]."""
        documents = self.server.documents
        span = {"range": {"execution_end_time": {"gt": start_ms, "lte": end_ms, "format": "epoch_millis"}}}
        is_odd, is_past = {"range": {"anomaly_grade": {"gt": 0}}}, {"exists": {"field": "task_id"}}
        for name in (RESULTS, *own_results(documents, CUSTOM_PREFIX)):
            for one in every(documents, name, span, is_odd, {"bool": {"must_not": is_past}}).values():
                yield Anomaly.of(one)

    def _untold(self, anomalies: Sequence[Anomaly]) -> list[Anomaly]:
        """Those that no look has told of. Results are written again, as found anew, where the server ended meanwhile."""
        if not anomalies:
            return []
        ids = sorted({one.detector_id for one in anomalies})
        after = {"range": {"window_end": {"gte": min(one.end_ms for one in anomalies), "format": "epoch_millis"}}}
        before = every(self.server.documents, INSIGHTS, {"terms": {"doc_detector_ids": ids}}, after)
        told = {
            (one["model_id"], one["data_start_time"])
            for look in before.values()
            for cluster in look["clusters"]
            for one in cluster["anomalies"]
        }
        return [one for one in anomalies if (one.model_id, one.start_ms) not in told]


def _length_ms(frequency: Frequency) -> int:
    return frequency[0] * _LENGTHS[frequency[1]]


def _period_ms(job: dict[str, Any]) -> int:
    interval = job["schedule"]["interval"]
    return _length_ms((interval["period"], interval["unit"]))
