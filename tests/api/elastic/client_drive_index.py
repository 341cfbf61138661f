"""Drives a server with the official client: the built-in index, and the datafeeds that read it.

Run as a program, with the client of one release in its path: `python client_drive_index.py URL`. It imports no Barograph.
"""

import time
from typing import Any

from driving import drive, refused
from elasticsearch import Elasticsearch, helpers

INDEX = "drive-air"
START = 1_464_739_200_000
HOUR = 3_600_000
COUNT = 1_200
END = START + COUNT * HOUR // 6
MAPPINGS: dict[str, Any] = {
    "properties": {"time": {"type": "date"}, "airline": {"type": "keyword"}, "responsetime": {"type": "float"}}
}
JOB: dict[str, Any] = {
    "analysis_config": {
        "bucket_span": "1h",
        "detectors": [{"function": "mean", "field_name": "responsetime", "by_field_name": "airline"}],
    },
    "data_description": {"time_field": "time"},
}


def row(at: int) -> dict[str, Any]:
    """A document every ten minutes: BBB, AAA, AAA, and again."""
    return {"time": START + at * HOUR // 6, "airline": "AAA" if at % 3 else "BBB", "responsetime": 100 + at % 7}


def indices(es: Elasticsearch) -> None:
    assert not es.indices.exists(index=INDEX)
    made = es.indices.create(index=INDEX, mappings=MAPPINGS, settings={"number_of_replicas": 0})
    assert (made["acknowledged"], made["index"]) == (True, INDEX)
    refused(400, "resource_already_exists_exception", es.indices.create, index=INDEX)
    assert es.indices.exists(index=INDEX)
    assert es.indices.get(index="drive-*")[INDEX]["mappings"] == MAPPINGS
    es.indices.put_mapping(index=INDEX, properties={"seats": {"type": "integer"}})
    assert es.indices.get_mapping(index=INDEX)[INDEX]["mappings"]["properties"]["seats"] == {"type": "integer"}
    assert es.indices.get_field_mapping(index=INDEX, fields="airline")[INDEX]["mappings"]["airline"]
    assert es.indices.get_settings(index=INDEX)[INDEX]["settings"]["index"]["number_of_replicas"] == "0"
    assert es.cluster.health(index=INDEX, wait_for_status="green")["status"] == "green"


def documents(es: Elasticsearch) -> None:
    assert es.index(index=INDEX, id="one#1", document=row(0), refresh=True)["result"] == "created"
    assert es.index(index=INDEX, id="one#1", document=row(1))["result"] == "updated"
    assert es.get(index=INDEX, id="one#1")["_source"] == row(1)
    assert es.exists(index=INDEX, id="one#1")
    assert es.get_source(index=INDEX, id="one#1").body == row(1)
    refused(409, "version_conflict_engine_exception", es.create, index=INDEX, id="one#1", document=row(0))
    assert [one["found"] for one in es.mget(index=INDEX, ids=["one#1", "none"])["docs"]] == [True, False]
    assert es.delete(index=INDEX, id="one#1")["result"] == "deleted"
    assert not es.exists(index=INDEX, id="one#1")
    actions = ({"_index": INDEX, "_id": str(at), **row(at)} for at in range(COUNT))
    assert helpers.bulk(es, actions, chunk_size=500, refresh="wait_for") == (COUNT, [])
    told = es.bulk(operations=[{"create": {"_index": INDEX, "_id": "0"}}, row(0)])
    assert (told["errors"], told["items"][0]["create"]["status"]) == (True, 409)
    assert es.indices.refresh(index=INDEX)["_shards"]["failed"] == 0
    assert es.indices.stats(index=INDEX)["indices"][INDEX]["primaries"]["docs"]["count"] == COUNT


def searches(es: Elasticsearch) -> None:
    term = {"term": {"airline": "BBB"}}
    assert es.count(index=INDEX, query=term)["count"] == COUNT // 3
    days: dict[str, Any] = {"date_histogram": {"field": "time", "calendar_interval": "day"}}
    days["aggs"] = {"by": {"terms": {"field": "airline"}, "aggs": {"mean": {"avg": {"field": "responsetime"}}}}}
    found = es.search(index=INDEX, size=2, query=term, sort=[{"time": "desc"}], aggs={"days": days}, track_total_hits=True)
    assert found["hits"]["total"] == {"value": COUNT // 3, "relation": "eq"}
    assert found["hits"]["hits"][0]["_source"] == row(COUNT - 3)
    first = found["aggregations"]["days"]["buckets"][0]
    assert (first["key"], first["doc_count"], first["by"]["buckets"][0]["key"]) == (START, 48, "BBB")
    mean = first["by"]["buckets"][0]["mean"]["value"]
    assert abs(mean - sum(100 + at % 7 for at in range(0, 144, 3)) / 48) < 1e-9
    refused(404, "index_not_found_exception", es.search, index="drive-none")
    assert es.search(index="drive-none", ignore_unavailable=True)["hits"]["total"]["value"] == 0


def pages(es: Elasticsearch) -> None:
    """All documents once: by scroll, behind the last of a page, and at one point in time."""
    whole = {str(at) for at in range(COUNT)}
    scrolled = [hit["_id"] for hit in helpers.scan(es, index=INDEX, size=500)]
    assert (len(scrolled), set(scrolled)) == (COUNT, whole)
    kept = es.open_point_in_time(index=INDEX, keep_alive="1m")["id"]
    for where in ({"index": INDEX}, {"pit": {"id": kept, "keep_alive": "1m"}}):
        read: list[str] = []
        after: dict[str, Any] = {}
        while hits := es.search(**where, size=500, sort=[{"time": "asc"}], **after)["hits"]["hits"]:
            read += [hit["_id"] for hit in hits]
            after = {"search_after": hits[-1]["sort"]}
        assert read == [str(at) for at in range(COUNT)]
    assert es.close_point_in_time(id=kept)["succeeded"]


def aliases(es: Elasticsearch) -> None:
    only = {"term": {"airline": "AAA"}}
    assert es.indices.put_alias(index=INDEX, name="drive-aaa", filter=only)["acknowledged"]
    assert es.indices.exists_alias(name="drive-aaa")
    assert es.indices.get_alias(name="drive-aaa")[INDEX]["aliases"]["drive-aaa"]["filter"] == only
    assert es.count(index="drive-aaa")["count"] == COUNT * 2 // 3
    assert es.cat.aliases(name="drive-aaa", format="json")[0]["index"] == INDEX
    moved = [{"remove": {"index": INDEX, "alias": "drive-aaa"}}, {"add": {"index": INDEX, "alias": "drive-all"}}]
    assert es.indices.update_aliases(actions=moved)["acknowledged"]
    assert es.count(index="drive-all")["count"] == COUNT
    assert es.indices.delete_alias(index=INDEX, name="drive-all")["acknowledged"]
    assert not es.indices.exists_alias(name="drive-all")


def cats(es: Elasticsearch) -> None:
    assert es.cat.indices(index="drive-*", h="index,docs.count").body.split() == [INDEX, str(COUNT)]
    assert es.cat.indices(index=INDEX, format="json")[0]["health"] == "green"
    assert es.cat.count(index=INDEX, format="json")[0]["count"] == str(COUNT)
    assert es.cat.health(format="json")[0]["status"] == "green"


def stopped(es: Elasticsearch, datafeed_id: str) -> dict[str, Any]:
    """The statistics of a datafeed that has come to its end."""
    for _ in range(600):
        (told,) = es.ml.get_datafeed_stats(datafeed_id=datafeed_id)["datafeeds"]
        if told["state"] == "stopped":
            return dict(told)
        time.sleep(0.05)
    raise AssertionError(f"{datafeed_id} does not stop")


def datafeeds(es: Elasticsearch) -> None:
    es.ml.put_job(job_id="drive-fed", **JOB)
    made = es.ml.put_datafeed(datafeed_id="drive-feed", job_id="drive-fed", indices=[INDEX], query_delay="60s")
    assert (made["indices"], made["query_delay"]) == ([INDEX], "60s")
    again = {"datafeed_id": "drive-feed", "job_id": "drive-fed", "indices": [INDEX]}
    refused(400, "resource_already_exists_exception", es.ml.put_datafeed, **again)
    assert es.ml.update_datafeed(datafeed_id="drive-feed", scroll_size=300)["scroll_size"] == 300
    assert es.ml.get_datafeeds(datafeed_id="drive-*", exclude_generated=True)["count"] == 1
    assert es.ml.preview_datafeed(datafeed_id="drive-feed").body[0] == row(0)
    config = {"indices": [INDEX], "query": {"term": {"airline": "none"}}}
    assert es.ml.preview_datafeed(datafeed_config=config, job_config=JOB).body == []
    refused(409, "status_exception", es.ml.start_datafeed, datafeed_id="drive-feed")
    es.ml.open_job(job_id="drive-fed")
    assert es.ml.start_datafeed(datafeed_id="drive-feed", start=START, end=END)["started"]
    told = stopped(es, "drive-feed")
    assert told["timing_stats"]["job_id"] == "drive-fed"
    assert told["timing_stats"]["search_count"] >= 1
    (stats,) = es.ml.get_job_stats(job_id="drive-fed")["jobs"]
    assert (stats["state"], stats["data_counts"]["processed_record_count"]) == ("closed", COUNT)
    assert es.search(index=".ml-anomalies-drive-fed", query={"term": {"result_type": "bucket"}})["hits"]["total"]["value"]
    watch(es)


def watch(es: Elasticsearch) -> None:
    """What a watch of the results asks for: the worst of each kind, also where nothing is odd and nobody to blame."""

    def worst(score: str, least: float) -> dict[str, Any]:
        hits = {"top_hits": {"sort": [{score: {"order": "desc"}}], "size": 1, "_source": {"includes": ["timestamp", score]}}}
        return {"filter": {"range": {score: {"gte": least}}}, "aggs": {"worst": hits}}

    asked = {"bucket": ("anomaly_score", 0), "influencer": ("influencer_score", 75), "record": ("record_score", 75)}
    of = {"bool": {"filter": [{"term": {"job_id": "drive-fed"}}, {"terms": {"result_type": [*asked]}}]}}
    aggs = {f"{kind}_results": worst(score, least) for kind, (score, least) in asked.items()}
    found = es.search(index=".ml-anomalies-*", size=0, query=of, aggs=aggs)["aggregations"]
    assert {name: one["doc_count"] > 0 for name, one in found.items()} == {
        f"{kind}_results": kind == "bucket" for kind in asked
    }
    (hit,) = found["bucket_results"]["worst"]["hits"]["hits"]
    assert hit["sort"] == [hit["_source"]["anomaly_score"]]


def live(es: Elasticsearch) -> None:
    es.ml.open_job(job_id="drive-fed")
    assert es.ml.start_datafeed(datafeed_id="drive-feed", start="now")["started"]
    (told,) = es.ml.get_datafeed_stats()["datafeeds"]
    assert (told["state"], told["running_state"]["real_time_configured"]) == ("started", True)
    refused(409, "status_exception", es.ml.delete_datafeed, datafeed_id="drive-feed")
    assert es.cat.ml_datafeeds(format="json")[0]["id"] == "drive-feed"
    assert es.cat.ml_datafeeds(datafeed_id="drive-feed", h="id,state").body == "drive-feed started\n"
    assert es.ml.stop_datafeed(datafeed_id="drive-feed", timeout="20s")["stopped"]
    assert stopped(es, "drive-feed")["state"] == "stopped"


def end(es: Elasticsearch) -> None:
    assert es.ml.delete_datafeed(datafeed_id="drive-feed", force=True)["acknowledged"]
    refused(404, "resource_not_found_exception", es.ml.get_datafeeds, datafeed_id="drive-feed")
    assert es.ml.delete_job(job_id="drive-fed", force=True)["acknowledged"]
    assert es.indices.close(index=INDEX)["acknowledged"]
    assert es.indices.open(index=INDEX)["acknowledged"]
    assert es.indices.delete(index=INDEX)["acknowledged"]
    refused(404, "index_not_found_exception", es.indices.get, index=INDEX)


drive(indices, documents, searches, pages, aliases, cats, datafeeds, live, end)
