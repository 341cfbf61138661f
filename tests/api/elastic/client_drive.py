"""Drives a server with the official client: every machine-learning call but those of datafeeds.

Run as a program, with the client of one release in its path: `python client_drive.py URL`. It imports nothing of Barograph.
"""

import math
import sys
import warnings
from typing import Any

from driving import drive, refused
from elasticsearch import Elasticsearch

START = 1_403_481_600
SERIES = [
    {"airline": "AAL", "responsetime": 100 + 10 * math.sin(hour / 24 * 2 * math.pi) + hour % 7, "time": START + 3600 * hour}
    for hour in range(400)
]
CONFIG: dict[str, Any] = {
    "analysis_config": {
        "bucket_span": "1h",
        "detectors": [{"function": "mean", "field_name": "responsetime", "by_field_name": "airline"}],
        "influencers": ["airline"],
    },
    "data_description": {"time_field": "time"},
}


def life(es: Elasticsearch) -> None:
    assert es.info()["tagline"] == "You Know, for Search"
    assert es.ping()
    assert es.ml.put_job(job_id="drive", groups=["driven"], **CONFIG)["job_id"] == "drive"
    refused(400, "resource_already_exists_exception", es.ml.put_job, job_id="drive", **CONFIG)
    refused(404, "resource_not_found_exception", es.ml.get_jobs, job_id="missing")
    assert es.ml.get_jobs()["count"] >= 1
    assert es.ml.get_jobs(job_id="d*", exclude_generated=True)["jobs"][0]["job_id"] == "drive"
    refused(409, "status_exception", es.ml.post_data, job_id="drive", data=SERIES[:1])
    assert es.ml.open_job(job_id="drive")["opened"]
    assert es.ml.update_job(job_id="drive", description="driven")["description"] == "driven"
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert es.ml.post_data(job_id="drive", data=SERIES)["processed_record_count"] == len(SERIES)
    assert any("Posting data directly" in str(one.message) for one in seen)
    spike = '{"airline":"AAL","responsetime":9000,"time":%d}\n{"airline":"AAL","responsetime":100,"time":%d}\n'
    es.ml.post_data(job_id="drive", data=spike % (START + 3600 * 400, START + 3600 * 402))
    assert es.ml.flush_job(job_id="drive", calc_interim=True)["flushed"]


def results(es: Elasticsearch) -> None:
    first = es.ml.get_buckets(job_id="drive", start=START * 1000, expand=True, from_=1, size=2)
    assert (first["count"], len(first["buckets"])) == (403, 2)
    assert es.ml.get_buckets(job_id="drive", page={"from": 0, "size": 1}, desc=True, exclude_interim=True)["count"] == 402
    assert es.ml.get_buckets(job_id="drive", timestamp=str(START * 1000))["count"] == 1
    record = es.ml.get_records(job_id="drive", record_score=50, sort="record_score", desc=True)["records"][0]
    assert record["actual"] == [9000.0]
    assert record["airline"] == ["AAL"]
    assert es.ml.get_influencers(job_id="drive", influencer_score=1)["influencers"][0]["influencer_field_value"] == "AAL"
    assert es.ml.get_categories(job_id="drive")["count"] == 0
    overall = es.ml.get_overall_buckets(job_id="d*", top_n=2, bucket_span="1h", overall_score=50)
    assert overall["overall_buckets"][0]["jobs"][0]["job_id"] == "drive"
    refused(400, "illegal_argument_exception", es.ml.get_overall_buckets, job_id="drive", top_n=0)


def stats(es: Elasticsearch) -> None:
    (told,) = es.ml.get_job_stats(job_id="drive")["jobs"]
    assert told["state"] == "opened"
    assert es.ml.get_job_stats()["count"] >= 1
    assert es.cat.ml_jobs(v=True).body.startswith("id")
    assert es.cat.ml_jobs(job_id="drive", format="json")[0]["id"] == "drive"
    info = es.ml.info()
    assert info["defaults"]["datafeeds"]["scroll_size"] == 1000
    assert es.ml.get_memory_stats()["_nodes"]["total"] == 1
    assert es.ml.get_memory_stats(node_id="_all")["_nodes"]["total"] == 1
    (node,) = es.nodes.info()["nodes"].values()
    assert f"http://{node['http']['publish_address']}" == sys.argv[1]
    (node,) = es.nodes.stats(metric="fs,process")["nodes"].values()
    assert node["fs"]["total"]["total_in_bytes"] > 0
    assert "os" not in node
    sniffed = Elasticsearch(sys.argv[1], sniff_on_start=True, sniff_timeout=10)
    assert sniffed.info()["cluster_uuid"] == es.info()["cluster_uuid"]
    assert len(list(sniffed.transport.node_pool.all())) == 1


def models(es: Elasticsearch) -> None:
    forecast = es.ml.forecast(job_id="drive", duration="1d")
    assert es.ml.delete_forecast(job_id="drive", forecast_id=forecast["forecast_id"])["acknowledged"]
    assert es.ml.delete_forecast(job_id="drive")["acknowledged"]
    es.ml.post_data(job_id="drive", data=[{"airline": "AAL", "responsetime": 100, "time": START + 3600 * 410}])
    assert es.ml.close_job(job_id="driven", force=True)["closed"]
    listed = es.ml.get_model_snapshots(job_id="drive", desc=False)["model_snapshots"]
    oldest, newest = listed[0]["snapshot_id"], listed[-1]["snapshot_id"]
    assert es.ml.get_model_snapshots(job_id="drive", snapshot_id=oldest)["count"] == 1
    changed = es.ml.update_model_snapshot(job_id="drive", snapshot_id=oldest, description="d", retain=True)
    assert changed["model"]["retain"]
    assert es.ml.upgrade_job_snapshot(job_id="drive", snapshot_id=oldest)["completed"]
    refused(400, "illegal_argument_exception", es.ml.delete_model_snapshot, job_id="drive", snapshot_id=newest)
    assert es.ml.revert_model_snapshot(job_id="drive", snapshot_id=oldest, delete_intervening_results=True)["model"]
    upgrades = es.ml.get_model_snapshot_upgrade_stats(job_id="drive", snapshot_id=oldest)
    assert upgrades["count"] == 0


def kept(es: Elasticsearch) -> None:
    es.ml.put_filter(filter_id="drive-filter", items=["b", "a"], description="d")
    assert es.ml.update_filter(filter_id="drive-filter", add_items=["c"], remove_items=["a"])["items"] == ["b", "c"]
    assert es.ml.get_filters(filter_id="drive-filter")["count"] == 1
    assert es.ml.delete_filter(filter_id="drive-filter")["acknowledged"]
    es.ml.put_calendar(calendar_id="drive-calendar", job_ids=["drive"], description="d")
    assert es.ml.put_calendar_job(calendar_id="drive-calendar", job_id="other")["job_ids"] == ["drive", "other"]
    assert es.ml.get_calendars(calendar_id="drive-calendar")["count"] == 1
    event = {"description": "e", "start_time": START * 1000, "end_time": (START + 1) * 1000}
    added = es.ml.post_calendar_events(calendar_id="drive-calendar", events=[event])["events"][0]
    assert es.ml.get_calendar_events(calendar_id="_all", job_id="drive")["count"] == 1
    assert es.ml.delete_calendar_event(calendar_id="drive-calendar", event_id=added["event_id"])["acknowledged"]
    assert es.ml.delete_calendar_job(calendar_id="drive-calendar", job_id="other")["job_ids"] == ["drive"]
    assert es.ml.delete_calendar(calendar_id="drive-calendar")["acknowledged"]


def checks(es: Elasticsearch) -> None:
    assert es.ml.validate(job_id="drive-check", **CONFIG)["acknowledged"]
    assert es.ml.validate_detector(detector={"function": "count", "by_field_name": "airline"})["acknowledged"]
    analysis = {"bucket_span": "15m", "detectors": [{"function": "max", "field_name": "v", "by_field_name": "a"}]}
    estimate = es.ml.estimate_model_memory(analysis_config=analysis, overall_cardinality={"a": 50_000})
    assert estimate["model_memory_estimate"] == "1573mb"


def end(es: Elasticsearch) -> None:
    assert es.ml.set_upgrade_mode(enabled=True)["acknowledged"]
    assert es.ml.set_upgrade_mode(enabled=False)["acknowledged"]
    assert es.ml.delete_expired_data()["deleted"]
    assert es.ml.delete_expired_data(job_id="drive")["deleted"]
    assert es.ml.reset_job(job_id="drive")["acknowledged"]
    assert es.ml.delete_job(job_id="drive")["acknowledged"]
    assert es.ml.get_jobs(job_id="drive*")["count"] == 0


drive(life, results, stats, models, kept, checks, end)
