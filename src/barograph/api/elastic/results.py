"""Results: buckets, records, influencers, categories, overall buckets."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Final

import polars as pl

from barograph.api.elastic import documents
from barograph.api.elastic.arguments import allow_no_match, argument, flag, integer, number, page, whole
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import bad, not_found
from barograph.api.elastic.ids import jobs_of
from barograph.api.elastic.times import query_time, span_ms
from barograph.api.elastic.written import highest_written, with_written, written_categories
from barograph.config.duration import Duration
from barograph.jobs.service import OverallQuery, Query

_MOST_RECORDS: Final = 500
"""Records that are nested in one bucket."""


def get_buckets(call: Call) -> dict[str, Any]:
    """Buckets, by time unless asked otherwise; with their records if asked."""
    timestamp = call.path.get("timestamp", (call.body or {}).get("timestamp"))
    if timestamp is not None:
        return _one_bucket(call, timestamp)
    count, told = _buckets(call, _query(call, score="anomaly_score", sort="timestamp", descending=False))
    return {"count": count, "buckets": told}


def _one_bucket(call: Call, timestamp: Any) -> dict[str, Any]:
    refused = [name for name in ("start", "end", "from", "size", "anomaly_score") if argument(call, name) is not None]
    refused += ["page"] if isinstance(call.body, dict) and "page" in call.body else []
    if refused:
        raise bad(f"[{refused[0]}] is invalid when a [timestamp] is given")
    start = query_time("timestamp", timestamp)
    query = Query(
        start_ms=start,
        end_ms=None if start is None else start + 1,
        sort="timestamp",
        exclude_interim=flag(call, "exclude_interim", False),
    )
    count, told = _buckets(call, query)
    if start is None or not count:
        raise not_found(f"No known bucket with timestamp [{str(timestamp)[:100]}] for job [{call.path['job_id']}]")
    return {"count": 1, "buckets": told}


def _buckets(call: Call, query: Query) -> tuple[int, list[dict[str, Any]]]:
    found = call.server.service.buckets(call.path["job_id"], query)
    count, told = with_written(call, "bucket", query) or (found.total, _bucket_documents(call, found.rows))
    if told and flag(call, "expand", False):
        _expand(call, told)
    return count, told


def _within(times: Iterable[int]) -> Query:
    known = sorted(times)
    return Query(start_ms=known[0], end_ms=known[-1] + 1, sort="record_score", descending=True, exclude_interim=False)


def _bucket_documents(call: Call, rows: pl.DataFrame) -> list[dict[str, Any]]:
    if rows.is_empty():
        return []
    job_id, inside = call.path["job_id"], replace(_within(rows["timestamp"]), sort=None, descending=None)
    influencers = call.server.service.bucket_influencers(job_id, inside).rows
    told = list(documents.buckets(job_id, rows, influencers))
    _add_scheduled_events(call, told)
    return told


def _add_scheduled_events(call: Call, buckets: list[dict[str, Any]]) -> None:
    """Say in buckets which planned times share a part of them."""
    service = call.server.service
    job, times = service.job(call.path["job_id"]), [bucket["timestamp"] for bucket in buckets]
    planned = service.calendars.planned([job], min(times), max(times) + job.bucket_span_ms)
    for bucket in buckets if planned else ():
        start, end = bucket["timestamp"], bucket["timestamp"] + job.bucket_span_ms
        named = [event.description for _, event in planned if event.start_ms < end and start < event.end_ms]
        if named:
            bucket["scheduled_events"] = named


def _expand(call: Call, buckets: list[dict[str, Any]]) -> None:
    """Put their records into buckets."""
    by_time: dict[int, list[dict[str, Any]]] = {bucket["timestamp"]: [] for bucket in buckets}
    for record in _records(call, _within(by_time), list(by_time))[1]:
        if record["timestamp"] in by_time:
            by_time[record["timestamp"]].append(record)
    for bucket in buckets:
        bucket["records"] = by_time[bucket["timestamp"]][:_MOST_RECORDS]


def get_records(call: Call) -> dict[str, Any]:
    """Records, the highest scores first unless asked otherwise."""
    count, told = _records(call, _query(call, score="record_score", sort="record_score", descending=True))
    return {"count": count, "records": told}


def _records(call: Call, query: Query, times: list[int] | None = None) -> tuple[int, list[dict[str, Any]]]:
    job_id = call.path["job_id"]
    found = call.server.service.records(job_id, query)
    rows = found.rows if times is None else found.rows.filter(pl.col("timestamp").is_in(times))
    written = with_written(call, "record", query)
    if written is None:
        rows = call.server.service.with_causes(job_id, rows)
    count, told = written or (found.total, documents.documents(job_id, rows, documents.record))
    return count, [_with_values(record) for record in told]


def _with_values(told: documents.Document) -> documents.Document:
    """A record with the values of its entities also under the names of their fields."""
    values: dict[str, list[str]] = {}
    for role in ("partition", "over", "by"):
        name, value = told.get(f"{role}_field_name"), told.get(f"{role}_field_value")
        if isinstance(name, str) and value is not None:  # clients may have written anything
            values.setdefault(name, []).append(value)
    influencers = told.get("influencers")
    entities = influencers if isinstance(influencers, list) else []
    for entity in (one for one in entities if isinstance(one, dict)):
        name, found = (entity.get(f"influencer_field_{part}") for part in ("name", "values"))
        if isinstance(name, str) and isinstance(found, list):
            values[name] = list(found)
    return {**values, **told}


def get_influencers(call: Call) -> dict[str, Any]:
    """Influencers, the highest scores first unless asked otherwise."""
    query = _query(call, score="influencer_score", sort="influencer_score", descending=True)
    job_id = call.path["job_id"]
    found = call.server.service.influencers(job_id, query)
    own = documents.documents(job_id, found.rows, documents.influencer)
    count, told = with_written(call, "influencer", query) or (found.total, list(own))
    return {"count": count, "influencers": told}


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
    """Categories of messages by their ids; those that clients have written where the job has found none itself."""
    job_id = call.path["job_id"]
    call.server.service.job(job_id)
    own = call.server.service.categories(job_id).definitions
    found = [documents.category(job_id, one) for one in own] or written_categories(call.server, job_id)
    if "category_id" in call.path:
        paged = isinstance(call.body, dict) and "page" in call.body
        if paged or any(call.query.get(name) is not None for name in ("from", "size")):
            raise bad("Both [category_id] and [from, size] cannot be specified")
        category = whole(call, "category_id", 0, call.path["category_id"])
        found = [one for one in found if one["category_id"] == category]
        if not found:
            raise not_found(f"No known category_definition with id [{category}] for job [{job_id}]")
    partition = argument(call, "partition_field_value")
    if partition is not None:
        found = [one for one in found if one.get("partition_field_value") == partition]
    at, most = page(call)
    return {"count": len(found), "categories": found[at : at + most]}


def get_overall_buckets(call: Call) -> dict[str, Any]:
    """How odd the times were over several jobs together."""
    top_n = integer(call, "top_n", 1)
    if top_n <= 0:
        raise bad(f"[topN] parameter must be positive, found [{top_n}]")
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
        top_n=min(top_n, len(summaries)),
        overall_score=score,
        exclude_interim=interim,
    )
    job_ids = [summary.job.job_id for summary in summaries]
    found = call.server.service.overall_buckets(job_ids, query, partial(highest_written, call))
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
