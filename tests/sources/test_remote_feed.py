"""A remote cluster is asked only for what OpenSearch answers, too."""

import base64
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from barograph.config.datafeed import Datafeed
from barograph.config.errors import UnreadableInput
from barograph.config.job import Job
from barograph.config.sources import SearchSource
from barograph.sources.remote_feed import RemoteFeed

START = 1_767_225_600_000
COUNT = 30
AT_ONCE = 20
SPAN_MS = 300_000
_KEYS: Final = {"query", "sort", "fields", "_source", "size", "track_total_hits", "aggs", "scroll", "scroll_id"}
"""Parts of a search that OpenSearch 2 knows; `runtime_mappings` is none of them."""


class Cluster(BaseHTTPRequestHandler):
    """As much of OpenSearch 2 as a feed asks for. It has a row a minute, and three at the last time."""

    times: Final = [START + 60_000 * at for at in range(COUNT)] + [START + 60_000 * (COUNT - 1)] * 2

    def do_POST(self) -> None:
        path, body = urlsplit(self.path), json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wanted = f"Basic {base64.b64encode(b'reader:secret').decode()}"
        unknown = sorted(body.keys() - _KEYS) + sorted(parse_qs(path.query).keys() - _KEYS)
        if self.headers["Authorization"] != wanted:
            self._tell(401, {"error": "Unauthorized"})
        elif unknown or path.path not in ("/rows/_search", "/_search/scroll"):
            self._tell(400, {"error": {"type": "parsing_exception", "reason": f"Unknown key for a VALUE in {unknown}."}})
        elif path.path == "/_search/scroll":
            self._tell(200, {"_scroll_id": "s", "hits": {"hits": []}})
        else:
            self._tell(200, self._found(body))

    do_DELETE = do_POST

    def _found(self, body: dict[str, Any]) -> dict[str, Any]:
        bounds = {"gte": 0, "lt": 1 << 60}
        for part in body.get("query", {}).get("bool", {}).get("filter", []):
            bounds |= part.get("range", {}).get("t", {})
        inside = [time for time in self.times if bounds["gte"] <= time < bounds["lt"]]
        hits = [{"_id": str(at), "fields": {"t": [str(time)], "v": [at]}} for at, time in enumerate(inside)]
        counts = Counter(time // SPAN_MS * SPAN_MS for time in inside)
        buckets = [{"key": float(start), "doc_count": count} for start, count in sorted(counts.items())]
        return {"_scroll_id": "s", "hits": {"hits": hits[: body["size"]]}, "aggregations": {"buckets": {"buckets": buckets}}}

    def _tell(self, status: int, document: dict[str, Any]) -> None:
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Cluster) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def feed(url: str, **more: Any) -> RemoteFeed:
    config = {"bucket_span": "5m", "detectors": [{"function": "mean", "field_name": "v"}]}
    job = Job.model_validate({"job_id": "j", "analysis_config": config, "data_description": {"time_field": "t"}})
    source = SearchSource(url=SecretStr(url), username="reader", password=SecretStr("secret"))
    datafeed = Datafeed.model_validate({"datafeed_id": "d", "job_id": "j", "indices": ["rows"], "scroll_size": 2_000, **more})
    return RemoteFeed("rows", source, datafeed, job)


def test_rows_times_and_counts_of_opensearch(url: str) -> None:
    rows = feed(url)
    end = START + 60_000 * COUNT
    assert rows.next_time(0, end) == START
    times: list[int] = []
    at = START
    while at < end:
        page = rows.page(at, end, AT_ONCE)
        times += page.frame["t"].dt.epoch("ms").to_list()
        at = page.until_ms
    assert times == Cluster.times
    assert rows.counts(START, end, SPAN_MS) == {START + SPAN_MS * at: 5 + 2 * (at == 5) for at in range(6)}


def test_what_opensearch_does_not_know_is_told(url: str) -> None:
    with pytest.raises(UnreadableInput, match="runtime_mappings"):
        feed(url, runtime_mappings={"w": {"type": "double"}}).next_time(0, START + 1)
