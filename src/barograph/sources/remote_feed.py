"""A feed of a remote Elasticsearch or OpenSearch."""

import ssl
from typing import Any, Final

import httpx
import polars as pl

from barograph.config.datafeed import Datafeed
from barograph.config.errors import BadRequest, UnreadableInput
from barograph.config.job import Job
from barograph.config.secret import place_of
from barograph.config.sources import SearchSource
from barograph.sources.aggregated import aggregated_rows, framed
from barograph.sources.feed import FeedPage, cut, with_times

_TIMEOUT_S: Final = 60
_SCROLL: Final = "2m"
_WINDOW: Final = 9_999


class RemoteFeed:
    """Rows of documents of another cluster, or of aggregations over them."""

    page_rows = 50_000

    def __init__(self, name: str, source: SearchSource, datafeed: Datafeed, job: Job) -> None:
        """A feed of indices of a cluster.

        Raises:
            BadRequest: it cannot be reached, or has no such index; or the file of its certificate cannot be read.
        """
        self._name, self._feed, self._job = name, datafeed, job
        self._path = f"/{source.indices or name}"
        self._place = f"sources.{name}.url={place_of(source.url)!r}"
        self._http = self._client(source)
        self._size = min(datafeed.scroll_size, _WINDOW) if datafeed.scroll_size > 1000 else _WINDOW
        try:
            self._call("POST", f"{self._path}/_search", {"size": 0})
        except UnreadableInput as error:
            raise BadRequest(f"datafeed [{datafeed.datafeed_id}] cannot retrieve data: {error}") from error

    def _client(self, source: SearchSource) -> httpx.Client:
        headers = {"Authorization": f"ApiKey {source.api_key.get_secret_value()}"} if source.api_key else {}
        password = source.password.get_secret_value() if source.password else ""
        auth = (source.username, password) if source.username else None
        url = source.url.get_secret_value()
        try:
            verify = ssl.create_default_context(cafile=str(source.ca_certificate)) if source.ca_certificate else True
            return httpx.Client(base_url=url, headers=headers, auth=auth, verify=verify, timeout=_TIMEOUT_S)
        except OSError as error:
            named = f"sources.{self._name}.ca_certificate={str(source.ca_certificate)!r}"
            raise BadRequest(f"{named}: wanted a PEM file that can be read ({error})") from None
        except httpx.InvalidURL:  # its text can be a part of a secret
            raise BadRequest(f"{self._place}: wanted a URL that can be") from None

    def _call(self, method: str, path: str, body: dict[str, Any], **params: str) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, json=body, params=params)
            told: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnreadableInput(f"{self._place}: wanted an answer ({error})") from error
        if answer.status_code >= 400:
            reason = str(told.get("error", told))[:300]
            raise UnreadableInput(f"{self._place}: wanted an answer, got {reason}")
        return told

    def _query(self, start_ms: int, end_ms: int) -> dict[str, Any]:
        bounds = {"gte": start_ms, "lt": end_ms, "format": "epoch_millis"}
        return {"bool": {"filter": [self._feed.query, {"range": {self._job.time_field: bounds}}]}}

    def _search(self, start_ms: int, end_ms: int, **body: Any) -> dict[str, Any]:
        if self._feed.runtime_mappings:
            body["runtime_mappings"] = self._feed.runtime_mappings
        return {"query": self._query(start_ms, end_ms), **body}

    def page(self, start_ms: int, end_ms: int, limit: int) -> FeedPage:
        """See `Feed`."""
        if self._feed.aggregations is not None:
            return FeedPage(
                framed(aggregated_rows(self._feed.aggregations, self._aggregated(start_ms, end_ms), self._job), self._job),
                end_ms,
            )
        return with_times(
            cut(self._rows, self._job.time_field, (start_ms, end_ms), min(limit, self._size)), self._job.time_field
        )

    def _aggregated(self, start_ms: int, end_ms: int) -> Any:
        def ask(aggregations: dict[str, Any]) -> dict[str, Any]:
            body = self._search(start_ms, end_ms, size=0, aggs=aggregations)
            return dict(self._call("POST", f"{self._path}/_search", body).get("aggregations", {}))

        return ask

    def _rows(self, start_ms: int, end_ms: int, limit: int | None) -> pl.DataFrame:
        time_field = self._job.time_field
        wanted = [{"field": time_field, "format": "epoch_millis"}, *(name for name in self._job.fields if name != time_field)]
        body = self._search(
            start_ms,
            end_ms,
            sort=[{time_field: "asc"}],
            fields=wanted,
            _source=False,
            size=limit or _WINDOW,
            track_total_hits=False,
            **({"script_fields": self._feed.script_fields} if self._feed.script_fields else {}),
        )
        hits = self._call("POST", f"{self._path}/_search", body)["hits"]["hits"] if limit else self._all(body)
        rows = [{name: values[0] for name, values in hit.get("fields", {}).items()} for hit in hits]
        for row in rows:
            row[time_field] = int(float(row[time_field]))
        return framed(rows, self._job).with_columns(pl.col(time_field).dt.epoch("ms"))

    def _all(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """All hits, however many: those of one ms."""
        page = self._call("POST", f"{self._path}/_search", body, scroll=_SCROLL)
        hits: list[dict[str, Any]] = []
        while page["hits"]["hits"]:
            hits += page["hits"]["hits"]
            page = self._call("POST", "/_search/scroll", {"scroll_id": page["_scroll_id"], "scroll": _SCROLL})
        self._call("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})
        return hits

    def next_time(self, start_ms: int, end_ms: int) -> int | None:
        """See `Feed`."""
        first = self._rows(start_ms, end_ms, 1)
        return None if first.is_empty() else int(first[self._job.time_field][0])

    def counts(self, start_ms: int, end_ms: int, span_ms: int) -> dict[int, int]:
        """See `Feed`."""
        histogram = {"date_histogram": {"field": self._job.time_field, "fixed_interval": f"{span_ms}ms", "min_doc_count": 1}}
        body = self._search(start_ms, end_ms, size=0, aggs={"buckets": histogram})
        buckets = self._call("POST", f"{self._path}/_search", body)["aggregations"]["buckets"]["buckets"]
        return {int(bucket["key"]): bucket["doc_count"] for bucket in buckets}
