"""Insights: what detectors have found at a time, and the job that tells it."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from barograph.api.opensearch.clusters import Anomaly, clusters_of
from barograph.api.opensearch.insights_job import InsightsJob
from barograph.api.opensearch.shelves import INSIGHTS, INSIGHTS_JOB, JOBS, RESULTS, ensure_results, every, write, write_many
from barograph.api.server import Server
from barograph.config.server import ServerConfig
from tests.api.opensearch.made import BASE, INDEX, created, documents, put, refusal
from tests.api.running import Running

_SETTING = "plugins.anomaly_detection.insights_enabled"
_INDEX = "opensearch-ad-plugin-result-insights"
_MINUTE = 60_000


def anomaly(model: str, start: int, end: int) -> Anomaly:
    return Anomaly(model, model[0], model, start, end)


@pytest.mark.parametrize(
    ("spans", "together"),
    [
        ([("a1", 0, 10), ("b1", 5, 15)], [{"a1", "b1"}]),
        ([("a1", 0, 10), ("b1", 6, 16)], [{"a1"}, {"b1"}]),
        ([("a1", 0, 10), ("b1", 10, 20)], [{"a1"}, {"b1"}]),
        # An event of three intervals, of which the last is the other's only time.
        ([("a1", 0, 10), ("a1", 10, 20), ("a1", 20, 30), ("b1", 20, 30)], [{"a1", "b1"}]),
        # The middle brings the others together, which do not touch.
        ([("a1", 0, 10), ("b1", 4, 16), ("c1", 11, 20)], [{"a1", "b1", "c1"}]),
        ([("a1", 0, 10), ("b1", 0, 10), ("c1", 50, 60), ("a1", 50, 60)], [{"a1", "b1"}, {"a1", "c1"}]),
        # A long event brings together what lies in it.
        ([("a1", 0, 1000), ("b1", 100, 120), ("c1", 400, 420), ("d1", 990, 1030)], [{"a1", "b1", "c1"}, {"d1"}]),
        ([], []),
    ],
)
def test_what_goes_on_at_the_same_time_is_one_cluster(spans: list[tuple[str, int, int]], together: list[set[str]]) -> None:
    found = clusters_of([anomaly(*span) for span in spans])
    assert [{one.model_id for one in cluster} for cluster in found] == together


def test_what_is_found_late_is_told_once(tmp_path: Path) -> None:
    began, period = 1_795_000_000_000, 5 * _MINUTE
    with closing(Server.open(ServerConfig(data_dir=tmp_path / "data"))) as server:
        documents, job = server.documents, InsightsJob(server)
        schedule = {"interval": {"start_time": began, "period": 5, "unit": "Minutes"}}
        write(documents, JOBS, INSIGHTS_JOB, {"enabled": True, "enabled_time": began, "schedule": schedule})
        ensure_results(documents, RESULTS)

        def find(model: str, start: int, executed: int) -> None:
            times = {"data_start_time": began + start, "data_end_time": began + start + _MINUTE}
            made = {"detector_id": "d", "model_id": model, "anomaly_grade": 0.5, "execution_end_time": began + executed}
            write_many(documents, RESULTS, [(model, made | times)])

        def look(at: int) -> list[str]:
            assert job.look("", began + at) == began + at + period
            (told,) = every(documents, INSIGHTS, {"term": {"window_end": began + at}}).values()
            assert told["window_start"] == began + at - period
            return list(told["doc_model_ids"])

        find("on time", -_MINUTE, 0)
        assert look(0) == ["on time"]
        find("delayed", -10 * _MINUTE, _MINUTE)  # with a window_delay of ten minutes
        find("after a pause", -180 * _MINUTE, _MINUTE)
        assert look(period) == ["after a pause", "delayed"]
        find("written late", 3 * _MINUTE, period - 1)  # when it was made the last look had not begun
        find("delayed", -10 * _MINUTE, period + 1)  # told again by the next process
        assert look(2 * period) == ["written late"]
        assert look(3 * period) == []


@pytest.fixture
def enabled(tmp_path: Path) -> Iterator[httpx.Client]:
    """Of a server whose job of insights nobody has made yet, which a job that was stopped is not."""
    with Running(tmp_path / "data") as server:
        http = server.http
        put(http, INDEX, documents(int(time.time() * 1000), 1))
        assert refusal(http.get(f"{BASE}/insights/_status"))[:2] == (500, "illegal_state_exception")
        http.put("/_cluster/settings", json={"persistent": {_SETTING: True}}).raise_for_status()
        yield http


def test_the_job_tells_what_several_detectors_have_found(enabled: httpx.Client) -> None:
    http, now = enabled, int(time.time() * 1000)
    detectors = [created(http), created(http)]
    for at, (detector_id, start, changes) in enumerate(
        (
            (detectors[0], now - 9 * _MINUTE, {"entity": [{"name": "host", "value": "a"}]}),
            (detectors[0], now - 8 * _MINUTE, {}),
            (detectors[1], now - 8 * _MINUTE, {}),
            (detectors[1], now - 200 * _MINUTE, {}),
            (detectors[1], now - 8 * _MINUTE, {"task_id": "t"}),
        )
    ):
        times = {"data_start_time": start, "data_end_time": start + _MINUTE, "execution_end_time": start + 2 * _MINUTE}
        result = {"detector_id": detector_id, "model_id": f"m-{detector_id}", "anomaly_grade": 0.5, **times, **changes}
        http.put(f"/{_INDEX}/_doc/{at}", json=result).raise_for_status()
    asked: dict[str, Any] = {"_start": [], "_stop": [], "_status": []}

    def ask(what: str, **body: Any) -> Any:
        answer = http.get(f"{BASE}/insights/_status") if what == "_status" else http.post(f"{BASE}/insights/{what}", **body)
        assert answer.status_code == 200, answer.text
        asked[what].append(answer.json().get("message"))
        return answer.json()

    assert ask("_status") == {"job_name": "ad_insights_job", "enabled": False}
    ask("_stop")
    ask("_start", json={"frequency": "30m"})
    ask("_start")
    status = ask("_status")
    assert (status["enabled"], list(status)) == (
        True,
        ["job_name", "enabled", "enabled_time", "last_update_time", "schedule"],
    )
    assert status["schedule"]["interval"] == {"start_time": status["enabled_time"], "period": 30, "unit": "Minutes"}
    hits: list[Any] = []
    for _ in range(5000):  # each look takes its time, so nothing here sleeps
        answer = http.post("/opensearch-ad-plugin-insights*/_search", json={"query": {"range": {"window_end": {"gte": now}}}})
        if answer.status_code == 200 and (hits := answer.json()["hits"]["hits"]):
            break
    told = hits[0]["_source"]
    assert told["window_end"] - told["window_start"] == 30 * _MINUTE
    counts = {"num_clusters": 1, "num_anomalies": 3, "num_detectors": 2, "num_indices": 1, "num_series": 2}
    assert told["stats"] == counts
    (cluster,) = told["clusters"]
    assert cluster["detector_ids"] == sorted(detectors)
    assert (cluster["entities"], cluster["num_anomalies"], len(cluster["anomalies"])) == (["host=a"], 3, 3)
    assert cluster["event_end"] - cluster["event_start"] == 2 * _MINUTE
    assert cluster["cluster_text"].startswith("3 anomalies of 2 series of detector-")
    ask("_stop")
    ask("_stop")
    assert (ask("_status")["enabled"], "disabled_time" in ask("_status")) == (False, True)
    ask("_start", json={"frequency": "now and then"})
    assert ask("_status")["schedule"]["interval"]["unit"] == "Hours"
    ask("_stop")
    again = "restarted successfully with frequency: now and then"
    words = {
        "_start": ["created successfully with frequency: 30m", "is already running", again],
        "_stop": ["is not running", "stopped successfully", "is already stopped", "stopped successfully"],
    }
    assert {name: asked[name] for name in words} == {
        name: [f"Insights job {one}" for one in listed] for name, listed in words.items()
    }
    http.put("/_cluster/settings", json={"persistent": {_SETTING: None}}).raise_for_status()
