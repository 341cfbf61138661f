"""What the cluster as a whole allows, runs and uses: memory, upgrade mode, tasks, closed indices of results."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.elastic.server_jobs import JOBS, config, kind, reason
from tests.api.running import Running

SETTINGS = "/_cluster/settings"
LIMIT = "xpack.ml.max_model_memory_limit"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of these tests alone: they set what all jobs of it see."""
    with Running(tmp_path_factory.mktemp("cluster") / "data") as server:
        yield server


@pytest.fixture
def own(alone: Running) -> httpx.Client:
    return alone.http


def test_a_job_that_says_nothing_of_its_memory_takes_what_it_may(own: httpx.Client) -> None:
    own.put(SETTINGS, json={"persistent": {LIMIT: "512mb"}}).raise_for_status()
    told = own.put(f"{JOBS}/capped", json=config()).json()
    assert told["analysis_limits"]["model_memory_limit"] == "512mb"
    too_much = own.put(f"{JOBS}/more", json=config(analysis_limits={"model_memory_limit": "1gb"}))
    wanted = f"model_memory_limit [1gb] must be less than the value of the {LIMIT} setting [512mb]"
    assert (kind(too_much), reason(too_much)) == ((400, "illegal_argument_exception"), wanted)
    info = own.get("/_ml/info").json()
    assert info["defaults"]["anomaly_detectors"]["model_memory_limit"] == "512mb"
    assert info["limits"]["effective_max_model_memory_limit"] == "512mb"
    own.put(SETTINGS, json={"persistent": {LIMIT: "9g"}}).raise_for_status()
    refused = own.put(f"{JOBS}/more", json=config(analysis_limits={"model_memory_limit": "10g"}))
    assert reason(refused) == f"model_memory_limit [10gb] must be less than the value of the {LIMIT} setting [9gb]"
    assert own.get("/_ml/info").json()["limits"]["max_model_memory_limit"] == "9gb"
    own.put(SETTINGS, json={"persistent": {LIMIT: None}}).raise_for_status()


def test_a_job_that_may_wait_waits_for_room(tmp_path: Path) -> None:
    with Running(tmp_path / "data") as server:
        server.http.put(
            f"{JOBS}/vast", json=config(allow_lazy_open=True, analysis_limits={"model_memory_limit": "3000g"})
        ).raise_for_status()
        assert server.http.post(f"{JOBS}/vast/_open").json() == {"opened": True, "node": ""}
    with Running(tmp_path / "data") as server:
        (stats,) = server.http.get(f"{JOBS}/vast/_stats").json()["jobs"]
        assert stats["state"] == "opening"
        assert "node" not in stats
        assert server.http.post(f"{JOBS}/vast/_close").json() == {"closed": True}
        assert server.http.get(f"{JOBS}/vast/_stats").json()["jobs"][0]["state"] == "closed"


def test_the_node_is_told_as_it_is_asked_for(own: httpx.Client) -> None:
    def told(path: str) -> tuple[int, set[str]]:
        answer = own.get(path).raise_for_status().json()
        assert (answer["cluster_name"], answer["_nodes"]["total"]) == ("barograph", len(answer["nodes"]))
        parts = {"settings", "os", "process", "transport", "http", "fs", "indices"}
        return answer["_nodes"]["total"], {name for node in answer["nodes"].values() for name in node} & parts

    every = {"settings", "os", "process", "transport", "http"}
    for path in ("/_nodes", "/_nodes/_all", "/_nodes/_local/_all", "/_nodes/data:true"):
        assert told(path) == (1, every), path
    for path in ("/_nodes/http", "/_nodes/_all/http", "/_nodes/_master/http,jvm"):
        assert told(path) == (1, {"http"}), path
    assert told("/_nodes/_all/_none") == (1, set())
    assert told("/_nodes/another") == (0, set())
    assert told("/_nodes/stats") == told("/_nodes/_local/stats") == (1, {"indices", "os", "process", "fs"})
    assert told("/_nodes/stats/indices/docs") == told("/_nodes/_all/stats/indices") == (1, {"indices"})
    assert "unrecognized metric: [moon]" in reason(own.get("/_nodes/_all/moon"))


def test_open_jobs_and_started_datafeeds_are_tasks(own: httpx.Client) -> None:
    own.put("/events/_doc/1", json={"time": 1_403_481_600_000, "responsetime": 1.0, "airline": "a"})
    own.put(f"{JOBS}/busy", json=config(datafeed_config={"indices": ["events"]})).raise_for_status()
    assert own.get("/_tasks", params={"actions": "xpack/ml/job*,xpack/ml/datafeed*"}).json() == {"nodes": {}}
    own.post(f"{JOBS}/busy/_open").raise_for_status()
    own.post("/_ml/datafeeds/busy/_start", json={"start": 0}).raise_for_status()
    (node,) = own.get("/_tasks", params={"actions": "xpack/ml/job*,xpack/ml/datafeed*"}).json()["nodes"].values()
    assert [task["description"] for task in node["tasks"].values()] == ["job-busy", "datafeed-busy"]
    lines = own.get("/_cat/tasks").text.splitlines()
    assert ["job" in lines[0], "datafeed" in lines[1]] == [True, True]
    used = own.get("/_xpack/usage").json()["ml"]
    assert (used["available"], used["enabled"], used["jobs"]["opened"]["count"]) == (True, True, 1)
    assert used["datafeeds"]["started"]["count"] == 1
    own.post("/_ml/set_upgrade_mode", params={"enabled": "true"})
    assert own.get("/_tasks", params={"actions": "xpack/ml/job*,xpack/ml/datafeed*"}).json() == {"nodes": {}}
    (feed,) = own.get("/_ml/datafeeds/busy/_stats").json()["datafeeds"]
    assert feed["assignment_explanation"] == "persistent task cannot be assigned while upgrade mode is enabled."
    assert "node" not in feed
    own.post("/_ml/set_upgrade_mode", params={"enabled": "false"})
    own.post(f"{JOBS}/busy/_close").raise_for_status()


def test_a_closed_index_of_results_keeps_stats_away(own: httpx.Client) -> None:
    own.put(f"{JOBS}/shut", json=config()).raise_for_status()
    own.get("/.ml-anomalies-shared/_count").raise_for_status()
    own.post("/.ml-anomalies-shared/_close").raise_for_status()
    blocked = own.get(f"{JOBS}/shut/_stats")
    assert kind(blocked) == (403, "cluster_block_exception")
    assert reason(blocked) == "index [.ml-anomalies-shared] blocked by: [FORBIDDEN/4/index closed]"
    assert "closed" not in own.get("/_xpack/usage").json()["ml"]["jobs"]
    own.post("/.ml-anomalies-shared/_open").raise_for_status()
    (stats,) = own.get(f"{JOBS}/shut/_stats").json()["jobs"]
    assert (stats["state"], stats["health"]) == ("closed", {"status": "green"})
    assert own.get("/_xpack/usage").json()["ml"]["jobs"]["closed"]["count"] >= 1


def test_of_a_job_whose_index_of_results_is_deleted_no_counts_are_told(own: httpx.Client) -> None:
    own.put(f"{JOBS}/emptied", json=config()).raise_for_status()
    row = [{"airline": "AAL", "responsetime": 1, "time": 1_403_481_600}]
    for read in (1, 2):
        own.post(f"{JOBS}/emptied/_open").raise_for_status()
        own.post(f"{JOBS}/emptied/_data", json=row).raise_for_status()
        own.post(f"{JOBS}/emptied/_close").raise_for_status()
        (stats,) = own.get(f"{JOBS}/emptied/_stats").json()["jobs"]
        assert stats["data_counts"]["processed_record_count"] == read
        own.delete("/.ml-anomalies-shared").raise_for_status()
        (stats,) = own.get(f"{JOBS}/emptied/_stats").json()["jobs"]
        assert (stats["data_counts"]["processed_record_count"], stats["state"]) == (0, "closed")
    own.post(f"{JOBS}/emptied/_open").raise_for_status()
    own.post(f"{JOBS}/emptied/_flush", json={"calc_interim": True}).raise_for_status()
    own.post(f"{JOBS}/emptied/_close").raise_for_status()
    own.post(f"{JOBS}/emptied/model_snapshots/empty/_revert").raise_for_status()
    assert _processed(own, "emptied") == 0
    own.post(f"{JOBS}/emptied/_open").raise_for_status()
    own.post(f"{JOBS}/emptied/_data", json=row).raise_for_status()
    assert _processed(own, "emptied") == 1
    own.post(f"{JOBS}/emptied/_close").raise_for_status()


def _processed(http: httpx.Client, job_id: str) -> int:
    (stats,) = http.get(f"{JOBS}/{job_id}/_stats").json()["jobs"]
    return int(stats["data_counts"]["processed_record_count"])


def test_people_can_read_times_and_sizes(own: httpx.Client) -> None:
    own.put(f"{JOBS}/human", json=config()).raise_for_status()
    (job,) = own.get(f"{JOBS}/human", params={"human": "true"}).json()["jobs"]
    assert job["create_time_string"].endswith("Z")
    assert "create_time_string" not in own.get(f"{JOBS}/human").json()["jobs"][0]
    (node,) = own.get("/_ml/memory/_stats", params={"human": "true"}).json()["nodes"].values()
    assert node["mem"]["total"].endswith("gb")
    assert node["transport_address"].rpartition(":")[2] != "0"
