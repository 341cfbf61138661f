"""Real time without waiting for it: looks at times that a test chooses, beside a server without requests."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from barograph.api.elastic.errors import ElasticError
from barograph.api.opensearch.document import Document, parsed
from barograph.api.opensearch.feeding import Feeding
from barograph.api.opensearch.look import Look
from barograph.api.opensearch.runs import Runs
from barograph.api.opensearch.shelves import DETECTORS, JOBS, RESULTS, TASKS, every, found, write
from barograph.api.opensearch.tasks import HISTORICAL, OF_ENTITY, REALTIME, latest_of, new_task
from barograph.api.server import Server
from barograph.config.server import ServerConfig
from barograph.index.write import Operation
from tests.api.opensearch.made import DETECTORS as PATH
from tests.api.opensearch.made import INDEX, MAPPINGS, STEP_MS, created, detector, documents, feature, put
from tests.api.running import Running

START = 1_795_000_000_123
BEGAN = START + 60_000
"""When detectors are started: their delay is a minute, so that intervals end where documents are."""
_LIVE = {"bool": {"must_not": {"exists": {"field": "error"}}}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with documents up to 20 intervals behind the start, of which there are none for one."""
    made = Server.open(ServerConfig(data_dir=tmp_path_factory.mktemp("realtime") / "data"))
    made.documents.create_index(INDEX, {"mappings": {"properties": MAPPINGS}})
    rows = documents(START + 20 * STEP_MS - 1, 140)
    rows = [row for row in rows if not START + 9 * STEP_MS <= row["@timestamp"] < START + 10 * STEP_MS]
    made.documents.bulk([Operation("index", INDEX, None, orjson.dumps(row)) for row in rows])
    yield made
    made.close()


def started(server: Server, detector_id: str, **changes: Any) -> Document:
    """A detector that is started, as its documents have it; nothing looks by itself."""
    given = parsed(detector(**changes), START)
    write(server.documents, DETECTORS, detector_id, given)
    write(server.documents, JOBS, detector_id, {"name": detector_id, "enabled": True, "enabled_time": BEGAN})
    new_task(server.documents, detector_id, given, REALTIME)
    return given


def results(server: Server, detector_id: str, *filters: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """What was found, by the end of its interval, without when."""
    own = every(server.documents, RESULTS, {"term": {"detector_id": detector_id}}, *filters)
    left = {"detector_id", "model_id", "execution_start_time", "execution_end_time"}
    return {one["data_end_time"]: {name: one[name] for name in one.keys() - left} for one in own.values()}


def test_looks_one_by_one_find_what_one_look_finds(server: Server) -> None:
    features = [feature("cpu", "cpu", feature_id="cpu"), feature("hits", "hits", "sum", feature_id="hits")]
    every_one, at_once = (started(server, name, feature_attributes=features) for name in ("every", "once"))
    for look in range(13):  # the last ones by another process, which knows what the index knows
        Runs(server).realtime.look("every", every_one, BEGAN, BEGAN + look * STEP_MS)
    Runs(server).realtime.look("once", at_once, BEGAN, BEGAN)
    Runs(server).realtime.look("once", at_once, BEGAN, BEGAN + 12 * STEP_MS)
    one_by_one, together = (results(server, name, _LIVE) for name in ("every", "once"))
    assert len(one_by_one) == 41 + 12 - 1
    assert one_by_one == together
    task = latest_of(server.documents, "every", *REALTIME)
    assert task is not None
    assert (task[1]["state"], task[1]["init_progress"], task[1]["error"]) == ("RUNNING", 1.0, "")


def test_what_was_found_when_the_server_ended_is_told_by_the_next_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    features = [feature("cpu", "cpu", feature_id="cpu"), feature("hits", "hits", "sum", feature_id="hits")]
    alive, killed = (started(server, name, feature_attributes=features) for name in ("alive", "killed"))

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    for look in range(4):
        Runs(server).realtime.look("alive", alive, BEGAN, BEGAN + look * STEP_MS)
        if look in (0, 2):  # the very first one, and a later one
            with monkeypatch.context() as patch:
                patch.setattr(Feeding, "tell", end)
                with pytest.raises(KeyboardInterrupt):
                    Runs(server).realtime.look("killed", killed, BEGAN, BEGAN + look * STEP_MS)
        else:
            Runs(server).realtime.look("killed", killed, BEGAN, BEGAN + look * STEP_MS)
    found_all = results(server, "alive", _LIVE)
    assert len(found_all) == 41 + 3
    assert results(server, "killed", _LIVE) == found_all
    gone = {"bool": {"filter": [{"term": {"detector_id": "killed"}}, {"range": {"data_end_time": {"lte": START}}}]}}
    server.documents.delete_matching(RESULTS, gone)
    Runs(server).realtime.look("killed", killed, BEGAN, BEGAN + 4 * STEP_MS)
    assert len(results(server, "killed", _LIVE)) == 4  # what somebody has removed stays so


@pytest.mark.parametrize("is_removed", [False, True])
def test_nothing_goes_on_of_a_detector_that_is_stopped_while_it_looks(
    server: Server, monkeypatch: pytest.MonkeyPatch, is_removed: bool
) -> None:
    name, over = f"stopped-{is_removed}".lower(), Look.over
    started(server, name)
    runs = Runs(server)

    def stopped(look: Look, until_ms: int) -> None:
        runs.realtime.stop(name)
        if is_removed:
            runs.forget(name)
            server.documents.write(Operation("delete", DETECTORS, name))
        over(look, until_ms)

    monkeypatch.setattr(Look, "over", stopped)
    assert runs.realtime._look(name, BEGAN) is None
    assert name not in server.service.opened()
    assert (name in server.service.ids()) is not is_removed


def test_an_interval_without_documents_is_told_of_and_not_scored(server: Server) -> None:
    given = started(server, "hole")
    Runs(server).realtime.look("hole", given, BEGAN, BEGAN + 10 * STEP_MS)
    end = START + 10 * STEP_MS
    (told,) = results(server, "hole", {"exists": {"field": "error"}}).values()
    error = f"No data in current window between {end - STEP_MS} and {end} for hole"
    assert told == {
        "schema_version": 7,
        "data_start_time": end - STEP_MS,
        "data_end_time": end,
        "feature_data": [],
        "error": error,
    }
    task = latest_of(server.documents, "hole", *REALTIME)
    assert task is not None
    assert task[1]["error"] == error


def test_a_detector_that_learns_says_how_long_it_will(server: Server) -> None:
    given = started(server, "young", history=8)
    Runs(server).realtime.look("young", given, BEGAN, BEGAN)
    task = latest_of(server.documents, "young", *REALTIME)
    assert task is not None
    assert task[1]["state"] == "INIT"
    left = 32 - round(task[1]["init_progress"] * 32)
    assert 20 < left < 32
    assert task[1]["estimated_minutes_left"] == left * 5


def test_what_is_told_may_change_and_what_was_learnt_stays(server: Server) -> None:
    given, realtime = started(server, "changed", history=8), Runs(server).realtime
    # Three points of 8 intervals have been learnt by the second look, one more each look, and by other forests anew.
    for number, (changes, points) in enumerate((({}, 3), ({"rules": []}, 5), ({"shingle_size": 4}, 7))):
        changed = {**given, **changes}
        for look in (0, 1):
            realtime.look("changed", changed, BEGAN, BEGAN + (5 + 2 * number + look) * STEP_MS)
        (model,) = server.service.forest_models("changed")
        assert model.points == points, changes
        server.service.close_job("changed")


def test_one_that_fails_again_and_again_is_stopped(server: Server) -> None:
    given = started(server, "broken", feature_attributes=[feature("ms", "cpu", "terms")])
    realtime = Runs(server).realtime
    for look in range(7):
        realtime.look("broken", given, BEGAN, BEGAN + look * STEP_MS)
    job = found(server.documents, JOBS, "broken")
    assert job is not None
    assert job["enabled"] is False
    task = latest_of(server.documents, "broken", *REALTIME)
    assert task is not None
    assert task[1]["state"] == "STOPPED"
    told = "Stopped analysis as job failed consecutively for more than 6 times: Failed to parse aggregation"
    assert task[1]["error"].startswith(told)
    assert len(results(server, "broken", {"exists": {"field": "error"}})) == 7


def test_a_start_that_gets_no_turn_is_to_be_tried_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.api.opensearch.runs._TURN_S", 0.01)
    busy = Runs(server)
    with busy.changing, ThreadPoolExecutor(1) as pool:
        told = pool.submit(busy.starting().__enter__).exception()
    assert isinstance(told, ElasticError)
    assert (told.status, str(told)) == (403, "Too many historical analysis requests in short time. Please retry later.")


def test_a_run_that_the_end_of_the_server_has_cut_off_is_stopped(server: Server) -> None:
    given = parsed(detector(category_field=["host"]), START)
    task_id = new_task(server.documents, "cut", given, HISTORICAL, state="RUNNING")
    of_entity = {"task_type": OF_ENTITY, "parent_task_id": task_id, "state": "RUNNING"}
    write(server.documents, TASKS, "of-entity", of_entity)
    Runs(server).history.resume()
    states = [one["state"] for one in (found(server.documents, TASKS, key) for key in (task_id, "of-entity")) if one]
    assert states == ["STOPPED", "INACTIVE"]


@pytest.mark.slow
def test_a_started_detector_outlives_its_server(tmp_path: Path) -> None:
    config = ServerConfig(data_dir=tmp_path / "data")
    first = Server.open(config)
    first.documents.create_index(INDEX, {"mappings": {"properties": MAPPINGS}})
    now = first.service.now_ms()
    rows = documents(now, 100)
    first.documents.bulk([Operation("index", INDEX, None, orjson.dumps(row)) for row in rows])
    given = parsed(detector(window_delay=None), now)
    write(first.documents, DETECTORS, "kept", given)
    runs = Runs(first)
    runs.realtime.start("kept", given)
    runs.close()
    first.close()
    second = Server.open(config)
    again = Runs(second)
    second.beside.append(again)
    second.reopen()
    assert "kept" in again.realtime.ticks.due
    second.close()


@pytest.mark.slow
def test_kill_9_while_detectors_look_loses_and_doubles_no_result(tmp_path: Path) -> None:
    step = 60_000
    minutes = {"period": {"interval": 1, "unit": "Minutes"}}
    changes = {"detection_interval": minutes, "window_delay": None, "history": 800}
    with Running(tmp_path / "data") as running:
        rows = documents(int(time.time() * 1000) // STEP_MS * STEP_MS, 200)
        dense = [{**row, "@timestamp": row["@timestamp"] - k * step} for row in rows for k in range(5)]
        put(running.http, INDEX, dense)
        ids = [created(running.http, **changes), created(running.http, category_field=["host"], **changes)]
        for one in ids:
            assert running.http.post(f"{PATH}/{one}/_start").status_code == 200
        running.kill()
    for wait_s in (0.2, 1.5):
        with Running(tmp_path / "data") as running:
            time.sleep(wait_s)
            running.kill()
    with Running(tmp_path / "data") as running:
        for one in ids:
            for _ in range(5000):  # each answer takes its time, so nothing here sleeps
                if running.http.get(f"{PATH}/{one}?task=true").json()["realtime_task"]["state"] == "RUNNING":
                    break
            query = {"bool": {"filter": [{"term": {"detector_id": one}}, {"exists": {"field": "anomaly_grade"}}]}}
            body = {"query": query, "size": 10_000, "_source": ["data_start_time", "entity"]}
            hits = running.http.post(f"{PATH}/results/_search", json=body).json()["hits"]["hits"]
            told: dict[str, list[int]] = {}
            for hit in hits:
                told.setdefault(str(hit["_source"].get("entity")), []).append(hit["_source"]["data_start_time"])
            assert len(told) == (1 if one == ids[0] else 3)
            for starts in told.values():
                assert sorted(starts) == list(range(min(starts), min(starts) + len(starts) * step, step))
                assert len(starts) > 750
