"""A client of the Engine API, as the two public ones behave on the wire: what they send, read, and cannot bear."""

import http.client
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode, urlsplit

PAGE = {"hitCount", "skip", "take", "nextPage", "previousPage", "documents"}
SINGLE = {"exists", "type", "document"}
JOB = {
    *("id", "description", "status", "schedulerStatus", "createTime", "finishedTime", "lastDataTime", "timeout", "location"),
    *("endpoints", "analysisConfig", "analysisLimits", "schedulerConfig", "transforms", "dataDescription"),
    *("modelDebugConfig", "renormalizationWindowDays", "backgroundPersistInterval", "modelSnapshotRetentionDays"),
    *("resultsRetentionDays", "ignoreDowntime", "customSettings", "counts", "modelSizeStats"),
}
BUCKET_INFLUENCER = {"influencerFieldName", "anomalyScore", "probability", "rawAnomalyScore", "initialAnomalyScore"}
INFLUENCER = {
    *("timestamp", "influencerFieldName", "influencerFieldValue", "probability", "anomalyScore", "initialAnomalyScore"),
    "isInterim",
}
BUCKET = {
    *("id", "timestamp", "bucketSpan", "anomalyScore", "initialAnomalyScore", "maxNormalizedProbability", "recordCount"),
    *("eventCount", "isInterim", "bucketInfluencers", "influencers", "records"),
}
CAUSE = {
    *("probability", "function", "functionDescription", "fieldName", "byFieldName", "byFieldValue", "correlatedByFieldValue"),
    *("partitionFieldName", "partitionFieldValue", "overFieldName", "overFieldValue", "typical", "actual"),
}
RECORD = CAUSE | {
    *("timestamp", "bucketSpan", "detectorIndex", "anomalyScore", "normalizedProbability"),
    *("initialNormalizedProbability", "isInterim", "causes", "influencers"),
}
CATEGORY = {"categoryId", "terms", "regex", "examples"}
KNOWN = {
    "job": JOB,
    "bucket": BUCKET,
    "record": RECORD,
    "influencer": INFLUENCER,
    "categoryDefinition": CATEGORY,
}
"""The fields that the Java client knows. One more, and it reads nothing."""


def strict(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """A document, as a reader takes it that refuses what it does not know."""
    assert document.keys() <= KNOWN[kind], document.keys() - KNOWN[kind]
    for name, inside in (("records", "record"), ("influencers", "influencer")):
        if kind == "bucket":
            for child in document.get(name, ()):
                strict(inside, child)
    for child in document.get("bucketInfluencers", ()):
        assert child.keys() <= BUCKET_INFLUENCER
    for child in document.get("causes", ()):
        assert child.keys() <= CAUSE
    assert None not in document.values()
    return document


class Client:
    """One connection, which is used for all calls, as the public clients do."""

    def __init__(self, url: str) -> None:
        self.at = urlsplit(url)
        self.base = "/engine/v2"
        self._connection = http.client.HTTPConnection(str(self.at.hostname), self.at.port or 80, timeout=60)

    def end(self) -> None:
        """Close the connection."""
        self._connection.close()

    def call(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """A call; its status, and its body: JSON, text or bytes."""
        self._connection.request(method, path, body, headers or {}, encode_chunked=False)
        response = self._connection.getresponse()
        content = response.read()
        kind = response.getheader("Content-Type", "")
        if kind.startswith("application/json"):
            return response.status, json.loads(content)
        return response.status, content if kind == "application/zip" else content.decode()

    def create(self, config: dict[str, Any]) -> str:
        """Make a job, as the Java client does: the encoding of the text is where that of the body should be."""
        headers = {"Content-Type": "application/json", "Content-Encoding": "UTF-8"}
        status, told = self.call("POST", f"{self.base}/jobs", json.dumps(config).encode(), headers)
        assert status == 201, told
        return str(told["id"])

    def stream(self, job_id: str, pieces: Iterable[bytes]) -> dict[str, Any]:
        """Send rows as they come, in chunks, under a media type that means a form."""
        headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", f"{self.base}/data/{job_id}", pieces, headers, encode_chunked=True)
        response = self._connection.getresponse()
        told = json.loads(response.read())
        assert response.status == 202, told
        return dict(told["responses"][0]["uploadSummary"])

    def close(self, job_id: str) -> None:
        """Close a job, and demand the status that the examples demand."""
        assert self.call("POST", f"{self.base}/data/{job_id}/close") == (202, {"acknowledgement": True})

    def page(self, path: str, **query: Any) -> dict[str, Any]:
        """A page of documents."""
        status, told = self.call("GET", f"{self.base}{path}?{urlencode(query)}")
        assert status == 200, told
        assert told.keys() == PAGE
        return dict(told)

    def all_buckets(self, job_id: str, **query: Any) -> list[dict[str, Any]]:
        """All buckets: from the second page on filters are dropped, and the link that was told is all that is followed."""
        page = self.page(f"/results/{job_id}/buckets", **query)
        found = list(page["documents"])
        while page["nextPage"]:
            at = urlsplit(page["nextPage"])
            status, page = self.call("GET", f"{at.path}?{at.query}")
            assert status == 200
            found += page["documents"]
        return found

    def single(self, kind: str, path: str, **query: Any) -> dict[str, Any] | None:
        """One document, or None; the body of a 404 is read as that of any other answer."""
        status, told = self.call("GET", f"{self.base}{path}?{urlencode(query)}")
        assert told.keys() <= SINGLE
        assert (told["type"], told["exists"]) == (kind, status == 200)
        return strict(kind, told["document"]) if told["exists"] else None
