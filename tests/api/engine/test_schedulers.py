"""Jobs that read their rows themselves."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from barograph.api.engine import routes, scheduler_feed
from barograph.api.engine.errors import Code
from barograph.api.engine.job_documents import job_of
from barograph.api.engine.scheduler_config import ScheduledJob, datafeed_of, kept_scheduler, told_scheduler
from barograph.api.engine.state import State
from barograph.api.engine.vault import Login, Vault
from barograph.config.errors import BadRequest
from barograph.config.sources import SearchSource
from barograph.jobs.service import Service
from tests.api.engine.stream import SPAN, START, config, delimited, rows
from tests.api.engine.test_jobs import API, error

ROWS = rows(0, 30)


def job(job_id: str, scheduler: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return config(id=job_id, schedulerConfig=scheduler, **changes)


def document(http: httpx.Client, job_id: str) -> dict[str, Any]:
    return dict(http.get(f"{API}/jobs/{job_id}").json()["document"])


def awaited(http: httpx.Client, job_id: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The job when something is so of it; every answer takes its time, so nothing here sleeps."""
    for _ in range(2_000):
        told = document(http, job_id)
        if is_so(told):
            return told
    raise AssertionError(told)


def read_to_the_end(http: httpx.Client, job_id: str, **span: Any) -> dict[str, Any]:
    """The job when it has read all."""
    started = http.post(f"{API}/schedulers/{job_id}/start", params=span)
    assert started.json() == {"acknowledgement": True}
    return awaited(http, job_id, lambda told: (told["schedulerStatus"], told["status"]) == ("STOPPED", "CLOSED"))


def test_a_file_is_read_once_behind_the_transforms(http: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "rows.log"
    path.write_bytes(delimited(ROWS, ";"))
    transforms = [
        {"transform": "uppercase", "inputs": ["host"], "outputs": ["HOST"]},
        {"transform": "exclude", "inputs": ["host"], "condition": {"operator": "MATCH", "value": ".*-1"}},
    ]
    detectors = [{"function": "mean", "fieldName": "ms", "byFieldName": "HOST"}]
    analysis, data = {"detectors": detectors, "influencers": []}, {"fieldDelimiter": ";"}
    scheduler = {"dataSource": "file", "filePath": str(path)}
    made = job("of-file", scheduler, transforms=transforms, analysisConfig=analysis, dataDescription=data)
    assert http.post(f"{API}/jobs", json=made).status_code == 201
    assert document(http, "of-file")["schedulerConfig"] == {**scheduler, "dataSource": "FILE", "queryDelay": 60}
    told = read_to_the_end(http, "of-file", start="", end="")
    assert (told["status"], told["counts"]["processedRecordCount"]) == ("CLOSED", len(ROWS) // 2)
    assert told["counts"]["bucketCount"] == 29  # what comes after the file nobody knows, so it is not empty
    assert http.get("/_ml/anomaly_detectors/of-file").json()["jobs"][0]["datafeed_config"]["datafeed_id"] == "of-file"
    assert error(http.post(f"{API}/schedulers/of-file/stop")) == (400, Code.SCHEDULER_STOP)
    for path_of in ("data/of-file/close", "data/of-file/flush", "jobs/of-file/pause"):
        assert error(http.post(f"{API}/{path_of}")) == (400, Code.NOT_FOR_SCHEDULED_JOBS)
    (entry,) = http.post(f"{API}/data/of-file", content=b"x").json()["responses"]
    assert entry["error"]["errorCode"] == Code.NOT_FOR_SCHEDULED_JOBS


def test_a_file_that_is_written_to_is_read_up_to_its_newest_time_until_it_is_quiet(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(delimited(rows(0, 2)))
    scheduler = {"dataSource": "FILE", "filePath": str(path), "tailFile": True}
    given = ScheduledJob.model_validate(job("tail", scheduler, analysisConfig={"latency": SPAN}))
    made, extras = job_of(given, "tail")
    feeding = datafeed_of(given.scheduler_config, "tail")
    assert feeding.every_ms(made) == 5_000
    state = SimpleNamespace(extras=lambda _: {**extras, "scheduler": scheduler})
    feed = scheduler_feed.own_feed(state, feeding, made)
    newest = 1000 * (START + 2 * SPAN - 120)
    assert [feed.rows_until(), feed.rows_until()] == [newest - 1000 * SPAN, newest + 1]
    with path.open("ab") as file:
        file.write(delimited(rows(2, 3)).partition(b"\n")[2])
    newest += 1000 * SPAN
    assert [feed.rows_until(), feed.rows_until()] == [newest - 1000 * SPAN, newest + 1]
    assert feed.page(0, newest + 1, 1_000).frame.height == len(rows(0, 3))
    path.write_bytes(delimited([]))
    assert feed.rows_until() == 0


@pytest.fixture(scope="module")
def far(running: Any) -> str:
    """An index of the server itself, which stands for an Elasticsearch."""
    properties = {"time": {"type": "date", "format": "epoch_second"}, "host": {"type": "keyword"}, "ms": {"type": "double"}}
    running.http.put("/engine-far", json={"mappings": {"properties": properties}})
    body = b"".join(b'{"index":{}}\n' + orjson.dumps(row) + b"\n" for row in ROWS)
    running.http.put("/engine-far/_bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
    return str(running.url)


def test_an_elasticsearch_is_read_in_real_time_and_stopped(http: httpx.Client, far: str) -> None:
    credentials = {"username": "somebody", "password": "s3cret-word"}
    scheduler = {"dataSource": "ELASTICSEARCH", "baseUrl": far, "indexes": ["engine-far"], **credentials}
    transforms = [{"transform": "uppercase", "inputs": ["host"], "outputs": ["HOST"]}]
    detectors = [{"function": "mean", "fieldName": "ms", "byFieldName": "HOST"}]
    made = job(
        "of-search",
        scheduler,
        transforms=transforms,
        dataDescription={"format": "ELASTICSEARCH"},
        analysisConfig={"detectors": detectors},
    )
    made["analysisConfig"]["influencers"] = ["HOST"]
    assert http.post(f"{API}/jobs", json=made).status_code == 201
    assert "s3cret-word" not in http.get(f"{API}/jobs/of-search").text
    again = {name: value for name, value in document(http, "of-search").items() if name in ("schedulerConfig", *made)}
    assert http.post(f"{API}/jobs", json={**again, "id": "of-search-again"}).status_code == 201
    assert document(http, "of-search-again")["schedulerConfig"] == again["schedulerConfig"]
    for other in ({"baseUrl": "http://localhost:1"}, {"username": "nobody"}):
        stolen = {**again, "id": "stolen", "schedulerConfig": again["schedulerConfig"] | other}
        assert error(http.post(f"{API}/jobs", json=stolen)) == (400, Code.ENCRYPTION)
    end = START + 20 * SPAN
    told = read_to_the_end(http, "of-search", start=START, end=end)
    assert told["counts"]["processedRecordCount"] == sum(row["time"] < end for row in ROWS)
    assert http.post(f"{API}/schedulers/of-search/start").status_code == 200
    assert error(http.post(f"{API}/schedulers/of-search/start")) == (400, Code.SCHEDULER_START)
    awaited(http, "of-search", lambda told: told["counts"]["processedRecordCount"] == len(ROWS))
    assert http.post(f"{API}/schedulers/of-search/stop").json() == {"acknowledgement": True}
    told = document(http, "of-search")
    assert (told["status"], told["schedulerStatus"]) == ("CLOSED", "STOPPED")
    http.delete("/_ml/datafeeds/of-search")
    assert document(http, "of-search")["schedulerStatus"] == "STOPPED"


FILE = {"dataSource": "FILE", "filePath": "/nowhere"}
SEARCH = {"dataSource": "ELASTICSEARCH", "baseUrl": "http://localhost:1", "indexes": ["x"]}
FOUND = {"dataDescription": {"format": "ELASTICSEARCH"}}
COUNTED = {**SEARCH, "aggs": {"t": {"date_histogram": {"field": "time", "interval": "hour"}}}}
BAD: dict[str, tuple[dict[str, Any], dict[str, Any], Code]] = {
    "10301": ({"filePath": "x"}, {}, Code.SCHEDULER_DATA_SOURCE),
    "10302": ({**FILE, "baseUrl": "http://x"}, {}, Code.SCHEDULER_FIELD),
    "10303 size": ({**SEARCH, "scrollSize": 0}, FOUND, Code.SCHEDULER_OPTION),
    "10303 path": ({"dataSource": "FILE"}, {}, Code.SCHEDULER_OPTION),
    "10118 not ASCII": ({**SEARCH, "username": "ada", "encryptedPassword": "\u00e9"}, FOUND, Code.ENCRYPTION),
    "10303 no url": ({**SEARCH, "baseUrl": "http://[x"}, FOUND, Code.SCHEDULER_OPTION),
    "10303 url with @": ({**SEARCH, "baseUrl": "http://a:b@s3cret@c:x"}, FOUND, Code.SCHEDULER_OPTION),
    "10303 url with /": ({**SEARCH, "baseUrl": "http://a:b/s3cret@c"}, FOUND, Code.SCHEDULER_OPTION),
    "10303 url with a key": ({**SEARCH, "baseUrl": "http://localhost:9200/?apikey=s3cret"}, FOUND, Code.SCHEDULER_OPTION),
    "10101 password": ({**SEARCH, "username": "ada", "password": ["s3cret"]}, FOUND, Code.CONFIG_PARSE),
    "10101 url": ({**SEARCH, "baseUrl": ["http://s3cret"]}, FOUND, Code.CONFIG_PARSE),
    "10118": ({**SEARCH, "username": "ada", "encryptedPassword": "s3cret"}, FOUND, Code.ENCRYPTION),
    "10303 url": ({**SEARCH, "baseUrl": "localhost"}, FOUND, Code.SCHEDULER_OPTION),
    "10303 no histogram": (
        {**COUNTED, "aggs": {"x": {}}},
        {**FOUND, "analysisConfig": {"summaryCountFieldName": "n"}},
        Code.SCHEDULER_OPTION,
    ),
    "10304": (SEARCH, {**FOUND, "analysisConfig": {"bucketSpan": None}}, Code.SCHEDULER_NEEDS_BUCKET_SPAN),
    "10305": (SEARCH, {**FOUND, "analysisConfig": {"latency": 60}}, Code.SCHEDULER_NO_LATENCY),
    "10306": (COUNTED, FOUND, Code.SCHEDULER_NEEDS_SUMMARY_COUNT),
    "10307": (SEARCH, {}, Code.SCHEDULER_DATA_FORMAT),
    "10308": ({**SEARCH, "username": "x"}, FOUND, Code.SCHEDULER_CREDENTIALS),
    "10308 in the address": ({**SEARCH, "baseUrl": "http://a:b@c"}, FOUND, Code.SCHEDULER_CREDENTIALS),
    "10309": ({**SEARCH, "password": "x", "encryptedPassword": "y"}, FOUND, Code.SCHEDULER_TWO_PASSWORDS),
    "10303 frequency": ({**SEARCH, "frequency": 0}, FOUND, Code.SCHEDULER_OPTION),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_refused_with_its_number(http: httpx.Client, name: str) -> None:
    scheduler, changes, code = BAD[name]
    answer = http.post(f"{API}/jobs", json=job("never", scheduler, **changes))
    assert error(answer) == (400, code)
    assert "s3cret" not in answer.text


def test_a_password_is_opened_by_its_own_key_only_and_logs_in_where_it_was_given_for(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "engine.key")
    sealed = vault.sealed(Login("http://es", "ada", "s3cret"))
    assert (tmp_path / "engine.key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["engine.key"]
    assert Vault(tmp_path / "engine.key").password(sealed, "http://es", "ada") == "s3cret"
    assert vault.password(vault.sealed(Login("http://es", "eve", "other")), "http://es", "eve") == "other"
    (tmp_path / "engine.key").unlink()
    with pytest.raises(BadRequest, match=r"engine\.key"):
        vault.password(sealed, "http://es", "ada")


def test_passwords_that_are_sealed_at_once_are_all_opened(tmp_path: Path) -> None:
    vault, count = Vault(tmp_path / "engine.key"), 8
    begin = Barrier(count)

    def sealed(at: int) -> str:
        begin.wait()
        return vault.sealed(Login("http://es", f"user-{at}", f"s3cret-{at}"))

    with ThreadPoolExecutor(count) as pool:
        every = list(pool.map(sealed, range(count)))
    assert [vault.password(one, "http://es", f"user-{at}") for at, one in enumerate(every)] == [
        f"s3cret-{at}" for at in range(count)
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["engine.key"]


def test_a_password_that_was_kept_plain_is_sealed_when_a_server_opens(tmp_path: Path) -> None:
    kept = {**SEARCH, "username": "ada", "password": "s3cret"}
    with closing(Service.open(None, tmp_path)) as service:
        service.create(job_of(ScheduledJob.read(config(id="old"), Code.CONFIG_PARSE, Code.CONFIG_UNKNOWN_FIELD), "old")[0])
        server: Any = SimpleNamespace(service=service, config=SimpleNamespace(data_dir=tmp_path), beside=[])
        State(server).change("old", {"scheduler": kept, "data": {"format": "ELASTICSEARCH"}})
        routes(server)
        extras = State(server).extras("old")
    told = told_scheduler(extras)
    assert "s3cret" not in str(extras)
    assert Vault(tmp_path / "engine.key").password(told.pop("encryptedPassword"), kept["baseUrl"], "ada") == "s3cret"
    assert told == {**SEARCH, "username": "ada", "queryDelay": 60}


def test_the_server_that_is_read_is_told_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[SearchSource] = []
    monkeypatch.setattr(scheduler_feed, "RemoteFeed", lambda _name, source, *_: asked.append(source))
    document = job("logs-in", {**SEARCH, "username": "ada", "password": "s3cret"}, **FOUND)
    given = ScheduledJob.read(document, Code.CONFIG_PARSE, Code.CONFIG_UNKNOWN_FIELD)
    vault = Vault(tmp_path / "engine.key")
    own, extras = job_of(given, "logs-in")
    assert given.scheduler_config is not None
    extras["scheduler"] = kept_scheduler(given.scheduler_config, vault)
    assert "s3cret" not in str(extras)
    state: Any = SimpleNamespace(extras=lambda _: extras, vault=vault)
    scheduler_feed.own_feed(state, datafeed_of(given.scheduler_config, "logs-in"), own)
    assert [(one.username, one.password) for one in asked] == [("ada", SecretStr("s3cret"))]


def test_a_scheduler_that_cannot_be_started_says_why(http: httpx.Client) -> None:
    http.post(f"{API}/jobs", json=job("no-file", FILE)).raise_for_status()
    assert error(http.post(f"{API}/schedulers/no-file/start")) == (400, Code.SCHEDULER_START)
    assert document(http, "no-file")["status"] == "CLOSED"
    http.post(f"{API}/jobs", json=config(id="not-scheduled")).raise_for_status()
    assert error(http.post(f"{API}/schedulers/not-scheduled/start")) == (400, Code.NO_SUCH_SCHEDULED_JOB)
    assert error(http.post(f"{API}/schedulers/nobody/stop")) == (404, Code.MISSING_JOB)
    assert error(http.post(f"{API}/schedulers/no-file/start?start=5&end=4")) == (400, Code.END_BEFORE_START)
