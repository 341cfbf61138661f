"""Jobs of the Engine API: made, told, refused, removed, and seen by the other dialects."""

from typing import Any

import httpx
import pytest

from barograph.api.engine.errors import Code
from tests.api.engine.stream import SPAN, config

API = "/engine/v2"
RARE = {"function": "rare", "byFieldName": "host"}


def error(answer: httpx.Response) -> tuple[int, int]:
    """The status and the number of an error; nothing else is in its body but the message."""
    body = answer.json()
    assert body.keys() == {"message", "errorCode"}
    assert body["message"]
    return answer.status_code, body["errorCode"]


def analysis(**changes: Any) -> dict[str, Any]:
    return {"analysisConfig": {"detectors": [{"function": "count"}]} | changes}


def detector(**changes: Any) -> dict[str, Any]:
    return analysis(detectors=[changes])


def test_a_job_is_told_as_it_was_made(http: httpx.Client) -> None:
    made = http.post(f"{API}/jobs", json=config(id="told", description="a job", customSettings={"a": [1]}))
    assert (made.status_code, made.json()) == (201, {"id": "told"})
    told = http.get(f"{API}/jobs/told").json()
    job = told["document"]
    assert (told["exists"], told["type"], job["status"]) == (True, "job", "CLOSED")
    assert job["analysisConfig"]["bucketSpan"] == SPAN
    assert job["analysisConfig"]["detectors"][0]["byFieldName"] == "host"
    shown = {"format": "DELIMITED", "timeField": "time", "timeFormat": "epoch", "fieldDelimiter": ",", "quoteCharacter": '"'}
    assert job["dataDescription"] == shown
    assert (job["timeout"], job["customSettings"], job["description"]) == (600, {"a": [1]}, "a job")
    assert job["endpoints"]["data"] == f"{http.base_url}/engine/v2/data/told"
    assert job["createTime"].endswith("+0000")
    assert "finishedTime" not in job
    assert job["counts"]["inputRecordCount"] == 0
    listed = http.get(f"{API}/jobs", params={"take": 1000}).json()
    assert "told" in [one["id"] for one in listed["documents"]]
    assert listed["nextPage"] is None


def test_a_job_that_is_told_can_be_made_again(http: httpx.Client) -> None:
    http.post(f"{API}/jobs", json=config(id="first"))
    job = http.get(f"{API}/jobs/first").json()["document"]
    read_only = ("status", "createTime", "location", "endpoints", "counts", "modelSizeStats")
    again = {name: value for name, value in job.items() if name not in read_only}
    again["dataDescription"] = {**job["dataDescription"], "transformTime": True, "epochMs": False}  # what the Java client adds
    answer = http.post(f"{API}/jobs", json={**again, "id": "again"}, headers={"Content-Encoding": "UTF-8"})
    assert answer.status_code == 201, answer.text
    made = http.get(f"{API}/jobs/again").json()["document"]
    assert {**made, "id": 0, "location": 0, "endpoints": 0, "createTime": 0, "modelSizeStats": 0} == {
        **job, "id": 0, "location": 0, "endpoints": 0, "createTime": 0, "modelSizeStats": 0,
    }  # fmt: skip


def test_a_job_without_an_id_gets_one(http: httpx.Client) -> None:
    ids = {http.post(f"{API}/jobs", json=analysis()).json()["id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(len(one) == 20 and one[14] == "-" for one in ids)


def test_pages_lead_to_each_other(http: httpx.Client) -> None:
    for _ in range(2):
        http.post(f"{API}/jobs", json=analysis())
    first = http.get(f"{API}/jobs", params={"take": 1, "x": "a b"}).json()
    assert (first["previousPage"], first["hitCount"] > 1) == (None, True)
    assert "x=a+b" in first["nextPage"]
    second = http.get(first["nextPage"]).json()
    assert (second["skip"], second["take"]) == (1, 1)
    before = http.get(second["previousPage"]).json()
    assert [one["id"] for one in before["documents"]] == [one["id"] for one in first["documents"]]


def test_what_is_not_there_is_told_in_the_shape_of_what_was_asked(http: httpx.Client) -> None:
    missing = http.get(f"{API}/jobs/none")
    assert (missing.status_code, missing.json()) == (404, {"exists": False, "type": "job"})
    for method, path in (("DELETE", "/jobs/none"), ("POST", "/jobs/none/pause"), ("POST", "/data/none/close")):
        assert error(http.request(method, f"{API}{path}")) == (404, Code.MISSING_JOB), path
    assert error(http.get(f"{API}/nothing/here")) == (404, Code.UNKNOWN)
    assert error(http.put(f"{API}/jobs")) == (404, Code.UNKNOWN)


REFUSED = {
    "10101 no JSON": (b"{", Code.CONFIG_PARSE),
    "10101 no object": ([1], Code.CONFIG_PARSE),
    "10101 another type": (analysis(bucketSpan="five"), Code.CONFIG_PARSE),
    "10102": ({"analysisConfg": {}}, Code.CONFIG_UNKNOWN_FIELD),
    "10102 inside": (analysis(bucketspan=5), Code.CONFIG_UNKNOWN_FIELD),
    "10104 span": (analysis(bucketSpan=0), Code.INVALID_VALUE),
    "10104 format": ({**analysis(), "dataDescription": {"format": "XML"}}, Code.INVALID_VALUE),
    "10104 delimiter": ({**analysis(), "dataDescription": {"fieldDelimiter": "::"}}, Code.INVALID_VALUE),
    "10105": (detector(function="averge"), Code.UNKNOWN_FUNCTION),
    "10106 needs a field": (detector(function="mean"), Code.INVALID_FIELD_SELECTION),
    "10106 takes none": (detector(function="count", fieldName="x"), Code.INVALID_FIELD_SELECTION),
    "10106 needs by": (detector(function="rare"), Code.INVALID_FIELD_SELECTION),
    "10106 needs over": (detector(function="freq_rare", byFieldName="x"), Code.INVALID_FIELD_SELECTION),
    "10106 no over": (detector(function="non_zero_count", overFieldName="x"), Code.INVALID_FIELD_SELECTION),
    "10106 twice": (detector(function="count", byFieldName="x", overFieldName="x"), Code.INVALID_FIELD_SELECTION),
    "10107 nothing": ({}, Code.INCOMPLETE_CONFIGURATION),
    "10107 no detectors": (analysis(detectors=[]), Code.INCOMPLETE_CONFIGURATION),
    "10108": ({**analysis(), "dataDescription": {"timeFormat": "yyyy QQ"}}, Code.INVALID_DATE_FORMAT),
    "10111": ({**analysis(), "id": "Upper"}, Code.PROHIBITED_CHARACTER_IN_JOB_ID),
    "10112": ({**analysis(), "id": "a" * 65}, Code.JOB_ID_TOO_LONG),
    "10113": (detector(function="mean", fieldName='a"b'), Code.PROHIBITED_CHARACTER_IN_FIELD_NAME),
    "10114 overlapping": (analysis(detectors=[RARE], overlappingBuckets=True), Code.INVALID_FUNCTION),
    "10114 summaries": (analysis(detectors=[{"fieldName": "x"}], summaryCountFieldName="n"), Code.INVALID_FUNCTION),
    "10119 of no field": (detector(function="count", excludeFrequent="by"), Code.INVALID_EXCLUDE_FREQUENT),
    "10119": (detector(function="count", byFieldName="x", excludeFrequent="often"), Code.INVALID_EXCLUDE_FREQUENT),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_a_job_is_refused_with_its_number(http: httpx.Client, name: str) -> None:
    body, code = REFUSED[name]
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    assert error(http.post(f"{API}/jobs", **sent)) == (400, code)


def test_words_are_those_of_the_api_in_capitals_or_not(http: httpx.Client) -> None:
    words = {"ignoreDowntime": "once", "modelDebugConfig": {"writeTo": "data_store"}}
    assert http.post(f"{API}/jobs", json={**config(id="small", **words)}).status_code == 201
    told = http.get(f"{API}/jobs/small").json()["document"]
    assert (told["ignoreDowntime"], told["modelDebugConfig"]["writeTo"]) == ("ONCE", "DATA_STORE")
    answer = http.post(f"{API}/jobs", json=detector(function="count", byFieldName="prelertcategory"))
    wanted = "wanted the field with the messages: a detector uses prelertcategory"
    assert answer.json()["message"] == f"analysisConfig.categorizationFieldName is missing: {wanted}"


def test_an_id_is_used_once(http: httpx.Client) -> None:
    http.post(f"{API}/jobs", json={**analysis(), "id": "once"})
    assert error(http.post(f"{API}/jobs", json={**analysis(), "id": "once"})) == (400, Code.JOB_ID_TAKEN)
    http.put("/_ml/anomaly_detectors/grouped", json=ELASTIC | {"groups": ["some-group"]})
    assert error(http.post(f"{API}/jobs", json={**analysis(), "id": "some-group"})) == (400, Code.JOB_ID_TAKEN)


ELASTIC: dict[str, Any] = {
    "analysis_config": {
        "bucket_span": "5m",
        "detectors": [{"function": "count", "by_field_name": "mlcategory"}],
        "categorization_field_name": "message",
        "influencers": ["mlcategory"],
    },
    "data_description": {"time_field": "t"},
}


def test_a_job_is_seen_by_all_dialects(http: httpx.Client) -> None:
    http.post(f"{API}/jobs", json={**config(), "id": "shared-job"})
    told = http.get("/_ml/anomaly_detectors/shared-job").json()["jobs"][0]
    assert told["analysis_config"]["bucket_span"] == f"{SPAN}s"
    http.put("/_ml/anomaly_detectors/of-elastic", json=ELASTIC)
    job = http.get(f"{API}/jobs/of-elastic").json()["document"]
    assert job["dataDescription"] == {"format": "JSON", "timeField": "t", "timeFormat": "epoch"}
    detector = job["analysisConfig"]["detectors"][0]
    assert (detector["byFieldName"], detector["detectorDescription"]) == ("prelertcategory", "count by prelertcategory")
    assert job["analysisConfig"]["influencers"] == ["prelertcategory"]
    assert http.delete(f"{API}/jobs/of-elastic").json() == {"acknowledgement": True}
    assert http.get("/_ml/anomaly_detectors/of-elastic").status_code == 404


def test_what_was_known_of_a_job_goes_with_it(http: httpx.Client) -> None:
    http.post(f"{API}/jobs", json={**config(timeout=5), "id": "gone"})
    http.delete("/_ml/anomaly_detectors/gone")
    http.put("/_ml/anomaly_detectors/gone", json=ELASTIC)
    assert http.get(f"{API}/jobs/gone").json()["document"]["timeout"] == 600
