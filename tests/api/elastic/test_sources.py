"""Datafeeds over named sources, the remote end being a server of our own."""

from typing import Any

import httpx
import orjson
import polars as pl
import pytest

from tests.api.elastic.server_jobs import JOBS, reason
from tests.api.elastic.test_datafeeds import FEEDS, wait_stopped
from tests.api.running import Running

START = 1_767_225_600_000
COUNT = 1_200


@pytest.fixture(scope="module")
def sourced(tmp_path_factory: pytest.TempPathFactory, running: Running) -> Any:
    """A server with a source of files, and one of the other server's index `far`."""
    folder = tmp_path_factory.mktemp("sources")
    rows = [{"t": START + at * 60_000, "host": f"h{at % 2}", "ms": float(at % 10)} for at in range(COUNT)]
    pl.DataFrame(rows).write_parquet(folder / "rows.parquet")
    properties = {"t": {"type": "date"}, "host": {"type": "keyword"}, "ms": {"type": "double"}}
    running.http.put("/far", json={"mappings": {"properties": properties}})
    body = b"".join(b'{"index":{}}\n' + orjson.dumps(row) + b"\n" for row in rows)
    running.http.put("/far/_bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
    config = f'[sources.near]\nfiles = ["{folder}/rows.parquet"]\n[sources.far]\nurl = "{running.url}"\n'
    (folder / "barograph.toml").write_text(config)
    with Running(folder / "data", "--config", str(folder / "barograph.toml")) as server:
        yield server.http


def fed(http: httpx.Client, name: str, datafeed: dict[str, Any], **analysis: Any) -> int:
    """How many rows a job has read when its datafeed has come to its end."""
    detectors = [{"function": "mean", "field_name": "ms", "partition_field_name": "host"}]
    config = {"bucket_span": "10m", "detectors": detectors, **analysis}
    made = http.put(
        f"{JOBS}/{name}", json={"analysis_config": config, "data_description": {"time_field": "t"}, "datafeed_config": datafeed}
    )
    assert made.status_code == 200, made.text
    http.post(f"{JOBS}/{name}/_open")
    started = http.post(f"{FEEDS}/{name}/_start", json={"end": START + COUNT * 60_000})
    assert started.status_code == 200, started.text
    wait_stopped(http, name)
    return int(http.get(f"{JOBS}/{name}/_stats").json()["jobs"][0]["data_counts"]["processed_record_count"])


def test_files_feed_a_job(sourced: httpx.Client) -> None:
    assert fed(sourced, "of-files", {"indices": ["near"]}) == COUNT


def test_another_cluster_feeds_a_job(sourced: httpx.Client) -> None:
    assert fed(sourced, "of-remote", {"indices": ["far"]}) == COUNT
    assert fed(sourced, "of-part", {"indices": ["far"], "query": {"term": {"host": "h1"}}}) == COUNT // 2


def test_aggregations_of_another_cluster_feed_a_job(sourced: httpx.Client) -> None:
    every = {"date_histogram": {"field": "t", "fixed_interval": "10m"}}
    sources = [{"t": every}, {"host": {"terms": {"field": "host"}}}]
    aggs = {"buckets": {"composite": {"size": 50, "sources": sources}, "aggregations": {"ms": {"avg": {"field": "ms"}}}}}
    found = fed(sourced, "of-buckets", {"indices": ["far"], "aggs": aggs}, summary_count_field_name="doc_count")
    assert found == COUNT // 10 * 2


def test_the_preview_is_the_same_whatever_the_source(sourced: httpx.Client) -> None:
    rows = [sourced.get(f"{FEEDS}/{name}/_preview").json()[:3] for name in ("of-files", "of-remote")]
    assert rows[0] == rows[1]
    assert rows[0][0] == {"t": START, "ms": 0.0, "host": "h0"}


def test_a_name_that_is_no_source_and_no_index_says_so(sourced: httpx.Client) -> None:
    sourced.put(
        f"{JOBS}/lost",
        json={
            "analysis_config": {"detectors": [{"function": "count"}]},
            "data_description": {},
            "datafeed_config": {"indices": ["nowhere"]},
        },
    )
    sourced.post(f"{JOBS}/lost/_open")
    assert "index [nowhere] does not exist" in reason(sourced.post(f"{FEEDS}/lost/_start"))
