"""Rows that are sent to jobs of the Engine API, and what becomes of them."""

import gzip
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import polars as pl
import pytest

from barograph.api.engine.config import EngineJob
from barograph.api.engine.errors import Code
from barograph.api.engine.idle import IdleJobs
from barograph.api.engine.job_documents import job_of
from barograph.api.engine.state import State
from barograph.api.server import Server
from barograph.config.datafeed import Datafeed
from barograph.config.errors import StorageFailure
from barograph.config.server import ServerConfig
from tests.api.engine.stream import SPAN, START, config, delimited, rows
from tests.api.engine.test_jobs import API, error

FEW = rows(0, 4)


def made(http: httpx.Client, job_id: str, **changes: Any) -> str:
    answer = http.post(f"{API}/jobs", json=config(**changes) | {"id": job_id})
    assert answer.status_code == 201, answer.text
    return job_id


def sent(http: httpx.Client, job_id: str, body: Any, **options: Any) -> dict[str, Any]:
    """What an upload has brought."""
    answer = http.post(f"{API}/data/{job_id}", content=body, **options)
    assert answer.status_code == 202, answer.text
    (entry,) = answer.json()["responses"]
    assert entry["jobId"] == job_id
    return dict(entry["uploadSummary"])


def refused(http: httpx.Client, job_id: str, body: bytes, **options: Any) -> tuple[int, int]:
    answer = http.post(f"{API}/data/{job_id}", content=body, **options)
    (entry,) = answer.json()["responses"]
    return answer.status_code, entry["error"]["errorCode"]


def test_rows_are_read_as_their_job_describes_them(http: httpx.Client) -> None:
    stamps = [{**row, "time": f"2014-01-01 00:{at % 40:02d}:00Z"} for at, row in enumerate(FEW)]
    forms: dict[str, tuple[dict[str, Any], bytes]] = {
        "comma": ({"fieldDelimiter": ","}, delimited(FEW)),
        "tab": ({}, delimited(FEW, "\t")),
        "quotes": ({"fieldDelimiter": "|", "quoteCharacter": "'"}, delimited([{**row, "host": "'a|\"b'"} for row in FEW], "|")),
        "json-lines": ({"format": "json"}, b"\n".join(orjson.dumps(row) for row in FEW)),
        "json-array": ({"format": "JSON"}, orjson.dumps(FEW, option=orjson.OPT_INDENT_2)),
        "search": ({"format": "ELASTICSEARCH"}, orjson.dumps({"hits": {"hits": [{"_source": row} for row in FEW]}})),
        "pattern": ({"fieldDelimiter": ",", "timeFormat": "yyyy-MM-dd HH:mm:ssX"}, delimited(stamps)),
    }
    for name, (description, body) in forms.items():
        job_id = made(http, f"read-{name}", dataDescription=description, analysisConfig={"latency": 3600})
        told = sent(http, job_id, body)
        assert (told["processedRecordCount"], told["inputBytes"]) == (len(FEW), len(body)), name
        assert (told["processedFieldCount"], told["missingFieldCount"]) == (2 * len(FEW), 0), name


def test_a_body_may_come_in_any_way(http: httpx.Client) -> None:
    """Raw, in chunks, packed, and under media types that mean something else."""
    body = delimited(FEW)

    def chunks() -> Iterator[bytes]:
        yield from (body[at : at + 7] for at in range(0, len(body), 7))

    ways: list[tuple[Any, dict[str, str]]] = [
        (body, {}),
        (chunks(), {"Content-Type": "application/x-www-form-urlencoded"}),
        (gzip.compress(body), {"Content-Encoding": "gzip", "Content-Type": "application/octet-stream"}),
        (body, {"Content-Encoding": "UTF-8"}),
    ]
    for at, (content, headers) in enumerate(ways):
        told = sent(http, made(http, f"way-{at}"), content, headers=headers)
        assert told["processedRecordCount"] == len(FEW), at


def test_the_counts_of_uploads_add_up_to_those_of_the_job(http: httpx.Client) -> None:
    job_id = made(http, "adds-up")
    first, second = sent(http, job_id, delimited(rows(0, 4))), sent(http, job_id, delimited(rows(4, 9)))
    job = http.get(f"{API}/jobs/{job_id}").json()["document"]
    assert job["status"] == "RUNNING"
    assert "lastDataTime" in job
    for name, total in job["counts"].items():
        assert total == (second[name] if name == "latestRecordTimeStamp" else first[name] + second[name]), name
    assert second["latestRecordTimeStamp"] == "2014-01-01T01:28:00.000+0000"
    assert (first["bucketCount"], second["bucketCount"]) == (3, 5)


def test_several_jobs_take_the_same_rows(http: httpx.Client) -> None:
    ids = [made(http, f"many-{at}") for at in range(3)]
    answer = http.post(f"{API}/data/{','.join(ids)}", content=delimited(FEW))
    assert answer.status_code == 202
    told = answer.json()["responses"]
    assert [one["jobId"] for one in told] == ids
    assert {one["uploadSummary"]["processedRecordCount"] for one in told} == {len(FEW)}
    answer = http.post(f"{API}/data/{ids[0]},nobody", content=delimited(rows(4, 6)))
    good, bad = answer.json()["responses"]
    assert (answer.status_code, bad["error"]["errorCode"]) == (404, Code.MISSING_JOB)
    assert good["uploadSummary"]["processedRecordCount"] == len(rows(4, 6))


BAD = {
    "30101": (delimited(FEW).replace(b"ms", b"no", 1), {}, Code.MISSING_FIELD),
    "30101 no header": (b"1,2,3\n", {}, Code.MISSING_FIELD),
    "30102": (b"time,host,ms\n", {"Content-Encoding": "gzip"}, Code.NOT_GZIP),
    "30103": (delimited([{**row, "time": "x"} for row in rows(0, 20)]), {}, Code.TOO_MANY_BAD_DATES),
    "30104": (b"time,host,ms\n" + b"1,2,3,4,5\n" * 5, {}, Code.TOO_MANY_BAD_RECORDS),
    "30105": (delimited(rows(0, 20)[::-1]), {}, Code.TOO_MANY_OUT_OF_ORDER),
    "30001": (b"time,host,ms,ms\n1,a,2,3\n", {}, Code.DATA),
}


@pytest.mark.parametrize("name", BAD)
def test_an_upload_that_is_mostly_of_no_use_is_refused_with_its_number(http: httpx.Client, name: str) -> None:
    body, headers, code = BAD[name]
    job_id = made(http, f"bad-{name.replace(' ', '-')}")
    assert refused(http, job_id, body, headers=headers) == (400, code)
    assert sent(http, job_id, delimited(rows(30, 31)))["processedRecordCount"] == 10  # and the job goes on


def test_what_is_no_json_is_refused_with_its_number(http: httpx.Client) -> None:
    job_id = made(http, "no-json", dataDescription={"format": "JSON"})
    assert refused(http, job_id, b"never\nany\njson\n") == (400, Code.MALFORMED_JSON)
    assert sent(http, job_id, b'{"time":1388534400,"host":"a","ms":1}\nno\n')["processedRecordCount"] == 1


def test_one_connection_at_a_time_has_a_job(http: httpx.Client) -> None:
    """While an upload goes on, another one, a flush and a close are told to wait; what came of it counts when it ends."""
    job_id, body = made(http, "alone"), delimited(FEW)
    host = urlsplit(str(http.base_url))
    with socket.create_connection((str(host.hostname), host.port or 80)) as slow:
        head = f"POST {API}/data/{job_id} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        slow.sendall(head.encode() + f"{len(body):x}\r\n".encode() + body + b"\r\n")
        for _ in range(2_000):
            if http.get(f"{API}/jobs/{job_id}").json()["document"]["status"] == "RUNNING":
                break
        assert refused(http, job_id, body) == (409, Code.CONCURRENT_USE)
        assert error(http.post(f"{API}/data/{job_id}/flush")) == (409, Code.CONCURRENT_USE)
        assert error(http.post(f"{API}/data/{job_id}/close")) == (409, Code.CONCURRENT_USE)
        slow.sendall(b"0\r\n\r\n")
        answer = http_answer(slow)
    assert answer["responses"][0]["uploadSummary"]["processedRecordCount"] == len(FEW)
    assert http.post(f"{API}/data/{job_id}/close").status_code == 202


def http_answer(connection: socket.socket) -> dict[str, Any]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return dict(json.loads(response.read()))


def test_a_flush_finishes_nothing_unless_it_is_told_to(http: httpx.Client) -> None:
    job_id = made(http, "flushed")
    assert http.post(f"{API}/data/{job_id}/flush", params={"calcInterim": "true"}).json() == {"acknowledgement": True}
    sent(http, job_id, delimited(FEW))
    for params, buckets in (
        ({}, 3),
        ({"calcInterim": "true", "start": START, "end": START + 9}, 3),
        ({"advanceTime": (START + 4 * SPAN) * 1000}, 4),
    ):
        answer = http.post(f"{API}/data/{job_id}/flush", params=params)
        assert (answer.status_code, answer.json()) == (200, {"acknowledgement": True})
        assert http.get(f"{API}/jobs/{job_id}").json()["document"]["counts"]["bucketCount"] == buckets, params
    late = sent(http, job_id, delimited(rows(3, 4)))  # finished is finished
    assert late["outOfOrderTimeStampCount"] == 10
    for params, code in (
        ({"advanceTime": "yesterday"}, Code.DATE),
        ({"advanceTime": "9999999999"}, Code.FLUSH_PARAMETERS),
        ({"advanceTime": str(START + 400 * 86_400)}, Code.FLUSH_PARAMETERS),  # a year is the most, whatever the span
        ({"start": START}, Code.FLUSH_PARAMETERS),
        ({"calcInterim": "true", "end": START}, Code.FLUSH_PARAMETERS),
        ({"calcInterim": "true", "start": START, "end": START - 1}, Code.END_BEFORE_START),
        ({"calcInterim": "maybe"}, Code.INVALID_VALUE),
    ):
        refused = http.post(f"{API}/data/{job_id}/flush", params=params)
        assert error(refused) == (400, code), params
        assert any(refused.json()["message"].startswith(name) for name in (*params, "start", "Cannot")), refused.json()


def test_a_job_that_is_closed_opens_again_with_new_rows(http: httpx.Client) -> None:
    job_id = made(http, "closes")
    for at in range(2):
        sent(http, job_id, delimited(rows(at * 4, at * 4 + 4)))
        closed = http.post(f"{API}/data/{job_id}/close")
        assert (closed.status_code, closed.json()) == (202, {"acknowledgement": True})
        job = http.get(f"{API}/jobs/{job_id}").json()["document"]
        assert job["status"] == "CLOSED"
        assert "finishedTime" in job
    assert job["counts"]["processedRecordCount"] == 80
    assert http.post(f"{API}/data/{job_id}/close").status_code == 202


def test_a_paused_job_passes_rows_over_and_the_gap_is_no_anomaly(http: httpx.Client) -> None:
    job_id = made(http, "pauses", analysisConfig={"detectors": [{"function": "low_count"}]})
    sent(http, job_id, delimited([*rows(0, 60), *rows(60, 61)[:2]]))  # it ends, and goes on, amidst a bucket
    assert error(http.post(f"{API}/jobs/{job_id}/resume")) == (400, Code.RESUME)
    http.post(f"{API}/jobs/{job_id}/pause").raise_for_status()
    assert http.get(f"{API}/jobs/{job_id}").json()["document"]["status"] == "PAUSED"
    assert error(http.post(f"{API}/jobs/{job_id}/pause")) == (400, Code.PAUSE)
    assert sent(http, job_id, delimited(rows(61, 80)))["inputRecordCount"] == 0
    http.post(f"{API}/jobs/{job_id}/resume").raise_for_status()
    assert sent(http, job_id, delimited(rows(79, 90)[8:]))["processedRecordCount"] == 102
    assert highest(http, job_id) < 1
    assert sent(http, job_id, delimited(rows(110, 120)), params={"ignoreDowntime": "true"})["processedRecordCount"] == 100
    assert highest(http, job_id) < 1
    sent(http, job_id, delimited(rows(140, 150)))  # a gap that nobody has planned
    assert highest(http, job_id) > 3
    assert len(http.get("/_ml/calendars/downtime-pauses/events").json()["events"]) == 2
    http.delete(f"{API}/jobs/{job_id}").raise_for_status()
    assert http.get("/_ml/calendars/downtime-pauses").status_code == 404


def highest(http: httpx.Client, job_id: str) -> float:
    """The highest score of any bucket."""
    found = http.get(f"/_ml/anomaly_detectors/{job_id}/results/buckets", params={"sort": "anomaly_score", "desc": "true"})
    return float(found.json()["buckets"][0]["anomaly_score"])


def test_parameters_of_uploads_are_checked(http: httpx.Client) -> None:
    """Each job is told, as with all that is wrong with an upload."""
    job_id = made(http, "resets")
    assert refused(http, job_id, b"", params={"resetStart": "x"}) == (400, Code.DATE)
    assert refused(http, job_id, b"", params={"resetEnd": "5"}) == (400, Code.RESET_RANGE)
    assert refused(http, job_id, b"", params={"ignoreDowntime": "maybe"}) == (400, Code.INVALID_VALUE)
    span = {"resetStart": "5", "resetEnd": "600"}
    assert refused(http, job_id, b"", params=span) == (400, Code.RESET_NEEDS_LATENCY)
    assert refused(http, "no-such-job", b"", params=span) == (404, Code.MISSING_JOB)
    many = http.post(f"{API}/data/{','.join('a' * at for at in range(1, 20))}")
    assert (many.status_code, len(many.json()["responses"])) == (400, 19)
    assert many.json()["responses"][0]["error"]["errorCode"] == Code.TOO_MANY_JOBS
    cut = gzip.compress(delimited(rows()))[:-12]
    assert refused(http, job_id, cut, headers={"Content-Encoding": "gzip"}) == (400, Code.DATA)


def test_a_job_that_is_sent_nothing_for_its_timeout_is_closed_and_goes_on_with_the_next_rows(http: httpx.Client) -> None:
    job_id = made(http, "idle-soon", timeout=1)
    assert made(http, "idle-never", timeout=0)
    for one in (job_id, "idle-never"):
        sent(http, one, delimited(rows(0, 2)))
    for _ in range(60):
        http.get(
            f"{API}/alerts_longpoll/idle-never", params={"score": 100, "timeout": 1}
        ).raise_for_status()  # the server waits
        status = http.get(f"{API}/jobs/{job_id}").json()["document"]["status"]
        if status == "CLOSED":
            break
    assert status == "CLOSED"
    assert "sent nothing for as long as its timeout" in http.get(f"{API}/logs/{job_id}/tail").text
    assert http.get(f"{API}/jobs/idle-never").json()["document"]["status"] == "RUNNING"
    assert sent(http, job_id, delimited(rows(2, 3)))["outOfOrderTimeStampCount"] == 0
    assert http.get(f"{API}/jobs/{job_id}").json()["document"]["counts"]["processedRecordCount"] == len(rows(0, 3))


class Fed:
    """A job that others send rows, with a timeout of three seconds, and a clock; what `IdleJobs` asks of the state."""

    def __init__(self) -> None:
        self.rows = self.seconds = 0
        self.is_open, self.has_datafeed = True, False
        service = SimpleNamespace(
            opened=lambda: ["web"] if self.is_open else [],
            rows_fed=lambda _: self.rows,
            close_job=lambda _: setattr(self, "is_open", False),
            tell=lambda *_: None,
        )
        self.server = SimpleNamespace(service=service)
        self.idle = IdleJobs(self, now=lambda: self.seconds)
        self.idle.used("web")

    def extras(self, _: str) -> dict[str, Any]:
        return {"timeout": 3}

    def is_read(self, _: str) -> bool:
        return self.has_datafeed

    @contextmanager
    def alone(self, job_id: str) -> Iterator[None]:
        yield
        self.idle.used(job_id)

    def in_worker(self, _: str, task: Callable[[], None]) -> None:
        task()

    def wait(self, seconds: int) -> None:
        """So many seconds pass."""
        for _ in range(seconds):
            self.seconds += 1
            self.idle.look()


def test_a_job_that_others_send_rows_or_that_a_datafeed_reads_is_not_closed() -> None:
    job = Fed()
    for _ in range(5):
        job.wait(2)
        job.rows += 10
    assert job.is_open
    job.has_datafeed = True
    job.wait(20)
    assert job.is_open
    job.has_datafeed = False
    job.wait(3)
    assert not job.is_open


def test_a_server_knows_who_else_sends_rows_to_a_job_or_reads_for_it(tmp_path: Path) -> None:
    with closing(Server.open(ServerConfig(data_dir=tmp_path / "data"))) as server:
        state, now = State(server), [0]
        own, extras = job_of(EngineJob.model_validate(config(id="web", timeout=3)), "web")
        server.service.create(own)
        state.change("web", extras)
        idle = IdleJobs(state, now=lambda: now[0])
        state.used = idle.used
        fields = {"time": {"type": "date"}, "host": {"type": "keyword"}, "ms": {"type": "double"}}
        server.documents.create_index("nothing", {"mappings": {"properties": fields}})
        server.datafeeds.create(Datafeed.model_validate({"datafeed_id": "d", "job_id": "web", "indices": ["nothing"]}))
        assert not state.is_read("web")

        def waited() -> bool:
            """Whether the job is still open after its timeout."""
            now[0] += 3
            idle.look()
            return "web" in server.service.opened()

        server.service.open_job("web")
        idle.used("web")
        server.service.feed("web", pl.DataFrame(FEW))
        assert waited()
        server.datafeeds.start("d")
        assert waited()
        server.datafeeds.stop("d")
        assert not waited()


def test_a_database_that_fails_makes_no_failure_of_rows_that_are_safe() -> None:
    def extras(_: str) -> None:
        raise StorageFailure("no database")

    service = SimpleNamespace(opened=lambda: ["web"], rows_fed=lambda _: 0)
    IdleJobs(SimpleNamespace(server=SimpleNamespace(service=service), extras=extras)).used("web")


def test_rows_within_the_latency_take_the_place_of_others(http: httpx.Client) -> None:
    job_id = made(http, "late", analysisConfig={"latency": 3 * SPAN})
    sent(http, job_id, delimited(rows(0, 12)))
    wrong = {"resetStart": str(START + 10 * SPAN), "resetEnd": f"{START + 12 * SPAN}000"}
    told = sent(http, job_id, delimited([{**row, "ms": 7.0} for row in rows(10, 11)]), params=wrong)
    assert told["processedRecordCount"] == len(rows(10, 11))
    over = http.post(f"{API}/data/{job_id}", content=delimited(rows(0, 1)), params={"resetStart": str(START)})
    assert (over.status_code, over.json()["responses"][0]["error"]["errorCode"]) == (400, Code.RESET_RANGE)
    assert "wanted a time from" in over.json()["responses"][0]["error"]["message"]
    http.post(f"{API}/data/{job_id}/flush", params={"advanceTime": START + 12 * SPAN}).raise_for_status()
    found = http.get(f"{API}/results/{job_id}/buckets", params={"start": START + 9 * SPAN}).json()["documents"]
    assert [bucket["eventCount"] for bucket in found] == [10, 10, 0]


def test_rows_can_be_kept_as_documents(http: httpx.Client) -> None:
    job_id = made(http, "stores")
    answer = http.post(f"{API}/dataload/{job_id}", content=delimited(FEW))
    assert answer.json()["responses"][0]["uploadSummary"]["processedRecordCount"] == len(FEW)
    assert http.get(f"/engine-data-{job_id}/_count").json()["count"] == len(FEW)
    http.delete(f"{API}/jobs/{job_id}").raise_for_status()
    assert http.get(f"/engine-data-{job_id}/_count").status_code == 404
