"""Results: buckets, records, influencers, categories, overall buckets."""

from collections.abc import Callable
from typing import Any, Final

import polars as pl

from barograph.api.elastic import documents
from barograph.api.elastic.arguments import allow_no_match, argument, flag, number, page, whole
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import bad, not_found
from barograph.api.elastic.ids import jobs_of
from barograph.api.elastic.times import query_time, span_ms
from barograph.config.duration import Duration
from barograph.jobs.service import OverallQuery, Page, Query

_MOST_RECORDS: Final = 500
"""Records that are nested in one bucket."""


def get_buckets(call: Call) -> dict[str, Any]:
    """Buckets, by time unless asked otherwise; with their records if asked."""
    service, job_id = call.server.service, call.path["job_id"]
    if "timestamp" in call.path:
        return _one_bucket(call)
    query = _query(call, score="anomaly_score", sort="timestamp", descending=False)
    found = service.buckets(job_id, query)
    return {"count": found.total, "buckets": _bucket_documents(call, found)}


def _one_bucket(call: Call) -> dict[str, Any]:
    refused = [
        name for name in ("start", "end", "from", "size", "anomaly_score", "desc", "sort") if argument(call, name) is not None
    ]
    refused += ["page"] if isinstance(call.body, dict) and "page" in call.body else []
    if refused:
        raise bad(f"[{refused[0]}] is invalid when a [timestamp] is given")
    start = query_time("timestamp", call.path["timestamp"])
    query = Query(
        start_ms=start, end_ms=None if start is None else start + 1, exclude_interim=flag(call, "exclude_interim", False)
    )
    found = call.server.service.buckets(call.path["job_id"], query)
    if start is None or not found.total:
        raise not_found(f"No known bucket with timestamp [{call.path['timestamp']}] for job [{call.path['job_id']}]")
    return {"count": 1, "buckets": _bucket_documents(call, found)}


def _bucket_documents(call: Call, found: Page) -> list[dict[str, Any]]:
    service, job_id, rows = call.server.service, call.path["job_id"], found.rows
    if rows.is_empty():
        return []
    times = rows["timestamp"]
    inside = Query(start_ms=int(times.min()), end_ms=int(times.max()) + 1, exclude_interim=False)  # type: ignore[arg-type]
    influencers = service.bucket_influencers(job_id, inside).rows
    told = list(documents.documents(job_id, documents.with_bucket_influencers(rows, influencers), documents.bucket))
    if flag(call, "expand", False):
        records = service.records(job_id, inside).rows.filter(pl.col("timestamp").is_in(times.implode()))
        by_time: dict[int, list[dict[str, Any]]] = {}
        for record in documents.documents(job_id, records, _record):
            by_time.setdefault(record["timestamp"], []).append(record)
        for bucket in told:
            bucket["records"] = by_time.get(bucket["timestamp"], [])[:_MOST_RECORDS]
    return told


def get_records(call: Call) -> dict[str, Any]:
    """Records, the highest scores first unless asked otherwise."""
    query = _query(call, score="record_score", sort="record_score", descending=True)
    return _listed(call, "records", call.server.service.records(call.path["job_id"], query), _record)


def _record(job_id: str, row: documents.Row) -> documents.Document:
    """A record with the values of its entities also under the names of their fields."""
    told = documents.record(job_id, row)
    values: dict[str, list[str]] = {}
    for role in ("partition", "over", "by"):
        name, value = told.get(f"{role}_field_name"), told.get(f"{role}_field_value")
        if name is not None and value is not None:
            values.setdefault(name, []).append(value)
    for entity in told.get("influencers", ()):
        values[entity["influencer_field_name"]] = list(entity["influencer_field_values"])
    return {**values, **told}


def get_influencers(call: Call) -> dict[str, Any]:
    """Influencers, the highest scores first unless asked otherwise."""
    query = _query(call, score="influencer_score", sort="influencer_score", descending=True)
    return _listed(call, "influencers", call.server.service.influencers(call.path["job_id"], query), documents.influencer)


def _listed(call: Call, name: str, found: Page, build: Callable[[str, Any], dict[str, Any]]) -> dict[str, Any]:
    return {"count": found.total, name: list(documents.documents(call.path["job_id"], found.rows, build))}


def _query(call: Call, *, score: str, sort: str, descending: bool) -> Query:
    """What is asked of a result table. Each of these calls has its own default order, which is not what the reference says."""
    at, most = page(call)
    start, end = (query_time(name, argument(call, name)) for name in ("start", "end"))
    if start is not None and end is not None and start > end:
        raise bad(f"Invalid time range: end time [{end}] is earlier than start time [{start}]")
    return Query(
        start_ms=start,
        end_ms=end,
        min_score=number(call, score, 0.0),
        sort=str(argument(call, "sort") or sort),
        descending=flag(call, "desc", descending),
        offset=at,
        size=most,
        exclude_interim=flag(call, "exclude_interim", False),
    )


def get_categories(call: Call) -> dict[str, Any]:
    """Categories of messages; no job has any yet."""
    service, job_id = call.server.service, call.path["job_id"]
    service.job(job_id)
    if "category_id" in call.path:
        paged = isinstance(call.body, dict) and "page" in call.body
        if paged or any(call.query.get(name) is not None for name in ("from", "size")):
            raise bad("Both [category_id] and [from, size] cannot be specified")
        category = whole(call, "category_id", 0, call.path["category_id"])
        raise not_found(f"No known category_definition with id [{category}] for job [{job_id}]")
    page(call)
    return {"count": 0, "categories": []}


def get_overall_buckets(call: Call) -> dict[str, Any]:
    """How odd the times were over several jobs together."""
    top_n = argument(call, "top_n")
    if top_n is not None and float(number(call, "top_n", 1)) <= 0:
        raise bad(f"[topN] parameter must be positive, found [{int(number(call, 'top_n', 1))}]")
    start, end = (query_time(name, argument(call, name)) for name in ("start", "end"))
    if start is not None and end is not None and start >= end:
        raise bad(f"Invalid time range: end time [{end}] is earlier than start time [{start}]")
    span = argument(call, "bucket_span")
    wanted = None if span is None else Duration(str(span), span_ms("bucket_span", span))
    score = number(call, "overall_score", 0.0)
    interim = flag(call, "exclude_interim", False)
    summaries = jobs_of(call, allow_no_match(call))
    if not summaries:
        return {"count": 0, "overall_buckets": []}
    longest = max((summary.job.analysis_config.bucket_span for summary in summaries), key=lambda duration: duration.ms)
    if wanted is not None and wanted.ms < longest.ms:
        raise bad(f"Param [bucket_span] must be greater or equal to the max bucket_span [{longest}]")
    query = OverallQuery(
        start_ms=start,
        end_ms=end,
        bucket_span=wanted,
        top_n=int(number(call, "top_n", 1)),
        overall_score=score,
        exclude_interim=interim,
    )
    found = call.server.service.overall_buckets([summary.job.job_id for summary in summaries], query)
    told = [documents.overall_bucket(row) for row in found.iter_rows(named=True)]
    return {"count": len(told), "overall_buckets": told}


_RESULTS: Final = "/_ml/anomaly_detectors/{job_id}/results"
_PAGED: Final = "desc end exclude_interim from size sort start"
_BODY: Final = "desc end exclude_interim page sort start"
_OVERALL: Final = "allow_no_match allow_no_jobs bucket_span end exclude_interim overall_score start top_n"


def _both(path: str, handler: Callable[[Call], dict[str, Any]], query: str, fields: str) -> Endpoint:
    return Endpoint("GET POST", f"{_RESULTS}/{path}", handler, query=query, fields=f"{fields} job_id")


ENDPOINTS = (
    _both("buckets", get_buckets, f"{_PAGED} anomaly_score expand", f"{_BODY} anomaly_score expand timestamp"),
    _both("buckets/{timestamp}", get_buckets, f"{_PAGED} anomaly_score expand", f"{_BODY} anomaly_score expand timestamp"),
    _both("records", get_records, f"{_PAGED} record_score", f"{_BODY} record_score"),
    _both("influencers", get_influencers, f"{_PAGED} influencer_score", f"{_BODY} influencer_score"),
    _both("categories", get_categories, "from size partition_field_value", "page partition_field_value"),
    _both("categories/{category_id}", get_categories, "from size partition_field_value", "page partition_field_value"),
    _both("overall_buckets", get_overall_buckets, _OVERALL, _OVERALL),
)
