"""Results that clients have written into `.ml-anomalies-*` themselves: they are answered as those that the job has found."""

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.index.results import alias_of
from barograph.api.elastic.times import moment
from barograph.index.catalog import Options
from barograph.jobs.service import Query

Document = dict[str, Any]
_OPTIONS: Final = Options(with_hidden=True, ignore_unavailable=True)
_MOST: Final = 10_000
_SCORES: Final = {"bucket": "anomaly_score", "record": "record_score", "influencer": "influencer_score"}
_DEFAULTS: Final[dict[str, Document]] = {"bucket": {"is_interim": False, "bucket_influencers": []}}


def with_written(call: Call, kind: str, query: Query) -> tuple[int, list[Document]] | None:
    """What a query finds among the results of the job and those that clients have written.

    Args:
        call: its path has the job.
        kind: `bucket`, `record` or `influencer`.
        query: with `sort` and `descending`; without a size, the first 10,000 are returned.

    Returns:
        How many there are, and the page; None when clients have written no results of this kind, so that the job has them all.
    """
    job_id = call.path["job_id"]
    if not _is_written(call, job_id, kind):
        return None
    call.server.bring_results_up_to_date()
    order = {"order": "desc" if query.descending else "asc", "unmapped_type": "double"}
    body = {
        "query": _matching(job_id, kind, query),
        "sort": [{name: order} for name in dict.fromkeys((query.sort, "timestamp"))],
        "from": query.offset,
        "size": _MOST if query.size is None else query.size,
    }
    found = call.server.documents.search(alias_of(job_id), body, _OPTIONS)
    return found.total, [_told(kind, hit["_source"]) for hit in found.hits]


def _is_written(call: Call, job_id: str, kind: str) -> bool:
    documents = call.server.documents
    if alias_of(job_id) not in documents.catalog.aliases:  # results can be written once the job has a place for them
        return False
    body = {"size": 0, "query": _matching(job_id, kind, Query(exclude_interim=False))}
    return documents.search_written(alias_of(job_id), body, _OPTIONS).total > 0


def _matching(job_id: str, kind: str, query: Query) -> Document:
    filters: list[Document] = [
        {"term": {"job_id": job_id}},
        {"term": {"result_type": kind}},
        {"exists": {"field": "timestamp"}},
    ]
    span = {name: bound for name, bound in (("gte", query.start_ms), ("lt", query.end_ms)) if bound is not None}
    if span:
        filters.append({"range": {"timestamp": {**span, "format": "epoch_millis"}}})
    if query.min_score > 0:
        filters.append({"range": {_SCORES[kind]: {"gte": query.min_score}}})
    interim = [{"term": {"is_interim": True}}] if query.exclude_interim else []
    return {"bool": {"filter": filters, "must_not": interim}}


def _told(kind: str, document: Document) -> Document:
    """A document with what it says by saying nothing, its time in epoch ms."""
    timestamp = moment("timestamp", document["timestamp"], seconds=False)
    return {**_DEFAULTS.get(kind, {"is_interim": False}), **document, "timestamp": timestamp}


def highest_written(call: Call, job_ids: Sequence[str], window_ms: int, query: Query) -> pl.DataFrame:
    """The highest scores of the buckets that clients have written, as `Store.highest_scores` has those of the jobs."""
    windows: Document = {"date_histogram": {"field": "timestamp", "fixed_interval": f"{window_ms}ms", "min_doc_count": 1}}
    windows["aggs"] = {
        "score": {"max": {"field": "anomaly_score"}},
        "interim": {"filter": {"term": {"is_interim": True}}},
    }
    rows: list[tuple[int, str, float, int]] = []
    for job_id in job_ids:
        if _is_written(call, job_id, "bucket"):
            body = {"size": 0, "query": _matching(job_id, "bucket", query), "aggs": {"windows": windows}}
            found = call.server.documents.search_written(alias_of(job_id), body, _OPTIONS).aggregations or {}
            rows += [
                (one["key"], job_id, one["score"]["value"] or 0.0, int(one["interim"]["doc_count"] > 0))
                for one in found["windows"]["buckets"]
            ]
    names = {"window": pl.Int64, "job_id": pl.String, "score": pl.Float64, "interim": pl.Int64}
    return pl.DataFrame(rows, schema=names, orient="row")
