"""Results that clients have written into `.ml-anomalies-*` themselves: they are answered as those that the job has found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.index.names import told
from barograph.api.elastic.result_names import alias_of, index_of
from barograph.api.elastic.times import moment
from barograph.api.server import Server
from barograph.config.job import Job
from barograph.index.catalog import Options
from barograph.index.errors import IndexClosed
from barograph.jobs.service import Query

Document = dict[str, Any]


@dataclass(frozen=True)
class Hit:
    """A document that a client has written, and where it lies."""

    index: str
    id: str
    source: Document


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
    if not _has_any(call.server, job_id):
        return False
    body = {"size": 0, "query": _matching(job_id, kind, Query(exclude_interim=False))}
    return call.server.documents.search_written(alias_of(job_id), body, _OPTIONS).total > 0


def _has_any(server: Server, job_id: str) -> bool:
    """Whether clients can have written something of a job: it has a place for that, which somebody has written to."""
    documents = server.documents
    return alias_of(job_id) in documents.catalog.aliases and documents.is_written(alias_of(job_id), _OPTIONS)


def written_documents(server: Server, job_id: str, *filters: Document) -> list[Hit]:
    """Documents of a job that clients have written, with their ids, of which all of these queries are true."""
    if not _has_any(server, job_id):
        return []
    body = {"query": {"bool": {"filter": [{"term": {"job_id": job_id}}, *filters]}}, "size": _MOST}
    return [
        Hit(hit["_index"], hit["_id"], hit["_source"])
        for hit in server.documents.search_written(alias_of(job_id), body, _OPTIONS).hits
    ]


def refuse_closed_results(server: Server, job: Job) -> None:
    """Refuse to tell of a job whose index of results a client has closed.

    Raises:
        ElasticError: it is closed.
    """
    index = server.documents.catalog.indices.get(index_of(job))
    if index is not None and not index.is_open:
        raise told(IndexClosed(index.name))


def forget_written(server: Server, job: Job) -> None:
    """Remove what clients have written of a job."""
    query = {"term": {"job_id": job.job_id}}
    server.documents.delete_matching(index_of(job), query, _OPTIONS)


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


def written_categories(server: Server, job_id: str) -> list[Document]:
    """Categories of messages that clients have written, by their ids."""
    found = [_category(hit.source) for hit in written_documents(server, job_id, {"exists": {"field": "category_id"}})]
    return sorted((one for one in found if isinstance(one["category_id"], int)), key=lambda one: int(one["category_id"]))


def _category(source: Document) -> Document:
    """A category as clients get it: its examples in order, its id also as that of the field that detectors name."""
    defaults = {"terms": "", "regex": "", "max_matching_length": 0, "num_matches": 0}
    examples = sorted(map(str, source.get("examples") or ()))
    own = {"examples": examples, "result_type": "category_definition", "mlcategory": str(source["category_id"])}
    partition = (
        {source["partition_field_name"]: source.get("partition_field_value")} if source.get("partition_field_name") else {}
    )
    return {**partition, **defaults, **source, **own}


def written_counts(server: Server, job_id: str) -> Document | None:
    """What a client has written that a job has read; None when nobody has."""
    ids = {"ids": {"values": [f"{job_id}_data_counts", f"{job_id}-data-counts"]}}
    return next((hit.source for hit in written_documents(server, job_id, ids)), None)


def written_size(server: Server, job_id: str) -> Document | None:
    """What a client has written that a job's models take, the newest; None when nobody has."""
    found = written_documents(server, job_id, {"term": {"result_type": "model_size_stats"}})
    return max((hit.source for hit in found), key=lambda size: _time_of(size.get("log_time")), default=None)


def _time_of(value: Any) -> int:
    return 0 if value is None else moment("log_time", value, seconds=False)
