"""Jobs changed, snapshots gone back to, logs and bundles without secrets, and input that means harm."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from barograph.api.engine.errors import Code
from tests.api.engine.client import Client
from tests.api.engine.stream import START, config, delimited, rows
from tests.api.engine.test_jobs import API, error
from tests.api.running import Running

SECRET = "s3cret-in-a-job"


@pytest.fixture(scope="module")
def kept(running: Running) -> str:
    """A closed job with snapshots of several times, and a secret among its settings."""
    settings = {"owner": "ops", "apiToken": SECRET, "link": f"https://user:{SECRET}@example.com/x?api-key={SECRET}"}
    limits = {"backgroundPersistInterval": 3600, "customSettings": settings}
    client = Client(running.url)
    job_id = client.create(config(id="kept", **limits))
    for first in range(0, 120, 40):
        client.stream(job_id, [delimited(rows(first, first + 40))])
    client.close(job_id)
    client.end()
    return job_id


def snapshots(http: httpx.Client, job_id: str, **query: Any) -> list[dict[str, Any]]:
    return list(http.get(f"{API}/modelsnapshots/{job_id}", params=query).json()["documents"])


def test_snapshots_are_listed_described_reverted_to_and_removed(http: httpx.Client, kept: str) -> None:
    found = snapshots(http, kept)
    first, last = found[-1], found[0]
    assert len(found) == 3
    assert [one["restorePriority"] for one in found] == sorted((one["restorePriority"] for one in found), reverse=True)
    assert snapshots(http, kept, sort="timestamp", desc="false")[0] == first
    url = f"{API}/modelsnapshots/{kept}/{first['snapshotId']}"
    described = http.put(f"{url}/description", json={"description": "the first"})
    assert described.json()["document"]["description"] == "the first"
    assert [one["snapshotId"] for one in snapshots(http, kept, description="the first")] == [first["snapshotId"]]
    other = f"{API}/modelsnapshots/{kept}/{last['snapshotId']}"
    assert error(http.put(f"{other}/description", json={"description": "the first"})) == (400, Code.DESCRIPTION_TAKEN)
    assert error(http.put(f"{other}/description", json={"text": "x"})) == (400, Code.DESCRIPTION)
    assert error(http.delete(other)) == (400, Code.HIGHEST_PRIORITY_SNAPSHOT)
    assert error(http.delete(f"{API}/modelsnapshots/{kept}/none")) == (404, Code.NO_SUCH_SNAPSHOT)
    assert error(http.post(f"{API}/modelsnapshots/{kept}/revert")) == (400, Code.REVERT_PARAMETERS)
    assert error(http.post(f"{API}/modelsnapshots/{kept}/revert?time={START - 1}")) == (404, Code.NO_SUCH_SNAPSHOT)
    before = http.get(f"{API}/results/{kept}/buckets?take=0").json()["hitCount"]
    middle = found[1]["snapshotId"]
    told = http.post(f"{API}/modelsnapshots/{kept}/revert?false&snapshotId={middle}").json()  # as one client writes "no"
    assert (told["type"], told["document"]["snapshotId"]) == ("modelSnapshot", middle)
    assert http.get(f"{API}/results/{kept}/buckets?take=0").json()["hitCount"] == before
    assert http.delete(url).json() == {"acknowledgement": True}
    http.post(f"{API}/modelsnapshots/{kept}/revert", params={"snapshotId": middle, "deleteInterveningResults": "true"})
    assert http.get(f"{API}/results/{kept}/buckets?take=0").json()["hitCount"] < before
    assert [one["snapshotId"] for one in snapshots(http, kept)] == [middle]


def test_a_running_job_is_not_reverted(http: httpx.Client, read: str) -> None:
    newest = snapshots(http, read)[0]["snapshotId"]
    assert error(http.post(f"{API}/modelsnapshots/{read}/revert?snapshotId={newest}")) == (400, Code.JOB_NOT_CLOSED)
    assert error(http.get(f"{API}/modelsnapshots/{read}?sort=x")) == (400, Code.SORT_FIELD)


def test_a_job_is_changed(http: httpx.Client, kept: str) -> None:
    changes = {
        "description": "changed",
        "customSettings": {"a": 1, "password": SECRET},
        "detectors": [{"index": 0, "description": "slow hosts"}],
        "analysisLimits": {"modelMemoryLimit": 64},
        "modelDebugConfig": {"writeTo": "FILE", "boundsPercentile": 90},
        "modelSnapshotRetentionDays": 20,
        "backgroundPersistInterval": 7200,
        "ignoreDowntime": "ALWAYS",
        "timeout": 30,
    }
    answer = http.put(f"{API}/jobs/{kept}/update", json=changes)
    assert (answer.status_code, answer.json()) == (200, {"acknowledgement": True})
    job = http.get(f"{API}/jobs/{kept}").json()["document"]
    assert job["analysisConfig"]["detectors"][0]["detectorDescription"] == "slow hosts"
    assert job["analysisLimits"]["modelMemoryLimit"] == 64
    same = set(changes) - {"detectors", "analysisLimits"}
    assert {name: job[name] for name in same} == {name: changes[name] for name in same}
    http.put(f"{API}/jobs/{kept}/update", json={"modelDebugConfig": None, "description": None}).raise_for_status()
    assert not {"modelDebugConfig", "description"} & http.get(f"{API}/jobs/{kept}").json()["document"].keys()


BAD: dict[str, tuple[Any, Code]] = {
    "unknown": ({"bucketSpan": 5}, Code.INVALID_UPDATE_KEY),
    "no JSON": (b"{", Code.INVALID_UPDATE_KEY),
    "no object": ([], Code.INVALID_VALUE),
    "no such detector": ({"detectors": [{"index": 5, "description": "x"}]}, Code.INVALID_VALUE),
    "downtime": ({"ignoreDowntime": "SOMETIMES"}, Code.INVALID_VALUE),
    "interval": ({"backgroundPersistInterval": 5}, Code.INVALID_VALUE),
    "no scheduler": ({"schedulerConfig": {"dataSource": "FILE", "filePath": "x"}}, Code.SCHEDULER_UPDATE),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_changed_is_refused_with_its_number(http: httpx.Client, kept: str, name: str) -> None:
    body, code = BAD[name]
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    assert error(http.put(f"{API}/jobs/{kept}/update", **sent)) == (400, code)


def test_limits_of_a_running_job_stay(http: httpx.Client, read: str) -> None:
    assert error(http.put(f"{API}/jobs/{read}/update", json={"analysisLimits": {}})) == (400, Code.JOB_NOT_CLOSED)


def test_a_scheduler_that_is_stopped_reads_elsewhere(http: httpx.Client) -> None:
    made = config(id="moved", schedulerConfig={"dataSource": "FILE", "filePath": "/a"})
    http.post(f"{API}/jobs", json=made).raise_for_status()
    http.put(f"{API}/jobs/moved/update", json={"schedulerConfig": {"dataSource": "FILE", "filePath": "/b"}}).raise_for_status()
    assert http.get(f"{API}/jobs/moved").json()["document"]["schedulerConfig"]["filePath"] == "/b"


def unpacked(answer: httpx.Response) -> dict[str, str]:
    """The files of a zip file."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_logs_tell_what_has_happened(http: httpx.Client, kept: str) -> None:
    (name, text), *rest = unpacked(http.get(f"{API}/logs/{kept}")).items()
    assert (name, rest) == ("kept.log", [])
    assert "INFO    kept: Job created" in text
    assert http.get(f"{API}/logs/{kept}/kept.log").text == text
    assert http.get(f"{API}/logs/{kept}/tail?lines=2").text == "".join(text.splitlines(keepends=True)[-2:])
    assert http.get(f"{API}/logs/{kept}/kept.log/tail?lines=0").text == ""
    assert "kept: Job created" in unpacked(http.get(f"{API}/logs/engine_api"))["engine_api.log"]
    assert list(unpacked(http.get(f"{API}/logs/elasticsearch"))) == ["elasticsearch.log"]
    assert error(http.get(f"{API}/logs/nobody")) == (404, Code.LOG_DIRECTORY)
    assert error(http.get(f"{API}/logs/{kept}/other.log")) == (404, Code.LOG_FILE)
    assert error(http.get(f"{API}/logs/{kept}/..%5Cpasswd")) == (400, Code.LOG_PATH)
    assert error(http.get(f"{API}/logs/{kept}/tail?lines=all")) == (400, Code.INVALID_VALUE)


def test_a_support_bundle_tells_all_but_secrets(http: httpx.Client, kept: str) -> None:
    files = unpacked(http.get(f"{API}/support"))
    assert {"about.json", "jobs.json", "metrics.txt", "index.log", f"logs/{kept}.log"} <= files.keys()
    assert '"id": "kept"' in files["jobs.json"]
    assert [name for name, text in files.items() if SECRET in text] == []


def harmful() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Calls that nobody with good intentions makes."""
    deep = b"[" * 5_000
    for path in ("jobs", "validate/detector", "validate/transform", "validate/transforms"):
        for body in (
            b"",
            b"\xff\xfe",
            b"null",
            b"5",
            b'"x"',
            deep,
            b'{"id":' * 2_000,
            b'{"analysisConfig":null}',
            b'{"id":1e999}',
        ):
            yield "POST", path, {"content": body}
    yield "POST", "jobs", {"json": {"id": "x" * 100_000}}
    yield "POST", "jobs", {"json": {"id": "../../etc"}}
    yield "POST", "jobs", {"json": config(analysisConfig={"bucketSpan": 10**30})}
    yield "POST", "jobs", {"json": config(analysisConfig={"detectors": [{"function": "count", "byFieldName": "\0"}]})}
    yield "POST", "jobs", {"content": b"x", "headers": {"Content-Encoding": "gzip"}}
    for query in (
        "take=1e9",
        "skip=%00",
        "start=9" * 50,
        "start=1e308",
        "end=-99999999999999999",
        "sort=%27;drop",
        "anomalyScore=inf",
    ):
        yield "GET", f"results/read/records?{query}", {}
    for path in (
        "jobs/%00",
        "jobs/a%2Fb",
        "results/read/buckets/%00",
        "logs/%2e%2e",
        "modelsnapshots/%ff",
        "data/,",
        "data/%20/close",
    ):
        yield "GET" if not path.startswith("data") else "POST", path, {}


def test_harmful_input_is_refused_and_never_fails_the_server(http: httpx.Client, read: str) -> None:
    for method, path, options in harmful():
        answer = http.request(method, f"{API}/{path}", **options)
        assert 400 <= answer.status_code < 500, (path, options, answer.text)
        assert (
            answer.json().keys() in ({"message", "errorCode"}, {"exists", "type"}, {"responses"})
            or "documents" in answer.json()
        )
    assert http.get(f"{API}/jobs/{read}").json()["document"]["status"] == "RUNNING"
