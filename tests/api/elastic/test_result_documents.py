"""Results of jobs are searched as documents of `.ml-anomalies-*`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from barograph.api.elastic.index.results import Results
from barograph.engine import Engine
from barograph.index.catalog import Options
from barograph.index.documents import Documents
from barograph.index.write import Operation, Outcome
from barograph.jobs.annotations import annotate
from barograph.jobs.service import Service
from tests.api.elastic.server_jobs import JOBS
from tests.store import making

START = 1_767_225_600_000
NDJSON = {"Content-Type": "application/x-ndjson"}


def found(http: httpx.Client, index: str, **body: Any) -> Any:
    return http.post(f"/{index}/_search", json=body).json()


def made(http: httpx.Client, job_id: str) -> None:
    """A job with an outage in it."""
    detectors = [{"function": "mean", "field_name": "ms", "partition_field_name": "host"}]
    analysis = {"bucket_span": "1h", "detectors": detectors, "influencers": ["host"]}
    http.put(
        f"{JOBS}/{job_id}",
        json={"analysis_config": analysis, "data_description": {"time_field": "t", "time_format": "epoch_ms"}},
    )
    http.post(f"{JOBS}/{job_id}/_open")
    rows = [
        {
            "t": START + hour * 3_600_000 + part * 600_000,
            "host": host,
            "ms": 100 + part + (900 if hour == 150 and host == "web-1" else 0),
        }
        for hour in range(160)
        for part in range(6)
        for host in ("web-1", "web-2")
    ]
    http.post(f"{JOBS}/{job_id}/_data", content=b"\n".join(map(orjson.dumps, rows)), headers=NDJSON)
    http.post(f"{JOBS}/{job_id}/_close")


def test_results_are_found_by_search_and_are_those_of_the_api(http: httpx.Client) -> None:
    made(http, "searched")
    query = {"bool": {"filter": [{"term": {"result_type": "record"}}, {"range": {"record_score": {"gte": 25}}}]}}
    hits = found(http, ".ml-anomalies-searched", query=query, sort=[{"record_score": "desc"}])["hits"]
    records = http.get(f"{JOBS}/searched/results/records", params={"record_score": 25}).json()["records"]
    assert hits["total"]["value"] == len(records) > 0
    best = hits["hits"][0]
    assert best["_index"] == ".ml-anomalies-shared"
    assert best["_source"]["record_score"] == records[0]["record_score"]
    assert found(http, ".ml-anomalies-*", query={"query_string": {"query": "web-1 AND result_type:influencer"}})["hits"][
        "total"
    ]["value"]
    days: dict[str, Any] = {"date_histogram": {"field": "timestamp", "calendar_interval": "day"}}
    days["aggs"] = {"most": {"max": {"field": "anomaly_score"}}}
    asked: dict[str, Any] = {"size": 0, "query": {"term": {"result_type": "bucket"}}, "aggs": {"days": days}}
    shown = found(http, ".ml-anomalies-searched", **asked)["aggregations"]["days"]["buckets"]
    buckets = http.get(f"{JOBS}/searched/results/buckets", params={"size": 1000}).json()["buckets"]
    assert max(day["most"]["value"] for day in shown) == max(bucket["anomaly_score"] for bucket in buckets)
    assert sum(day["doc_count"] for day in shown) == len(buckets)
    counts = http.get("/.ml-anomalies-searched/_doc/searched_data_counts").json()["_source"]
    assert counts["processed_record_count"] == 160 * 6 * 2


def test_results_follow_their_job(http: httpx.Client) -> None:
    made(http, "followed")
    buckets = {"query": {"term": {"result_type": "bucket"}}}
    before = found(http, ".ml-anomalies-followed", **buckets)["hits"]["total"]["value"]
    http.post(f"{JOBS}/followed/_open")
    row = {"t": START + 200 * 3_600_000, "host": "web-1", "ms": 100}
    http.post(f"{JOBS}/followed/_data", content=orjson.dumps(row), headers=NDJSON)
    http.post(f"{JOBS}/followed/_close")
    assert found(http, ".ml-anomalies-followed", **buckets)["hits"]["total"]["value"] > before
    assert http.head("/.ml-anomalies-followed").status_code == 200
    http.delete(f"{JOBS}/followed", params={"force": "true"})
    assert http.head("/.ml-anomalies-followed").status_code == 404
    assert found(http, ".ml-anomalies-shared", query={"term": {"job_id": "followed"}})["hits"]["total"]["value"] == 0


def test_an_index_of_results_that_was_deleted_is_there_again_as_a_whole(tmp_path: Path) -> None:
    job, hidden = making.job(), Options(with_hidden=True)
    with Service.open(None, tmp_path) as service, Documents(None, service.now_ms) as index:
        shown = Results(service, index)
        service.put(job)
        with service._store.lock("web"):
            service._store.commit("web", making.results(0, 30), Engine.build(job).snapshot(), [])
        shown.bring_up_to_date()
        names = (".ml-anomalies-shared", ".ml-state-000001", ".ml-annotations-000001")
        before = [index.count(name, {}, hidden) for name in names]
        assert min(before) > 0
        for name in names:
            index.delete_indices(name)
            shown.bring_up_to_date()
            assert [index.count(name, {}, hidden) for name in names] == before
        assert index.count(".ml-anomalies-web", {}) == before[0]


def test_only_the_parts_that_have_changed_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    span = making.SPAN_MS
    job = making.job()
    with Service.open(None, tmp_path) as service, Documents(None, service.now_ms) as index:
        shown, written = Results(service, index), list[str]()
        plain = index.bulk

        def bulk(operations: Sequence[Operation]) -> list[Outcome]:
            written.extend(str(operation.id) for operation in operations)
            return plain(operations)

        monkeypatch.setattr(index, "bulk", bulk)
        service.put(job)
        snapshot = Engine.build(job).snapshot()
        with service._store.lock("web"):
            for first in (0, 250, 255):
                service._store.commit("web", making.results(first, 250 if first == 0 else 5), snapshot, [])
                written.clear()
                shown.bring_up_to_date()
                times = {
                    int(name.split("_")[2]) for name in written if name.split("_")[1] in ("bucket", "record", "influencer")
                }
                assert times == {at * span for at in range(0 if first == 0 else 200, 250 if first == 0 else first + 5)}
        for kind, count in (("bucket", 260), ("record", 780), ("influencer", 780)):
            assert index.count(".ml-anomalies-web", {"query": {"term": {"result_type": kind}}}) == count
        annotate(index, "web", (0, span), "written")
        notes = index.search(".ml-annotations-read", {"sort": [{"timestamp": "asc"}], "size": 200}, Options(with_hidden=True))
        changes = service.annotations("web").rows
        assert notes.total == 1 + len(changes) == 131
        told = next(hit["_source"] for hit in notes.hits if hit["_source"]["event"] == "model_change")
        assert (told["timestamp"], told["annotation"]) == (changes["timestamp"].min(), changes.sort("timestamp")["text"][0])
        assert (told["create_username"], told["type"]) == ("_xpack", "annotation")
        service.reset("web")
        shown.bring_up_to_date()
        assert index.count(".ml-anomalies-web", {}) == 0
        assert index.count(".ml-annotations-read", {}) == 1


def test_documents_that_clients_write_beside_the_results_stay(http: httpx.Client) -> None:
    made(http, "written")
    own = {"job_id": "written", "result_type": "record", "record_score": 80.0, "timestamp": START}
    answer = http.put("/.ml-anomalies-written/_doc/by%23hand", json=own).json()
    assert answer["_index"] == ".ml-anomalies-shared"
    query = {"query": {"ids": {"values": ["by#hand"]}}}
    assert found(http, ".ml-anomalies-written", **query)["hits"]["total"]["value"] == 1
    assert http.get("/_cat/indices/.ml-anomalies-shared", params={"h": "index"}).text == ".ml-anomalies-shared\n"
    assert http.get("/.ml-anomalies-shared/_mapping").json()[".ml-anomalies-shared"]["mappings"]["_meta"]["version"]


def test_results_that_clients_write_are_answered_with_those_of_the_job(http: httpx.Client) -> None:
    made(http, "by-hand")
    results, hour = f"{JOBS}/by-hand/results", 3_600_000
    before = {kind: http.get(f"{results}/{kind}").json()["count"] for kind in ("buckets", "records", "influencers")}
    at = START - hour
    same = {"job_id": "by-hand", "timestamp": at, "bucket_span": 3600}
    host = {"influencer_field_name": "host", "influencer_field_value": "web-9"}
    for kind, own in (
        ("bucket", {"anomaly_score": 91.0}),
        ("record", {"record_score": 99.5, "partition_field_name": "host", "partition_field_value": "web-9"}),
        ("influencer", {"influencer_score": 98.5, "is_interim": True, **host}),
    ):
        answer = http.put(f"/.ml-anomalies-by-hand/_doc/{kind}", json={**same, "result_type": kind, **own})
        assert answer.status_code == 201, answer.text
    for kind in ("buckets", "records", "influencers"):
        assert http.get(f"{results}/{kind}").json()["count"] == before[kind] + 1
    first = http.get(f"{results}/buckets", params={"size": 2, "expand": "true"}).json()["buckets"]
    assert [bucket["timestamp"] for bucket in first] == [at, START]
    assert (first[0]["is_interim"], first[0]["bucket_influencers"], first[1]["records"]) == (False, [], [])
    assert [record["host"] for record in first[0]["records"]] == [["web-9"]]
    assert http.get(f"{results}/buckets/{at}").json()["buckets"][0]["anomaly_score"] == 91.0
    assert http.get(f"{results}/records").json()["records"][0]["record_score"] == 99.5
    assert http.get(f"{results}/influencers", params={"influencer_score": 98.5}).json()["count"] == 1
    kept = http.get(f"{results}/influencers", params={"exclude_interim": "true"}).json()
    assert kept["count"] == before["influencers"]
    assert http.get(f"{results}/records", params={"end": at}).json() == {"count": 0, "records": []}
    overall = http.get(f"{results}/overall_buckets", params={"end": START + 2 * hour}).json()["overall_buckets"]
    assert [(bucket["timestamp"], bucket["overall_score"]) for bucket in overall[:1]] == [(at, 91.0)]
    assert overall[0]["jobs"] == [{"job_id": "by-hand", "max_anomaly_score": 91.0}]
    assert len(overall) == 3


def test_odd_results_that_clients_write_are_told_as_they_are(http: httpx.Client) -> None:
    made(http, "odd")
    odd = {"job_id": "odd", "result_type": "record", "record_score": 100, "partition_field_name": ["a", "b"]}
    odd |= {"partition_field_value": "c", "influencers": ["none"], "timestamp": "2026-01-01T00:00:00Z"}
    assert http.put("/.ml-anomalies-odd/_doc/1", json=odd).status_code == 201
    assert http.put("/.ml-anomalies-odd/_doc/2", json={"job_id": "odd", "result_type": "record"}).status_code == 201
    answer = http.get(f"{JOBS}/odd/results/records", params={"record_score": 100})
    assert answer.json() == {"count": 1, "records": [{**odd, "is_interim": False, "timestamp": START}]}


def test_what_is_reached_by_search_alone_is_found_under_names_that_are_told(http: httpx.Client) -> None:
    http.put(
        f"{JOBS}/worded",
        json={
            "analysis_config": {
                "bucket_span": "1h",
                "categorization_field_name": "message",
                "detectors": [{"function": "count", "by_field_name": "mlcategory"}],
            },
            "data_description": {"time_field": "t", "time_format": "epoch_ms"},
        },
    ).raise_for_status()
    http.post(f"{JOBS}/worded/_open")
    rows = [{"t": START + hour * 3_600_000, "message": f"Disk {hour} of host web failed"} for hour in range(40)]
    http.post(f"{JOBS}/worded/_data", content=b"\n".join(map(orjson.dumps, rows)), headers=NDJSON)
    forecast_id = http.post(f"{JOBS}/worded/_forecast", json={"duration": "3h"}).json()["forecast_id"]
    for name in (".ml-anomalies-worded", ".ml-state-write"):
        assert http.head(f"/_alias/{name}").status_code == 200
    assert http.head("/_alias/.ml-anomalies-other").status_code == 404
    (category,) = http.get(f"{JOBS}/worded/results/categories").json()["categories"]
    hits = found(http, ".ml-anomalies-worded", query={"term": {"result_type": "category_definition"}})["hits"]["hits"]
    assert [(hit["_id"], hit["_source"]) for hit in hits] == [("worded_category_definition_1", category)]
    stats = found(http, ".ml-anomalies-worded", query={"term": {"result_type": "model_forecast_request_stats"}})["hits"]["hits"]
    (told,) = [hit["_source"] for hit in stats]
    rows_of = {
        "query": {"bool": {"filter": [{"term": {"forecast_id": forecast_id}}, {"term": {"result_type": "model_forecast"}}]}}
    }
    assert told["processed_record_count"] == found(http, ".ml-anomalies-worded", **rows_of)["hits"]["total"]["value"] > 0
    assert (told["forecast_status"], told["forecast_end_timestamp"] - told["forecast_start_timestamp"]) == (
        "finished",
        3 * 3_600_000,
    )
    http.delete(f"{JOBS}/worded/_forecast/{forecast_id}").raise_for_status()
    assert found(http, ".ml-anomalies-worded", query={"term": {"forecast_id": forecast_id}})["hits"]["total"]["value"] == 0
