"""A feed of the built-in index."""

from typing import Any

import polars as pl

from barograph.config.datafeed import Datafeed
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.index.catalog import Options
from barograph.index.documents import Documents
from barograph.index.errors import NoSuchIndex
from barograph.index.extract import Extraction
from barograph.index.runtime import scripted
from barograph.sources.aggregated import aggregated_rows, framed
from barograph.sources.feed import FeedPage, cut, with_times


class IndexFeed:
    """Rows of documents, or of aggregations over them."""

    page_rows = 50_000

    def __init__(self, documents: Documents, datafeed: Datafeed, job: Job) -> None:
        self._documents, self._job, self._feed = documents, job, datafeed
        self._expression = ",".join(datafeed.indices)
        given = datafeed.indices_options
        hidden = {"hidden", "all"} & set(given.get("expand_wildcards", ()))
        self._options = Options(bool(hidden), bool(given.get("ignore_unavailable")), bool(given.get("allow_no_indices", True)))
        scripted_fields = {} if datafeed.aggregations else scripted(datafeed.script_fields or {})
        self._computed = {**(datafeed.runtime_mappings or {}), **scripted_fields}
        self._wanted = Extraction(datafeed.query, job.time_field, job.fields, self._computed)

    def check(self) -> None:
        """Whether there are such indices, and each field has been mapped in one of them.

        Raises:
            BadRequest: not so.
        """
        try:
            targets = self._documents.catalog.targets(self._expression, self._options)
        except NoSuchIndex as error:
            raise self._no_index(error.name) from error
        if not targets:
            raise self._no_index(self._expression)
        known = {*self._computed}
        for target in targets:
            known |= {*target.index.mapping.fields}
        fields = () if self._feed.aggregations else (self._job.time_field, *self._job.fields)
        missing = [name for name in fields if name not in known]
        if missing:
            raise BadRequest(f"[{self._feed.datafeed_id}] cannot retrieve field [{missing[0]}] because it has no mappings")
        if self._computed and not self._feed.aggregations:
            self._rows(0, 0, 1)  # a script that cannot be computed is told now, not in the job's messages

    def _no_index(self, name: str) -> BadRequest:
        return BadRequest(f"datafeed [{self._feed.datafeed_id}] cannot retrieve data because index [{name}] does not exist")

    def page(self, start_ms: int, end_ms: int, limit: int) -> FeedPage:
        """See `Feed`."""
        if self._feed.aggregations is not None:
            rows = aggregated_rows(self._feed.aggregations, lambda aggs: self._search(aggs, start_ms, end_ms), self._job)
            return FeedPage(framed(rows, self._job), end_ms)
        return with_times(cut(self._rows, self._job.time_field, (start_ms, end_ms), limit), self._job.time_field)

    def _rows(self, start_ms: int, end_ms: int, limit: int | None) -> pl.DataFrame:
        return self._documents.extract(self._expression, self._wanted, (start_ms, end_ms), limit, self._options)

    def _search(self, aggregations: dict[str, Any], start_ms: int, end_ms: int) -> dict[str, Any]:
        body: dict[str, Any] = {"size": 0, "query": self._wanted.within(start_ms, end_ms), "aggs": aggregations}
        if self._computed:
            body["runtime_mappings"] = self._computed
        return self._documents.search(self._expression, body, self._options).aggregations or {}

    def next_time(self, start_ms: int, end_ms: int) -> int | None:
        """See `Feed`."""
        first = self._rows(start_ms, end_ms, 1)
        return None if first.is_empty() else int(first[self._job.time_field][0])

    def counts(self, start_ms: int, end_ms: int, span_ms: int) -> dict[int, int]:
        """See `Feed`."""
        histogram = {"date_histogram": {"field": self._job.time_field, "fixed_interval": f"{span_ms}ms", "min_doc_count": 1}}
        buckets = self._search({"buckets": histogram}, start_ms, end_ms)["buckets"]["buckets"]
        return {bucket["key"]: bucket["doc_count"] for bucket in buckets}
