"""Alerts that a client waits for."""

import http.client
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from barograph.api.engine.errors import Code
from tests.api.engine.client import Client, strict
from tests.api.engine.stream import config, delimited, rows
from tests.api.engine.test_jobs import API, error
from tests.api.running import Running

ALERT = {
    *("jobId", "timestamp", "anomalyScore", "maxNormalizedProbability", "uri", "timeout", "alertType", "bucket", "records"),
    "isInterim",
}


@pytest.fixture(scope="module")
def watched(running: Running) -> str:
    """A running job that knows what is usual."""
    client = Client(running.url)
    job_id = client.create(config(id="watched"))
    client.stream(job_id, [delimited(rows(0, 120))])
    client.end()
    return job_id


_next = iter(range(120, 10_000, 3))


def incident(http: httpx.Client, job_id: str, path: str = "flush?calcInterim=true") -> None:
    """An incident, a usual bucket behind it, and a flush."""
    at = next(_next)
    odd = [{**row, "ms": 1e4 * at} for row in rows(at, at + 1)]
    http.post(f"{API}/data/{job_id}", content=delimited([*odd, *rows(at + 1, at + 3)])).raise_for_status()
    http.post(f"{API}/data/{job_id}/{path}").raise_for_status()


def alerted(http: httpx.Client, job_id: str, **query: Any) -> dict[str, Any]:
    """The alert that comes to somebody who waits while there are incidents."""

    def wait(path: str) -> Any:
        return httpx.get(f"{http.base_url}{API}/alerts_longpoll/{path}", params={"timeout": 50, **query}, timeout=60)

    with ThreadPoolExecutor(1) as thread:
        waiting: Future[httpx.Response] = thread.submit(wait, f"{job_id}/")
        while not waiting.done():
            incident(http, job_id)
    answer = waiting.result()
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.keys() <= ALERT
    return dict(told)


def test_who_waits_gets_the_bucket_or_its_records(http: httpx.Client, watched: str) -> None:
    alert = alerted(http, watched, score=1)
    bucket = strict("bucket", alert["bucket"])
    assert (alert["jobId"], alert["alertType"], alert["timeout"]) == (watched, "BUCKET", False)
    assert (alert["timestamp"], alert["anomalyScore"]) == (bucket["timestamp"], bucket["anomalyScore"])
    assert http.get(alert["uri"]).json()["document"] == bucket
    alert = alerted(http, watched, probability=1)
    assert "bucket" not in alert
    assert {strict("record", one)["normalizedProbability"] >= 1 for one in alert["records"]} == {True}
    alert = alerted(http, watched, score=1, alertOn="influencer")
    assert (alert["alertType"], bool(alert["bucket"]["influencers"])) == ("INFLUENCER", True)


def test_nothing_odd_is_told_when_time_is_up(http: httpx.Client, watched: str) -> None:
    """What was found before somebody waits is no alert."""
    incident(http, watched)
    told = http.get(f"{API}/alerts_longpoll/{watched}", params={"score": 1, "timeout": 0}).json()
    assert told == {"jobId": watched, "timeout": True}


BAD = {
    "": Code.THRESHOLD,
    "score=101": Code.THRESHOLD,
    "probability=x": Code.THRESHOLD,
    "score=5&timeout=-1": Code.TIMEOUT,
    "score=5&timeout=soon": Code.TIMEOUT,
    "score=5&alertOn=record": Code.ALERT_TYPE,
    "score=5&alertOn=,": Code.ALERT_TYPE,
    "score=5&probability=5&alertOn=influencer": Code.INFLUENCERS_HAVE_NO_PROBABILITY,
}


@pytest.mark.parametrize("query", BAD)
def test_what_cannot_be_waited_for_is_refused(http: httpx.Client, watched: str, query: str) -> None:
    assert error(http.get(f"{API}/alerts_longpoll/{watched}?{query}")) == (400, BAD[query])


def test_only_a_running_job_can_be_waited_for(http: httpx.Client) -> None:
    assert error(http.get(f"{API}/alerts_longpoll/nobody?score=5")) == (404, Code.MISSING_JOB)
    http.post(f"{API}/jobs", json=config(id="idle"))
    assert error(http.get(f"{API}/alerts_longpoll/idle?score=5")) == (400, Code.JOB_NOT_RUNNING)


@pytest.mark.slow
def test_who_waits_holds_up_no_end_of_the_server(tmp_path: Path) -> None:
    with Running(tmp_path / "data") as server:
        server.http.post(f"{API}/jobs", json=config(id="job"))
        server.http.post(f"{API}/data/job", content=delimited(rows(0, 3)))
        at = urlsplit(server.url)
        waiting = http.client.HTTPConnection(str(at.hostname), at.port, timeout=25)
        waiting.request("GET", f"{API}/alerts_longpoll/job?score=5&timeout=600")
        for _ in range(3):
            server.http.get(f"{API}/jobs").raise_for_status()  # by then the one before is waited on
        assert server.stop() == 0
        assert orjson.loads(waiting.getresponse().read())["timeout"] is True
        waiting.close()
