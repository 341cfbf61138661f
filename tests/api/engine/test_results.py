"""Results by the Engine API: what they mean, which are told, and in which order."""

import httpx
import orjson
import pytest

from barograph.api.engine.errors import Code
from barograph.api.engine.times import text_of
from tests.api.engine.client import Client, strict
from tests.api.engine.stream import BUCKETS, BURST, SPAN, START, config
from tests.api.engine.test_jobs import API, error


def test_the_examples_of_the_public_clients_work(client: Client) -> None:
    """A job is made, rows are streamed to it, it is closed, and its buckets are read page by page over one connection."""
    job_id = client.create(config())
    assert (
        client.stream(job_id, [b"time,host,ms\n", b"1388534400,a,1\n1388535000,a", b",1\n1388535600,a,1\n"])["bucketCount"] == 2
    )
    client.close(job_id)
    found = client.all_buckets(job_id, skip=0, take=1, anomalyScore=0, includeInterim="false")
    assert [one["id"] for one in found] == [START, START + SPAN]
    job = client.single("job", f"/jobs/{job_id}")
    assert job is not None
    assert job["status"] == "CLOSED"
    assert client.page("/jobs")["hitCount"] > 0
    assert client.call("DELETE", f"{client.base}/jobs/{job_id}") == (200, {"acknowledgement": True})
    assert client.single("job", f"/jobs/{job_id}") is None


def test_a_bucket_aggregates_its_records(client: Client, read: str) -> None:
    worst = client.page(f"/results/{read}/buckets", anomalyScore=50)["documents"]
    assert [one["id"] for one in worst] == [BURST]
    bucket = client.single("bucket", f"/results/{read}/buckets/{BURST}", expand="true")
    assert bucket is not None
    assert bucket["timestamp"] == "2014-01-02T22:40:00.000+0000"
    records = bucket["records"]
    assert bucket["recordCount"] == len(records) > 0
    assert bucket["maxNormalizedProbability"] == max(one["normalizedProbability"] for one in records)
    assert {one["anomalyScore"] for one in records} == {bucket["anomalyScore"]}
    assert (bucket["bucketSpan"], bucket["eventCount"], bucket["isInterim"]) == (SPAN, 10, False)
    names = {one["influencerFieldName"] for one in bucket["bucketInfluencers"]}
    assert names == {"bucketTime", "host"}
    assert [one["influencerFieldValue"] for one in bucket["influencers"]] == ["web-2"]
    assert client.single("bucket", f"/results/{read}/{BURST}") == client.single(
        "bucket", f"/results/{read}/buckets/{BURST * 1000}"
    )
    by_text = client.single("bucket", f"/results/{read}/buckets/2014-01-02T22:40:00.000+0000")
    assert by_text is not None
    assert "records" not in by_text


def test_a_record_says_what_was_odd_and_keeps_its_probability(client: Client, read: str) -> None:
    (record, *_) = client.page(f"/results/{read}/records")["documents"]
    strict("record", record)
    assert (record["byFieldName"], record["byFieldValue"], record["function"]) == ("host", "web-2", "mean")
    assert record["influencers"] == [{"influencerFieldName": "host", "influencerFieldValues": ["web-2"]}]
    assert (record["actual"] > 900, record["typical"] < 200) == (True, True)  # bare numbers
    assert 0 < record["probability"] < 1e-6
    assert record["normalizedProbability"] == record["initialNormalizedProbability"] > 75


def test_influencers_are_ranked_by_their_score(client: Client, read: str) -> None:
    (first, *_) = client.page(f"/results/{read}/influencers")["documents"]
    strict("influencer", first)
    assert (first["influencerFieldValue"], first["anomalyScore"] > 75) == ("web-2", True)
    assert client.page(f"/results/{read}/influencers", anomalyScore=100)["hitCount"] == 0


def test_results_of_open_buckets_are_told_only_to_who_asks(client: Client, read: str) -> None:
    finished = client.page(f"/results/{read}/buckets", take=0)["hitCount"]
    assert finished == BUCKETS - 1
    assert client.page(f"/results/{read}/buckets", take=0, includeInterim="true")["hitCount"] == BUCKETS
    last = START + (BUCKETS - 1) * SPAN
    assert client.single("bucket", f"/results/{read}/buckets/{last}") is None
    interim = client.single("bucket", f"/results/{read}/buckets/{last}", includeInterim="true")
    assert interim is not None
    assert interim["isInterim"] is True


def test_results_are_chosen_by_time_and_score_and_paged(client: Client, read: str) -> None:
    span = {"start": START, "end": START + 20 * SPAN}
    assert len(client.all_buckets(read, take=7, **span)) == 20
    assert len(client.all_buckets(read)) == BUCKETS - 1
    for name in ("maxNormalizedProbability", "normalizedProbability"):
        found = client.page(f"/results/{read}/buckets", **{name: 50})
        assert (found["hitCount"], found["documents"][0]["id"]) == (1, BURST)
    for query in ({"anomalyScore": 50}, {"normalizedProbability": 50}, {"sort": "anomalyScore", "take": 1}):
        told = client.page(f"/results/{read}/records", **query)["documents"]
        assert {one["timestamp"] for one in told} == {"2014-01-02T22:40:00.000+0000"}, query
    upwards = client.page(f"/results/{read}/records", sort="timestamp", desc="false")["documents"]
    assert [one["timestamp"] for one in upwards] == sorted(one["timestamp"] for one in upwards)


BAD = {
    "start=yesterday": Code.DATE,
    "start=2014-01-02&end=2014-01-01": Code.END_BEFORE_START,
    "skip=-1": Code.SKIP,
    "skip=x": Code.SKIP,
    "take=-1": Code.TAKE,
    "take=99999999999999999999": Code.TAKE,
    "sort=nothing": Code.SORT_FIELD,
    "anomalyScore=high": Code.THRESHOLD,
    "anomalyScore=101": Code.THRESHOLD,
    "anomalyScore=nan": Code.THRESHOLD,
    "includeInterim=perhaps": Code.INVALID_VALUE,
}


@pytest.mark.parametrize("query", BAD)
def test_what_cannot_be_asked_is_refused_with_its_number(http: httpx.Client, read: str, query: str) -> None:
    for kind in ("records", "influencers") if "sort" in query else ("records", "influencers", "buckets"):
        assert error(http.get(f"{API}/results/{read}/{kind}?{query}")) == (400, BAD[query]), kind


def test_of_what_is_not_there_there_is_an_empty_page(http: httpx.Client, read: str) -> None:
    for kind in ("buckets", "records", "influencers", "categorydefinitions"):
        missing = http.get(f"{API}/results/nobody/{kind}")
        assert (missing.status_code, missing.json()["documents"], missing.json()["nextPage"]) == (404, [], None)
    for path in ("nobody/buckets/5", f"{read}/buckets/5"):
        missing = http.get(f"{API}/results/{path}")
        assert (missing.status_code, missing.json()) == (404, {"exists": False, "type": "bucket"})
    assert error(http.get(f"{API}/results/{read}/buckets/never")) == (400, Code.DATE)


def test_categories_have_the_name_of_this_api(client: Client, http: httpx.Client) -> None:
    detectors = [{"function": "count", "byFieldName": "prelertcategory"}]
    analysis = {
        "bucketSpan": SPAN,
        "detectors": detectors,
        "categorizationFieldName": "text",
        "influencers": ["prelertcategory"],
    }
    job_id = client.create({"id": "messages", "analysisConfig": analysis, "dataDescription": {"format": "JSON"}})
    texts = ("Connection from 10.0.0.1 opened", "Disk 7 is full")
    counts = [*(5 + at * 7 % 5 for at in range(100)), 200, 7, 7]
    lines = [{"time": START + at * SPAN, "text": texts[0]} for at, count in enumerate(counts) for _ in range(count)]
    body = b"\n".join(map(orjson.dumps, [*lines, {"time": START + 102 * SPAN, "text": texts[1]}]))
    client.stream(job_id, [body])
    client.close(job_id)
    found = client.page(f"/results/{job_id}/categorydefinitions")["documents"]
    assert [strict("categoryDefinition", one)["terms"] for one in found] == ["Connection from opened", "Disk is full"]
    assert client.single("categoryDefinition", f"/results/{job_id}/categorydefinitions/2") == found[1]
    assert client.single("categoryDefinition", f"/results/{job_id}/categorydefinitions/9") is None
    (record, *_) = client.page(f"/results/{job_id}/records")["documents"]
    assert (record["byFieldName"], record["byFieldValue"]) == ("prelertcategory", "1")
    assert record["influencers"][0]["influencerFieldName"] == "prelertcategory"
    told = http.get(f"{API}/jobs/{job_id}").json()["document"]
    assert told["analysisConfig"]["detectors"][0]["byFieldName"] == "prelertcategory"


def test_a_member_of_a_population_has_causes(client: Client) -> None:
    detectors = [{"function": "sum", "fieldName": "n", "overFieldName": "user", "byFieldName": "kind"}]
    analysis = {"bucketSpan": SPAN, "detectors": detectors, "overlappingBuckets": True}
    job_id = client.create({"id": "people", "analysisConfig": analysis, "dataDescription": {"format": "JSON"}})
    lines = [
        {
            "time": START + at * SPAN,
            "user": f"u{who}",
            "kind": kind,
            "n": much if at == 50 and who == 3 else 10 + (at * 7 + who * 3) % 5,
        }
        for at in range(52)
        for who in range(12)
        for kind, much in (("read", 10_000), ("write", 5_000))
    ]
    client.stream(job_id, [b"\n".join(map(orjson.dumps, lines))])
    (record,) = client.page(f"/results/{job_id}/records", take=1)["documents"]
    strict("record", record)
    causes = [(cause["overFieldValue"], cause["byFieldValue"], cause["actual"]) for cause in record["causes"]]
    assert sorted(causes) == [("u3", "read", 10_000), ("u3", "write", 5_000)]
    assert record["detectorIndex"] == 0
    assert 0 < record["probability"] < 1e-6
    last = client.page(f"/results/{job_id}/buckets", start=START + 51 * SPAN, includeInterim="true")["documents"]
    assert [one["isInterim"] for one in last] == [True]  # without a flush, as the buckets overlap


def test_with_overlapping_buckets_what_lies_across_a_boundary_is_found(client: Client, http: httpx.Client) -> None:
    """200 rows more than the usual 300, half in one bucket and half in the next: each of them is used to 100 more."""
    analysis = {"bucketSpan": SPAN, "detectors": [{"function": "count"}], "overlappingBuckets": True}
    job_id = client.create({"id": "across", "analysisConfig": analysis, "dataDescription": {"format": "JSON"}})
    usual = [START + at * SPAN + n * SPAN // 400 for at in range(200) for n in range(300 + at * 37 % 100)]
    more = [START + 180 * SPAN - SPAN // 2 + n * SPAN // 200 for n in range(200)]
    client.stream(job_id, [b"\n".join(orjson.dumps({"time": time}) for time in sorted(usual + more))])
    (record,) = client.page(f"/results/{job_id}/records", normalizedProbability=50)["documents"]
    strict("record", record)
    assert (record["detectorIndex"], record["timestamp"]) == (0, text_of((START + 180 * SPAN) * 1000))
    assert record["actual"] > 500

    changes = {"detectors": [{"index": 0, "description": "logins"}]}
    http.put(f"{API}/jobs/{job_id}/update", json=changes).raise_for_status()
    told = http.get(f"{API}/jobs/{job_id}").json()["document"]["analysisConfig"]
    assert [one["detectorDescription"] for one in told["detectors"]] == ["logins"]
    assert told["overlappingBuckets"] is True
    both = http.get(f"/api/v1/jobs/{job_id}").json()["config"]["analysis_config"]["detectors"]
    assert [one["detector_description"] for one in both] == ["logins", "logins (half a bucket earlier)"]
    assert error(http.put(f"{API}/jobs/{job_id}/update", json={"detectors": [{"index": 1, "description": "x"}]}))[0] == 400
