"""Datafeeds over HTTP: rows of the built-in index become results of a job."""

from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest

from tests.api.elastic.server_jobs import JOBS, config, kind, reason

FEEDS = "/_ml/datafeeds"
START = 1_464_739_200_000
COUNT = 2_000


def job(**more: Any) -> dict[str, Any]:
    detectors = [{"function": "mean", "field_name": "responsetime", "by_field_name": "airline"}]
    analysis = {"bucket_span": "1h", "detectors": detectors}
    return {"analysis_config": analysis, "data_description": {"time_field": "time"}, **more}


@pytest.fixture(scope="module")
def _air(running: Any) -> None:
    """An index `airline-data` with 2,000 documents of some 14 days."""
    properties = {
        "time": {"type": "date"},
        "airline": {"type": "keyword"},
        "responsetime": {"type": "float"},
        "event_rate": {"type": "integer"},
    }
    running.http.put("/airline-data", json={"mappings": {"properties": properties}})
    lines = []
    for at in range(COUNT):
        row = {
            "time": START + at * 600_000,
            "airline": "AAA" if at % 3 else "BBB",
            "responsetime": 100 + at % 7,
            "event_rate": 2,
        }
        lines += [b'{"index":{}}', orjson.dumps(row)]
    answer = running.http.put(
        "/airline-data/_bulk", content=b"\n".join(lines) + b"\n", headers={"Content-Type": "application/x-ndjson"}
    )
    assert not answer.json()["errors"]


def fed(http: httpx.Client, name: str, datafeed: dict[str, Any] | None = None, **more: Any) -> str:
    """A job with a datafeed, open."""
    config = {"indices": ["airline-data"], **(datafeed or {})}
    made = http.put(f"{JOBS}/{name}", json=job(datafeed_config=config, **more))
    assert made.status_code == 200, made.text
    assert http.post(f"{JOBS}/{name}/_open").status_code == 200
    return name


def wait_stopped(http: httpx.Client, name: str) -> dict[str, Any]:
    """Until a datafeed is stopped; each answer takes its time, so nothing sleeps."""
    for _ in range(5_000):
        stats = http.get(f"{FEEDS}/{name}/_stats").json()["datafeeds"][0]
        if stats["state"] == "stopped":
            return dict(stats)
    raise AssertionError(f"{name} does not stop")


@pytest.mark.usefixtures("_air")
def test_a_datafeed_with_an_end_feeds_its_job_and_closes_it(http: httpx.Client) -> None:
    name = fed(http, "to-the-end")
    assert http.post(f"{FEEDS}/{name}/_start", json={"start": 0, "end": START + COUNT * 600_000}).json()["started"] is True
    timing = wait_stopped(http, name)["timing_stats"]
    stats = http.get(f"{JOBS}/{name}/_stats").json()["jobs"][0]
    assert (stats["state"], stats["data_counts"]["processed_record_count"]) == ("closed", COUNT)
    assert timing["search_count"] >= 1
    buckets = http.get(f"{JOBS}/{name}/results/buckets", params={"size": 1000}).json()
    assert sum(bucket["event_count"] for bucket in buckets["buckets"]) == COUNT - COUNT % 6
    line = http.get(f"/_cat/ml/datafeeds/{name}", params={"h": "id,state"}).text
    assert line == f"{name} stopped\n"


@pytest.mark.usefixtures("_air")
def test_a_datafeed_goes_on_behind_what_its_job_has_read(http: httpx.Client) -> None:
    name = fed(http, "in-two-parts")
    middle = START + 1_000 * 600_000
    http.post(f"{FEEDS}/{name}/_start", json={"start": START, "end": middle})
    wait_stopped(http, name)
    http.post(f"{JOBS}/{name}/_open")
    http.post(f"{FEEDS}/{name}/_start", json={"start": START, "end": START + COUNT * 600_000})
    wait_stopped(http, name)
    assert http.get(f"{JOBS}/{name}/_stats").json()["jobs"][0]["data_counts"]["processed_record_count"] == COUNT


@pytest.mark.usefixtures("_air")
def test_a_datafeed_without_an_end_reads_the_past_and_runs_on(http: httpx.Client) -> None:
    name = fed(http, "without-end")
    http.post(f"{FEEDS}/{name}/_start", params={"start": "2016-06-01T00:00:00Z"})
    again = http.post(f"{FEEDS}/{name}/_start")
    assert (kind(again), reason(again)) == (
        (409, "status_exception"),
        f"cannot start datafeed [{name}] because it has already been started",
    )
    for _ in range(5_000):
        stats = http.get(f"{FEEDS}/{name}/_stats").json()["datafeeds"][0]
        if stats["running_state"]["real_time_running"]:
            break
    assert stats["running_state"]["real_time_configured"] is True
    assert stats["node"]["name"]
    assert http.delete(f"{FEEDS}/{name}").status_code == 409
    assert http.post(f"{FEEDS}/{name}/_stop").json() == {"stopped": True}
    assert http.post(f"{FEEDS}/{name}/_stop").json() == {"stopped": True}
    stats = http.get(f"{FEEDS}/{name}/_stats").json()["datafeeds"][0]
    assert "running_state" not in stats
    assert http.get(f"{JOBS}/{name}/_stats").json()["jobs"][0]["data_counts"]["processed_record_count"] == COUNT
    assert http.delete(f"{JOBS}/{name}", params={"force": "true"}).json() == {"acknowledged": True}
    assert http.get(f"{FEEDS}/{name}").status_code == 404


@pytest.mark.usefixtures("_air")
def test_a_job_that_is_being_fed_is_removed_with_its_datafeed_when_forced(http: httpx.Client) -> None:
    name = fed(http, "removed-while-fed")
    http.post(f"{FEEDS}/{name}/_start", json={"start": START})
    assert kind(http.delete(f"{JOBS}/{name}")) == (409, "status_exception")
    assert http.delete(f"{JOBS}/{name}", params={"force": "true"}).json() == {"acknowledged": True}
    assert http.get(f"{FEEDS}/{name}").status_code == 404
    assert http.get(f"{JOBS}/{name}").status_code == 404


@pytest.mark.usefixtures("_air")
@pytest.mark.parametrize("force", [False, True])
def test_closing_a_job_stops_the_datafeed_that_feeds_it(http: httpx.Client, force: bool) -> None:
    name = fed(http, f"closed-{force}".lower())
    http.post(f"{FEEDS}/{name}/_start", json={"start": START})
    assert http.get(f"{FEEDS}/{name}/_stats").json()["datafeeds"][0]["state"] == "started"
    assert http.post(f"{JOBS}/{name}/_close", json={"force": force}).json() == {"closed": True}
    assert http.get(f"{FEEDS}/{name}/_stats").json()["datafeeds"][0]["state"] == "stopped"
    assert http.get(f"{JOBS}/{name}/_stats").json()["jobs"][0]["state"] == "closed"
    texts = [message["text"] for message in http.get(f"/api/v1/jobs/{name}/messages").json()["messages"]]
    assert f"Datafeed [{name}] stopped" in texts
    assert not [text for text in texts if "failed" in text]


@pytest.mark.usefixtures("_air")
@pytest.mark.parametrize("shape", ["histogram", "composite"])
def test_rows_may_be_aggregations(http: httpx.Client, shape: str) -> None:
    numbers = {"time": {"max": {"field": "time"}}, "responsetime": {"avg": {"field": "responsetime"}}}
    interval = {"date_histogram": {"field": "time", "fixed_interval": "1h"}}
    airline = {"terms": {"field": "airline", "size": 10}}
    if shape == "histogram":
        leaf = {"airline": {**airline, "aggs": {"responsetime": numbers["responsetime"]}}}
        aggs: dict[str, Any] = {"buckets": {**interval, "aggregations": {"time": numbers["time"], **leaf}}}
    else:
        sources = [{"bucket": interval}, {"airline": {"terms": {"field": "airline"}}}]
        aggs = {"buckets": {"composite": {"size": 100, "sources": sources}, "aggregations": numbers}}
    config = job()
    config["analysis_config"]["summary_count_field_name"] = "doc_count"
    name = f"of-{shape}"
    http.put(f"{JOBS}/{name}", json=config)
    feed = http.put(f"{FEEDS}/{name}-feed", json={"job_id": name, "indices": "airline-data", "aggs": aggs}).json()
    assert feed["aggregations"] == aggs
    assert feed["chunking_config"] == {"mode": "manual", "time_span": "3600000000ms"}
    rows = http.get(f"{FEEDS}/{name}-feed/_preview").json()
    assert [row["airline"] for row in rows[:2]] == ["AAA", "BBB"] or shape == "composite"
    assert {"time", "airline", "responsetime", "doc_count"} == set(rows[0])
    http.post(f"{JOBS}/{name}/_open")
    http.post(f"{FEEDS}/{name}-feed/_start", json={"end": START + COUNT * 600_000})
    wait_stopped(http, f"{name}-feed")
    buckets = http.get(f"{JOBS}/{name}/results/buckets", params={"size": 1000}).json()["buckets"]
    # The first hour's rows are dated by its last document, so that the job begins with the first bucket that it sees whole.
    assert sum(bucket["event_count"] for bucket in buckets) == COUNT - COUNT % 6 - 6


@pytest.mark.usefixtures("_air")
def test_a_preview_shows_the_first_rows(http: httpx.Client) -> None:
    name = fed(http, "shown")
    rows = http.post(f"{FEEDS}/{name}/_preview").json()
    assert rows[0] == {"time": START, "airline": "BBB", "responsetime": 100.0}
    assert len(rows) == 1000
    later = http.get(f"{FEEDS}/{name}/_preview", params={"start": START + 600_000, "end": START + 1_200_000}).json()
    assert [row["airline"] for row in later] == ["AAA"]
    config = {"indices": ["airline-data"], "query": {"term": {"airline": "none"}}}
    assert http.post(f"{FEEDS}/_preview", json={"datafeed_config": config, "job_config": job()}).json() == []
    assert http.post(f"{FEEDS}/_preview", json={"job_config": job(datafeed_config={"indices": ["airline-data"]})}).json()
    assert http.post(f"{FEEDS}/_preview").status_code == 400
    assert http.post(f"{FEEDS}/{name}/_preview", json={"datafeed_config": config}).status_code == 400
    doubled = {"runtime_mappings": {"responsetime": {"type": "double", "script": "emit(doc['event_rate'].value * 2.0)"}}}
    config = {"indices": ["airline-data"], "job_id": name, **doubled}
    assert http.post(f"{FEEDS}/_preview", json={"datafeed_config": config}).json()[0]["responsetime"] == 4.0


@pytest.mark.usefixtures("_air")
def test_rows_may_be_computed(http: httpx.Client) -> None:
    fields = {"responsetime": {"script": {"lang": "painless", "source": "doc['event_rate'].value * 3"}}}
    name = fed(http, "computed", {"script_fields": fields})
    assert http.get(f"{FEEDS}/{name}/_preview").json()[0]["responsetime"] == 6.0
    unknown = {"responsetime": {"script": "Math.log(doc['event_rate'].value)"}}
    http.post(f"{FEEDS}/{name}/_update", json={"script_fields": unknown}).raise_for_status()
    assert "wanted emit(...) of numbers" in reason(http.post(f"{FEEDS}/{name}/_start"))
    mean = {"level": {"avg": {"field": "responsetime"}}}
    change = {"responsetime": {"derivative": {"buckets_path": "level"}}}
    hours = {"date_histogram": {"field": "time", "fixed_interval": "1h"}, "aggs": {"time": {"max": {"field": "time"}}}}
    hours["aggs"] |= mean | change
    config = job()
    config["analysis_config"] |= {"detectors": [{"function": "mean", "field_name": "responsetime"}]}
    config["analysis_config"]["summary_count_field_name"] = "doc_count"
    body = {"datafeed_config": {"indices": ["airline-data"], "aggregations": {"hours": hours}}, "job_config": config}
    rows = http.post(f"{FEEDS}/_preview", json=body).json()
    levels = [sum(100 + at % 7 for at in range(6 * hour, 6 * hour + 6)) / 6 for hour in range(4)]
    steps = [after - before for before, after in pairwise(levels)]
    assert [row["responsetime"] for row in rows if row.get("responsetime") is not None][:3] == pytest.approx(steps)


@pytest.mark.usefixtures("_air")
def test_a_datafeed_is_made_changed_listed_and_removed(http: httpx.Client) -> None:
    http.put(f"{JOBS}/kept-job", json=job())
    made = http.put(f"{FEEDS}/kept", json={"job_id": "kept-job", "indexes": ["airline-data"]}).json()
    assert made["indices"] == ["airline-data"]
    assert made["query"] == {"match_all": {"boost": 1}}
    assert (made["scroll_size"], made["chunking_config"]) == (1000, {"mode": "auto"})
    assert 60 <= int(made["query_delay"].removesuffix("s")) < 120
    assert made["delayed_data_check_config"]["enabled"] is True
    assert made["authorization"]["roles"]
    taken = http.put(f"{FEEDS}/kept", json={"job_id": "kept-job", "indices": ["airline-data"]})
    assert kind(taken) == (400, "resource_already_exists_exception")
    second = http.put(f"{FEEDS}/other", json={"job_id": "kept-job", "indices": ["airline-data"]})
    assert (second.status_code, reason(second)) == (409, "A datafeed [kept] already exists for job [kept-job]")
    changed = http.post(f"{FEEDS}/kept/_update", json={"max_empty_searches": 5, "scroll_size": 10, "job_id": "kept-job"}).json()
    assert (changed["max_empty_searches"], changed["scroll_size"]) == (5, 10)
    assert "max_empty_searches" not in http.post(f"{FEEDS}/kept/_update", json={"max_empty_searches": -1}).json()
    moved = http.post(f"{FEEDS}/kept/_update", json={"job_id": "other"})
    assert reason(moved) == "Datafeed's job_id cannot be changed"
    assert http.get(f"{FEEDS}/ke*").json()["count"] == 1
    plain = http.get(f"{FEEDS}/kept", params={"exclude_generated": "true"}).json()["datafeeds"][0]
    assert "query_delay" not in plain
    assert http.get(f"{JOBS}/kept-job").json()["jobs"][0]["datafeed_config"]["datafeed_id"] == "kept"
    warned = http.post(f"{FEEDS}/kept/_update", params={"ignore_throttled": "false"}, json={})
    assert "[ignore_throttled] parameter is deprecated" in warned.headers["warning"]
    assert warned.json()["indices_options"]["ignore_throttled"] is False
    assert http.delete(f"{FEEDS}/kept").json() == {"acknowledged": True}
    assert http.delete(f"{FEEDS}/kept").status_code == 404
    assert http.get(f"{FEEDS}/missing").status_code == 404
    assert http.get(f"{FEEDS}/missing*", params={"allow_no_match": "false"}).status_code == 404


@pytest.mark.usefixtures("_air")
def test_what_cannot_be_started_says_why(http: httpx.Client) -> None:
    http.put(f"{JOBS}/unstarted", json=job(datafeed_config={"indices": ["airline-data"]}))
    path = f"{FEEDS}/unstarted/_start"
    assert reason(http.post(path)) == "cannot start datafeed [unstarted] because job [unstarted] is closed"
    wrong = http.post(path, json={"start": 10, "end": 5})
    assert "start [10] must be earlier than end [5]" in reason(wrong)
    assert kind(http.post(f"{FEEDS}/unknown/_start")) == (404, "resource_not_found_exception")
    http.post(f"{JOBS}/unstarted/_open")
    http.post(f"{FEEDS}/unstarted/_update", json={"indices": ["utopia"]})
    assert reason(http.post(path)) == "datafeed [unstarted] cannot retrieve data because index [utopia] does not exist"
    http.put(f"{JOBS}/unmapped", json=job(datafeed_config={"indices": ["no-airline"]}))
    http.put("/no-airline/_doc/1", json={"time": START, "responsetime": 1})
    http.post(f"{JOBS}/unmapped/_open")
    told = reason(http.post(f"{FEEDS}/unmapped/_start"))
    assert told == "[unmapped] cannot retrieve field [airline] because it has no mappings"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"indices": ["a"], "headers": {}}, "unknown field [headers]"),
        ({"indices": ["a"], "query": {}}, "[datafeed_config] failed to parse field [query]"),
        ({"indices": ["a"], "query": {"match_all_of_it": {}}}, "[datafeed_config] failed to parse field [query]"),
        ({"indices": ["a"], "indices_options": {"foo": 1}}, "[indices_options] unknown field [foo]"),
        ({"indices": ["a"], "indices_options": {"expand_wildcards": "some"}}, "No valid expand wildcard value [some]"),
        ({"indices": ["a"], "runtime_mappings": {"r": 1}}, "[r] wanted an object with [type]"),
        ({"indices": []}, "datafeed_config.indices=[]: wanted"),
        ({"indices": ["a"], "query_delay": "-1s"}, "[datafeed_config] failed to parse field [query_delay]"),
        ({"indices": ["a"], "frequency": "soon"}, "datafeed_config.frequency='soon'"),
        ({"indices": ["a"], "chunking_config": {"mode": "manual"}}, "wanted a time_span beside mode 'manual'"),
        ({"indices": ["a"], "aggs": {"a": {"terms": {"field": "x"}}}}, "wanted a date_histogram"),
        ({"indices": ["a"], "aggs": {"a": 1, "b": {"composite": {"sources": ["t"]}}}}, "wanted a date_histogram"),
        ({"indices": ["a"], "aggs": {"a": {"histogram": {"field": "t", "interval": 0}}}}, "an interval"),
    ],
)
def test_what_cannot_be_a_datafeed_is_told(http: httpx.Client, body: dict[str, Any], told: str) -> None:
    answer = http.put(f"{FEEDS}/bad", json={"job_id": "any", **body})
    assert answer.status_code == 400
    assert told in f"{reason(answer)}; {answer.json()['error'].get('caused_by')}"


HOURS: dict[str, Any] = {"date_histogram": {"field": "time", "fixed_interval": "1h"}}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"aggs": {"b": HOURS}, "job_id": "plain-rows"}, "wanted a summary_count_field_name"),
        ({"aggs": {"b": {"date_histogram": {"field": "time", "fixed_interval": "2h"}}}}, "less than or equal to the bucket_sp"),
        ({"aggs": {"b": {"date_histogram": {"field": "time", "fixed_interval": "25m"}}}}, "a divisor of the bucket_span [1h]"),
        ({"aggs": {"b": HOURS}, "frequency": "90m"}, "a multiple of the aggregation interval [3600000ms]"),
        ({"delayed_data_check_config": {"enabled": True, "check_window": "1m"}}, "check_window [1m]: wanted at least"),
        ({"runtime_mappings": {"time": {"type": "date"}}}, "[time] is the time_field"),
    ],
)  # fmt: skip
def test_a_datafeed_must_fit_its_job(http: httpx.Client, body: dict[str, Any], told: str) -> None:
    detectors, summed = {"detectors": [{"function": "count"}]}, {"summary_count_field_name": "doc_count"}
    for name, more in (("plain-rows", {}), ("summed-rows", summed)):
        http.put(f"{JOBS}/{name}", json=config(analysis_config={**detectors, **more}))
    given = {"job_id": "summed-rows", "indices": ["a"], **body}
    answer = http.put(f"{FEEDS}/unfit", json=given)
    assert kind(answer) == (400, "status_exception")
    assert told in reason(answer)
    inside = config(analysis_config={**detectors, **summed}) | {"datafeed_config": {"indices": ["a"], **body}}
    if "job_id" not in body:
        assert told in reason(http.put(f"{JOBS}/unfit-inside", json=inside))
        assert http.get(f"{JOBS}/unfit-inside").status_code == 404
